"""Numbers that wrap, without their wrap (RFC 3550, A.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.sequence import MAX_DROPOUT, MAX_MISORDER, SequenceExtender, SequenceNumber


def test_sequence_number_has_a_distance() -> None:
    assert SequenceNumber(0).distance_from(65535) == 1
    assert SequenceNumber(65535).distance_from(0) == -1
    assert SequenceNumber(0x8000).distance_from(0) == -0x8000


@pytest.mark.parametrize("compare", ["__lt__", "__le__", "__gt__", "__ge__"])
def test_sequence_number_has_no_order(compare: str) -> None:
    with pytest.raises(TypeError, match="no order"):
        getattr(SequenceNumber(1), compare)(SequenceNumber(2))
    with pytest.raises(TypeError, match="no order"):
        sorted([SequenceNumber(2), SequenceNumber(1)])


def places(extender: SequenceExtender, *packets: tuple[int, int]) -> list[tuple[int, int] | None]:
    """Extend (sequence, timestamp) pairs; answers are relative to the first packet of the run."""
    first_timestamp = extender.highest_timestamp
    answers = [extender.extend(*packet) for packet in packets]
    return [a and (a[0] - extender.first, a[1] - first_timestamp) for a in answers]


def test_both_numbers_are_carried_over_the_wrap() -> None:
    extender = SequenceExtender(65534, 2**32 - 320)
    assert places(extender, (65535, 2**32 - 160), (0, 0), (1, 160)) == [(1, 160), (2, 320), (3, 480)]


def test_late_packets_and_copies_are_found_behind_the_wrap() -> None:
    extender = SequenceExtender(65534, 2**32 - 320)
    assert places(extender, (1, 160), (65535, 2**32 - 160), (1, 160), (65534, 2**32 - 320)) == [
        (3, 480),
        (1, 160),
        (3, 480),
        (0, 0),
    ]


def test_a_packet_from_before_the_first_is_in_the_run() -> None:
    assert places(SequenceExtender(0, 0), (65535, 2**32 - 160)) == [(-1, -160)]


def test_a_path_may_be_seconds_behind() -> None:
    extender = SequenceExtender(0, 0)
    ahead = [(n, n * 160) for n in range(1, 1001)]
    assert places(extender, *ahead, (1, 160))[-1] == (1, 160), "1000 packets are 20 s; A.1 allows 100"


def test_a_jump_within_max_dropout_is_loss() -> None:
    extender = SequenceExtender(0, 0)
    assert places(extender, (MAX_DROPOUT - 1, 160 * (MAX_DROPOUT - 1))) == [(2999, 479840)]
    assert places(extender, (2 * MAX_DROPOUT - 1, 0)) == [None]


def test_silence_moves_the_timestamp_only() -> None:
    assert places(SequenceExtender(7, 0), (8, 8000 * 3600)) == [(1, 8000 * 3600)]


def test_a_number_behind_with_a_timestamp_from_elsewhere_is_no_old_packet() -> None:
    extender = SequenceExtender(1000, 160_000)
    assert places(extender, (900, 3_000_000_000)) == [None]
    assert places(extender, (900, 160_001)) == [None], "older packet, newer timestamp"
    assert places(extender, (1000, 0)) == [None], "the same number, but not the same packet"
    assert places(extender, ((1000 - MAX_MISORDER) & 0xFFFF, 0)) == [None]


def test_a_packet_that_fits_nothing_changes_nothing() -> None:
    extender = SequenceExtender(0, 0)
    assert places(extender, (30000, 77), (1, 160)) == [None, (1, 160)]


def test_runs_can_be_kept_apart_by_cycle() -> None:
    assert SequenceExtender(5, 0, cycle=3).first == 3 * 65536 + 5


@given(
    first=st.integers(0, 0xFFFF),
    first_timestamp=st.integers(0, 0xFFFFFFFF),
    steps=st.lists(st.integers(1, MAX_DROPOUT - 1) | st.integers(1 - MAX_MISORDER, 0), max_size=60),
)
def test_extension_is_the_true_number_for_any_order_and_loss(
    first: int, first_timestamp: int, steps: list[int]
) -> None:
    extender = SequenceExtender(first, first_timestamp)
    highest = 0
    for step in steps:
        n = highest + step
        highest = max(n, highest)
        answer = extender.extend((first + n) & 0xFFFF, (first_timestamp + 160 * n) & 0xFFFFFFFF)
        assert answer == (65536 + first + n, 2**32 + first_timestamp + 160 * n)
