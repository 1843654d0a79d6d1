"""Links that die during a handover (paper, section 4.3)."""

from __future__ import annotations

import pytest

from .charts import ALL_MODES, GIVE_UP_S, MODES, assert_ended, assert_ends, assert_talks, in_a_call, peer_of


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("is_noticed", [True, False])
def test_the_old_link_dies_before_the_200(mode: str, *, is_noticed: bool) -> None:
    """The 200 comes over the new one; nothing is waited for that only the old one could bring, but its BYE's answer."""
    world = in_a_call(mode)
    world.signal()
    world.cut("wifi", noticed_after=0.05 if is_noticed else None)
    world.run_to("DONE")
    assert world.now - 3.0 < 1.0 + 2.0
    assert_talks(world, "umts")
    assert_ends(world, within=GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", ALL_MODES)
def test_the_old_link_dies_before_the_trigger(mode: str) -> None:
    """A plain INVITE "over the backup interface using the existing dialog id", or the backup session (paper 4.3)."""
    world = in_a_call(mode)
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")), 3.0)
    assert not any("handover" in line.message.headers for line in world.sent if line.label == "INVITE" and line.message)
    assert_talks(world, "umts")
    assert_ends(world, within=GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("is_noticed", [True, False])
def test_the_new_link_dies_after_the_200(mode: str, *, is_noticed: bool) -> None:
    """While its path is being proven: the old link carries the call on; who sent copies in vain gets a BYE."""
    world = in_a_call(mode)
    world.signal()
    world.run_to("PROVING")
    world.umts.attach_s = None
    world.cut("umts", noticed_after=0.05 if is_noticed else None)
    world.run(2.0)
    assert world.state == ("WAITING" if is_noticed else "PROVING")
    if is_noticed:
        assert f"BYE mn.wifi -> {peer_of(world)}" in world.flow(since=3.0)
        assert_talks(world, "wifi")
    assert world.speech("mn.wifi", "home" if mode == "home" else "cn", since=world.now - 0.1)
    assert_ends(world, within=GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", MODES)
def test_the_new_link_dies_before_the_ack(mode: str) -> None:
    """The peer can't know: it sends copies until it misses the ACK; the call goes on over the old link."""
    world = in_a_call(mode)
    world.lose("ACK", on="umts", times=-1)
    world.signal()
    world.run_to("PROVING")
    world.umts.attach_s = None
    world.drop_carrier("umts")
    world.run(1.0)
    assert_talks(world, "wifi")
    assert_ends(world, within=GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("state", ["INVITING", "PROVING", "RELEASING", "DONE"])
def test_both_links_die_for_ever(mode: str, state: str) -> None:
    """The MN gives up 64*T1 after its user does; its peers know nothing until their user hangs up too."""
    world = in_a_call(mode)
    world.signal()
    if mode == "proactive":
        state = {"INVITING": "ACTIVATING", "PROVING": "ACTIVATING"}.get(state, state)
    world.run_to(state)
    for link in (world.wifi, world.umts):
        link.attach_s = None
        world.drop_carrier(link.name)
    world.run(5.0)
    world.hang_up("mn")
    world.run_until(lambda: bool(world.told("call_ended")), GIVE_UP_S + 2.0)
    world.hang_up("cn")
    assert_ended(world, within=2 * GIVE_UP_S + 2.0)


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize("link", ["wifi", "umts"])
def test_both_links_die_and_one_comes_back(mode: str, link: str) -> None:
    """Whatever the MN was about to do, hanging up then reaches everybody."""
    world = in_a_call(mode)
    world.signal()
    world.run(0.3)
    for name in ("wifi", "umts"):
        world.links[name].attach_s = None
        world.drop_carrier(name)
    world.run(3.0)
    world.restore(link)
    world.run(10.0)
    assert_ends(world, within=GIVE_UP_S + 2.0)
