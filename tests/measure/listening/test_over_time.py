"""Numbers over time of a stream of a bare capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure.listening.over_time import window_ns
from tests.measure.bare import Bare

if TYPE_CHECKING:
    from pathlib import Path

SECOND_NS = 1_000_000_000


def windows(bare: Bare, folder: Path, *names: str) -> list[tuple[Any, ...]]:
    (stream,) = bare.measure(folder)["streams"]
    return [tuple(one[name] for name in names) for one in stream["over_time"]]


def test_loss_is_where_the_packets_should_have_come(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(75))
    bare.rtp(range(200, 250), 4000, stamp=200 * 160)
    assert windows(bare, tmp_path, "from_s", "to_s", "packets", "lost", "loss_percent", "gap_ms", "mos") == [
        (0, 1, 50, 0, 0, 0, 4.36),
        (1, 2, 25, 25, 50, 0, 1),
        (2, 3, 0, 50, 100, 0, 1.13),
        (3, 4, 0, 50, 100, 0, 1.13),
        (4, 5, 50, 0, 0, 2500, 4.36),
    ]


def test_what_comes_late_and_what_is_jitter(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(100))
    bare.rtp(range(100, 101), 2100, stamp=16000)
    bare.rtp(range(101, 150), 2020, stamp=16160)
    first, second, third = windows(bare, tmp_path, "packets", "late", "jitter_ms", "jitter_max_ms", "lost")
    assert (first, second) == ((50, 0, 0, 0, 0), (50, 0, 0, 0, 0))
    late = 100 / 16
    assert third[:2] == (50, 1)
    assert third[3] == pytest.approx(late * 15 / 16 + late, abs=0.001)
    assert 0 < third[2] < third[3]


def test_a_pause_that_was_meant_is_no_loss(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(50))
    bare.rtp(range(50, 100), 3000, stamp=24000)
    assert windows(bare, tmp_path, "packets", "lost", "loss_percent", "mos", "jitter_ms", "gap_ms") == [
        (50, 0, 0, 4.36, 0, 0),
        (0, 0, None, None, None, 0),
        (0, 0, None, None, None, 0),
        (50, 0, 0, 4.36, 0, 0),
    ]


@pytest.mark.parametrize(
    ("lasts_s", "window_s"), [(0, 1), (60, 1), (61, 2), (300, 5), (3600, 60), (216_000, 3600), (216_001, 7200)]
)
def test_there_are_no_more_than_sixty(lasts_s: int, window_s: int) -> None:
    assert window_ns(lasts_s * SECOND_NS) == window_s * SECOND_NS


def test_sums_are_those_of_the_stream(tmp_path: Path) -> None:
    bare = Bare()
    at, stamp = 0.0, 0
    for start in range(0, 3000, 7):
        at, stamp = bare.rtp(range(start, start + 7 - start % 3), at, stamp=stamp)
        at, stamp = at + 20 * (start % 3), stamp + 160 * (start % 3)
    (stream,) = bare.measure(tmp_path)["streams"]
    for name in ("packets", "lost", "late"):
        assert sum(one[name] for one in stream["over_time"]) == stream[name] > -1
    assert stream["lost"] > 400
