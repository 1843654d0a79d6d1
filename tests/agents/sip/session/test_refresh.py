"""Session timers (RFC 4028), on the fake network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.message import Message, Request, Response
from agents.sip.session import events
from agents.sip.session.abilities import Abilities, SessionInterval
from agents.sip.session.refresh import SessionExpires, min_se
from tests.agents.sip.network import ANSWER, MOVED, Network, Node, two_phones

if TYPE_CHECKING:
    from agents.sip.session.session import Session

REFRESH = ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
REFRESH_BY_CN = ["INVITE cn -> mn.wifi", "200 INVITE mn.wifi -> cn", "ACK cn -> mn.wifi"]


def phones(
    mn_interval: SessionInterval | None, cn_interval: SessionInterval | None
) -> tuple[Network, Node, Node, Session]:
    """A call, one second old, between two that want session timers."""
    network = Network()
    mn = network.node(
        "mn",
        interfaces={"wifi": "10.0.1.1", "umts": "10.0.2.1"},
        abilities=Abilities(session_interval=mn_interval),
    )
    cn = network.node("cn", interfaces={"eth0": "10.0.9.1"}, abilities=Abilities(session_interval=cn_interval))
    for node, body in ((mn, MOVED), (cn, ANSWER)):
        node.on(events.IncomingInvite, lambda event, body=body: event.session.accept(body, now=network.now))  # type: ignore[misc]
        node.on(events.ReinviteReceived, lambda event, body=body: event.session.accept_reinvite(body, now=network.now))  # type: ignore[misc]
    session = mn.call(cn)
    network.run()
    return network, mn, cn, session


def of_cn(cn: Node) -> Session:
    return cn.only(events.IncomingInvite).session


def expires(message: Message) -> str | None:
    return message.headers.get("session-expires")


def test_without_being_asked_for_there_is_none() -> None:
    network, mn, cn = two_phones()
    session = mn.call(cn)
    network.run(7200.0)
    assert network.flow() == REFRESH
    for message in (network.request("INVITE"), network.messages("200 INVITE")[0]):
        assert expires(message) is None
        assert "timer" not in message.tags("supported")
    assert session.state == "CONFIRMED"
    assert session.timer is None


def test_the_caller_refreshes_after_half_the_interval_with_the_same_offer() -> None:
    """7.4: the same o= line says that nothing has changed. And every 2xx starts the interval anew."""
    network, mn, _, session = phones(SessionInterval(600), SessionInterval(None))
    assert expires(network.request("INVITE")) == "600"
    answer = network.messages("200 INVITE")[0]
    assert expires(answer) == "600;refresher=uac"
    assert answer.tags("require") == ["timer"]
    network.run(298.0)
    assert len(network.sent) == 3
    network.run(2.0)
    assert network.flow(3) == REFRESH
    first, again = (message for message in network.messages("INVITE"))
    assert again.body == first.body
    assert (expires(again), again.tags("supported")) == ("600;refresher=uac", ["timer"])
    assert network.messages("200 INVITE")[1].tags("require") == ["timer"]
    network.run(299.5)
    assert network.flow(6) == REFRESH
    assert len(mn.seen(events.SessionRefreshed)) == 2
    assert not mn.seen(events.ReinviteAnswered)
    assert mn.states("session timer") == ["OFF -> REFRESHING"]
    assert session.state == "CONFIRMED"


def test_the_callee_refreshes_when_it_is_to() -> None:
    network, mn, cn, session = phones(SessionInterval(600, refresher="uas"), SessionInterval(None))
    assert expires(network.messages("200 INVITE")[0]) == "600;refresher=uas"
    network.run(600.0)
    assert network.flow(3)[:3] == REFRESH_BY_CN
    assert expires(network.messages("INVITE")[1]) == "600;refresher=uac"  # of this INVITE it is the client
    assert expires(network.messages("200 INVITE")[1]) == "600;refresher=uac"
    assert mn.states("session timer") == ["OFF -> WATCHING"]
    assert cn.states("session timer") == ["OFF -> REFRESHING"]
    assert session.state == "CONFIRMED"


def test_the_callee_may_ask_for_one() -> None:
    network, mn, _, _ = phones(SessionInterval(None), SessionInterval(300))
    assert expires(network.request("INVITE")) is None
    assert expires(network.messages("200 INVITE")[0]) == "300;refresher=uac"
    network.run(151.0)
    assert mn.only(events.SessionRefreshed)


def test_the_callee_may_want_less_but_not_more() -> None:
    for theirs, agreed in ((120, "120;refresher=uac"), (900, "600;refresher=uac")):
        network, *_ = phones(SessionInterval(600), SessionInterval(theirs))
        assert expires(network.messages("200 INVITE")[0]) == agreed
    network, *_ = phones(SessionInterval(600, minimum=400), SessionInterval(120))
    assert network.request("INVITE").headers.get("min-se") == "400"
    assert expires(network.messages("200 INVITE")[0]) == "400;refresher=uac"


def test_an_interval_that_is_too_small_is_asked_for_again() -> None:
    """7.3, 9: 422 says what would do; same Call-ID, From tag, CSeq + 1."""
    network, mn, _, session = phones(SessionInterval(120), SessionInterval(None, minimum=900))
    assert network.flow() == [
        "INVITE mn.wifi -> cn", "422 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn", *REFRESH,
    ]  # fmt: skip
    first, again = (message for message in network.messages("INVITE"))
    assert network.messages("422 INVITE")[0].headers.get("min-se") == "900"
    assert (expires(again), again.headers.get("min-se")) == ("900", "900")
    assert (again.call_id, again.from_, again.cseq.number) == (first.call_id, first.from_, first.cseq.number + 1)
    assert again.via.branch != first.via.branch
    assert len(again.headers.get_all("session-expires")) == 1
    assert session.state == "CONFIRMED"
    assert not mn.seen(events.InviteRejected)
    network.run(450.0)
    assert expires(network.messages("INVITE")[2]) == "900;refresher=uac"
    assert network.messages("INVITE")[2].headers.get("min-se") is None  # 7.4: that was before the dialog


@pytest.mark.parametrize("wanted", ["120", "60", "x", None])
def test_a_422_that_helps_nobody_is_a_refusal(wanted: str | None) -> None:
    network = Network()
    mn = network.node("mn", abilities=Abilities(session_interval=SessionInterval(120)))
    cn = network.node("cn")
    headers = [] if wanted is None else [("Min-SE", wanted)]
    cn.on(events.IncomingInvite, lambda event: event.session.reject(422, headers=headers, now=network.now))
    mn.call(cn)
    network.run()
    assert mn.only(events.InviteRejected).status == 422
    assert len(network.messages("INVITE")) == 1


def test_an_interval_of_a_caller_that_knows_no_timers_is_not_refused() -> None:
    """9: a proxy has put it in; table 2, first row: we refresh, and there is no Require."""
    network, answer = answer_to([("Session-Expires", "120")], SessionInterval(None, minimum=900))
    assert answer.status == 200
    assert (expires(answer), answer.tags("require")) == ("120;refresher=uas", [])
    network.settle()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1000;refresher=uas", "1000;refresher=uas"),
        ("1000;Refresher=UAC;x=y", "1000;refresher=uac"),
        ("1000 ; refresher=me", "1000;refresher=uac"),
        ("x", None),
        ("1000;=", None),
        ("-5", None),
        ("89", None),
    ],
)
def test_what_a_callee_makes_of_what_it_is_asked_for(value: str, expected: str | None) -> None:
    headers = [("x", value), ("Supported", "timer")]
    network, answer = answer_to(headers, SessionInterval(None))
    assert expires(answer) == expected
    assert answer.status == (422 if value == "89" else 200)
    network.settle(1100.0)


def test_a_required_timer_is_known_where_there_are_timers() -> None:
    for interval, status in ((None, 420), (SessionInterval(None), 200)):
        _, answer = answer_to([("Require", "timer"), ("Supported", "timer"), ("Session-Expires", "900")], interval)
        assert answer.status == status


def test_a_peer_without_timers_is_refreshed_by_the_one_that_wants_it() -> None:
    """7.2: as if the 2xx had said so."""
    network, mn, _, session = phones(SessionInterval(600), None)
    network.run(700.0)
    assert network.flow(3) == REFRESH * 2
    assert mn.states("session timer") == ["OFF -> REFRESHING"]
    assert session.state == "CONFIRMED"


def test_a_2xx_without_an_interval_turns_it_off() -> None:
    """7.2, last but two: when the peer could have said one."""
    network, mn, cn, session = phones(SessionInterval(600), SessionInterval(None))
    timer = of_cn(cn).timer
    assert timer is not None
    cn.on(events.ReinviteReceived, lambda event: accept_without_timer(network, event))
    network.run(7200.0)
    assert network.flow(3) == REFRESH
    assert mn.states("session timer") == ["OFF -> REFRESHING", "REFRESHING -> OFF"]
    assert session.state == "CONFIRMED"


def forget_timer(session: Session) -> None:
    """As a peer that knows no timers."""
    assert session.timer is not None
    session.timer.stop()
    session.timer = None


def accept_without_timer(network: Network, event: events.ReinviteReceived) -> None:
    forget_timer(event.session)
    event.session.accept_reinvite(ANSWER, now=network.now)


def test_who_is_not_refreshed_hangs_up_slightly_before_the_end() -> None:
    """10: by the minimum of 32 s and a third of the interval; the dialog's two ends don't agree about time."""
    network, mn, cn, _ = phones(SessionInterval(600), SessionInterval(None))
    network.lose("*", -1, sender="mn")
    network.run(600 - 32 - 1.0)
    assert of_cn(cn).state == "CONFIRMED"
    network.run(0.1)
    assert of_cn(cn).state == "ENDING"
    assert "BYE cn -> mn.wifi" in network.flow(3)
    assert cn.only(events.SessionTerminated).reason == "session expired"
    network.settle()
    assert mn.only(events.SessionTerminated)


def test_a_small_interval_ends_a_third_before() -> None:
    network, _, cn, _ = phones(SessionInterval(90), SessionInterval(None))
    network.lose("*", -1, sender="mn")
    network.run(90 - 30 - 1.5)
    assert of_cn(cn).state == "CONFIRMED"
    network.run(1.0)
    assert of_cn(cn).state == "ENDING"


def test_a_refresh_without_an_answer_ends_the_call() -> None:
    """10, RFC 3261 12.2.1.2: timeout, 408 and 481 alike."""
    network, mn, _, _ = phones(SessionInterval(600), SessionInterval(None))
    network.lose("*", -1, sender="cn")
    network.run(300 + 32 + 1.0)
    assert mn.only(events.SessionTerminated).reason == "re-INVITE not answered"


def test_a_refused_refresh_is_tried_again_ever_sooner_and_then_the_session_expires() -> None:
    network, mn, cn, session = phones(SessionInterval(600), SessionInterval(None))
    cn.on(events.ReinviteReceived, lambda event: event.session.reject_reinvite(488, now=network.now))
    forget_timer(of_cn(cn))
    network.run(598.0)
    times = [round(line.at) for line in network.sent if line.label == "INVITE"][1:]
    assert times == [300, 450, 525, 563, 581, 591, 595]
    assert session.state == "CONFIRMED"
    network.run(3.0)
    assert mn.only(events.SessionTerminated).reason == "session expired"
    assert not mn.seen(events.ReinviteRejected)


def test_glare_of_two_refreshes_is_resolved_by_their_timers() -> None:
    """RFC 3261 14.1; the role hears nothing of it."""
    network, mn, cn, _ = phones(SessionInterval(600), SessionInterval(None))
    network.run(299.015)
    of_cn(cn).reinvite(ANSWER, now=network.now)
    network.run(6.0)
    assert network.flow(3).count("491 INVITE cn -> mn.wifi") == 1
    assert mn.only(events.SessionRefreshed)
    assert not mn.seen(events.ReinviteRejected)
    assert not mn.seen(events.ReinviteDue)


def test_no_refresh_while_the_role_holds_it_back() -> None:
    """A handover is under way in another dialog; a re-INVITE here would only bring glare."""
    network, mn, _, session = phones(SessionInterval(600), SessionInterval(None))
    session.hold_refresh()
    network.run(400.0)
    assert len(network.sent) == 3
    session.resume_refresh(now=network.now)
    network.run()
    assert network.flow(3) == REFRESH
    network.run(300.0)
    assert len(mn.seen(events.SessionRefreshed)) == 2


def test_holding_back_what_is_not_due_changes_nothing() -> None:
    network, _, _, session = phones(SessionInterval(600), SessionInterval(None))
    session.hold_refresh()
    network.run(100.0)
    session.resume_refresh(now=network.now)
    network.run(197.0)
    assert len(network.sent) == 3
    network.run(3.0)
    assert network.flow(3) == REFRESH


def test_what_is_held_back_for_too_long_expires() -> None:
    network, mn, cn, session = phones(SessionInterval(600), SessionInterval(None))
    session.hold_refresh()
    network.run(600.0)
    assert cn.only(events.SessionTerminated).reason == "session expired"
    assert mn.only(events.SessionTerminated).reason == "the peer hung up"
    session.resume_refresh(now=network.now)
    network.settle()


def test_a_change_of_the_session_refreshes_it_too() -> None:
    """7.2: any re-INVITE does."""
    network, _, _, session = phones(SessionInterval(600), SessionInterval(None))
    network.run(200.0)
    session.reinvite(MOVED, now=network.now)
    network.run(290.0)
    assert network.flow(3) == REFRESH
    assert expires(network.messages("INVITE")[1]) == "600;refresher=uac"
    network.run(20.0)
    assert network.flow(6) == REFRESH
    assert network.messages("INVITE")[2].body == MOVED


def test_a_change_waits_for_a_refresh_that_is_under_way() -> None:
    """14.1: one INVITE at a time; the role need not know of the other one."""
    network, mn, _, session = phones(SessionInterval(600), SessionInterval(None))
    network.run(299.025)
    assert network.flow(3) == ["INVITE mn.wifi -> cn"]
    session.reinvite(MOVED, local=mn.addresses["umts"], now=network.now)
    network.run()
    assert network.flow(3) == [
        *REFRESH, "INVITE mn.umts -> cn", "200 INVITE cn -> mn.umts", "ACK mn.umts -> cn",
    ]  # fmt: skip
    assert len(mn.seen(events.SessionRefreshed)) == len(mn.seen(events.ReinviteAnswered)) == 1
    assert session.local == mn.addresses["umts"]


def test_a_change_that_waited_for_a_refresh_waits_out_its_glare_too() -> None:
    """RFC 3261 14.1: sent at once it would meet the same INVITE of the peer's; so the role is told, and when it may."""
    network, mn, cn, session = phones(SessionInterval(600), SessionInterval(None))
    mn.on(events.ReinviteReceived, lambda _: None)
    mn.on(events.ReinviteDue, lambda event: event.session.reinvite(MOVED, now=network.now))
    network.run(299.015)
    of_cn(cn).reinvite(ANSWER, now=network.now)
    network.run(0.007)
    session.reinvite(MOVED, local=mn.addresses["umts"], now=network.now)
    network.run(1.0)
    assert not [line for line in network.flow(3) if line.startswith("INVITE mn.umts")]
    refused = mn.only(events.ReinviteRejected)
    assert refused.status == 491
    assert refused.retry_at is not None
    network.run(refused.retry_at - network.now - 0.001)
    assert not mn.seen(events.ReinviteDue)
    network.run(1.0)
    assert mn.only(events.ReinviteDue)
    assert mn.only(events.ReinviteAnswered)
    assert session.state == "CONFIRMED"


