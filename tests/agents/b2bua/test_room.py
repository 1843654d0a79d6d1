"""A B2BUA without room for another bridged call says so as a CN without the extension does (paper 4.3)."""

from __future__ import annotations

from agents.b2bua.node import BackToBack
from tests.agents.world import World

from .charts import MODES, PROACTIVE, assert_ends, assert_talks, calls


def full(mode: str) -> World:
    """A call whose B2BUA may bridge none."""
    world = World(**{"call_s": 200.0, **{**MODES, "proactive": PROACTIVE}[mode]}, is_wifi_attached=False)
    b2bua = world.hosts["home"].role
    assert isinstance(b2bua, BackToBack)
    b2bua._office._room = 0
    world.restore("wifi")
    world.run(3.0)
    return world


def test_without_room_the_mn_hears_420_and_calls_without_the_extension() -> None:
    world = full("home")
    chart = calls(world)
    assert "420 INVITE home -> mn.wifi" in chart
    refusal = next(line.message for line in world.sent if str(line) == "420 INVITE home -> mn.wifi")
    assert refusal is not None
    assert refusal.headers.get("unsupported") == "handover"
    assert not world.told("bridging", "home")
    assert_talks(world, "wifi")
    world.signal()
    world.run_to("FAILED")
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")), 3.0)  # by a plain re-INVITE
    assert_talks(world, "umts")
    assert_ends(world)


def test_a_peer_that_can_hand_over_itself_needs_no_room() -> None:
    world = full("cn behind home")
    assert "420 INVITE home -> mn.wifi" not in world.flow()
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world)


def test_without_room_there_is_no_backup_session() -> None:
    world = full("proactive")
    assert not world.told("bridging", "home")
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")), 3.0)
    assert_talks(world, "umts")
    assert_ends(world)
