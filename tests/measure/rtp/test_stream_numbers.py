"""Sequence numbers, loss, order, silence and jitter of hand-made series: exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure import units
from testbed.measure.rtp import stream_numbers
from tests.measure.frames import MS


def test_sequence_numbers_go_on_over_the_wrap() -> None:
    assert stream_numbers.extend_sequence(np.array([65534, 65535, 0, 1])).tolist() == [65534, 65535, 65536, 65537]


def test_sequence_numbers_before_the_first_stay_before_it() -> None:
    assert stream_numbers.extend_sequence(np.array([1, 0, 65535, 2])).tolist() == [1, 0, -1, 2]


@given(
    st.integers(0, 65535),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(-2000, 2000), st.booleans()), min_size=1, max_size=50),
)
def test_any_order_loss_and_duplication_within_reach_is_undone(start: int, steps: list[tuple[int, int, bool]]) -> None:
    true, at = [], start
    for step, displaced, twice in steps:
        at += step
        true += [at + displaced] * (2 if twice else 1)
    extended = stream_numbers.extend_sequence(np.array(true) & 0xFFFF)
    assert (extended - extended[0]).tolist() == [one - true[0] for one in true]


def test_counts_of_a_series_with_everything_in_it() -> None:
    #                       lost: 3, 8; doubled: 1, 5, 5; reordered: 6 (after 7), 2 (after 4)
    counts = stream_numbers.count(np.array([1, 1, 4, 2, 5, 5, 7, 6, 5, 9]))
    assert counts == stream_numbers.StreamCounts(packets=10, unique=7, lost=2, duplicates=3, reordered=2)


def test_a_late_copy_is_a_duplicate_and_not_reordered() -> None:
    assert stream_numbers.count(np.array([1, 2, 3, 1])) == stream_numbers.StreamCounts(4, 3, 0, 1, 0)


def test_nothing_measured_is_none_and_counts_are_zero() -> None:
    empty = np.empty(0, dtype=np.int64)
    assert stream_numbers.count(empty) == stream_numbers.StreamCounts(0, 0, 0, 0, 0)
    assert stream_numbers.longest_silence(empty, empty) is None
    assert stream_numbers.longest_silence(np.array([5]), np.array([1])) is None
    assert stream_numbers.packet_interval_ns(np.array([5]), np.array([1]), np.array([1]), 8000) is None
    assert units.mean(np.empty(0)) is None
    assert units.ms(None) is None


def test_duplicates_do_not_shorten_a_silence() -> None:
    times = np.array([0, 20, 40, 1000, 1040]) * MS
    assert stream_numbers.longest_silence(times, np.array([1, 2, 2, 1, 3])) == 1020 * MS


def slow_jitter(times: list[int], stamps: list[int], clock_hz: int) -> list[float]:
    """RFC 3550, A.8, as it is printed there, in nanoseconds."""
    found, smoothed = [], 0.0
    for number in range(1, len(times)):
        sent = (stamps[number] - stamps[number - 1] + 2**31) % 2**32 - 2**31
        change = abs((times[number] - times[number - 1]) - sent * 1e9 / clock_hz)
        smoothed += (change - smoothed) / 16
        found.append(smoothed)
    return found


@pytest.mark.parametrize("size", [0, 1, 2, 3, 17, 1024, 1025, 5000])
def test_jitter_is_the_rfcs_loop(size: int) -> None:
    random = np.random.default_rng(size)
    times = np.arange(size) * 20 * MS + random.integers(0, 15 * MS, size)
    stamps = (4_294_960_000 + np.arange(size) * 160) & 0xFFFFFFFF
    found = stream_numbers.jitter(times, stamps, 8000)
    assert found == pytest.approx(slow_jitter(times.tolist(), stamps.tolist(), 8000), rel=1e-12)


def test_jitter_of_an_even_stream_is_zero() -> None:
    assert not stream_numbers.jitter(np.arange(100) * 20 * MS, np.arange(100) * 160, 8000).any()


def test_one_late_packet_leaves_a_sixteenth_of_its_lateness() -> None:
    times = np.array([0, 20, 56, 60]) * MS
    found = stream_numbers.jitter(times, np.arange(4) * 160, 8000)
    # Once 16 ms too late, then 16 ms too early: 16/16, then 1 + (16 - 1)/16.
    assert found.tolist() == [0, 1 * MS, 1.9375 * MS]


def test_packet_interval_is_that_of_the_timestamps() -> None:
    extended = np.array([1, 3, 2, 2, 4, 9])
    times = np.array([0, 55, 41, 42, 77, 180]) * MS
    assert stream_numbers.packet_interval_ns(times, extended, extended * 160, 8000) == 20 * MS
    assert stream_numbers.packet_interval_ns(times, extended, extended * 480, None) == 22 * MS
    assert stream_numbers.packet_interval_ns(times[::5], extended[::5], extended[::5] * 160, 8000) is None


def test_milliseconds_have_microsecond_digits() -> None:
    assert units.ms(20_000_499) == 20.0
    assert units.ms(20_000_501) == 20.001
    assert str(units.ms(-100)) == "0.0"
