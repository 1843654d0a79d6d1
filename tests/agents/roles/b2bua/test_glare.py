"""Both sides at once: the CN changes its session, or the MN hands over again (RFC 3261 14; paper, section 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agents.roles.mn.schemes.handover_cn import HandoverCn
from agents.sip.message.handover import HandoverHeader
from tests.agents.world import World

from .charts import ALL_MODES, MODES, assert_ends, assert_talks, calls, in_a_call, old_dialog, peer_of

if TYPE_CHECKING:
    from agents.sip.session.session import Session


def successor(world: World) -> Session:
    """The session that is being proven."""
    assert isinstance(world.mn._scheme, HandoverCn)
    assert world.mn._scheme._successor is not None
    return world.mn._scheme._successor


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.115, 0.2, 0.3])
def test_a_reinvite_of_the_cn_does_not_bar_a_handover_invite(mode: str, after_s: float) -> None:
    """It is in another dialog, so no 491 and no waiting, as `reinvite` has to (2.1 to 4 s, RFC 3261 14.1)."""
    world = in_a_call(mode)
    world.signal()
    world.run(after_s)
    session = old_dialog(world)
    session.reinvite(session.local_sdp, now=world.now)
    world.run_to("DONE")
    assert world.now - 3.0 < 2.0
    chart = calls(world, 3.0)
    assert not [line for line in chart if line.startswith("491")]
    assert f"200 INVITE {peer_of(world)} -> cn" in chart or "200 INVITE mn.wifi -> cn" in chart
    assert ("INVITE home -> mn.wifi" in chart) == (mode == "cn behind home")
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("mode", MODES)
def test_a_reinvite_of_the_cn_in_the_new_dialog(mode: str) -> None:
    """During the proof, and after it."""
    world = in_a_call(mode)
    world.signal()
    world.run_to("PROVING")
    world.run(0.15)  # the ACK
    session = list(world.cn._legs)[-1]
    session.reinvite(session.local_sdp, now=world.now)
    world.run_to("DONE")
    world.run(0.5)
    session.reinvite(session.local_sdp, now=world.now)
    world.run(0.5)
    assert session._reinvites.state == "IDLE"
    assert not [line for line in calls(world, 3.0) if line[:3] in {"488", "491", "500", "481"}]
    assert_talks(world, "umts")
    assert_ends(world, "cn")


@pytest.mark.parametrize("mode", ["cn behind home", "home"])
def test_two_reinvites_cross_at_the_b2bua(mode: str) -> None:
    """A bridge answers each side itself. Else each meets 491 and is tried again, by the MN after 2.1 s or later."""
    world = in_a_call(mode, scheme="reinvite", home=True)
    session = old_dialog(world)
    session.reinvite(session.local_sdp, now=world.now)
    world.signal()
    since = world.now
    world.run_to("DONE")
    refused = [line for line in calls(world, since) if line.startswith("491")]
    if mode == "home":
        assert not refused
        assert world.now - since < 0.5
    else:
        assert world.now - since < 5.0
    assert_talks(world, "umts")
    assert_ends(world)


def test_a_reinvite_that_is_taken_back_is_taken_back_on_the_other_side_too() -> None:
    """The MN hears of an offer that the CN then withdraws: it is told again what holds."""
    world = in_a_call("cn behind home")
    session = old_dialog(world)
    moved = (session.local_sdp or b"").replace(b"m=audio 30000", b"m=audio 30500")
    world.lose("200 INVITE", on="wifi")
    session.reinvite(moved, now=world.now)
    world.run(0.3)  # the 200 is lost, there was a 100
    assert session._reinvites.sent is not None
    session._reinvites.sent.cancel(world.now)
    world.run(2.0)
    at_home = next(one for one in world.hosts["home"].ua.sessions if one.peer.ip == "10.0.1.1")
    assert b"m=audio 30000" in (at_home.local_sdp or b"")
    assert_talks(world, "wifi")
    assert_ends(world)


@pytest.mark.parametrize("mode", MODES)
def test_a_second_handover_that_names_the_old_dialog(mode: str) -> None:
    """Before the first one has ended: another session beside it. Its copies stop with its BYE."""
    world = in_a_call(mode)
    world.signal()
    world.run_to("PROVING")
    second = world.mn._call.invite_to_hand_over(world.mn._call.new, now=world.now)
    world.run_until(lambda: second.state == "CONFIRMED", 1.0)
    world.mn._call.part(second, over=world.mn._call.new, now=world.now)
    world.run_until(lambda: second.state == "TERMINATED", 2.0)
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("who", ["mn", "cn"])
def test_a_second_handover_that_names_the_new_dialog(mode: str, who: str) -> None:
    """Out of the dialog that is being proven: it is as good as the old one, and its successor lives on without both."""
    world = in_a_call(mode)
    world.signal()
    world.run_to("PROVING")
    world.run(0.2)
    call = world.mn._call
    old, call.session = call.current, successor(world)
    second = call.invite_to_hand_over(world.mn._call.new, now=world.now)
    call.session = old
    named = HandoverHeader.parse(second.invite.headers.get("handover") or "")
    assert named.call_id == successor(world).call_id
    world.run_until(lambda: second.state == "CONFIRMED", 1.0)
    world.run_to("DONE")
    assert call.send_media(second, now=world.now)
    world.run(0.5)
    assert_ends(world, who, within=2.0)


@pytest.mark.parametrize("mode", MODES)
def test_a_second_handover_while_the_peer_hangs_up(mode: str) -> None:
    """603 for a dialog that has ended, or is ending as soon as its ACK comes (RFC 3891 3)."""
    world = in_a_call(mode)
    world.signal()
    world.run(0.05)
    world.hang_up("cn")
    world.run(0.5)
    assert "603 INVITE" in " ".join(world.flow(since=3.0))
    assert_ends(world, within=2.0)


@pytest.mark.parametrize("mode", ["cn behind home", "home"])
def test_no_handover_of_a_call_whose_peer_hung_up_before_the_ack(mode: str) -> None:
    """The B2BUA may say BYE only after the MN's ACK (RFC 3261 15); a Handover INVITE meanwhile is declined."""
    world = World(**{"call_s": 200.0, **ALL_MODES[mode]})
    world.lose("ACK", on="wifi", times=-1)
    world.run(0.3)
    world.hang_up("cn")
    world.run(0.1)
    world.signal()
    world.run(0.4)
    assert "603 INVITE home -> mn.umts" in world.flow()
    assert_ends(world, within=70.0)
