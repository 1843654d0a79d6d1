"""What no playout could have helped, on hand-made arrivals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from testbed.measure.call.direction import Direction, Sightings
from testbed.measure.call.window import Window, doings
from testbed.measure.listening.at_best import unavoidable_s
from testbed.measure.listening.playout import interruption_s, listen
from tests.measure.frames import MS
from tests.measure.listening.test_playout import INTERVAL_NS, direction

STEP_MS = 400
FIRST_COPY = 250
"""The number of the first packet of which there is a copy: it comes at 5401 ms."""


def fading(lost: range, *, copies_from: int = FIRST_COPY) -> Direction:
    """500 packets over wifi, which loses some and is gone after 400; copies over umts, 400 ms later."""
    fast = [(20 * key + 1, key, 0) for key in range(400) if key not in lost]
    slow = [(20 * key + 1 + STEP_MS, key, 1) for key in range(copies_from, 500)]
    rows = sorted(fast + slow)
    keys = np.array([key for _, key, _ in rows], dtype=np.int64)
    received = Sightings(
        time_ns=np.array([at * MS for at, *_ in rows], dtype=np.int64),
        key=keys,
        path=np.array([path for *_, path in rows], dtype=np.int64),
        timestamp=keys * 160,
        segment=np.zeros(len(keys), dtype=np.int64),
        row=np.arange(len(keys)),
    )
    base = direction([], sent=500, links=("wifi", "umts"))
    return replace(base, received=received, off=received)


def missed_ms(way: Direction, *, heard_as: Direction | None = None) -> tuple[float, float]:
    """Interruption in a window from 4.9 to 9 s, and what of it could not be helped."""
    window = Window(4900 * MS, 9000 * MS)
    heard = listen(heard_as or way, INTERVAL_NS)
    assert heard is not None
    its = doings(way, window)
    missed_s = interruption_s(heard, window, its)
    return 1000 * missed_s, 1000 * unavoidable_s(way, heard, window, its, "umts")


def test_nothing_is_unavoidable_where_nothing_was_missed() -> None:
    assert missed_ms(fading(range(0))) == (0, 0)


def test_what_is_lost_before_anything_could_be_copied() -> None:
    missed, unavoidable = missed_ms(fading(range(247, 250)))
    assert (missed, unavoidable) == pytest.approx((60, 60))


def test_what_is_lost_before_speech_can_be_stretched_enough() -> None:
    """Depth 40, 400 wanted, 250 ms a second from 5401 ms on: packet 300's turn is at 6254, its copy comes at 6401."""
    missed, unavoidable = missed_ms(fading(range(300, 304)))
    assert missed == pytest.approx(80)
    assert unavoidable == pytest.approx(80)


def test_what_is_lost_later_can_be_heard() -> None:
    """360 ms are there after 1.44 s, at 6841 ms."""
    assert missed_ms(fading(range(330, 340))) == (0, 0)


def test_a_listener_who_did_not_hurry_could_have() -> None:
    """As he was told of the slower path too late: half a second after its first packet had come."""
    way = fading(range(330, 335))
    slower = way.received.pick((way.received.path == 0) | (way.received.key >= FIRST_COPY + 60))
    missed, unavoidable = missed_ms(way, heard_as=replace(way, received=slower, off=slower))
    assert missed > 0
    assert unavoidable == 0


def test_a_late_packet_costs_no_more_than_it_was_late() -> None:
    """Ten lost in a row. 310's turn is at 6521 ms, its copy comes 80 ms later: while one waits, the others come."""
    missed, unavoidable = missed_ms(fading(range(310, 320)))
    turn_ms = 5401 + (20 * 310 + 1 + 40 - 5401) * 4 / 3
    assert unavoidable < 20 * 310 + 1 + STEP_MS - turn_ms
    assert 40 < unavoidable < missed < 200


def test_how_far_a_relay_is_from_the_listener_makes_no_difference() -> None:
    """Paths that end 70 ms before: what comes off them is not earlier to be played."""
    near = fading(range(295, 305))
    off = replace(near.off, time_ns=near.off.time_ns - 70 * MS)
    missed, unavoidable = missed_ms(near)
    assert 0 < unavoidable < missed
    assert missed_ms(replace(near, off=off)) == pytest.approx((missed, unavoidable))
