"""Calls as message charts (RFC 3261 12 to 15)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, get_args

import pytest

from agents.sip.message.errors import LocalProtocolError
from agents.sip.session import events, outcomes
from agents.sip.session.outgoing_invite import PATIENCE_S
from agents.sip.session.standing import CALL_TABLE, CHANGE_TABLE, CallState, ChangeState
from agents.sip.session.usage import InviteUsage
from tests.agents.sip.network import ANSWER, MOVED, OFFER, accept_calls, two_phones

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum


def test_a_call_is_set_up_changed_and_ended() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.reinvite(MOVED, local=mn.addresses["umts"], contact=mn.addresses["umts"], now=network.now)
    network.run()
    session.bye(now=network.now)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "INVITE mn.umts -> cn",
        "200 INVITE cn -> mn.umts",
        "ACK mn.umts -> cn",
        "BYE mn.umts -> cn",
        "200 BYE cn -> mn.umts",
    ]
    assert session.local_sdp == MOVED
    assert session.remote_sdp == ANSWER
    assert cn.only(events.SessionTerminated).by == "remote"
    assert mn.only(events.ByeAnswered).status == 200


def test_both_sides_know_both_descriptions() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    other = cn.only(events.IncomingInvite).session
    assert (session.local_sdp, session.remote_sdp) == (OFFER, ANSWER)
    assert (other.local_sdp, other.remote_sdp) == (ANSWER, OFFER)
    assert session.dialog is not None
    assert other.dialog is not None
    assert (session.dialog.local_tag, session.dialog.remote_tag) == (other.dialog.remote_tag, other.dialog.local_tag)


def test_states_are_logged() -> None:
    network, mn, cn = two_phones()
    mn.call(cn)
    network.run()
    assert mn.states("session") == ["CALLING", "CALLING -> CONFIRMED"]
    assert cn.states("session") == ["INCOMING", "INCOMING -> ACCEPTED", "ACCEPTED -> CONFIRMED"]
    assert mn.states("INVITE client") == ["CALLING", "CALLING -> ACCEPTED"]
    assert cn.states("INVITE server") == ["PROCEEDING", "PROCEEDING -> ACCEPTED"]


# -- setting up (13) ---------------------------------------------------------------------------------------------------


def test_a_slow_callee_sends_trying_then_rings() -> None:
    network, mn, cn = two_phones()
    cn.handlers.clear()
    mn.call(cn)
    network.run(0.3)
    session = cn.only(events.IncomingInvite).session
    session.ring(now=network.now)
    network.run(0.1)
    session.accept(ANSWER, now=network.now)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "100 INVITE cn -> mn.wifi",
        "180 INVITE cn -> mn.wifi",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert mn.only(events.Provisional).response.status == 180
    assert mn.states("session") == ["CALLING", "CALLING -> EARLY", "EARLY -> CONFIRMED"]


def test_a_lost_invite_is_resent_after_t1() -> None:
    network, mn, cn = two_phones()
    network.lose("INVITE", times=2)
    mn.call(cn)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -x cn",
        "INVITE mn.wifi -x cn",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert [line.at for line in network.sent[:3]] == [0.0, 0.5, 1.5]


def test_a_lost_200_is_resent_by_the_core_and_a_resent_invite_is_absorbed() -> None:
    """13.3.1.4; RFC 6026 7.1: the INVITE that comes again is no new call."""
    network, mn, cn = two_phones()
    network.lose("200 INVITE", times=2)
    mn.call(cn)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -x mn.wifi",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -x mn.wifi",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert len(cn.seen(events.IncomingInvite)) == 1


def test_a_lost_ack_is_resent_for_every_200() -> None:
    network, mn, cn = two_phones()
    network.lose("ACK", times=2)
    mn.call(cn)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -x cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -x cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert len(mn.seen(events.Established)) == 1
    assert len(cn.seen(events.Confirmed)) == 1


def test_without_any_ack_the_callee_says_bye_after_64_t1() -> None:
    """13.3.1.4: 2xx at T1 doubling up to T2, then BYE."""
    network, mn, cn = two_phones()
    network.lose("ACK", times=-1)
    mn.call(cn)
    network.run(40)
    times = [line.at for line in network.sent if line.label == "200 INVITE"]
    gaps = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == [0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4]
    assert network.flow()[-2:] == ["BYE cn -> mn.wifi", "200 BYE mn.wifi -> cn"]
    assert network.sent[-2].at == pytest.approx(32.01)
    assert cn.only(events.SessionTerminated).reason == "no ACK"
    assert mn.only(events.SessionTerminated).by == "remote"


def test_an_ack_is_resent_from_the_address_that_the_node_uses_now() -> None:
    """A 200 that comes again after the node left a link is not acknowledged over that link."""
    network, mn, cn = two_phones()
    network.lose("ACK")
    session = mn.call(cn)
    network.run(0.1)
    session.use(mn.addresses["umts"])
    network.settle()
    assert network.flow()[-2:] == ["200 INVITE cn -> mn.wifi", "ACK mn.umts -> cn"]
    assert network.request("ACK").via.host == "10.0.2.1"


def test_nobody_answers() -> None:
    network, mn, cn = two_phones()
    network.lose("INVITE", times=-1)
    session = mn.call(cn)
    network.settle()
    assert network.flow() == ["INVITE mn.wifi -x cn"] * 7
    assert mn.only(events.InviteRejected) == (session, 408, None)
    assert session.is_over


def test_the_callee_refuses() -> None:
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.reject(486, now=network.now))
    session = mn.call(cn)
    network.settle()
    assert network.flow() == ["INVITE mn.wifi -> cn", "486 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert mn.only(events.InviteRejected).status == 486
    assert session.last_response is not None
    assert session.last_response.status == 486
    assert cn.only(events.SessionTerminated).by == "local"


def test_a_link_that_is_gone_fails_the_invite_at_once() -> None:
    """17.1.4, 8.1.3.1: as if 503 had come."""
    network, mn, cn = two_phones()
    mn.call(cn)
    (datagram,) = mn.ua.datagrams_to_send()
    mn.ua.send_failed(datagram, now=network.now)
    network.settle()
    assert mn.only(events.InviteRejected).status == 503


def test_early_media_body_is_not_the_answer_yet() -> None:
    network, mn, cn = two_phones()
    cn.handlers.clear()
    session = mn.call(cn)
    network.run(0.1)
    cn.only(events.IncomingInvite).session.ring(status=183, body=ANSWER, now=network.now)
    network.run(0.1)
    assert mn.only(events.Provisional).response.body == ANSWER
    assert session.remote_sdp is None


def test_invite_without_offer_gets_it_in_the_200_and_answers_in_the_ack() -> None:
    """13.2.1: the second of the two exchanges."""
    network, mn, cn = two_phones()
    mn.on(events.Established, lambda event: event.session.acknowledge(OFFER, now=network.now))
    session = mn.call(cn, body=None)
    network.settle()
    other = cn.only(events.IncomingInvite).session
    assert network.flow() == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert network.request("ACK").body == OFFER
    assert (session.local_sdp, session.remote_sdp) == (OFFER, ANSWER)
    assert (other.local_sdp, other.remote_sdp) == (ANSWER, OFFER)


def test_a_role_that_does_not_answer_the_offer_of_the_200_still_owes_the_ack() -> None:
    """13.2.2.4: ACK, then BYE; and no re-INVITE in between."""
    network, mn, cn = two_phones()
    session = mn.call(cn, body=None)
    network.run(0.1)
    with pytest.raises(LocalProtocolError):
        session.reinvite(OFFER, now=network.now)
    session.bye(now=network.now)
    network.settle()
    assert network.flow()[2:] == ["ACK mn.wifi -> cn", "BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]


def test_ringing_is_repeated_every_minute() -> None:
    """13.3.1.1."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    mn.call(cn)
    network.run(130)
    assert [round(line.at) for line in network.sent if line.label == "180 INVITE"] == [0, 60, 120]


