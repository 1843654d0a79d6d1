"""What is said of a stream of which nothing but its arrivals is known."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from testbed.measure.listening import emodel
from testbed.measure.listening.bursts import bursts_and_gaps, longest_run
from testbed.measure.listening.codec_ratings import LOSSES, NARROW_BAND, NO_VALUES, NOT_RATED, WIDEBAND
from testbed.measure.listening.stream_quality import LossRuns
from tests.measure.bare import A, B, Bare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", range(40))
def test_runs_are_those_of_the_packets_one_by_one(seed: int) -> None:
    source = random.Random(seed)
    count, share = source.randrange(1, 400), source.choice([0.0, 0.01, 0.1, 0.5, 0.95, 1.0])
    missing = np.array([source.random() < share for _ in range(count)])
    runs = LossRuns.between(np.flatnonzero(~missing) + 70_000, 70_000, 70_000 + count - 1)
    assert runs.bursts_and_gaps() == bursts_and_gaps(missing)
    assert (len(runs.first), runs.longest) == longest_run(missing)


def test_numbers_that_are_far_apart_take_no_memory() -> None:
    runs = LossRuns.between(np.array([0, 2**40]), 0, 2**40)
    assert (runs.longest, runs.bursts_and_gaps()[0].lengths) == (2**40 - 1, (2**40 - 1,))


def stream(folder: Path, *sent: tuple[range, float], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Measure one stream; each part is numbers, and how much later than they should each of them comes."""
    bare = Bare()
    bare.call(formats=str(more.pop("formats", "0")), lines=more.pop("lines", ()))
    for numbers, late_ms in sent:
        bare.rtp(numbers, 100 + numbers.start * 20 + late_ms, stamp=numbers.start * 160, **more)
    (found,) = bare.measure(folder)["streams"]
    return dict(found)


def test_a_stream_without_fault_has_the_rating_of_its_delay_alone(tmp_path: Path) -> None:
    one = stream(tmp_path, (range(500), 0))
    expected = emodel.rate_voip(loss_percent=0, burst_r=1, mouth_to_ear_ms=80)
    names = ("loss_percent", "late", "r_factor", "mos", "mouth_to_ear_ms", "quality_doubt")
    assert [one[name] for name in names] == [0.0, 0, round(expected.r, 1), round(emodel.mos(expected.r), 2), 80.0, None]


def test_losses_in_per_cent_and_how_they_lie(tmp_path: Path) -> None:
    one = stream(tmp_path, (range(100), 0), (range(104, 110), 0), (range(112, 200), 0))
    assert (one["lost"], one["loss_percent"]) == (6, 3.0)
    assert one["burst_loss"] == {
        "gmin": 16,
        "bursts": 1,
        "burst_density": 0.5,
        "burst_duration_ms": 240.0,
        "gaps": 2,
        "gap_density": 0.0,
        "gap_duration_ms": 1880.0,
        "lost_runs": 2,
        "longest_lost_run": 4,
    }
    rating = emodel.rate_voip(loss_percent=3, burst_r=3 * 0.97, mouth_to_ear_ms=80)
    assert one["r_factor"] == round(rating.r, 1)
    assert one["quality_doubt"] is not None


def test_what_comes_more_than_60_ms_late_counts_as_missing(tmp_path: Path) -> None:
    one = stream(tmp_path, (range(100), 0), (range(100, 101), 59), (range(101, 150), 0), (range(150, 153), 61),
                 (range(153, 200), 0))  # fmt: skip
    assert (one["lost"], one["late"], one["loss_percent"], one["burst_loss"]["bursts"]) == (0, 3, 0.0, 1)


def test_a_path_that_became_slower_is_followed(tmp_path: Path) -> None:
    one = stream(tmp_path, (range(200), 0), (range(200, 500), 100))
    assert one["late"] == 99, "for 2 s, less the packet that the old path brought last"


def test_a_clock_that_drifts_is_not_late(tmp_path: Path) -> None:
    assert stream(tmp_path, (range(3000), 0), step_ms=20.002)["late"] == 0


@pytest.mark.parametrize(
    ("formats", "lines", "kind", "scale", "doubt"),
    [("0", (), 0, NARROW_BAND, None), ("8", (), 8, NARROW_BAND, None),
     ("97", ("a=rtpmap:97 pcma/8000",), 97, NARROW_BAND, None),
     ("9", (), 9, WIDEBAND, None), ("97", ("a=rtpmap:97 G722/8000",), 97, WIDEBAND, None),
     ("18", (), 18, None, NOT_RATED), ("97", ("a=rtpmap:97 opus/48000/2",), 97, None, NO_VALUES["OPUS"])],
)  # fmt: skip
def test_only_what_has_published_values_is_rated(
    formats: str, lines: tuple[str, ...], kind: int, scale: str | None, doubt: str | None, tmp_path: Path
) -> None:
    one = stream(tmp_path, (range(100), 0), formats=formats, lines=lines, kind=kind)
    assert (one["mos"] is None, one["mos_scale"], one["quality_doubt"]) == (scale is None, scale, doubt)


def test_g722_with_losses_has_no_rating(tmp_path: Path) -> None:
    one = stream(tmp_path, (range(40), 0), (range(41, 100), 0), formats="9", kind=9)
    assert (one["mos"], one["quality_doubt"]) == (None, LOSSES.format("G.722"))


def test_a_call_over_two_paths_has_the_quality_of_what_came_over_either(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(100), 0)
    bare.rtp(range(90, 200), 90 * 20 + 1, stamp=90 * 160, ends=(("192.0.2.44", 41000), B))
    result = bare.measure(tmp_path)
    (call,) = result["calls"]
    assert (call["loss_percent"], call["burst_loss"]["lost_runs"], call["mos"]) == (0.0, 0, 4.36)
    assert [one["loss_percent"] for one in result["listeners"]] == [0.0]
    assert A
