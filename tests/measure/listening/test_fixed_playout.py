"""A jitter buffer that never adapts, on hand-made arrivals; packet k leaves at 20 k ms, and takes 5 ms at best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure.listening.fixed_playout import DEPTHS_MS, listen_fixed, schedule
from testbed.measure.listening.playout import mouth_to_ear_s
from tests.measure.frames import MS

from .test_playout import INTERVAL_NS, direction, even

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.listening.playout import Heard


def heard(one: Direction, depth_ms: int) -> Heard:
    plan = schedule(one, INTERVAL_NS)
    assert plan is not None
    return listen_fixed(one, plan, INTERVAL_NS, depth_ms)


def stepped(step_ms: float) -> Direction:
    """From packet 50 on the way takes so much longer."""
    return direction([(20 * key + 5 + (step_ms if key >= 50 else 0), key) for key in range(100)], sent=100)


def test_an_even_call_is_heard_whole() -> None:
    found = heard(direction(even(100), sent=100), 60)
    assert (len(found.played), found.concealed, found.late, found.intervals) == (100, (), (), (True,) * 100)
    assert mouth_to_ear_s(found, direction(even(100), sent=100)) == pytest.approx(0.005 + 0.060 + 0.020)


def test_a_path_that_is_slower_by_more_than_the_depth_is_never_heard_again() -> None:
    found = heard(stepped(110), 60)
    assert (len(found.played), len(found.late), len(found.concealed)) == (50, 50, 50)
    assert found.concealed_s() == pytest.approx(1.0)
    assert [round(1000 * one.by) for one in found.late] == [50] * 50
    deep = heard(stepped(110), 200)
    assert (len(deep.played), deep.late, deep.concealed) == (100, (), ())


def test_the_depth_that_would_do_is_the_step() -> None:
    plan = schedule(stepped(110), INTERVAL_NS)
    assert plan is not None
    assert plan.depth_needed_ns == 110 * MS
    assert not heard(stepped(110), 110).late, "what comes at its very time is in time"
    assert len(heard(stepped(110), 109).late) == 50


def test_lost_packets_are_one_interval_each_also_at_the_end() -> None:
    found = heard(direction([one for one in even(95) if one[1] not in {40, 41}], sent=100), 60)
    assert [one.sequence for one in found.concealed] == [40, 41, 95, 96, 97, 98, 99]
    assert [round(one.at * 1000) for one in found.concealed[:2]] == [860, 880], (
        "5 ms on the way, from the first arrival"
    )
    assert {one.cause for one in found.concealed} == {"lost"}


def test_a_first_packet_that_was_overtaken_is_played_before_the_one_that_came_first() -> None:
    arrivals = sorted([(26.0, 0), *even(100)[1:]])
    found = heard(direction(arrivals, sent=100), 60)
    assert ([one.sequence for one in found.played], found.concealed) == ([*range(100)], ())


def test_a_new_source_begins_anew_with_its_first_packet() -> None:
    arrivals = [(20.0 * key + 5 + (110 if key >= 50 else 0), key) for key in range(100)]
    found = heard(direction(arrivals, sent=100, segments=dict.fromkeys(range(50, 100), 1)), 60)
    # It came 110 ms later than the old one would have: six intervals with nothing in them, and all of it is heard.
    assert (len(found.played), found.late, len(found.concealed)) == (100, (), 6)
    assert {(one.sequence, one.cause) for one in found.concealed} == {(None, "underrun")}


def test_timestamps_that_stood_still_are_a_new_beginning() -> None:
    one = direction([(20 * key + 5 + (3000 if key >= 50 else 0), key) for key in range(100)], sent=100)
    found = heard(one, 60)
    assert len(found.late) == 50, "three seconds on the way"
    stamps = one.received.timestamp.copy()
    stamps[50:] += 3 * 8000
    found = heard(replace(one, received=replace(one.received, timestamp=stamps)), 60)
    assert (len(found.played), found.late, len(found.concealed)) == (100, (), 150)


def test_without_a_clock_or_a_packet_there_is_no_schedule() -> None:
    assert schedule(direction([], sent=10), INTERVAL_NS) is None
    assert schedule(replace(direction(even(10), sent=10), clock_hz=None), INTERVAL_NS) is None


Ways = st.lists(st.one_of(st.none(), st.integers(0, 300)), min_size=2, max_size=80)


@given(Ways, st.integers(0, 60), st.lists(st.integers(0, 400), min_size=2, max_size=6))
def test_a_longer_buffer_never_has_more_interruption(ways: list[int | None], cut: int, depths: list[int]) -> None:
    """Nor more late packets; and each packet that arrived is either played or late. None is a lost packet."""
    arrivals = sorted((20 * key + way, key) for key, way in enumerate(ways) if way is not None)
    if not arrivals:
        return
    one = direction(
        [(float(at), key) for at, key in arrivals], sent=len(ways), segments=dict.fromkeys(range(cut, 80), 1)
    )
    found = [heard(one, depth) for depth in sorted(depths)]
    missed = [each.concealed_s() for each in found]
    assert missed == sorted(missed, reverse=True)
    late = [len(each.late) for each in found]
    assert late == sorted(late, reverse=True)
    for each in found:
        assert len(each.played) + len(each.late) == len(arrivals)
        assert len(each.played) + len(each.concealed) == len(each.intervals)
        assert np.diff([one.at for one in each.played]).min(initial=1) > 0


def test_depths_are_those_of_phones() -> None:
    assert DEPTHS_MS == (60, 200)