def test_an_invitation_can_expire() -> None:
    """13.3.1, step 1."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    mn.call(cn, headers=(("Expires", "5"),))
    network.settle()
    assert network.flow()[-2:] == ["487 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert cn.only(events.SessionTerminated).reason == "expired"


def test_a_callee_that_has_rung_and_is_gone_is_waited_for_as_long_as_by_a_proxy() -> None:
    """A provisional response stops Timer B. 16.8: after more than 3 minutes without news CANCEL, and it was a 408."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    network.lose("*", -1, sender="cn")
    network.run(PATIENCE_S - 1.1)
    assert not network.messages("CANCEL")
    network.run(0.2)
    assert len(network.messages("CANCEL")) == 1
    network.run(33.0)
    assert mn.only(events.InviteRejected) == (session, 408, None)
    network.settle()


def test_who_goes_on_ringing_is_waited_for() -> None:
    """16.7, step 2; and a CANCEL goes out once, whatever comes after it."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run(20 * 60)
    assert session.state == "EARLY"
    network.lose("CANCEL", -1)
    session.cancel(now=network.now)
    network.run(0.1)
    of_cn = cn.only(events.IncomingInvite).session
    of_cn.ring(now=network.now)
    of_cn.ring(now=network.now)
    network.run(0.3)
    assert len(network.messages("CANCEL")) == 1


def test_a_second_call_may_share_the_call_id() -> None:
    """The backup session of the proactive scheme (Handover paper 4.1): its From tag makes it no merged request."""
    network, mn, cn = two_phones()
    first = mn.call(cn)
    network.run()
    second = mn.call(cn, via="umts", call_id=first.call_id)
    network.run()
    assert network.flow()[3:] == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert second.call_id == first.call_id
    assert len(cn.ua.sessions) == 2
    second.bye(now=network.now)
    network.run()
    assert first.state == "CONFIRMED"


# -- forks (13.2.2.4) --------------------------------------------------------------------------------------------------


def test_the_losers_of_a_fork_are_acknowledged_and_ended() -> None:
    network, mn, cn = two_phones()
    other = network.node("other", interfaces={"eth0": "10.0.9.2"})
    accept_calls(other, body=b"v=0\r\n")
    session = mn.call(cn)
    (invite,) = mn.ua.datagrams_to_send()
    for node in (cn, other):  # as a forking proxy that does not stay in the path
        node.ua.receive_datagram(invite.data, local=node.address, remote=invite.local, now=network.now)
    network.settle()
    assert network.flow() == [
        "200 INVITE cn -> mn.wifi",
        "200 INVITE other -> mn.wifi",
        "ACK mn.wifi -> cn",
        "ACK mn.wifi -> other",
        "BYE mn.wifi -> other",
        "200 BYE other -> mn.wifi",
    ]
    assert session.state == "CONFIRMED"
    assert len(mn.seen(events.Established)) == 1
    assert other.only(events.SessionTerminated).by == "remote"


# -- cancelling (9) ----------------------------------------------------------------------------------------------------


def test_cancel_waits_for_a_provisional_response() -> None:
    """9.1: MUST NOT be sent before one."""
    network, mn, cn = two_phones()
    cn.handlers.clear()
    session = mn.call(cn)
    session.cancel(now=network.now)
    network.settle()
    assert network.flow() == [
        "INVITE mn.wifi -> cn",
        "100 INVITE cn -> mn.wifi",
        "CANCEL mn.wifi -> cn",
        "487 INVITE cn -> mn.wifi",
        "200 CANCEL cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert mn.only(events.InviteRejected).status == 487
    assert cn.only(events.SessionTerminated) == (cn.only(events.IncomingInvite).session, "cancelled", "remote")


def test_cancel_has_the_names_of_its_invite() -> None:
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    session.cancel(now=network.now)
    network.settle()
    invite, cancel = network.request("INVITE"), network.request("CANCEL")
    assert (cancel.via.branch, cancel.uri, cancel.call_id, cancel.to) == (
        invite.via.branch,
        invite.uri,
        invite.call_id,
        invite.to,
    )
    assert str(cancel.cseq) == "1 CANCEL"
    assert network.messages("200 CANCEL")[0].to.tag == network.messages("487 INVITE")[0].to.tag


def test_a_200_that_overtakes_the_cancel_is_acknowledged_and_ended_with_bye() -> None:
    """15."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    session.cancel(now=network.now)
    cn.only(events.IncomingInvite).session.accept(ANSWER, now=network.now)
    network.settle()
    assert network.flow()[2:] == [
        "CANCEL mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "BYE mn.wifi -> cn",
        "200 CANCEL cn -> mn.wifi",
        "200 BYE cn -> mn.wifi",
    ]
    assert mn.only(events.SessionTerminated).reason == "cancelled"
    assert mn.seen(events.Established) == []


