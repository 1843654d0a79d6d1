"""A stream of a bare capture window by window: what came, what was lost or late, jitter, gaps, and how it was to hear.

A lost packet belongs to the window in which it should have come, as its neighbours did; a gap to the one it ends in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure import units
from testbed.measure.listening import emodel
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints
    from testbed.measure.listening.stream_quality import LossRuns, StreamQuality
    from testbed.measure.rtp.timing import Gaps, TimedArrivals

    Floats = NDArray[np.float64]

MOST_WINDOWS = 60
LENGTHS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""A window is as long as the shortest of these with which a stream has so many at most, or a multiple of the last."""

_SECOND_NS = 1_000_000_000
_TIE = 1e-6
"""Of a packet: one that falls on an edge but for a rounding error is in the window that begins there."""


class _Missing(NamedTuple):
    """Packets that are missing, and in how many runs of them, in each window."""

    packets: Ints
    runs: Ints


def window_ns(duration_ns: int) -> int:
    """Return how long the windows of a stream are that lasts so long."""
    fits = (one for one in LENGTHS_S if duration_ns <= one * MOST_WINDOWS * _SECOND_NS)
    longest_ns = LENGTHS_S[-1] * _SECOND_NS
    return next(fits, LENGTHS_S[-1] * -(-duration_ns // (longest_ns * MOST_WINDOWS))) * _SECOND_NS


def over_time(
    arrivals: TimedArrivals, quality: StreamQuality, gaps: Gaps | None, jitter_ns: Floats | None, start_ns: int
) -> list[dict[str, Any]]:
    """Return a stream's windows, ready for JSON; they begin at whole multiples of their length after `start_ns`.

    `gaps` and `jitter_ns` are those of the arrivals, None where they were not measured. So is jitter where
    there is no clock or no packet in the result, and loss and MOS where nothing was to come.
    """
    first_ns, last_ns = int(arrivals.time_ns.min()) - start_ns, int(arrivals.time_ns.max()) - start_ns
    length = window_ns(last_ns - first_ns)
    edges = start_ns + np.arange(first_ns // length, last_ns // length + 2, dtype=np.int64) * length
    rows = stream_numbers.in_sequence(arrivals.extended)
    numbers, times = arrivals.extended[rows], arrivals.time_ns[rows]
    lost, missing = (_missing(runs, numbers, times, edges) for runs in (quality.lost, quality.missing))
    new = np.histogram(times, edges)[0]
    late = np.histogram(times[np.isin(numbers, quality.late_numbers)], edges)[0] if quality.late else np.zeros_like(new)
    ratings = _ratings(quality, missing, new - late)
    columns = (
        [units.seconds(int(edge) - start_ns) for edge in edges[:-1]],
        [units.seconds(int(edge) - start_ns) for edge in edges[1:]],
        np.histogram(arrivals.time_ns, edges)[0].tolist(),
        lost.packets.tolist(),
        [None] * len(new) if quality.late is None else late.tolist(),
        [_percent(*one) for one in zip(lost.packets.tolist(), new.tolist(), strict=True)],
        *_jitter(arrivals, jitter_ns, edges),
        _gaps(gaps, edges),
        [None if one is None else round(one.r, 1) for one in ratings],
        [None if one is None else round(emodel.mos(one.r), 2) for one in ratings],
    )
    return [dict(zip(FIELDS, one, strict=True)) for one in zip(*columns, strict=True)]


FIELDS = (
    "from_s", "to_s", "packets", "lost", "late", "loss_percent", "jitter_ms", "jitter_max_ms", "gap_ms", "r_factor",
    "mos",
)  # fmt: skip


def _missing(runs: LossRuns, numbers: Ints, times: Ints, edges: Ints) -> _Missing:
    """Return what is missing in each window, each run spread evenly between the packets before and after it."""
    if not len(runs.first):
        nothing = np.zeros(len(edges) - 1, dtype=np.int64)
        return _Missing(nothing, nothing)
    last = len(numbers) - 1
    before = times[np.searchsorted(numbers, numbers[0] + runs.first - 1).clip(0, last)]
    after = times[np.searchsorted(numbers, numbers[0] + runs.last + 1).clip(0, last)]
    share = (edges[:, None] - before) / np.maximum(after - before, 1)
    until = np.clip(np.ceil(share * (runs.lengths + 1) - _TIE).astype(np.int64) - 1, 0, runs.lengths)
    until[-1] = runs.lengths
    here = np.diff(until, axis=0)
    return _Missing(here.sum(axis=1), (here > 0).sum(axis=1))


def _percent(missing: int, there: int) -> float | None:
    return round(100 * missing / (missing + there), 3) if missing + there else None


def _ratings(quality: StreamQuality, missing: _Missing, played: Ints) -> list[emodel.Rating | None]:
    """Return how each window was to hear; None where nothing was to come, or the stream has no rating."""
    known: dict[tuple[int, int, int], emodel.Rating | None] = {}
    found = []
    for window in zip(missing.packets.tolist(), missing.runs.tolist(), played.tolist(), strict=True):
        which = window if window[0] else (0, 0, min(window[2], 1))
        if which not in known:
            known[which] = quality.rated(lost=window[0], runs=window[1], there=window[2])
        found.append(known[which])
    return found


def _jitter(arrivals: TimedArrivals, jitter_ns: Floats | None, edges: Ints) -> list[list[float | None]]:
    """Return mean and greatest jitter of each window, in ms."""
    times, count = arrivals.jitter_times_ns(), len(edges) - 1
    if jitter_ns is None or times is None or not len(times):
        return [[None] * count, [None] * count]
    windows = np.searchsorted(edges, times, side="right") - 1
    counts = np.bincount(windows, minlength=count)
    sums = np.bincount(windows, jitter_ns, minlength=count)
    most = np.zeros(count)
    np.maximum.at(most, windows, jitter_ns)
    means = sums / np.maximum(counts, 1)
    return [
        [units.ms(value) if packets else None for value, packets in zip(column.tolist(), counts.tolist(), strict=True)]
        for column in (means, most)
    ]


def _gaps(gaps: Gaps | None, edges: Ints) -> list[float | None]:
    """Return the longest gap that ends in each window, in ms."""
    if gaps is None:
        return [None] * (len(edges) - 1)
    longest = np.zeros(len(edges) - 1, dtype=np.int64)
    np.maximum.at(longest, np.searchsorted(edges, gaps.end_ns, side="right") - 1, gaps.length_ns)
    return [units.ms(one) for one in longest.tolist()]
