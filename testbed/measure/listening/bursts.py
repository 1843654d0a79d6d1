"""Bursts and gaps of a call whose packets were lost, or came too late to be played (RFC 3611, 4.7.2 and A.2).

A burst is the longest stretch that begins and ends with a missing packet and has no `GMIN` packets in a row that were
not missing; but a missing packet that is alone in its stretch belongs to the gap around it. All else is gap. Before the
first and after the last packet of the call at least `GMIN` are taken to have been received.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Booleans, Ints

GMIN = 16
"""RFC 3611, 4.7.2: recommended, so that what is left in the gaps does little harm to speech."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Bursts, or the gaps between them: their `lengths` in packets, and how many of those packets were `missing`."""

    lengths: tuple[int, ...]
    missing: int

    @property
    def density(self) -> float | None:
        """Which part of their packets was missing; None without any."""
        return self.missing / sum(self.lengths) if self.lengths else None

    @property
    def mean(self) -> float | None:
        """Packets in one of them; None without any."""
        return sum(self.lengths) / len(self.lengths) if self.lengths else None


def bursts_and_gaps(missing: Booleans, gmin: int = GMIN) -> tuple[Periods, Periods]:
    """Split a call, packet by packet in the order of sending, into bursts and gaps; together they are all of it."""
    at = np.flatnonzero(missing)
    if not len(at):
        whole = (len(missing),) if len(missing) else ()
        return Periods((), 0), Periods(whole, 0)
    ends = np.flatnonzero(np.diff(at) > gmin)  # so many less one between two missing packets
    first, last = at[np.concatenate([[0], ends + 1])], at[np.concatenate([ends, [len(at) - 1]])]
    several = last > first
    first, last = first[several], last[several]
    starts, stops = np.concatenate([[0], last + 1]), np.concatenate([first, [len(missing)]])
    gaps = (stops - starts)[stops > starts]
    inside = int(sum(int(missing[one : other + 1].sum()) for one, other in zip(first, last, strict=True)))
    return Periods(_whole(last + 1 - first), inside), Periods(_whole(gaps), len(at) - inside)


def longest_run(missing: Booleans) -> tuple[int, int]:
    """Return how many runs of missing packets in a row there were, and how many packets the longest of them had."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return len(lengths), int(lengths.max()) if len(lengths) else 0


def missing_packets(direction: Direction, late: Collection[int] = ()) -> Booleans:
    """Return which sequence numbers of a direction were lost, or are among those that came too `late`."""
    missing = np.ones(direction.keys, dtype=np.bool_)
    missing[direction.new.key] = False
    missing[np.array(sorted(late), dtype=np.int64)] = True
    return missing


def _whole(lengths: Ints) -> tuple[int, ...]:
    return tuple(int(one) for one in lengths)
