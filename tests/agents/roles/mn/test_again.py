"""Several handovers in one call: to the second link, back to the first one, and there again."""

from __future__ import annotations

import pytest

from agents.rtp.playout_events import Concealed
from tests.agents.world import FALLING, World

from .test_handover_cn import holes

MOVED = ["INVITE mn.{0} -> cn", "200 INVITE cn -> mn.{0}", "ACK mn.{0} -> cn"]
RELEASED = ["BYE mn.{0} -> cn", "200 BYE cn -> mn.{0}"]


def walk(world: World, times: int, *, scheme_done: float = 6.0) -> None:
    """The WiFi's signal goes down and up so many times, with time enough for each handover."""
    world.run(3.0)
    for number in range(times):
        world.signal(-50.0 if number % 2 else -70.0)
        world.run_until(lambda number=number: len(world.told("handover_done")) > number, scheme_done)  # type: ignore[misc]
        world.run(1.5)


def steps(since: float, world: World) -> list[str]:
    return [line for line in world.flow(since) if "BYE" in line or "INVITE" in line or "ACK" in line]


def test_handover_cn_to_and_fro() -> None:
    """Each time: a dialog over the link that is gone to, and the end of the one over the link that is left."""
    world = World(call_s=40.0)
    walk(world, 4)
    expected: list[str] = []
    for new, old in (("umts", "wifi"), ("wifi", "umts")) * 2:
        expected += [line.format(new) for line in MOVED] + [line.format(old) for line in RELEASED]
    assert steps(3.0, world) == expected
    assert [one["to"] for one in world.told("trigger")] == ["umts", "wifi", "umts", "wifi"]
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts", "wifi"]
    world.settle()
    assert world.flow()[-2:] == [line.format("wifi") for line in RELEASED]
    world.assert_nothing_left()


def test_handover_cn_to_and_fro_is_not_heard() -> None:
    """On the way back too: the path is proven by what it brings now, and not judged by the time it was not used."""
    world = World(call_s=40.0)
    walk(world, 4)
    assert holes(world, "mn") == []
    assert holes(world, "cn") == []


def test_the_way_back_takes_no_longer_than_the_way_there() -> None:
    world = World(call_s=40.0)
    walk(world, 2)
    triggers = [at for at, tell in world.hosts["mn"].told if tell.event == "trigger"]
    done = [at for at, tell in world.hosts["mn"].told if tell.event == "handover_done"]
    there, back = (end - begin for begin, end in zip(triggers, done, strict=True))
    assert back < there < 4.0


def test_handover_b2bua_to_and_fro() -> None:
    world = World("handover-b2bua", call_s=40.0)
    walk(world, 4)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts", "wifi"]
    assert holes(world, "mn") == []
    world.settle()
    world.assert_nothing_left()


def test_reinvite_soft_to_and_fro() -> None:
    world = World("reinvite-soft", call_s=40.0)
    walk(world, 4)
    assert steps(3.0, world) == [line.format(link) for link in ("umts", "wifi") * 2 for line in MOVED]
    end = world.now
    world.run(2.0)
    assert world.speech("mn.wifi", "cn", since=end)
    assert not world.speech("mn.umts", "cn", since=end)
    world.settle()
    world.assert_nothing_left()


def test_proactive_goes_back_by_reinvite() -> None:
    """A backup session is made once, at the beginning of the call."""
    world = World("proactive", call_s=40.0, always_bridges=True)
    walk(world, 3)
    assert [one["link"] for one in world.told("handover_done")] == ["umts", "wifi", "umts"]
    world.settle()
    world.assert_nothing_left()


def test_the_caller_stays_who_it_is() -> None:
    """RFC 3261 8.1.1.3: From is who calls, not where it is."""
    world = World(call_s=40.0)
    world.run(1.0)
    first = world.message("INVITE").from_.uri
    walk(world, 2)
    assert world.message("INVITE").from_.uri == first


def test_one_handover_at_a_time() -> None:
    """The signal that comes back while the handover is under way counts when it is done."""
    world = World(call_s=40.0)
    world.run(3.0)
    world.signal(-70.0)
    world.run(0.05)
    world.signal(-50.0)
    assert len(world.told("trigger")) == 1
    world.run_until(lambda: len(world.told("handover_done")) == 2)
    assert [one["to"] for one in world.told("trigger")] == ["umts", "wifi"]
    world.settle()
    world.assert_nothing_left()


def test_the_guard_keeps_the_call_where_it_is() -> None:
    world = World(call_s=40.0, trigger={**FALLING, "stay": 10.0})
    world.run(3.0)
    world.signal(-70.0)
    world.run_until(lambda: len(world.told("handover_done")) == 1)
    done = world.now
    world.signal(-50.0)
    world.run_until(lambda: len(world.told("trigger")) == 2)
    assert world.now == pytest.approx(done + 10.0)
    world.settle()
    world.assert_nothing_left()


def test_a_second_link_that_dies_is_left_for_the_first_one() -> None:
    world = World(call_s=40.0)
    walk(world, 1)
    world.drop_carrier("umts")
    world.run_until(lambda: len(world.told("handover_done")) == 2)
    assert world.told("trigger")[1] == {"link": "umts", "to": "wifi", "kind": "link-down"}
    world.settle()
    world.assert_nothing_left()


def test_received_losses_are_a_trigger() -> None:
    """The WiFi falls silent, and its kernel says nothing. After 120 ms it is no jitter; 5 % of a second are 50 ms."""
    world = World(call_s=20.0, trigger={"on": "quality", "window": 1.0, "loss": 0.05, "jitter": None, "delay": None})
    world.run(5.0)
    world.cut("wifi")
    world.run_until(lambda: bool(world.told("trigger")), 1.0)
    assert world.now == pytest.approx(5.25, abs=0.06)
    (told,) = world.told("trigger")
    assert (told["kind"], told["link"], told["to"]) == ("quality", "wifi", "umts")
    world.settle()
    assert [event for event in world.heard("mn") if isinstance(event, Concealed)]
    world.assert_nothing_left()


def test_what_the_peer_reports_of_our_packets_is_a_trigger() -> None:
    """One packet in five is lost on the way to the CN; its report comes within 7.5 s (RFC 3550 6.3.1), and again."""
    world = World(call_s=30.0, trigger={"on": "quality", "window": 1.0, "uplink_loss": 0.1})
    world.run(2.0)
    world.wifi.up = world.wifi.up._replace(loss=0.2)
    world.run_until(lambda: bool(world.told("trigger")), 15.0)
    (told,) = world.told("trigger")
    assert (told["kind"], told["to"]) == ("quality", "umts")
    assert 0.1 < told["uplink_loss"] < 0.4
    world.settle()
    world.assert_nothing_left()


def test_networks_around_are_in_the_log() -> None:
    world = World(is_umts_attached=False)
    world.signal(-50.0)
    world.signal(-80.0, link="umts")
    world.run(1.0)
    (told,) = world.told("networks_around")
    assert [(one["name"], one["is_up"], one["signal_dbm"]) for one in told["networks"]] == [
        ("wifi", True, -50.0), ("umts", False, -80.0),
    ]  # fmt: skip