def test_a_cancelled_invite_is_given_up_after_64_t1() -> None:
    """9.1, last paragraph: a peer may never send the 487."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    network.lose("487 INVITE", times=-1)
    session.cancel(now=network.now)
    network.settle()
    assert mn.only(events.InviteRejected) == (session, 487, None)


def test_cancel_for_nothing_is_answered_with_481() -> None:
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    session.cancel(now=network.now)
    (cancel,) = mn.ua.datagrams_to_send()
    cn.ua.receive_datagram(cancel.data.replace(b"branch=", b"branch=z9hG4bKx"), local=cn.address, remote=cancel.local,
                           now=network.now)  # fmt: skip
    network.run()
    assert "481 CANCEL cn -> mn.wifi" in network.flow()


# -- hanging up (15) ---------------------------------------------------------------------------------------------------


def test_the_callee_hangs_up_towards_the_new_contact() -> None:
    """The target refresh counts (12.2.2): drachtio #418 and sippy send this BYE to the old address."""
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.reinvite(MOVED, local=mn.addresses["umts"], contact=mn.addresses["umts"], now=network.now)
    network.run()
    cn.only(events.IncomingInvite).session.bye(now=network.now)
    network.settle()
    assert network.flow()[-2:] == ["BYE cn -> mn.umts", "200 BYE mn.umts -> cn"]


