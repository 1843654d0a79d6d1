"""Reception statistics (RFC 3550, 6.4.1, A.3, A.8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.statistics import Counts, ReceptionStatistics


def receive(statistics: ReceptionStatistics, *numbers: int, delay: float = 0.0) -> None:
    for n in numbers:
        statistics.receive(n, 160 * n, now=0.020 * n + delay)


@pytest.fixture
def statistics() -> ReceptionStatistics:
    return ReceptionStatistics(clock_rate=8000)


def test_before_the_first_packet(statistics: ReceptionStatistics) -> None:
    assert statistics.counts == Counts(0, 0)
    assert statistics.fraction_lost() == 0
    assert statistics.jitter == 0


def test_loss_and_its_share(statistics: ReceptionStatistics) -> None:
    receive(statistics, 10, 11, 13, 14)
    assert statistics.counts == Counts(expected=5, received=4)
    assert statistics.counts.lost == statistics.cumulative_lost == 1
    assert statistics.fraction_lost() == 0.2
    assert statistics.highest == 14


def test_copies_make_the_loss_negative_and_its_share_zero(statistics: ReceptionStatistics) -> None:
    receive(statistics, 10, 10, 11, 11, 12, 12)
    assert statistics.cumulative_lost == -3
    assert statistics.fraction_lost() == 0


def test_lost_is_clamped_to_24_bits_signed(statistics: ReceptionStatistics) -> None:
    receive(statistics, 0, 0x900000)
    assert statistics.cumulative_lost == 0x7FFFFF


def test_first_two_packets_swapped(statistics: ReceptionStatistics) -> None:
    receive(statistics, 11, 10, 12)
    assert statistics.counts == Counts(3, 3)


def test_share_since_the_last_report_and_reading_changes_nothing(statistics: ReceptionStatistics) -> None:
    receive(statistics, *range(10))
    before = statistics.counts
    receive(statistics, 10, 12, 13)
    assert [statistics.fraction_lost(before) for _ in range(3)] == [0.25] * 3
    assert statistics.fraction_lost(statistics.counts) == 0


def test_jitter_is_the_smoothed_change_of_transit(statistics: ReceptionStatistics) -> None:
    receive(statistics, 0)
    receive(statistics, 1, delay=0.016)
    assert statistics.jitter == pytest.approx(0.001)
    receive(statistics, 2, delay=0.016)
    assert statistics.jitter == pytest.approx(0.001 * 15 / 16)


def test_constant_delay_is_no_jitter(statistics: ReceptionStatistics) -> None:
    receive(statistics, *range(100), delay=0.11)
    assert statistics.jitter == pytest.approx(0, abs=1e-9)


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(0, 2**40))
def test_jitter_is_that_of_the_sample_code_in_a8(delays: list[int], origin: int) -> None:
    statistics = ReceptionStatistics(clock_rate=8000)
    jitter = 0.0
    for n, delay in enumerate(delays):
        statistics.receive(n, origin + 160 * n, now=(160 * n + delay) / 8000)
        change = abs(delay - delays[n - 1]) if n else 0
        jitter += (change - jitter) / 16
    assert statistics.jitter * 8000 == pytest.approx(jitter, rel=1e-3, abs=1e-3)


def test_reported_are_the_wraps_that_have_been_and_no_others() -> None:
    """RFC 3550 6.4.1. Numbers inside begin in a cycle of their own, so that those of two streams differ."""
    statistics = ReceptionStatistics(clock_rate=8000)
    for number in range(1000, 1400):
        statistics.receive(3 * 65536 + number, 160 * number, now=0.02 * number)
    assert statistics.highest == 1399
    statistics.receive(4 * 65536 + 5, 160 * 65541, now=0.02 * 65541)
    assert statistics.highest == 65536 + 5
    assert statistics.counts.expected == 65536 + 5 - 1000 + 1
