"""PIE drops with a probability that keeps packets' wait near its target, and never at once (RFC 8033)."""

from __future__ import annotations

import pytest

from testbed.lab.links.managed_way import way_of
from testbed.lab.links.queues.discipline import Waiting
from testbed.lab.links.queues.pie import MAX_BURST_S, Pie

from .test_codel import passed
from .test_departures import ALWAYS, order

TARGET_S, UPDATE_S, SIZE = 0.015, 0.015, 1000
PACKET_S = 0.004


def waits(load: float, key: int = 1, packets: int = 5000) -> dict[int, float]:
    """How long which packets wait that come a little too often for 2 Mbit/s."""
    aqm = {"kind": "pie", "target_s": TARGET_S, "interval_s": UPDATE_S}
    arrivals = [number * PACKET_S / load for number in range(packets)]
    left = passed(way_of(order(rates=[(ALWAYS, 2e6)], aqm=aqm, key=key)), arrivals)
    return {number: at - arrivals[number] - PACKET_S for number, at in left.items()}


@pytest.mark.parametrize("load", [1.02, 1.1, 2.0])
def test_a_steady_load_waits_for_the_target_on_average(load: float) -> None:
    found = waits(load)
    settled = [wait for number, wait in found.items() if number > 2500]
    assert len(settled) / 2500 == pytest.approx(1 / load, abs=0.02)
    assert sum(settled) / len(settled) == pytest.approx(TARGET_S, abs=PACKET_S)


def test_nothing_is_dropped_while_the_link_has_room() -> None:
    assert len(waits(0.99)) == 5000


def test_a_burst_is_let_through() -> None:
    """4.4: for as long as the allowance lasts nothing is dropped, whatever waits."""
    queue = Pie(TARGET_S, UPDATE_S, 1)
    for number in range(140):
        queue.enqueue(Waiting(number * 0.001, SIZE, b""))
    assert len(queue) == 140
    for number in range(140, 3000):
        queue.enqueue(Waiting(number * 0.001, SIZE, b""))
    assert len(queue) < 2000
    assert pytest.approx(0.15) == MAX_BURST_S


def test_a_queue_of_two_packets_is_none() -> None:
    """5.1: however long they have waited."""
    queue = Pie(TARGET_S, UPDATE_S, 1)
    for number in range(1000):
        queue.enqueue(Waiting(number * 0.2, 1500, b""))
        if number:
            assert queue.dequeue(number * 0.2 + 0.1) is not None
    assert len(queue) == 1


def test_chance_follows_from_the_key() -> None:
    assert waits(1.1) == waits(1.1)
    assert set(waits(1.1)) != set(waits(1.1, key=2))


def test_a_long_silence_is_forgotten_and_takes_no_time() -> None:
    queue = Pie(TARGET_S, UPDATE_S, 1)
    for number in range(3000):
        queue.enqueue(Waiting(number * 0.001, SIZE, b""))
    while queue.dequeue(3.0) is not None:
        pass
    queue.enqueue(Waiting(1e7, SIZE, b""))
    assert len(queue) == 1
    assert queue._drop_prob == 0