def test_what_may_not_be_accepted_changes_no_timer() -> None:
    """8.2.4: an extension that the caller does not list."""
    network, mn, cn, _ = phones(SessionInterval(600), SessionInterval(None))
    cn.on(events.IncomingInvite, lambda _: None)
    mn.call(cn)
    network.run(0.1)
    session = cn.seen(events.IncomingInvite)[1].session
    with pytest.raises(LocalProtocolError, match="not list handover"):
        session.accept(ANSWER, require=["handover"], now=network.now)
    assert session.timer is not None
    assert session.timer.state == "OFF"
    session.accept(ANSWER, now=network.now)
    assert session.timer.state == "WATCHING"


def test_the_peers_change_comes_before_a_refresh() -> None:
    """What the peer has open is answered by its role in its own time; then there is nothing left to refresh."""
    network, mn, cn, _ = phones(SessionInterval(600), SessionInterval(None))
    held: list[Session] = []
    mn.on(events.ReinviteReceived, lambda event: held.append(event.session))
    network.run(298.0)
    of_cn(cn).reinvite(ANSWER, now=network.now)
    network.run(3.0)
    assert [line for line in network.flow(3) if line == "INVITE mn.wifi -> cn"] == []
    held[0].accept_reinvite(MOVED, now=network.now)
    network.run(299.0)
    assert "INVITE mn.wifi -> cn" not in network.flow(3)
    network.run(3.0)
    assert mn.only(events.SessionRefreshed)


