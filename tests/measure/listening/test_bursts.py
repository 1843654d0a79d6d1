"""Bursts and gaps of patterns that were worked out by hand, and the RFC's own example."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure.listening.bursts import GMIN, bursts_and_gaps, longest_run


def missing(pattern: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """`1` was received, `0` lost, `X` thrown away, as in RFC 3611."""
    return np.array([one != "1" for one in pattern], dtype=np.bool_)


def test_the_example_of_rfc_3611() -> None:
    """Section 4.7.2: 64 packets of 10 ms; burst 120 ms and 0.33, gaps 230 + 290 ms and 0.04."""
    # The RFC's picture is one packet short of the 64 that it speaks of: its last gap is to have 29.
    pattern = "1111" + "0" + "1" * 18 + "X111X1011110" + "1" * 18 + "X" + "1" * 10
    assert len(pattern) == 64
    bursts, gaps = bursts_and_gaps(missing(pattern))
    assert (bursts.lengths, bursts.missing) == ((12,), 4)
    assert (gaps.lengths, gaps.missing) == ((23, 29), 2)
    assert bursts.density is not None
    assert gaps.density is not None
    assert (round(bursts.density, 2), round(gaps.density, 2)) == (0.33, 0.04)


@pytest.mark.parametrize(
    ("pattern", "bursts", "in_bursts", "gaps", "in_gaps"),
    [
        ("1" * 40, (), 0, (40,), 0),
        ("1" * 20 + "0" + "1" * 20, (), 0, (41,), 1),  # alone: in the gap
        ("1" * 20 + "00" + "1" * 20, (2,), 2, (20, 20), 0),
        ("0" + "1" * 15 + "0" + "1" * 20, (17,), 2, (20,), 0),  # 15 received are too few to part them
        ("0" + "1" * 16 + "0" + "1" * 20, (), 0, (38,), 2),  # 16 part them
        ("00" + "1" * 16 + "00", (2, 2), 4, (16,), 0),  # no gap before the first, none after the last
        ("0" * 30, (30,), 30, (), 0),
        ("", (), 0, (), 0),
    ],
)
def test_patterns_worked_out_by_hand(
    pattern: str, bursts: tuple[int, ...], in_bursts: int, gaps: tuple[int, ...], in_gaps: int
) -> None:
    found = bursts_and_gaps(missing(pattern))
    assert (found[0].lengths, found[0].missing, found[1].lengths, found[1].missing) == (
        bursts,
        in_bursts,
        gaps,
        in_gaps,
    )


def test_what_there_is_none_of_has_no_density() -> None:
    (bursts, gaps), (only, none) = bursts_and_gaps(missing("1" * 40)), bursts_and_gaps(missing("00"))
    assert (bursts.density, bursts.mean, gaps.density, gaps.mean) == (None, None, 0.0, 40.0)
    assert (only.density, only.mean, none.density, none.mean) == (1.0, 2.0, None, None)


def test_runs_of_lost_packets() -> None:
    assert longest_run(missing("1001000110")) == (3, 3)
    assert longest_run(missing("1111")) == (0, 0)


@given(st.text("10", max_size=300), st.integers(1, GMIN))
def test_bursts_and_gaps_are_the_call_and_keep_the_rules(pattern: str, gmin: int) -> None:
    """Lengths add up, so do the missing; in a burst fewer than Gmin in a row are heard; a gap misses few enough."""
    lost = missing(pattern)
    bursts, gaps = bursts_and_gaps(lost, gmin)
    assert sum(bursts.lengths) + sum(gaps.lengths) == len(pattern)
    assert bursts.missing + gaps.missing == int(lost.sum())
    assert all(length >= 2 for length in bursts.lengths)
    assert len(gaps.lengths) <= len(bursts.lengths) + 1
    # Whoever is alone in a gap is preceded and followed by Gmin that were received: at most 1 in Gmin + 1, 4.7.2.
    assert gaps.missing * gmin <= sum(gaps.lengths) + gmin
