"""A stream of a bare capture window by window: what came, what was lost or late, jitter, gaps, and how it was to hear.

A lost packet belongs to the window in which it should have come, as its neighbours did; a gap to the one it ends in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Ints
    from testbed.measure.listening.stream_quality import LossRuns, StreamQuality
    from testbed.measure.rtp.timing import Gaps, TimedArrivals

    Floats = NDArray[np.float64]

MOST_WINDOWS = 60
LENGTHS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""A window is as long as the shortest of these with which a stream has so many at most, or a multiple of the last."""

_SECOND_NS, _MS_NS = 1_000_000_000, 1_000_000
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
    times = _sorted(arrivals.time_ns)
    first_ns, last_ns = int(times[0]) - start_ns, int(times[-1]) - start_ns
    length = window_ns(last_ns - first_ns)
    edges = start_ns + np.arange(first_ns // length, last_ns // length + 2, dtype=np.int64) * length
    rows = arrivals.in_sequence
    numbers, came = arrivals.extended[rows], arrivals.time_ns[rows]
    lost = _missing(quality.lost, numbers, came, edges)
    missing = lost if not quality.late else _missing(quality.missing, numbers, came, edges)
    new = _counted(_sorted(came), edges)
    late = (
        _counted(_sorted(came[np.isin(numbers, quality.late_numbers)]), edges) if quality.late else np.zeros_like(new)
    )
    columns = (
        _seconds(edges[:-1] - start_ns),
        _seconds(edges[1:] - start_ns),
        _counted(times, edges).tolist(),
        lost.packets.tolist(),
        [None] * len(new) if quality.late is None else late.tolist(),
        _known(100 * lost.packets / np.maximum(lost.packets + new, 1), lost.packets + new > 0, 3),
        *_jitter(arrivals, jitter_ns, edges),
        _gaps(gaps, edges),
        *_ratings(quality, quality.ratings(missing.packets, missing.runs, new - late), len(new)),
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


def _sorted(times: Ints) -> Ints:
    return times if (times[1:] >= times[:-1]).all() else np.sort(times)


def _counted(times: Ints, edges: Ints) -> Ints:
    """Return how many of these times, which ascend, are in each window."""
    return np.diff(np.searchsorted(times, edges))


def _seconds(times: Ints) -> list[float]:
    found: list[float] = (times / _SECOND_NS).round(6).tolist()
    return found


def _known(values: Floats, is_known: Booleans, digits: int) -> list[float | None]:
    """Return rounded values, None where nothing is known."""
    if is_known.all():
        found: list[float | None] = values.round(digits).tolist()
        return found
    return [one if known else None for one, known in zip(values.round(digits).tolist(), is_known.tolist(), strict=True)]


def _ratings(quality: StreamQuality, rated: Floats | None, count: int) -> list[list[float | None]]:
    """Return R and MOS of each window."""
    if rated is None or quality.rating is None:
        return [[None] * count, [None] * count]
    there = ~np.isnan(rated)
    scores = {one: quality.rating.codec.mos(one) for one in set(rated[there].tolist())}
    mos = np.array([scores.get(one, np.nan) for one in rated.tolist()])
    return [_known(rated, there, 1), _known(mos, there, 2)]


def _jitter(arrivals: TimedArrivals, jitter_ns: Floats | None, edges: Ints) -> list[list[float | None]]:
    """Return mean and greatest jitter of each window, in ms."""
    times, count = arrivals.jitter_times_ns(), len(edges) - 1
    if jitter_ns is None or times is None or not len(times):
        return [[None] * count, [None] * count]
    sums, counts = _by_window(np.add, jitter_ns, times, edges)
    most, _ = _by_window(np.maximum, jitter_ns, times, edges)
    return [_known(column / _MS_NS, counts > 0, 3) for column in (sums / np.maximum(counts, 1), most)]


def _gaps(gaps: Gaps | None, edges: Ints) -> list[float | None]:
    """Return the longest gap that ends in each window, in ms."""
    count = len(edges) - 1
    if gaps is None:
        return [None] * count
    longest, counts = _by_window(np.maximum, gaps.length_ns.astype(np.float64), gaps.end_ns, edges)
    return _known(longest / _MS_NS, counts >= 0, 3)


def _by_window(what: np.ufunc, values: Floats, times: Ints, edges: Ints) -> tuple[Floats, Ints]:
    """Return sums or maxima of the values in each window, 0 where there is none, and how many there are."""
    if (times[1:] < times[:-1]).any():
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
    begins = np.searchsorted(times, edges)
    counts = np.diff(begins)
    found = np.zeros(len(counts))
    if len(values):
        found[counts > 0] = what.reduceat(values, begins[:-1][counts > 0])
    return found, counts
