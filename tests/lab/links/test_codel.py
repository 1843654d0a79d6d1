"""CoDel drops when, and only when, RFC 8289 has it drop; and a direction with it decides in time."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

import pytest

from testbed.lab.links.managed_way import ManagedWay, way_of
from testbed.lab.links.queues.codel import CoDel
from testbed.lab.links.queues.discipline import Waiting

from .test_departures import ALWAYS, OneWay, order

if TYPE_CHECKING:
    from testbed.lab.links.departures import Way

TARGET_S, INTERVAL_S, STEP_S = 0.005, 0.1, 0.001
SIZE = 1000


def drops(queue: CoDel, waits_s: list[float], begins_s: float = 0.0) -> list[float]:
    """When packets are dropped of which one is asked for each ms, after it has waited so long; others are behind it."""
    found = []
    for number, wait_s in enumerate(waits_s):
        now_s = begins_s + number * STEP_S
        while len(queue) < 10:
            queue.enqueue(Waiting(now_s - wait_s, SIZE, b""))
        before = len(queue)
        packet = queue.dequeue(now_s)
        assert packet is not None
        found += [now_s] * (before - len(queue) - 1)
        while queue:
            queue._queue.popleft()
        queue.backlog = 0
    return found


def test_nothing_is_dropped_of_what_waits_less_than_the_target() -> None:
    assert drops(CoDel(TARGET_S, INTERVAL_S), [0.0049] * 2000) == []


def test_a_short_wait_once_in_an_interval_is_enough() -> None:
    waits = [0.001 if number % 90 == 0 else 0.08 for number in range(2000)]
    assert drops(CoDel(TARGET_S, INTERVAL_S), waits) == []


def test_drops_come_faster_with_the_square_root_of_their_number() -> None:
    """RFC 8289, 5.5: the first when it has been too long for an interval, then in 1/sqrt(count) of it."""
    found = drops(CoDel(TARGET_S, INTERVAL_S), [0.02] * 1000)
    expected = list(accumulate([INTERVAL_S, *(INTERVAL_S / math.sqrt(count) for count in range(1, 40))]))
    assert found == pytest.approx([math.ceil(round(at / STEP_S, 6)) * STEP_S for at in expected if at < 0.999])


def test_what_follows_soon_begins_at_the_rate_of_before() -> None:
    queue = CoDel(TARGET_S, INTERVAL_S)
    # Five drops, a short time without, and then too long again: 4 more than there were at the last beginning.
    found = drops(queue, [0.02] * 400 + [0.0] * 50 + [0.02] * 200 + [0.0] * 2)
    again = [at for at in found if at > 0.45]
    assert len(found) - len(again) == 5
    assert again[0] == pytest.approx(0.45 + INTERVAL_S)
    assert again[1] - again[0] == pytest.approx(INTERVAL_S / math.sqrt(4), abs=STEP_S)
    late = drops(queue, [0.02] * 300, begins_s=10.0)
    assert late[1] - late[0] == pytest.approx(INTERVAL_S, abs=STEP_S)


def test_a_queue_of_one_large_packet_is_none() -> None:
    queue = CoDel(TARGET_S, INTERVAL_S)
    for number in range(1000):
        queue.enqueue(Waiting(number * 0.5 - 0.4, 1500, b""))
        assert queue.dequeue(number * 0.5) is not None
    assert queue.dequeue(1000.0) is None


def managed(**changes: object) -> Way:
    """2 Mbit/s with CoDel."""
    aqm = {"kind": "codel", "target_s": TARGET_S, "interval_s": INTERVAL_S}
    return way_of(order(**{"rates": [(ALWAYS, 2e6)], "aqm": aqm, **changes}))


def passed(link: Way, arrivals_s: list[float]) -> dict[int, float]:
    """When which packets leave."""
    found: dict[int, float] = {}
    for number, at in enumerate(arrivals_s):
        found |= {int(frame): left for frame, left in link.arrive(at, b"%d" % number, SIZE, is_ip=True)}
    return found | {int(frame): left for frame, left in link.wake(1000.0)}


def test_where_nothing_waits_long_a_managed_direction_is_like_any_other() -> None:
    arrivals = [number * 0.0041 for number in range(500)]
    plain = OneWay(order(rates=[(ALWAYS, 2e6)]))
    left = passed(managed(), arrivals)
    assert [left[number] for number in range(500)] == pytest.approx([plain.departure(at, SIZE) for at in arrivals])


@pytest.mark.parametrize("load", [1.02, 1.1])
def test_a_steady_load_waits_for_little_more_than_the_target(load: float) -> None:
    arrivals = [number * 0.004 / load for number in range(5000)]
    left = passed(managed(), arrivals)
    waits = sorted(left[number] - arrivals[number] - 0.004 for number in left if number > 2500)
    assert len(left) / 5000 == pytest.approx(1 / load, abs=0.01)
    assert TARGET_S < waits[len(waits) // 10] < TARGET_S + 0.004
    without = OneWay(order(rates=[(ALWAYS, 2e6)]))
    assert (without.departure(arrivals[-1], SIZE) or 0.0) - arrivals[-1] < 0.005  # alone it would not wait


def test_it_is_decided_when_it_is_a_packets_turn_and_again_the_same() -> None:
    arrivals = [number * 0.0037 for number in range(2000)]
    asked = managed()
    assert isinstance(asked, ManagedWay)
    found: dict[int, float] = {}
    for number, at in enumerate(arrivals):
        while asked.wakes_s < at:
            turn_s = asked.wakes_s
            decided = list(asked.wake(turn_s))
            assert all(left >= turn_s + SIZE * 8 / 2e6 - 1e-9 for _, left in decided)
            found |= {int(frame): left for frame, left in decided}
        found |= {int(frame): left for frame, left in asked.arrive(at, b"%d" % number, SIZE, is_ip=True)}
    found |= {int(frame): left for frame, left in asked.wake(1000.0)}
    assert found == passed(managed(), arrivals)
    assert len(found) < 2000


def test_what_the_queue_does_not_hold_is_dropped_as_it_comes() -> None:
    left = passed(managed(queue=5), [0.0] * 10)
    assert sorted(left) == [0, 1, 2, 3, 4]
