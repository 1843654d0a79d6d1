"""Sequence numbers that begin anew (RFC 3550, A.1): known by what comes after, and no loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.measure.bare import SSRC, A, B, Bare, of

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = ("packets", "lost", "duplicates", "reordered", "restarts", "gap_ms", "jitter_max_ms")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (range(1000, 1100), range(61000, 61100)),
        (range(60000, 60100), range(5, 105)),
        (range(1000, 1100), range(500, 700)),
        (range(1000, 1100), range(100)),
        (range(65486, 65586), range(40000, 40100)),  # around a wrap
        (range(1000, 1100), range(65500, 65600)),
    ],
)
def test_numbers_that_begin_anew_lose_nothing(tmp_path: Path, before: range, after: range) -> None:
    bare = Bare()
    at_ms, stamp = bare.rtp(before, stamp=2**32 - 8000)
    bare.rtp(after, at_ms, stamp=stamp)
    result = bare.measure(tmp_path)
    (stream,) = result["streams"]
    assert of(stream, *COUNTS) == (len(before) + len(after), 0, 0, 0, 1, 0.0, 0.0)
    assert any("begin anew at 1 place;" in one for one in result["warnings"])


def test_numbers_and_timestamps_may_begin_anew_together(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=6000)
    at_ms, _ = bare.rtp(range(60000, 60100), 100, stamp=1_000_000)
    bare.move(2050, A, 2, 200)
    bare.rtp(range(5, 105), at_ms, stamp=77)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *COUNTS) == (200, 0, 0, 0, 1, 0.0, 0.0)


def test_the_same_numbers_with_other_timestamps_are_no_copies(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1100))
    bare.rtp(range(1000, 1100), 2200, stamp=9_999_999)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *COUNTS) == (200, 0, 0, 0, 1, 200.0, 0.0)


def test_copies_with_their_timestamps_stay_copies(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1100))
    bare.rtp(range(1000, 1100), 40)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *COUNTS[:5]) == (200, 0, 100, 0, 0)


def test_a_long_loss_is_no_restart(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1100))
    bare.rtp(range(5000, 5100), 4000 * 20, stamp=4000 * 160)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *COUNTS[:6]) == (200, 3900, 0, 0, 0, 78000.0)


@pytest.mark.parametrize("at_ms", [1990, 9000])
def test_a_lone_packet_with_a_number_far_off_does_not_count(tmp_path: Path, at_ms: int) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1200))
    bare.rtp(range(61000, 61001), at_ms)
    result = bare.measure(tmp_path)
    (stream,) = result["streams"]
    assert of(stream, *COUNTS) == (200, 0, 0, 0, 0, 0.0, 0.0)
    assert stream["strays"] == 1
    assert result["warnings"] == [
        f"192.0.2.10:40000 > 198.51.100.20:50000 0x{SSRC:08x}: 1 packet with a sequence number far from all others "
        "left out (RFC 3550, A.1)"
    ]


def test_timestamps_that_begin_anew_are_no_jitter(tmp_path: Path) -> None:
    bare = Bare()
    at_ms, _ = bare.rtp(range(1000, 1100), stamp=80_000)
    bare.rtp(range(1100, 1200), at_ms, stamp=0)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *COUNTS) == (200, 0, 0, 0, 0, 0.0, 0.0)


def test_both_directions_with_one_ssrc_are_two_calls(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1100))
    bare.rtp(range(1000, 1100), 3, ends=(B, A))
    found = bare.measure(tmp_path)["calls"]
    assert [of(one, "unique", "lost", "duplicates") for one in found] == [(100, 0, 0)] * 2
