"""Packets that hold more than one packet interval of speech, as a sender may choose in mid-call.

Linphone goes from 20 to 40 ms when its rate control thinks that a link is slow. The playout buffer plays intervals; so
a packet of two of them is two frames to it, which arrive together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Ints

LONGEST_NS = 200_000_000
"""RFC 3551, 4.2: packets hold up to 200 ms. Timestamps that go on by more without a packet between are a pause."""


@dataclass(frozen=True, slots=True)
class Framing:
    """How many frames of one packet interval each key holds (`count`), and the number of its `first` one."""

    ticks: int
    count: Ints
    first: Ints

    def key_of(self, frame: int) -> int:
        """Return which key a frame belongs to; those before the first and beyond the last belong to these."""
        return max(int(np.searchsorted(self.first, frame, side="right")) - 1, 0)


def framing(direction: Direction, interval_ns: int) -> Framing:
    """Return the frames of a direction's packets, from the steps of their timestamps.

    A packet lasts until the timestamp of the next number; one whose next was seen nowhere is as long as the one before.
    """
    ticks = round((direction.clock_hz or 0) * interval_ns / 1e9)
    seen = (direction.sent, direction.received)
    keys, firsts = np.unique(np.concatenate([one.key for one in seen]), return_index=True)
    stamps = np.concatenate([one.timestamp for one in seen])[firsts]
    segments = np.concatenate([one.segment for one in seen])[firsts]
    count = np.ones(direction.keys, dtype=np.int64)
    if ticks and len(keys) > 1:
        frames = np.rint(np.diff(stamps) / ticks).astype(np.int64)
        follows = (np.diff(keys) == 1) & (np.diff(segments) == 0)
        known = np.flatnonzero(follows & (frames >= 1) & (frames <= LONGEST_NS // interval_ns))
        before = np.searchsorted(keys[known], np.arange(direction.keys), side="right") - 1
        count = np.where(before >= 0, frames[known][before] if len(known) else 1, 1)
    return Framing(ticks, count, np.cumsum(count) - count)