def test_bye_of_the_callee_waits_for_the_ack() -> None:
    """15: MUST NOT send BYE before the ACK or the end of the wait for it."""
    network, mn, cn = two_phones()
    network.lose("ACK")
    mn.call(cn)
    network.run(0.015)
    session = cn.only(events.IncomingInvite).session
    session.bye(now=network.now)
    network.settle()
    assert network.flow()[2:] == [
        "ACK mn.wifi -x cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "BYE cn -> mn.wifi",
        "200 BYE mn.wifi -> cn",
    ]


def test_bye_goes_over_the_other_link_when_the_first_is_dead() -> None:
    """In the old dialog from a new address: the peer knows it by the dialog, not by the source."""
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    network.lose("BYE", times=-1, sender="mn.wifi")
    session.bye(now=network.now)
    network.run(2)
    session.bye(local=mn.addresses["umts"], now=network.now)
    network.run()
    assert network.flow()[-2:] == ["BYE mn.umts -> cn", "200 BYE cn -> mn.umts"]
    assert mn.only(events.ByeAnswered) == (session, 200, mn.addresses["umts"])
    assert session.state == "TERMINATED"
    assert len(mn.seen(events.SessionTerminated)) == 1


def test_bye_over_the_other_link_when_only_the_answer_was_lost() -> None:
    """15.1.1: 481 says too that the peer has ended it."""
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    network.lose("200 BYE", times=-1)
    session.bye(now=network.now)
    network.run(0.2)
    session.bye(local=mn.addresses["umts"], now=network.now)
    network.run(0.2)
    assert network.flow()[-2:] == ["BYE mn.umts -> cn", "481 BYE cn -> mn.umts"]
    assert session.state == "TERMINATED"


