"""Messages of a handover that get lost, once or for ever (paper, section 4.3, Figures 7 and 8; RFC 3261 13, 15, 17)."""

from __future__ import annotations

import pytest

from agents.rtp.playout_events import Concealed
from agents.sip.session.outgoing_invite import PATIENCE_S
from tests.agents.world import World

from .charts import (  # fmt: skip
    ALL_MODES,
    GIVE_UP_S,
    MODES,
    assert_ended,
    assert_ends,
    assert_talks,
    calls,
    in_a_call,
    is_ended,
    peer_of,
)

T1 = 0.5
#: What a release takes on these links: the proof of the new path, and a BYE over WiFi.
HANDED_OVER_S = 2.0
ONCE = [("INVITE", "umts"), ("200 INVITE", "umts"), ("ACK", "umts"), ("BYE", "wifi"), ("200 BYE", "wifi")]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("label", "link"), ONCE)
def test_a_message_lost_once_costs_t1_at_most_and_nobody_hears_it(mode: str, label: str, link: str) -> None:
    """INVITE and BYE are sent again by the client, a 200 to INVITE by the server, and answered again."""
    world = in_a_call(mode)
    world.lose(label, on=link)
    world.signal()
    world.run_to("DONE")
    assert world.now - 3.0 < HANDED_OVER_S + T1
    assert (
        world.flow(since=3.0).count(f"{label} mn.{link} -x {peer_of(world)}")
        + world.flow(since=3.0).count(f"{label} {peer_of(world)} -x mn.{link}")
        == 1
    )
    assert_talks(world, "umts")
    for host in ("mn", "cn"):
        assert not [event for event in world.heard(host) if isinstance(event, Concealed)], host
    assert_ends(world)


@pytest.mark.parametrize("label", ["INVITE", "200 INVITE", "ACK", "BYE"])
def test_proactive_a_message_lost_once(label: str) -> None:
    """Section 4.1: the same transactions, in the backup dialog."""
    world = in_a_call("proactive")
    world.lose(label, on="wifi" if label == "BYE" else "umts")
    world.signal()
    world.run_to("DONE")
    assert world.now - 3.0 < HANDED_OVER_S + T1
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("label", ["INVITE", "200 INVITE"])
def test_a_handover_that_is_never_answered_leaves_the_call_on_its_old_link(mode: str, label: str) -> None:
    """64*T1 after it began it has failed (Timer B); who answered and got no ACK ends its half with BYE (13.3.1.4).

    It is not tried again, as the old link has become good meanwhile.
    """
    world = in_a_call(mode)
    world.lose(label, on="umts", times=-1)
    world.signal()
    world.run_to("FAILED")
    assert world.now - 3.0 <= GIVE_UP_S + 0.1
    world.signal(-40.0)
    world.run(GIVE_UP_S + 1.0 if label == "200 INVITE" else 1.0)
    assert_talks(world, "wifi")
    assert_ends(world, within=GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", MODES)
def test_a_handover_that_is_only_ever_tried_leaves_the_call_on_its_old_link(mode: str) -> None:
    """A 100 stops Timer B, and RFC 3261 knows no other end of the wait: the MN takes its INVITE back itself (9.1)."""
    world = in_a_call(mode)
    world.edits["200 INVITE"] = lambda data: data.replace(b" 200 OK", b" 100 Trying") if b"10.0.2.1" in data else data
    world.signal()
    world.run_until(lambda: world.state == "FAILED", 2 * GIVE_UP_S)
    world.signal(-40.0)
    world.edits.clear()
    world.run(GIVE_UP_S + 2.0)
    assert_talks(world, "wifi")
    assert_ends(world)


@pytest.mark.parametrize("mode", ["cn", "home"])
def test_a_call_that_is_only_ever_tried_ends_by_itself(mode: str) -> None:
    """16.8: after 190 s, and 64*T1 for the answer to the CANCEL; nothing of it is kept, no port either."""
    world = World(**{"call_s": None, **MODES[mode]})
    world.edits["200 INVITE"] = lambda data: data.replace(b" 200 OK", b" 100 Trying")
    world.run_until(lambda: bool(world.told("call_ended")), PATIENCE_S + GIVE_UP_S + 1.0)
    assert_ended(world, within=GIVE_UP_S)


@pytest.mark.parametrize("mode", MODES)
def test_without_any_ack_the_call_ends(mode: str) -> None:
    """The old dialog is gone by then: 64*T1 after its 200 the peer gives the new one up, and says BYE (13.3.1.4)."""
    world = in_a_call(mode)
    world.lose("ACK", on="umts", times=-1)
    world.signal()
    world.run_to("DONE")
    assert_ended(world, within=GIVE_UP_S + 2.0)
    assert world.told("call_ended")


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_bye_that_the_old_link_never_carries_goes_over_the_new_one(mode: str) -> None:
    """Paper 4.3: "send the BYE message using the new interface to release the resources"; after one second here."""
    world = in_a_call(mode)
    world.lose("BYE", on="wifi", times=-1)
    world.signal()
    world.run_to("RELEASING")
    released = world.now
    world.run_to("DONE")
    assert world.now - released < 1.0 + 0.3
    peer = peer_of(world)
    assert f"BYE mn.umts -> {peer}" in world.flow(since=released)
    assert_talks(world, "umts")
    assert_ends(world)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_a_bye_that_is_never_answered_ends_the_call_on_one_side(mode: str) -> None:
    """The peer has heard it; the MN tries for 64*T1 over both links and then forgets the call as well (17.1.2.2)."""
    world = in_a_call(mode)
    world.lose("200 BYE", times=-1)
    assert_ends(world, within=GIVE_UP_S + 1.0 + 0.1)


@pytest.mark.parametrize("mode", ["cn", "cn behind home", "home", "proactive"])
@pytest.mark.parametrize("label", ["INVITE", "200 INVITE", "ACK"])
@pytest.mark.parametrize("times", [1, -1])
def test_the_first_invite_of_a_call(mode: str, label: str, times: int) -> None:
    """A call, or none within 64*T1 and a BYE; on the way from the MN the INVITE counts twice, by the challenge."""
    options = ALL_MODES[mode]
    world = World(**{"call_s": 200.0, **options})
    world.lose(label, on="wifi", times=times)
    if times == 1:
        world.run_until(lambda: world.mn._call.is_up, 2.0)
        world.run(2.0)
        assert_talks(world, "wifi")
        assert_ends(world)
    else:
        world.run(0.1)
        if not is_ended(world):
            world.run_until(lambda: is_ended(world), GIVE_UP_S + 3.0)
        assert_ended(world, within=GIVE_UP_S + 3.0)
        assert [line for line in calls(world) if line.startswith(label)]
