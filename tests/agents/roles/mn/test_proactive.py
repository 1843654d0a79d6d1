"""`proactive` and `reinvite-soft` (paper 4.1, Figures 5 and 6; RFC 3261 14.1)."""

from __future__ import annotations

from tests.agents.world import LINK_DOWN, World


def calls(world: World, since: float = 0.0) -> list[str]:
    return [line for line in world.flow(since) if not line.startswith("100 ")]


def proactive() -> World:
    world = World("proactive", supports_handover=False, always_bridges=True)
    world.run(3.0)
    return world


def test_figure_6_a_backup_session_carries_nothing_until_it_is_activated() -> None:
    world = proactive()
    assert world.state == "BACKED UP"
    first, backup = [line.message for line in world.sent if line.label == "INVITE" and line.receiver == "home"][1:3]
    assert first is not None
    assert backup is not None
    assert backup.call_id == first.call_id
    assert backup.from_.tag != first.from_.tag
    assert b"a=sendonly" in backup.body
    assert not [line for line in world.flow() if line == "INVITE home -> cn"][1:]
    assert not world.speech("home", "mn.umts")
    assert not world.speech("mn.umts", "home")
    at = world.now
    world.signal()
    world.run_to("DONE")
    assert calls(world, at) == [
        "INVITE mn.umts -> home", "200 INVITE home -> mn.umts", "ACK mn.umts -> home", "BYE mn.wifi -> home",
        "200 BYE home -> mn.wifi",
    ]  # fmt: skip
    world.run(1.0)
    assert world.speech("home", "mn.umts", since=at)
    assert world.speech("mn.umts", "home", since=at)


def test_the_b2bua_switches_when_the_reinvite_comes_and_copies_nothing() -> None:
    world = proactive()
    world.signal()
    world.lose("200 INVITE", on="umts", times=-1)
    world.run(0.5)
    assert world.state == "ACTIVATING"
    assert not set(world.speech("home", "mn.umts")) & set(world.speech("home", "mn.wifi"))
    assert world.speech("home", "mn.umts")


def test_without_a_backup_session_the_call_moves_by_reinvite() -> None:
    world = World("proactive", trigger=LINK_DOWN, is_umts_attached=False, supports_handover=False, always_bridges=True)
    world.run(3.0)
    world.cut("wifi", noticed_after=0.5)
    world.run(10.0)
    assert world.told("handover_done")
    assert "INVITE mn.umts -> home" in world.flow()


def test_a_b2bua_that_bridges_nothing_refuses_a_backup_session() -> None:
    world = World("proactive", supports_handover=True)
    world.run(3.0)
    assert world.state == "FAILED"
    world.signal()
    world.run(5.0)
    assert world.told("handover_done")


def test_soft_reinvite_loses_nothing_while_both_links_work() -> None:
    world = World("reinvite-soft")
    world.run(3.0)
    world.signal()
    world.run_to("DONE")
    world.run(2.0)
    numbers = world.speech("cn", "mn.wifi") + world.speech("cn", "mn.umts")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_nothing_is_left_of_a_backup_session_that_was_not_needed() -> None:
    for who in ("mn", "cn"):
        world = proactive()
        world.hang_up(who)
        world.settle()
        world.assert_nothing_left()