def test_an_unanswered_bye_ends_the_session_all_the_same() -> None:
    """15.1.1."""
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    network.lose("BYE", times=-1)
    session.bye(now=network.now)
    assert session.is_over
    network.settle()
    assert session.state == "TERMINATED"
    assert mn.only(events.ByeAnswered).status == 408


def test_two_byes_cross() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.bye(now=network.now)
    cn.only(events.IncomingInvite).session.bye(now=network.now)
    network.settle()
    assert sorted(network.flow()[3:]) == [
        "200 BYE cn -> mn.wifi",
        "200 BYE mn.wifi -> cn",
        "BYE cn -> mn.wifi",
        "BYE mn.wifi -> cn",
    ]
    assert session.state == "TERMINATED"


def test_bye_for_no_dialog_is_answered_with_481() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run()
    session.bye(now=network.now)
    (bye,) = mn.ua.datagrams_to_send()
    cn.ua.receive_datagram(bye.data.replace(b";tag=", b";tag=x"), local=cn.address, remote=bye.local, now=network.now)
    network.run()
    assert "481 BYE cn -> mn.wifi" in network.flow()
    assert cn.seen(events.SessionTerminated) == []


def test_bye_before_the_answer_ends_the_call() -> None:
    """15: the caller may send BYE on an early dialog; the INVITE is answered with 487 (15.1.2)."""
    network, mn, cn = two_phones()
    cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    network.run()
    assert session.dialog is not None
    bye = session.dialog.request("BYE", session.invite.via._replace(params=(("branch", "z9hG4bKbye"),)))
    cn.ua.receive_datagram(bytes(bye), local=cn.address, remote=mn.address, now=network.now)
    network.settle()
    assert network.flow()[2:] == ["200 BYE cn -> mn.wifi", "487 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert cn.only(events.SessionTerminated).by == "remote"


@pytest.mark.parametrize("state", ["calling", "ringing", "talking"])
def test_hang_up_does_what_the_state_asks_for(state: str) -> None:
    network, mn, cn = two_phones()
    if state == "ringing":
        cn.on(events.IncomingInvite, lambda event: event.session.ring(now=network.now))
    session = mn.call(cn)
    if state != "calling":
        network.run()
    session.hang_up(now=network.now)
    network.settle()
    assert session.state == "TERMINATED"
    assert all(s.state == "TERMINATED" for s in (e.session for e in cn.seen(events.IncomingInvite)))


def test_commands_out_of_place_are_refused() -> None:
    network, mn, cn = two_phones()
    cn.handlers.clear()
    session = mn.call(cn)
    network.run(0.1)
    incoming = cn.only(events.IncomingInvite).session
    refused: list[Callable[[], object]] = [
        lambda: session.bye(now=network.now),
        lambda: session.reinvite(OFFER, now=network.now),
        lambda: session.ring(now=network.now),
        lambda: session.accept(OFFER, now=network.now),
        lambda: session.acknowledge(OFFER, now=network.now),
        lambda: incoming.cancel(now=network.now),
        lambda: incoming.bye(now=network.now),
        lambda: incoming.reject(200, now=network.now),
        lambda: incoming.accept_reinvite(OFFER, now=network.now),
        lambda: incoming.accept(ANSWER, require=("handover",), now=network.now),
    ]
    for wrong in refused:
        with pytest.raises(LocalProtocolError):
            wrong()
    incoming.accept(ANSWER, now=network.now)
    network.run()
    assert session.state == incoming.state == "CONFIRMED"


def test_every_report_of_a_part_has_its_row() -> None:
    assert set(InviteUsage.APPLIED) == set(get_args(outcomes.Outcome))


@pytest.mark.parametrize(("states", "table"), [(CallState, CALL_TABLE), (ChangeState, CHANGE_TABLE)])
def test_every_state_of_a_session_has_a_row_and_can_be_reached(
    states: type[StrEnum], table: dict[StrEnum, dict[StrEnum, StrEnum]]
) -> None:
    first, *others = states
    assert list(table) == [first, *others]
    assert {state for row in table.values() for state in row.values()} >= set(others)