def test_a_call_may_have_its_own_and_each_dialog_has() -> None:
    """Per call, where the user agent has none in general."""
    network, mn, cn = two_phones()
    plain = mn.call(cn)
    network.run()
    invitation_of = mn.ua.invite
    mn.ua.invite = lambda what, **rest: invitation_of(what._replace(session_interval=SessionInterval(900)), **rest)  # type: ignore[method-assign]
    timed = mn.call(cn)
    network.run()
    assert plain.timer is None
    assert timed.timer is not None
    assert network.request("INVITE").tags("supported") == ["timer"]
    network.run(460.0)
    assert [line for line in network.flow(6) if line.startswith("INVITE")] == ["INVITE mn.wifi -> cn"]
    assert network.request("INVITE").call_id == timed.call_id


def test_when_the_call_ends_so_does_its_timer() -> None:
    network, mn, cn, session = phones(SessionInterval(600), SessionInterval(None))
    session.bye(now=network.now)
    network.settle()
    for node in (mn, cn):
        assert node.ua._core.timers.running() == []
    assert network.flow(3) == ["BYE mn.wifi -> cn", "200 BYE cn -> mn.wifi"]


def test_an_interval_of_seconds_is_no_way_to_keep_us_busy() -> None:
    """4: nothing below 90 s is valid; we refresh no more often than for 90."""
    network = Network()
    mn = network.node("mn", abilities=Abilities(session_interval=SessionInterval(600)))
    cn = network.node("cn")
    headers = [("Session-Expires", "1;refresher=uac")]
    cn.on(events.IncomingInvite, lambda event: event.session.accept(ANSWER, headers=headers, now=network.now))
    cn.on(
        events.ReinviteReceived, lambda event: event.session.accept_reinvite(ANSWER, headers=headers, now=network.now)
    )
    mn.call(cn)
    network.run(100.0)
    assert len(network.messages("INVITE")) == 3


@pytest.mark.parametrize(
    ("value", "seconds"), [("90", 90), ("1800;x=y", 1800), (" 90 ", 90), ("", 0), ("x", 0), ("-1", 0)]
)
def test_min_se(value: str, seconds: int) -> None:
    assert min_se(Request("INVITE", "sip:a@b", [("Min-SE", value)])) == seconds


def test_session_expires_as_text() -> None:
    for text in ("1800", "90;refresher=uas"):
        assert str(SessionExpires.of(Request("INVITE", "sip:a@b", [("x", text)]))) == text


def answer_to(headers: list[tuple[str, str]], interval: SessionInterval | None) -> tuple[Network, Response]:
    """What a callee with this interval answers to an INVITE with these headers."""
    network = Network()
    mn, cn = network.node("mn"), network.node("cn", abilities=Abilities(session_interval=interval))
    cn.on(events.IncomingInvite, lambda event: event.session.accept(ANSWER, now=network.now))
    mn.call(cn, headers=tuple(headers))
    network.run()
    answer = next(line.message for line in network.sent if line.sender == "cn")
    assert isinstance(answer, Response)
    return network, answer
