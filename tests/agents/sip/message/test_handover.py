"""The Handover header and the dialog that it names (Handover paper 4.3, figure 7; RFC 3891 3, 6.1)."""

from __future__ import annotations

import pytest

from agents.sip.message.errors import SipParseError
from agents.sip.message.handover import HandoverHeader
from agents.sip.session import events
from agents.sip.session.abilities import Abilities
from tests.agents.sip.network import ANSWER, MOVED, Network, Node, accept_calls, two_phones

ABLE = Abilities(supported=("handover",))


def in_a_call() -> tuple[Network, Node, Node, HandoverHeader, int]:
    """A call between two nodes that know the extension; its dialog as the mobile node names it."""
    network, mn, cn = two_phones(abilities=ABLE)
    session = mn.call(cn)
    network.run()
    dialog = session.confirmed_dialog
    return network, mn, cn, HandoverHeader.of(dialog.call_id, dialog.local_tag, dialog.remote_tag), len(network.sent)


def test_the_header_of_the_paper() -> None:
    text = "a84b4c76e66710@pc33.company_a.com\t;to-tag=a6c85cf ;from-tag=1928301774"
    handover = HandoverHeader.parse(text)
    assert handover == ("a84b4c76e66710@pc33.company_a.com", "a6c85cf", "1928301774", ())
    assert str(handover) == "a84b4c76e66710@pc33.company_a.com;to-tag=a6c85cf;from-tag=1928301774"


def test_other_parameters_are_allowed_and_kept() -> None:
    """RFC 3891 6.1: generic-param."""
    handover = HandoverHeader.parse('1@a;early-only;FROM-TAG=2;x="y;z";to-tag=3')
    assert handover == ("1@a", "3", "2", (("early-only", None), ("x", '"y;z"')))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1@a",
        "1@a;to-tag=1",
        "1@a;from-tag=1",
        "1@a;to-tag=1;to-tag=2;from-tag=3",
        "1@a;to-tag=1;from-tag=2;FROM-TAG=2",
        "1@a;to-tag;from-tag=2",
        "1@a;to-tag=;from-tag=2",
        '1@a;to-tag="1";from-tag=2',
        "1@a@b;to-tag=1;from-tag=2",
        "@;to-tag=1;from-tag=2",
        "1 2;to-tag=1;from-tag=2",
    ],
)
def test_exactly_one_of_each_tag(text: str) -> None:
    with pytest.raises(SipParseError):
        HandoverHeader.parse(text)


def test_the_call_moves_without_a_gap() -> None:
    """Figure 7: the new dialog stands beside the old one, until BYE over the old link."""
    network, mn, cn, handover, start = in_a_call()
    (old,) = cn.ua.sessions
    cn.on(
        events.IncomingInvite,
        lambda event: event.session.accept(ANSWER, require=("handover",), now=network.now),
    )
    new = mn.call(cn, body=MOVED, via="umts", require=("handover",), headers=(("Handover", str(handover)),))
    network.run()
    arrived = cn.seen(events.IncomingInvite)[-1]
    assert arrived.handover == handover
    assert arrived.replaced is old
    assert new.last_response is not None
    assert new.last_response.tags("require") == ["handover"]  # the proof that the peer supports it (RFC 3261 8.2.4)
    assert old.state == arrived.session.state == "CONFIRMED"
    mn.seen(events.Established)[0].session.bye(now=network.now)
    network.run()
    assert network.flow(start) == [
        "INVITE mn.umts -> cn",
        "200 INVITE cn -> mn.umts",
        "ACK mn.umts -> cn",
        "BYE mn.wifi -> cn",
        "200 BYE cn -> mn.wifi",
    ]
    assert old.state == "TERMINATED"
    assert arrived.session.state == "CONFIRMED"


def test_the_tags_are_the_same_way_round_when_the_mobile_node_was_called() -> None:
    """RFC 3891 3: to-tag is the receiver's local tag, whoever made the call."""
    network, mn, cn, _, _ = in_a_call()
    accept_calls(mn)
    back = cn.call(mn)
    network.run()
    dialog = mn.only(events.IncomingInvite).session.confirmed_dialog
    handover = HandoverHeader.of(dialog.call_id, dialog.local_tag, dialog.remote_tag)
    mn.call(cn, via="umts", require=("handover",), headers=(("Handover", str(handover)),))
    network.run()
    assert cn.seen(events.IncomingInvite)[-1].replaced is back


