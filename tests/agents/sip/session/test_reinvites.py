"""Re-INVITEs of both sides as message charts (RFC 3261 14, RFC 6141)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.sip.message.build import Body
from agents.sip.message.errors import LocalProtocolError
from agents.sip.session import events
from tests.agents.sip.network import ANSWER, MOVED, OFFER, Network, Node, accept_calls, two_phones

if TYPE_CHECKING:
    from agents.sip.session.session import Session

SECOND = ANSWER.replace(b"o=- 2 1", b"o=- 2 2")


def in_a_call() -> tuple[Network, Node, Node, int]:
    """A call that stands, and the number of lines on its chart so far."""
    network, mn, cn = two_phones()
    mn.call(cn)
    network.run()
    return network, mn, cn, len(network.sent)


def session_of(node: Node) -> Session:
    (session,) = node.ua.sessions
    return session


def test_the_node_moves_to_another_interface() -> None:
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    umts = mn.addresses["umts"]
    session.reinvite(MOVED, local=umts, contact=umts, now=network.now)
    assert session.local == mn.addresses["wifi"]  # until the peer has agreed
    network.run()
    assert network.flow(start) == ["INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert session.local == umts
    assert session.contact == "sip:mn@10.0.2.1:5060"
    invite = network.request("INVITE")
    assert invite.contact is not None
    assert invite.contact.uri == session.contact
    assert str(invite.cseq) == "2 INVITE"
    other = session_of(cn)
    assert other.dialog is not None
    assert other.dialog.remote_target == session.contact
    assert other.remote_sdp == MOVED
    assert len(cn.seen(events.ReinviteConfirmed)) == 1


def test_the_callee_changes_the_session_too() -> None:
    network, mn, cn, start = in_a_call()
    accept_calls(mn, OFFER)
    session_of(cn).reinvite(SECOND, now=network.now)
    network.run()
    assert network.flow(start) == ["INVITE cn -> mn.wifi", "200 INVITE mn.wifi -> cn", "ACK cn -> mn.wifi"]
    assert session_of(mn).remote_sdp == SECOND
    assert cn.only(events.ReinviteAnswered).session is session_of(cn)


def test_a_rejected_reinvite_changes_nothing() -> None:
    """14.1; 12.2.2: all of it or nothing; RFC 6141 4.6: nor the target."""
    network, mn, cn, start = in_a_call()
    cn.on(events.ReinviteReceived, lambda event: event.session.reject_reinvite(488, now=network.now))
    session, other = session_of(mn), session_of(cn)
    umts = mn.addresses["umts"]
    session.reinvite(MOVED, local=umts, contact=umts, now=network.now)
    network.run()
    assert network.flow(start) == ["INVITE mn.umts -> cn", "488 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert mn.only(events.ReinviteRejected).status == 488
    assert (session.local_sdp, session.remote_sdp) == (OFFER, ANSWER)
    assert (other.local_sdp, other.remote_sdp) == (ANSWER, OFFER)
    assert session.local == mn.addresses["wifi"]
    assert other.dialog is not None
    assert other.dialog.remote_target == "sip:mn@10.0.1.1:5060"
    assert session.state == other.state == "CONFIRMED"


def test_a_lost_200_to_a_reinvite_costs_t1() -> None:
    network, mn, _, start = in_a_call()
    network.lose("200 INVITE")
    session_of(mn).reinvite(MOVED, now=network.now)
    network.run()
    assert network.flow(start) == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -x mn.wifi",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]


def test_reinvite_without_offer() -> None:
    """14.1: the 200 makes the offer, the ACK answers it."""
    network, mn, cn, start = in_a_call()
    mn.on(events.ReinviteAnswered, lambda event: event.session.acknowledge(MOVED, now=network.now))
    session_of(mn).reinvite(None, now=network.now)
    network.run()
    assert network.flow(start) == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert network.request("ACK").body == MOVED
    assert session_of(cn).remote_sdp == MOVED


def test_second_reinvite_waits_for_the_end_of_the_first() -> None:
    """14.1."""
    network, mn, cn, _ = in_a_call()
    cn.handlers.clear()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    with pytest.raises(LocalProtocolError):
        session.reinvite(MOVED, now=network.now)
    network.run(0.1)
    with pytest.raises(LocalProtocolError):
        session_of(cn).reinvite(SECOND, now=network.now)


# -- glare (14.1, 14.2) ------------------------------------------------------------------------------------------------


def test_crossing_reinvites_are_both_refused_and_tried_again() -> None:
    network, mn, cn, start = in_a_call()
    accept_calls(mn, OFFER)
    mn.on(events.ReinviteDue, lambda event: event.session.reinvite(MOVED, now=network.now))
    cn.on(events.ReinviteDue, lambda event: event.session.reinvite(SECOND, now=network.now))
    began = network.now
    session_of(mn).reinvite(MOVED, now=network.now)
    session_of(cn).reinvite(SECOND, now=network.now)
    network.run(10)
    assert network.flow(start) == [
        "INVITE mn.wifi -> cn",
        "INVITE cn -> mn.wifi",
        "491 INVITE mn.wifi -> cn",
        "491 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
        "ACK cn -> mn.wifi",
        "INVITE cn -> mn.wifi",  # 0 … 2 s: it does not own the Call-ID
        "200 INVITE mn.wifi -> cn",
        "ACK cn -> mn.wifi",
        "INVITE mn.wifi -> cn",  # 2.1 … 4 s
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    caller, callee = mn.only(events.ReinviteRejected).retry_at, cn.only(events.ReinviteRejected).retry_at
    assert caller is not None
    assert callee is not None
    assert 2.1 <= caller - began - 0.02 <= 4.0
    assert 0 <= callee - began - 0.02 <= 2.0


def test_the_wait_after_491_is_a_multiple_of_10_ms() -> None:
    for seed in range(20):
        network = Network(seed)
        mn = network.node("mn")
        waits = [mn.ua._core.ids.glare_wait(owns_call_id=True) for _ in range(50)]
        assert all(2.1 <= wait <= 4.0 and abs(wait * 100 - round(wait * 100)) < 1e-9 for wait in waits)


def test_the_retry_is_forgotten_when_the_call_ends() -> None:
    network, mn, cn, _ = in_a_call()
    session_of(cn).reinvite(SECOND, now=network.now)
    session_of(mn).reinvite(MOVED, now=network.now)
    network.run(0.1)
    session_of(mn).bye(now=network.now)
    network.settle()
    assert mn.seen(events.ReinviteDue) == []
    assert cn.seen(events.ReinviteDue) == []


def test_a_retry_that_falls_due_during_the_peers_reinvite_waits_for_its_end() -> None:
    network, mn, cn, _ = in_a_call()
    mn.handlers.clear()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    session_of(cn).reinvite(SECOND, now=network.now)
    cn.on(events.ReinviteDue, lambda event: event.session.reinvite(SECOND, now=network.now))
    network.run(8)
    assert mn.seen(events.ReinviteDue) == []
    session.accept_reinvite(OFFER, now=network.now)
    network.run()
    assert len(mn.seen(events.ReinviteDue)) == 1


def test_a_second_invite_before_the_answer_to_the_first_gets_500() -> None:
    """14.2: with Retry-After 0 … 10."""
    network, mn, cn, start = in_a_call()
    cn.handlers.clear()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    network.run(0.1)
    dialog = session.confirmed_dialog
    via = session.invite.via._replace(params=(("branch", "z9hG4bKsecond"),))
    second = dialog.request("INVITE", via, headers=[("Contact", "<sip:mn@10.0.1.1>")], body=Body(MOVED))
    cn.ua.receive_datagram(bytes(second), local=cn.address, remote=mn.address, now=network.now)
    network.run(0.1)
    assert "500 INVITE cn -> mn.wifi" in network.flow(start)
    (answer,) = network.messages("500 INVITE")
    assert answer.retry_after is not None
    assert 0 <= answer.retry_after <= 10


# -- when the peer is gone ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [481, 408])
def test_481_and_408_end_the_call(status: int) -> None:
    """12.2.1.2, 14.1: with a BYE."""
    network, mn, cn, start = in_a_call()
    cn.on(events.ReinviteReceived, lambda event: event.session.reject_reinvite(status, now=network.now))
    session_of(mn).reinvite(MOVED, now=network.now)
    network.settle()
    assert network.flow(start)[2:] == ["ACK mn.wifi -> cn", "BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]
    assert mn.only(events.SessionTerminated).by == "local"


def test_an_unanswered_reinvite_ends_the_call() -> None:
    network, mn, _, start = in_a_call()
    network.lose("INVITE", times=-1)
    session_of(mn).reinvite(MOVED, now=network.now)
    network.settle()
    assert network.flow(start) == ["INVITE mn.wifi -x cn"] * 7 + ["BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]
    assert mn.only(events.ReinviteRejected).status == 408


def test_a_reinvite_over_a_link_that_is_gone_leaves_the_call_alone() -> None:
    """17.1.4: 503 is no reason to end it; another link may do."""
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    session.reinvite(MOVED, local=mn.addresses["umts"], now=network.now)
    (datagram,) = mn.ua.datagrams_to_send()
    mn.ua.send_failed(datagram, now=network.now)
    network.run()
    assert mn.only(events.ReinviteRejected).status == 503
    session.reinvite(MOVED, now=network.now)
    network.run()
    assert network.flow(start) == ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
    assert session_of(cn).remote_sdp == MOVED


def test_no_ack_for_a_reinvite_ends_the_call() -> None:
    """14.2."""
    network, mn, cn, _ = in_a_call()
    network.lose("ACK", times=-1)
    session_of(mn).reinvite(MOVED, now=network.now)
    network.settle()
    assert network.flow()[-2:] == ["BYE cn -> mn.wifi", "200 BYE mn.wifi -> cn"]
    assert cn.only(events.SessionTerminated).reason == "no ACK for a re-INVITE"


def test_bye_answers_an_open_reinvite_with_487() -> None:
    """15.1.2."""
    network, mn, cn, start = in_a_call()
    cn.handlers.clear()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    network.run(0.1)
    session.bye(now=network.now)
    network.settle()
    assert network.flow(start)[1:] == [
        "BYE mn.wifi -> cn",
        "200 BYE cn -> mn.wifi",
        "487 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert mn.seen(events.ReinviteRejected) == []


def test_a_200_after_our_bye_is_acknowledged() -> None:
    network, mn, _, start = in_a_call()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    session.bye(now=network.now)
    network.hold("BYE", 0.05)
    network.settle()
    assert "ACK mn.wifi -> cn" in network.flow(start)
    assert mn.seen(events.ReinviteAnswered) == []


def test_the_next_invite_stands_for_a_lost_ack() -> None:
    """RFC 5407 3.1.5."""
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    network.lose("ACK")
    session.reinvite(MOVED, now=network.now)
    network.run(0.1)
    session.reinvite(OFFER, now=network.now)
    network.run()
    assert network.flow(start) == [
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -x cn",
        "INVITE mn.wifi -> cn",
        "200 INVITE cn -> mn.wifi",
        "ACK mn.wifi -> cn",
    ]
    assert len(cn.seen(events.ReinviteConfirmed)) == 2


# -- CSeq (12.2.2) -----------------------------------------------------------------------------------------------------


def test_a_request_out_of_order_gets_500() -> None:
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    session.reinvite(MOVED, now=network.now)
    network.run()
    via = session.invite.via._replace(params=(("branch", "z9hG4bKlate"),))
    late = session.confirmed_dialog.request("BYE", via, cseq=1)
    cn.ua.receive_datagram(bytes(late), local=cn.address, remote=mn.address, now=network.now)
    network.run()
    assert network.flow(start)[-1] == "500 BYE cn -> mn.wifi"
    assert session_of(cn).state == "CONFIRMED"


def test_a_gap_in_the_numbers_is_no_error() -> None:
    """12.2.2: a challenge by a proxy leaves one."""
    network, mn, cn, _ = in_a_call()
    session_of(mn).confirmed_dialog.local_cseq += 5
    session_of(mn).reinvite(MOVED, now=network.now)
    network.run()
    assert session_of(cn).remote_sdp == MOVED


def test_a_reinvite_without_contact_refreshes_nothing() -> None:
    """12.2.1.1: SHOULD, not MUST."""
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    via = session.invite.via._replace(params=(("branch", "z9hG4bKbare"),))
    bare = session.confirmed_dialog.request("INVITE", via, body=Body(MOVED))
    cn.ua.receive_datagram(bytes(bare), local=cn.address, remote=mn.address, now=network.now)
    network.run(0.1)
    assert network.flow(start)[0] == "200 INVITE cn -> mn.wifi"
    assert session_of(cn).confirmed_dialog.remote_target == "sip:mn@10.0.1.1:5060"


def test_options_in_a_dialog_is_answered() -> None:
    network, mn, cn, start = in_a_call()
    session = session_of(mn)
    via = session.invite.via._replace(params=(("branch", "z9hG4bKoptions"),))
    ask = session.confirmed_dialog.request("OPTIONS", via)
    cn.ua.receive_datagram(bytes(ask), local=cn.address, remote=mn.address, now=network.now)
    network.run()
    assert network.flow(start) == ["200 OPTIONS cn -> mn.wifi"]
