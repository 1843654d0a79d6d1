"""A CN or a B2BUA without room for a handover says so as a CN without the extension does (paper 4.3)."""

from __future__ import annotations

from tests.agents.world import World

from .charts import MODES, PROACTIVE, assert_ends, assert_talks, calls


def full(mode: str) -> World:
    """A call whose B2BUA may bridge none."""
    world = World(**{"call_s": 200.0, **{**MODES, "proactive": PROACTIVE}[mode]}, room={"b2bua": 0})
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


def test_without_room_at_the_cn_the_b2bua_assists() -> None:
    """Its 420 comes although it could hand over (paper 4.3: "enough resources to handle an eventual handover")."""
    world = World("handover-b2bua", call_s=200.0, room={"cn": 0})
    world.run(3.0)
    chart = calls(world)
    asked = chart.index("INVITE home -> cn")
    assert chart[asked + 1 : asked + 4] == ["420 INVITE cn -> home", "ACK home -> cn", "INVITE home -> cn"]
    assert world.told("bridging", "home")
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert_ends(world)


def test_without_room_at_the_cn_and_no_b2bua_the_mn_falls_back() -> None:
    """It calls without the extension, and moves by a plain re-INVITE when its link is gone."""
    world = World("handover-cn", call_s=200.0, room={"cn": 0})
    world.run(3.0)
    refusal = next(line.message for line in world.sent if str(line) == "420 INVITE cn -> mn.wifi")
    assert refusal is not None
    assert refusal.headers.get("unsupported") == "handover"
    world.signal()
    world.run_to("FAILED")
    assert world.told("handover_failed") == [{"status": 420}]
    assert_talks(world, "wifi")
    world.drop_carrier("wifi")
    world.run_until(lambda: bool(world.told("handover_done")), 3.0)
    assert_talks(world, "umts")
    assert_ends(world)
