"""How good a stream of a bare capture was to hear: losses and how they lie, what came too late, R and MOS.

Nothing is known but arrivals, so a jitter buffer is assumed: `DEPTH_MS` deep, set by the fastest packet of the last
`MEMORY_NS`. Arrays throughout: a stream may have a million packets, and its numbers may lie far apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.listening.bursts import GMIN, Periods
from testbed.measure.listening.codec_ratings import rate_call

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Ints
    from testbed.measure.listening.codec_ratings import CallRating
    from testbed.measure.rtp.timing import TimedArrivals

DEPTH_MS = 60
"""As the shallower of the fixed buffers of a run (see `fixed_playout`)."""

MEMORY_NS = 2_000_000_000
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class LossRuns:
    """Packets missing one after the other: where each run begins and ends, among so many numbers from 0 on."""

    first: Ints
    last: Ints
    range: int

    @classmethod
    def between(cls, there: Ints, lowest: int, highest: int) -> LossRuns:
        """Return what is missing from `lowest` to `highest`; `there` are numbers in order, each once."""
        edges = np.concatenate([[-1], there - lowest, [highest + 1 - lowest]])
        holes = np.flatnonzero(np.diff(edges) > 1)
        return cls(edges[holes] + 1, edges[holes + 1] - 1, highest + 1 - lowest)

    @property
    def lengths(self) -> Ints:
        """Packets of each."""
        return self.last - self.first + 1

    @property
    def longest(self) -> int:
        """Packets of the longest; 0 without any."""
        return int(self.lengths.max(initial=0))

    def bursts_and_gaps(self) -> tuple[Periods, Periods]:
        """Return the same as `bursts.bursts_and_gaps` of these packets."""
        if not len(self.first):
            return Periods((), 0), Periods((self.range,) if self.range else (), 0)
        ends = np.flatnonzero(self.first[1:] - self.last[:-1] > GMIN)
        starts, stops = np.concatenate([[0], ends + 1]), np.concatenate([ends, [len(self.first) - 1]])
        sizes = np.add.reduceat(self.lengths, starts)
        several = self.last[stops] > self.first[starts]
        first, last = self.first[starts][several], self.last[stops][several]
        gaps = np.concatenate([first, [self.range]]) - np.concatenate([[0], last + 1])
        inside = int(sizes[several].sum())
        bursts = Periods(tuple((last + 1 - first).tolist()), inside)
        return bursts, Periods(tuple(gaps[gaps > 0].tolist()), int(sizes.sum()) - inside)


@dataclass(frozen=True, slots=True)
class StreamQuality:
    """`lost` are the runs of packets that did not arrive, `missing` those of what was lost or too late to be played.
    `late_numbers` are those of the latter, `late` is how many, None where nobody knows.

    `rating` is None where the codec or the packet interval is not one to rate; `mouth_to_ear_ms` has half of the round
    trip that RTCP told of, and no network delay where it told of none.
    """

    lost: LossRuns
    missing: LossRuns
    late_numbers: Ints
    late: int | None
    rating: CallRating | None
    mouth_to_ear_ms: float | None
    doubt: str | None

    @property
    def loss_percent(self) -> float:
        """Lost packets of those that there should have been."""
        return _percent(self.lost)

    def ratings(self, missing: Ints, runs: Ints, there: Ints) -> NDArray[np.float64] | None:
        """Return R of each part of the stream, in which so many packets are missing, in so many runs, or are there.

        None where the whole has none; NaN of a part in which nothing was to come.
        """
        if self.rating is None:
            return None
        packets = missing + there
        percent = 100 * missing / np.maximum(packets, 1)
        ratios = np.maximum(missing / np.maximum(runs, 1) * (1 - missing / np.maximum(packets, 1)), 1)
        return np.where(packets > 0, self.rating.with_losses(percent, ratios), np.nan)


def quality_of(
    arrivals: TimedArrivals, interval_ns: int | None, *, codecs: Collection[str], round_trip_ms: float | None
) -> StreamQuality:
    """Return how good a stream was; `codecs` is what its speech was in, in capital letters."""
    numbers = arrivals.extended[arrivals.in_sequence]
    lowest, highest = int(numbers[0]), int(numbers[-1])
    lost = LossRuns.between(numbers, lowest, highest)
    late = late_numbers(arrivals, interval_ns)
    missing = lost if late is None or not len(late) else LossRuns.between(_without(numbers, late), lowest, highest)
    counted = lost, missing, numbers[:0] if late is None else late, None if late is None else len(late)
    delay_ms = DEPTH_MS + (interval_ns or 0) / _NS_PER_MS + (round_trip_ms or 0) / 2
    percent, burst_ratio = _percent(missing), _burst_ratio(missing)
    rating, doubt = rate_call(codecs, loss_percent=percent, burst_r=burst_ratio, mouth_to_ear_ms=delay_ms)
    if rating is None:
        return StreamQuality(*counted, None, None, doubt)
    if late is None or interval_ns is None:
        return StreamQuality(*counted, None, None, "what came late is not known: no rating")
    return StreamQuality(*counted, rating, delay_ms, doubt)


def _without(numbers: Ints, others: Ints) -> Ints:
    return numbers[~np.isin(numbers, others)]


def _percent(runs: LossRuns) -> float:
    return 100 * int(runs.lengths.sum()) / runs.range


def _burst_ratio(missing: LossRuns) -> float:
    """Return BurstR (G.107, 7.5), as `emodel.loss_and_burst_ratio` does of intervals."""
    if not len(missing.first):
        return 1.0
    lost = int(missing.lengths.sum())
    return max(1.0, lost / len(missing.first) * (1 - lost / missing.range))


def late_numbers(arrivals: TimedArrivals, interval_ns: int | None) -> Ints | None:
    """Return the numbers of the packets that came when they should have been played; None where no clock is known."""
    transit = arrivals.transit_ns()
    if transit is None or not interval_ns:
        return None
    rows, transit_ns = transit
    if transit_ns.max() - transit_ns.min() <= DEPTH_MS * _NS_PER_MS:
        return rows[:0]
    fastest = _lowest_of_last(transit_ns, max(MEMORY_NS // interval_ns, 1))
    is_late: Booleans = (transit_ns - fastest > DEPTH_MS * _NS_PER_MS) & arrivals.is_new[rows]
    return np.sort(arrivals.extended[rows[is_late]])


def _lowest_of_last(values: Ints, count: int) -> Ints:
    """Return for each value the lowest of it and of those before it, `count` in all."""
    lowest, width = values.copy(), 1
    while width < min(count, len(values)):
        step = min(width, count - width)
        lowest[step:] = np.minimum(lowest[step:], lowest[:-step])
        width += step
    return lowest
