"""A capturing machine whose clock was set: the order of the file is what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.measure.bare import A, B, Bare, of
from tests.measure.frames import Frame

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = ("packets", "lost", "reordered", "gap_ms", "jitter_max_ms")


def clocked(folder: Path, *steps: tuple[int, float]) -> dict[str, Any]:
    """Return what a call of 200 packets each way says when the clock is set at packets of the file (from 0), by ms."""
    bare = Bare()
    bare.rtp(range(200))
    bare.rtp(range(200), 7, ends=(B, A), ssrc=9)
    bare.frames.sort(key=lambda one: one.time_ns)
    bare.frames = [
        Frame(one.time_ns + sum(round(by_ms * 1e6) for at, by_ms in steps if at <= number), one.data)
        for number, one in enumerate(bare.frames)
    ]
    return bare.measure(folder, in_order=False)


@pytest.mark.parametrize("by_ms", [-40, -80, -300, -1000, -7_200_000, 7_200_000])
def test_a_clock_that_was_set_is_told_and_not_measured(tmp_path: Path, by_ms: float) -> None:
    result = clocked(tmp_path, (150, by_ms))
    assert [of(one, *COUNTS) for one in result["streams"]] == [(200, 0, 0, 0.0, 0.0)] * 2
    (said,) = result["warnings"]
    step = f"{'back' if by_ms < 0 else 'on'} by {abs(by_ms + 13) / 1000:.3f} s at packet 151"
    assert said.startswith(f"time goes {step}: the clock of the capture was set;")


@pytest.mark.parametrize("by_ms", [-7_200_000, -1000, 7_200_000])
def test_a_clock_that_was_set_right_again(tmp_path: Path, by_ms: float) -> None:
    result = clocked(tmp_path, (150, by_ms), (250, -by_ms))
    assert [of(one, *COUNTS) for one in result["streams"]] == [(200, 0, 0, 0.0, 0.0)] * 2
    assert len(result["warnings"]) == 2


def test_five_seconds_in_which_no_timestamp_moved_are_told(tmp_path: Path) -> None:
    result = clocked(tmp_path, (150, 5000))
    assert [of(one, *COUNTS) for one in result["streams"]] == [(200, 0, 0, 5000.0, 0.0)] * 2
    (said,) = result["warnings"]
    assert said.startswith("time goes on by 5.013 s at packet 151, and the streams go on as if nothing had been")


def test_a_pause_of_what_is_no_stream_is_nobody_s(tmp_path: Path) -> None:
    """Broadcasts whose bytes look like RTP, each some seconds after the last: found on BACnet's I-Am."""
    bare = Bare()
    for number in range(30):
        size = 24 + number % 3
        bare.send(
            number * 2000,
            A,
            B,
            bytes([0x81, 0x0B, 0, size]) + b"\x01\x20\xff\xff\x00\xff\x10\x00".ljust(size - 4, b"\0"),
        )
    result = bare.measure(tmp_path)
    assert (result["streams"], result["warnings"]) == ([], [])


def test_a_pause_of_the_sender_is_no_step_of_the_clock(tmp_path: Path) -> None:
    bare = Bare()
    at_ms, stamp = bare.rtp(range(100))
    bare.rtp(range(100, 200), at_ms + 15_000, stamp=stamp + 120_000)
    assert bare.measure(tmp_path)["warnings"] == []


def test_packets_out_of_order_in_the_file_are_put_in_order(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(200))
    bare.rtp(range(200), 7, ends=(B, A), ssrc=9)
    bare.frames.sort(key=lambda one: (one.time_ns // 50_000_000, one.data))  # each 50 ms one direction, then the other
    result = bare.measure(tmp_path, in_order=False)
    assert [of(one, *COUNTS) for one in result["streams"]] == [(200, 0, 0, 0.0, 0.0)] * 2
    assert result["warnings"] == []
