"""Session timers in calls with handovers (RFC 4028): who refreshes, and when not."""

from __future__ import annotations

import pytest

from agents.roles.guards import UserGuard
from tests.agents.world import World

REFRESH = ["INVITE mn.wifi -> cn", "200 INVITE cn -> mn.wifi", "ACK mn.wifi -> cn"]
REFRESH_BY_B2BUA = ["INVITE home -> cn", "200 INVITE cn -> home", "ACK home -> cn"]


def test_a_call_is_refreshed_after_half_of_the_time() -> None:
    world = World(call_s=100.0, session_timer=90)
    world.run(44.0)
    assert "90;refresher=uac" in world.message("200 INVITE").headers.get("session-expires")
    assert len(world.flow()) == 3
    world.run(2.0)
    assert world.flow(since=44.0) == REFRESH
    world.run(45.0)
    assert world.flow(since=46.0) == REFRESH
    world.settle()
    world.assert_nothing_left()


def test_without_a_session_timer_nothing_is_refreshed() -> None:
    world = World(call_s=100.0)
    world.run(99.0)
    assert len(world.flow()) == 3


@pytest.mark.parametrize("scheme", ["handover-cn", "reinvite"])
def test_the_mobile_node_refreshes_nothing_during_a_handover(scheme: str) -> None:
    """It becomes due at 45 s, while the INVITE of the handover is lost three times."""
    world = World(scheme, call_s=60.0, session_timer=90)
    world.run(44.5)
    world.lose("INVITE", on="umts", times=3)
    world.signal()
    assert world.run_until(lambda: bool(world.told("handover_done"))) > 48.0
    assert [line for line in world.flow(since=44.5) if line.startswith("INVITE")] == [
        *["INVITE mn.umts -x cn"] * 3, "INVITE mn.umts -> cn",
    ]  # fmt: skip
    world.settle()
    world.assert_nothing_left()


def test_what_became_due_during_a_handover_is_refreshed_after_it() -> None:
    """The B2BUA's own dialog with the CN lives on: no other one has refreshed it."""
    world = World("handover-b2bua", call_s=60.0, session_timer=90, supports_handover=False)
    world.run(44.5)
    world.signal()
    assert world.run_until(lambda: bool(world.told("handover_done"))) > 45.5
    world.run(1.0)
    flow = world.flow(since=44.5)
    assert flow[flow.index("BYE mn.wifi -> home") :] == [
        "BYE mn.wifi -> home", "200 BYE home -> mn.wifi", *REFRESH_BY_B2BUA,
    ]  # fmt: skip
    assert flow.count("INVITE home -> cn") == 1
    world.settle()
    world.assert_nothing_left()


def test_a_call_that_the_b2bua_does_not_bridge_is_refreshed_on_both_sides() -> None:
    world = World("handover-b2bua", call_s=60.0, session_timer=90)
    world.run(44.5)
    world.signal()
    world.run_until(lambda: bool(world.told("handover_done")))
    world.settle()
    world.assert_nothing_left()
    assert world.told("call_ended") == [{"status": 200}]


def test_a_handover_that_fails_holds_nothing_back_any_longer() -> None:
    world = World(call_s=60.0, session_timer=90)
    world.run(44.5)
    world.edits["INVITE"] = lambda data: data.replace(b"handover", b"hand0ver")  # the CN refuses: 420
    world.signal()
    world.run_to("FAILED")
    world.edits.clear()
    world.run(2.0)
    assert world.flow(since=44.5)[-3:] == REFRESH
    world.settle()


def test_a_peer_that_is_gone_ends_the_call() -> None:
    world = World("reinvite", call_s=None, session_timer=90, is_umts_attached=False)
    world.run(10.0)
    world.cut("wifi")
    world.run(49.0)  # 10: the CN, which is not to refresh, ends it a third of 90 s before its time
    assert not world.told("call_ended", "cn")
    world.run(2.0)
    assert world.told("call_ended", "cn")
    world.settle()
    assert world.told("call_ended")


@pytest.mark.parametrize(("scheme", "peer", "status"), [("handover-cn", "cn", 401), ("handover-b2bua", "home", 407)])
@pytest.mark.parametrize("is_refreshed", [True, False])
def test_a_handover_in_an_old_call_is_challenged_unless_a_refresh_has_brought_the_next_nonce(
    scheme: str, peer: str, status: int, *, is_refreshed: bool
) -> None:
    """RFC 7616 3.5: whoever asks in the second half of a nonce's time has its successor with the answer."""
    world = World(scheme, call_s=90.0, is_guarded=True, session_timer=90 if is_refreshed else None)
    guard = world.cn.guard if peer == "cn" else world.b2bua.guard
    assert isinstance(guard, UserGuard)
    guard._users._lifetime = 60.0
    world.run(65.0)
    world.signal()
    world.run_until(lambda: bool(world.told("handover_done")))
    invite, answer = f"INVITE mn.umts -> {peer}", f"INVITE {peer} -> mn.umts"
    challenged = [] if is_refreshed else [invite, f"{status} {answer}", f"ACK mn.umts -> {peer}"]
    expected = [*challenged, invite, f"200 {answer}", f"ACK mn.umts -> {peer}"]
    assert [line for line in world.flow(since=65.0) if "mn.umts" in line][: len(expected)] == expected
    world.settle()
    world.assert_nothing_left()
