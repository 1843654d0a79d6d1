"""What the listener would have heard with a jitter buffer that never adapts.

The textbook's: the first packet that arrives is played `depth` later, every other one as much after or before it as its
timestamp says, and what arrives after that is thrown away. Such a buffer does not follow a path that becomes slower: if
the step is longer than the depth, nothing is ever in time again. The agents' own buffer (see `playout`) can't stand for
it: it goes on with a late packet once it has run dry, and is deeper from then on.

A new SSRC, or timestamps that jump by more than a second without the sequence numbers, begin anew with the first packet
that arrives of them, but not before what came before them was played.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout_events import Concealed, LatePacket, Played
from testbed.measure.listening.playout import NS_PER_S, Heard

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Ints

DEPTHS_MS = (60, 200)
"""What phones have: Linphone's `audio_jitt_comp` is 60 ms, Asterisk's `JITTERBUFFER(fixed)` holds 200 ms."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each packet would be played by a buffer without any depth; add a depth for another one.

    `key` are the sequence numbers from the lowest that arrived to the last that was sent, `due_ns` their times,
    `arrival_ns` when they came, or -1 for those that never did. `idle_ns` are the times of intervals for which no
    packet was ever made: between two SSRCs.
    """

    key: Ints
    due_ns: Ints
    arrival_ns: Ints
    idle_ns: Ints

    @property
    def depth_needed_ns(self) -> int:
        """The least depth with which nothing that arrived would have been late."""
        came = self.arrival_ns >= 0
        return max(int((self.arrival_ns - self.due_ns)[came].max()), 0)


def schedule(direction: Direction, interval_ns: int) -> Schedule | None:
    """Return the schedule of a direction; None where nothing arrived, or the RTP clock is not known."""
    new, clock_hz = direction.new, direction.clock_hz
    if not len(new) or clock_hz is None:
        return None
    order = np.argsort(new.key, kind="stable")
    key, arrival_ns, stamp = new.key[order], new.time_ns[order], new.timestamp[order]
    expected = np.diff(key) * round(interval_ns * clock_hz / NS_PER_S)
    jumps = (np.diff(new.segment[order]) != 0) | (np.abs(np.diff(stamp) - expected) > clock_hz)
    starts = [0, *(np.flatnonzero(jumps) + 1).tolist()]
    ends = [*starts[1:], len(key)]
    every = np.arange(int(key[0]), direction.keys)
    at = key - key[0]
    came = np.full(len(every), -1, dtype=np.int64)
    came[at] = arrival_ns
    due = np.zeros(len(every), dtype=np.int64)
    idle: list[int] = []
    free_ns: int | None = None  # when what came before has been played
    for start, end in zip(starts, ends, strict=True):
        anchor = start + int(arrival_ns[start:end].argmin())
        media_ns = (stamp[start:end] - stamp[anchor]) * 1_000_000_000 // clock_hz
        played_ns = int(arrival_ns[anchor]) + media_ns
        if free_ns is not None:
            wait = max(-(-(int(played_ns[0]) - free_ns) // interval_ns), 0)
            idle += [free_ns + interval_ns * number for number in range(wait)]
            played_ns += free_ns + wait * interval_ns - int(played_ns[0])
        first, last = int(at[start]), int(at[end]) if end < len(key) else len(every)
        due[first:last] = _with_lost(at[start:end] - first, played_ns, last - first, interval_ns)
        free_ns = int(due[last - 1]) + interval_ns
    return Schedule(every, due, came, np.array(idle, dtype=np.int64))


def _with_lost(at: Ints, due_ns: Ints, count: int, interval_ns: int) -> Ints:
    """Return `count` times: those given at places `at`, the others so many intervals after the one before them."""
    places = np.arange(count)
    before = np.searchsorted(at, places, side="right") - 1
    return due_ns[before] + (places - at[before]) * interval_ns


def listen_fixed(direction: Direction, plan: Schedule, interval_ns: int, depth_ms: int) -> Heard:
    """Return what would have been heard with this depth.

    The playout has one interval for each sequence number from the lowest that arrived to the last that was sent.
    """
    depth_ns = depth_ms * 1_000_000
    origin_ns = int(direction.received.time_ns[0])
    interval, depth = interval_ns / NS_PER_S, depth_ms / 1000
    due_ns = plan.due_ns + depth_ns
    in_time = (plan.arrival_ns >= 0) & (plan.arrival_ns <= due_ns)
    came_late = (plan.arrival_ns >= 0) & ~in_time
    at = ((due_ns - origin_ns) / NS_PER_S).tolist()
    played, concealed = [], []
    for key, when, ok, late in zip(plan.key.tolist(), at, in_time.tolist(), came_late.tolist(), strict=True):
        if ok:
            played.append(Played(key, when, interval))
        else:
            concealed.append(Concealed(key, when, interval, "late" if late else "lost"))
    idle = ((plan.idle_ns + depth_ns - origin_ns) / NS_PER_S).tolist()
    concealed += [Concealed(None, when, interval, "underrun") for when in idle]
    by = ((plan.arrival_ns - due_ns) / NS_PER_S)[came_late].tolist()
    everything = sorted([*((one.at, True) for one in played), *((one.at, False) for one in concealed)])
    return Heard(
        origin_ns=origin_ns,
        settings=PlayoutSettings(
            clock_rate=direction.clock_hz or 0,
            interval=interval,
            initial_depth=depth,
            min_depth=depth,
            max_depth=depth,
            margin=0.0,
            max_stretch=0.0,
            hurried_stretch=0.0,
        ),
        played=tuple(played),
        concealed=tuple(sorted(concealed, key=lambda one: one.at)),
        depths=(),
        late=tuple(LatePacket(key, late) for key, late in zip(plan.key[came_late].tolist(), by, strict=True)),
        intervals=tuple(ok for _, ok in everything),
    )