def test_a_refusal_leaves_the_old_dialog_as_it_was() -> None:
    """RFC 3891 3: MUST leave the matched dialog unchanged."""
    network, mn, cn, handover, start = in_a_call()
    (old,) = cn.ua.sessions
    before = (old.state, old.local_sdp, old.remote_sdp, old.confirmed_dialog.remote_target)
    cn.on(events.IncomingInvite, lambda event: event.session.reject(488, now=network.now))
    mn.call(cn, body=MOVED, via="umts", require=("handover",), headers=(("Handover", str(handover)),))
    network.run()
    assert network.flow(start)[1:] == ["488 INVITE cn -> mn.umts", "ACK mn.umts -> cn"]
    assert (old.state, old.local_sdp, old.remote_sdp, old.confirmed_dialog.remote_target) == before


def test_no_such_dialog() -> None:
    network, mn, cn, handover, start = in_a_call()
    swapped = handover._replace(to_tag=handover.from_tag, from_tag=handover.to_tag)
    for wrong in (handover._replace(call_id="other@call"), swapped):
        mn.call(cn, via="umts", require=("handover",), headers=(("Handover", str(wrong)),))
        network.run()
    assert network.flow(start)[1::3] == ["481 INVITE cn -> mn.umts"] * 2
    assert len(cn.seen(events.IncomingInvite)) == 1


def test_a_dialog_that_has_just_ended() -> None:
    """RFC 3891 3: 603, and 481 when it is forgotten."""
    network, mn, cn, handover, _ = in_a_call()
    mn.ua.sessions[0].bye(now=network.now)
    network.run()
    for seconds, status in ((0, 603), (60, 481)):
        network.run(seconds)
        mn.call(cn, via="umts", require=("handover",), headers=(("Handover", str(handover)),))
        network.run()
        assert mn.seen(events.InviteRejected)[-1].status == status


@pytest.mark.parametrize(
    "headers",
    [
        (("Handover", "1@a;to-tag=1"),),
        (("Handover", "1@a;to-tag=1;from-tag=2"), ("Handover", "1@a;to-tag=1;from-tag=2")),
        (("Handover", "1@a;to-tag=1;from-tag=2"), ("Replaces", "1@a;to-tag=1;from-tag=2")),
        (("Handover", "1@a;to-tag=1;from-tag=2"), ("Join", "1@a;to-tag=1;from-tag=2")),
    ],
)
def test_headers_that_are_wrong_or_contradict(headers: tuple[tuple[str, str], ...]) -> None:
    network, mn, cn, _, start = in_a_call()
    mn.call(cn, via="umts", headers=headers)
    network.run()
    assert network.flow(start)[1] == "400 INVITE cn -> mn.umts"


def test_only_in_an_invite_for_a_new_dialog() -> None:
    network, mn, _, handover, start = in_a_call()
    session = mn.ua.sessions[0]
    session.reinvite(MOVED, headers=[("Handover", str(handover))], now=network.now)
    network.run()
    assert network.flow(start)[1] == "400 INVITE cn -> mn.wifi"
    session.bye(headers=[("Handover", str(handover))], now=network.now)
    network.run(0.1)
    assert network.flow()[-1] == "400 BYE cn -> mn.wifi"


def test_the_null_tag_is_zero() -> None:
    """RFC 3891 6.1, for dialogs with RFC 2543 peers."""
    network, mn, cn, _, _ = in_a_call()
    invite = bytes(network.request("INVITE")).replace(b"z9hG4bK", b"z9hG4bKx").replace(b"Call-ID: ", b"Call-ID: old")
    tag = network.request("INVITE").from_.tag or ""
    network.inject(invite.replace(f";tag={tag}".encode(), b""), to=cn)
    null = cn.ua.sessions[-1]
    assert null.confirmed_dialog.remote_tag is None
    named = HandoverHeader(null.call_id, null.confirmed_dialog.local_tag, "0")
    mn.call(cn, via="umts", require=("handover",), headers=(("Handover", str(named)),))
    network.run()
    assert cn.seen(events.IncomingInvite)[-1].replaced is null


def test_a_peer_without_the_extension_says_420_and_the_retry_keeps_the_names() -> None:
    """RFC 3261 8.1.3.5: same Call-ID, From and To, the next CSeq, without the tag."""
    network, mn, cn = two_phones()
    cn.ua._core.abilities = Abilities()
    session = mn.call(cn, require=("handover",))
    network.run()
    assert mn.only(events.InviteRejected).status == 420
    mn.call(cn, retry_of=session)
    network.run()
    first, second = network.messages("INVITE")
    assert (first.call_id, first.from_, first.to) == (second.call_id, second.from_, second.to)
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    assert first.via.branch != second.via.branch
    assert len(mn.seen(events.Established)) == 1
