"""When packets leave a link: at the rate of the moment, or at Mahimahi's opportunities, in exact times."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.links.departures import OPPORTUNITY_BYTES, DeparturesAtRate, DeparturesByTrace, Way
from testbed.lab.links.jitter import Waits

if TYPE_CHECKING:
    from testbed.lab.plan import WayOrder

SPEECH = 200
ALWAYS = -1.0


def order(**changes: Any) -> WayOrder:  # noqa: ANN401 - whatever an order has
    """A direction of 1 Mbit/s without delay, but for `changes`."""
    plain: WayOrder = {
        "rates": [(ALWAYS, 1e6)], "delays": [(ALWAYS, 0.0)], "jitters": [(ALWAYS, 0.0)], "losses": [],
        "bad_moments": [], "pattern": "", "corrupts": [(ALWAYS, 0.0)],
        "duplicates": [(ALWAYS, 0.0)], "table": [], "correlations": [(ALWAYS, 0.0)],
        "is_paced": True, "is_reordering": False, "key": 1, "queue": 500,
        "queue_bytes": 10**9, "aqm": None, "opportunities": None, "ahead_s": 0.0,
    }  # fmt: skip
    return {**plain, **changes}  # type: ignore[typeddict-item]


class OneWay(Way):
    """A direction that duplicates nothing."""

    def departure(self, arrival_s: float, size: int, *, is_ip: bool = True) -> float | None:
        """When a packet leaves; None where it does not."""
        return next(iter(self.departures(arrival_s, size, is_ip=is_ip)), None)


def way(**changes: Any) -> OneWay:  # noqa: ANN401
    """What such a direction does."""
    return OneWay(order(**changes))


def departures(times_ms: list[int], arrivals: list[tuple[float, int]], begins_s: float = 0.0) -> list[float]:
    """When packets of given sizes leave."""
    trace = DeparturesByTrace(times_ms, begins_s)
    return [round(trace.depart(at, size), 6) for at, size in arrivals]


def test_a_packet_takes_the_time_that_its_bits_take() -> None:
    rate = DeparturesAtRate([(ALWAYS, 80_000.0)])
    assert rate.depart(0.0, SPEECH) == pytest.approx(0.02)
    assert rate.depart(0.0, SPEECH) == pytest.approx(0.04)  # waits for the one before
    assert rate.depart(1.0, SPEECH) == pytest.approx(1.02)  # an idle link saves nothing


def test_what_waits_is_sent_at_the_rate_of_that_moment() -> None:
    rate = DeparturesAtRate([(ALWAYS, 2e6), (4.0, 2e3), (5.0, 2e6)])
    left = [rate.depart(at / 50, SPEECH) for at in range(190, 260)]
    # 2000 bits pass in the bad second: one packet of 1600, and 400 bits of the next one.
    assert [at for at in left if 4.01 < at < 5.0] == [pytest.approx(4.8)]
    waited = [at - number / 50 for number, at in zip(range(190, 260), left, strict=True)]
    assert max(waited) == pytest.approx(0.9806, abs=1e-6)
    # The 49 that came meanwhile have left 40 ms after the rate is back.
    assert left[49 + 10] == pytest.approx(5.0 + (50 * 1600 - 2000) / 2e6, abs=1e-6)
    assert waited[-1] == pytest.approx(1600 / 2e6)


def test_at_no_rate_nothing_passes_until_there_is_one_again() -> None:
    rate = DeparturesAtRate([(ALWAYS, 1e6), (1.0, 0.0), (3.0, 1e6)])
    assert rate.depart(0.9999, SPEECH) == pytest.approx(3.0 + 0.0015)
    assert rate.depart(2.0, SPEECH) == pytest.approx(3.0 + 0.0031)
    for_good = DeparturesAtRate([(ALWAYS, 1e6), (1.0, 0.0)])
    assert for_good.depart(2.0, SPEECH) == math.inf
    assert way(rates=[(ALWAYS, 0.0)]).departure(0.0, SPEECH) is None


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 100, 8000, 10**6])), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 30_000).map(lambda ms: ms / 1000), st.integers(20, 1500)), max_size=40).map(
        sorted
    ),
)
def test_a_rate_sends_in_order_and_no_more_than_it_can(
    changes: list[tuple[int, int]], arrivals: list[tuple[float, int]]
) -> None:
    pieces = sorted({float(at): float(rate) for at, rate in changes}.items())
    rate = DeparturesAtRate([*pieces, (40.0, 1e9)])
    left = [rate.depart(at, size) for at, size in arrivals]
    assert left == sorted(left)
    assert all(leaves >= at for (at, _), leaves in zip(arrivals, left, strict=True))
    edges = [-math.inf, *(at for at, _ in pieces[1:]), 40.0]
    for (start, end), (_, bit_s) in zip(pairwise(edges), pieces, strict=True):
        inside = [size * 8 for (_, size), at in zip(arrivals, left, strict=True) if start < at < end]
        if arrivals and inside:
            # The first of them may have begun before.
            assert sum(inside[1:]) <= bit_s * (end - max(start, arrivals[0][0])) * (1 + 1e-9)


def test_a_packet_leaves_at_the_next_opportunity() -> None:
    assert departures([10, 20, 50], [(0.0, 200), (0.015, 200), (0.021, 200)]) == [0.01, 0.02, 0.05]


def test_small_packets_share_an_opportunity_and_a_large_one_takes_two() -> None:
    assert departures([10, 20, 30], [(0.0, 700), (0.0, 700), (0.0, 700)]) == [0.01, 0.01, 0.02]
    assert departures([10, 20, 30], [(0.0, OPPORTUNITY_BYTES + 1)]) == [0.02]


def test_opportunities_that_nobody_takes_are_lost() -> None:
    # Five at once: the packet that comes later has to wait all the same.
    assert departures([10, 10, 10, 10, 10, 40], [(0.011, 200)]) == [0.04]
    # What is left of one that is over is lost too.
    assert departures([10, 20], [(0.0, 200), (0.0101, 200)]) == [0.01, 0.02]


def test_the_trace_is_repeated_and_begins_at_its_time() -> None:
    assert departures([10, 50], [(0.055, 200), (0.095, 200)]) == [0.06, 0.1]
    assert departures([10, 50], [(1.9, 200), (2.0, 200), (2.055, 200)], begins_s=2.0) == [1.9, 2.01, 2.06]


def test_what_the_queue_does_not_hold_is_dropped() -> None:
    trace = {"times_ms": [100], "begins_s": 0.0}
    held = way(opportunities=trace, queue=3, rates=[(ALWAYS, 1e11)])
    left = [held.departure(0.0, 200) for _ in range(5)]
    assert [None if at is None else round(at, 6) for at in left] == [0.1, 0.1, 0.1, None, None]
    # What is on its way counts, as in netem: of each sixteen that come in 300 ms and a packet's sending, ten fit.
    delayed = way(queue=10, delays=[(ALWAYS, 0.3)])
    assert sum(delayed.departure(number / 50, 200) is None for number in range(160)) == 60


def test_what_no_rate_lets_go_never_comes_to_an_opportunity() -> None:
    link = way(rates=[(ALWAYS, 1e6), (1.0, 0.0)], opportunities={"times_ms": [100], "begins_s": 0.0})
    assert [link.departure(at, 200) for at in (0.05, 1.5, 1.6)] == [pytest.approx(0.1), None, None]


def test_a_bad_moment_loses_what_comes_in_it_and_nothing_else() -> None:
    link = way(bad_moments=[(1.0, 1.1), (2.0, 2.02)])
    lost = [number for number in range(150) if link.departure(number / 50 + 1e-4, 200) is None]
    assert lost == [50, 51, 52, 53, 54, 100]


def test_a_pattern_counts_the_ip_packets() -> None:
    link = way(pattern="..x")
    left = [link.departure(number / 50, 200, is_ip=number != 1) for number in range(7)]
    assert [number for number, at in enumerate(left) if at is None] == [3, 6]


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=30).map(sorted).filter(lambda times: times[-1] > 0),
    st.lists(st.tuples(st.integers(0, 2000).map(lambda ms: ms / 1000), st.integers(20, 1500)), max_size=40).map(sorted),
)
def test_in_order_none_lost_and_never_faster_than_the_trace(
    times: list[int], arrivals: list[tuple[float, int]]
) -> None:
    left = departures(times, arrivals)
    assert left == sorted(left)
    assert all(at >= arrival - 1e-9 for (arrival, _), at in zip(arrivals, left, strict=True))
    for at in set(left):
        chances = sum(pytest.approx((base + time) / 1000) == at for time in times for base in rounds(at, times[-1]))
        sent = sum(size for (_, size), when in zip(arrivals, left, strict=True) if when == at)
        # The last one may have begun at an opportunity before.
        assert sent <= chances * OPPORTUNITY_BYTES + 1500


def rounds(at: float, period_ms: int) -> set[int]:
    """Where the rounds around a time begin, in ms."""
    number = int(at * 1000 // period_ms)
    return {period_ms * one for one in range(max(0, number - 1), number + 2)}


JITTERED: dict[str, Any] = {
    "delays": [(ALWAYS, 0.110)], "jitters": [(ALWAYS, 0.020)], "rates": [(ALWAYS, 128e3)], "key": 0x1234_5678_9ABC_DEF0,
}  # fmt: skip
LEAST_S, SPEECH_S = 0.090, SPEECH * 8 / 128e3


def test_jitter_is_of_a_time_whoever_sends_then() -> None:
    """Two schemes: one of them sends every packet twice as often, and large ones between."""
    often, seldom = way(**JITTERED), way(**JITTERED)
    times = [number * 0.1 + 1e-4 for number in range(100)]
    left = {at: often.departure(at, SPEECH) for at in sorted([*times, *(at + 0.05 for at in times)])}
    assert [left[at] for at in times] == [seldom.departure(at, SPEECH) for at in times]
    other = way(**{**JITTERED, "key": 1})
    assert [left[at] for at in times] != [other.departure(at, SPEECH) for at in times]


def test_jitter_spreads_evenly_around_the_delay() -> None:
    link = way(**JITTERED)
    took = sorted((link.departure(at / 10, SPEECH) or 0.0) - at / 10 + LEAST_S - SPEECH_S for at in range(20_000))
    assert 0.090 <= took[0] < 0.0901
    assert 0.1299 < took[-1] <= 0.130
    # Four standard errors of a share: of the packets below each quarter.
    for quarter in (1, 2, 3):
        assert sum(one < 0.090 + quarter * 0.010 for one in took) / len(took) == pytest.approx(quarter / 4, abs=0.013)


def test_jitter_comes_before_the_rate_and_order_is_kept_as_netem_does_it() -> None:
    """net/sched/sch_netem.c, netem_enqueue(): max(when it comes and its delay, the last one's) and its bits."""
    waits, link = Waits(order(**JITTERED)), way(**JITTERED)
    arrivals = [number * 0.002 for number in range(500)]
    left, last_s = [], -math.inf
    for at in arrivals:
        last_s = max(at + waits.more(at), last_s) + 40 * 8 / 128e3
        left.append(last_s)
    assert [link.departure(at, 40) for at in arrivals] == pytest.approx([*left[:500]])


def test_where_packets_may_overtake_they_do_and_each_has_its_own_jitter() -> None:
    waits, link = Waits(order(**JITTERED)), way(**JITTERED, is_reordering=True)
    arrivals = [number * 0.02 + 1e-4 for number in range(200)]
    left = [link.departure(at, SPEECH) or 0.0 for at in arrivals]
    assert left == pytest.approx([at + SPEECH_S + waits.more(at + SPEECH_S) for at in arrivals])
    assert left != sorted(left)


def test_behind_an_opportunity_comes_the_delay_with_its_jitter() -> None:
    trace = {"times_ms": [100], "begins_s": 0.0}
    link = way(**{**JITTERED, "rates": [(ALWAYS, 1e9)], "opportunities": trace})
    left = [(link.departure(number / 10 + 0.05, SPEECH) or 0.0) - (number + 1) / 10 for number in range(200)]
    assert 0 <= min(left) < 0.002
    assert 0.038 < max(left) <= 0.040


def test_a_queue_counts_those_that_have_not_left_whatever_overtakes() -> None:
    link = way(**JITTERED, is_reordering=True, queue=5)
    found: list[float] = []
    for number in range(500):
        at = number * 0.02 + 1e-4
        waiting = sum(one > at for one in found)
        leaves = link.departure(at, SPEECH)
        assert (leaves is None) is (waiting >= 5)
        found += [leaves + LEAST_S] if leaves is not None else []
    assert len(found) < 500


def test_a_table_spreads_jitter_and_no_delay_is_less_than_nothing() -> None:
    table = [-16384, -8192, 0, 24576]
    waits = Waits(order(delays=[(ALWAYS, 0.015)], jitters=[(ALWAYS, 0.010)], table=table))
    assert waits.least(0.0) == 0.0
    assert {round(waits.more(number / 100), 9) for number in range(400)} == {0.0, 0.005, 0.015, 0.045}
    high = Waits(order(delays=[(ALWAYS, 0.050)], jitters=[(ALWAYS, 0.010)], table=table))
    assert high.least(0.0) == pytest.approx(0.030)
    assert {round(high.more(number / 100), 9) for number in range(400)} == {0.0, 0.010, 0.020, 0.050}


def test_jitter_that_lasts_is_the_same_for_a_while() -> None:
    link = way(**JITTERED, correlations=[(ALWAYS, 0.5)], is_reordering=True)
    took = [round((link.departure(at / 50, SPEECH) or 0.0) - at / 50, 6) for at in range(10_000)]
    alike = sum(one == other for one, other in pairwise(took)) / len(took)
    assert alike == pytest.approx(math.exp(-0.02 / 0.5), abs=0.01)


def test_in_so_many_milliseconds_all_that_comes_leaves_twice() -> None:
    link = way(duplicates=[(ALWAYS, 0.2)])
    left = [link.departures(number / 50 + 1e-4, SPEECH) for number in range(5000)]
    assert sum(len(one) == 2 for one in left) / 5000 == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 5000))
    assert {len(one) for one in left} == {1, 2}
    copied = next(one for one in left if len(one) == 2)
    assert copied[1] - copied[0] == pytest.approx(SPEECH * 8 / 1e6)
    again = way(duplicates=[(ALWAYS, 0.2)])
    assert [len(again.departures(number / 50 + 5e-4, 40)) for number in range(5000)] == [len(one) for one in left]


def test_a_queue_in_bytes_counts_bytes() -> None:
    slow = way(rates=[(ALWAYS, 8e3)], queue=10**9, queue_bytes=3000)
    assert [slow.departure(0.0, size) is not None for size in (1400, 1400, 300, 150, 60)] == [
        True, True, False, True, False,
    ]  # fmt: skip
    assert slow.departure(1.41, 1400) is not None
