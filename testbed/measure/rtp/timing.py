"""What the times of a stream's arrivals say, where a stream is more than one sound: jitter, packet interval, gap.

A sender may pause (silence suppression, comfort noise), put key presses between its speech, send a picture in several
packets, and change its payload type and with it the clock. All of that is on purpose and no fault of the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.rtp import stream_numbers
from testbed.measure.rtp.on_hold import OnHold, unagreed_ns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Ints

_SECOND_NS = 1_000_000_000
_BACK_NS = 200_000_000
_EVENT_NS = 50_000_000
"""How often an event that lasts is told of (RFC 4733, 2.5.1.2)."""

_PAUSE, _LEAST_SHARE = 1.5, 20
"""So many times the usual step of the timestamp is a pause; so few of all steps at most (one of 20) are short ones."""


class TypeInStream(NamedTuple):
    """What a payload type is in a stream; `clock_hz` is None where it is not known."""

    clock_hz: int | None
    is_event: bool = False
    is_comfort_noise: bool = False


class Gaps(NamedTuple):
    """Silences beyond what was meant: when each ended, and how long it was."""

    end_ns: Ints
    length_ns: Ints


class _TransitSteps(NamedTuple):
    """How the transit time changed from one of the `rows` to the next, and whether that step counts."""

    rows: Ints
    change_ns: NDArray[np.float64]
    counts: Booleans


@dataclass(frozen=True)
class TimedArrivals:
    """TimedArrivals in order of time, one entry each; `kinds` has each payload type among them.

    `restarts` are the places where the sequence numbers begin anew: what was lost there nobody knows. `clocks` counts
    how often the clock of the capture had been set before each, None where it never was: how much time passed between
    two with different counts nobody knows.
    """

    time_ns: Ints
    extended: Ints
    timestamp: NDArray[np.uint32]
    payload_type: NDArray[np.uint8]
    kinds: Mapping[int, TypeInStream]
    restarts: tuple[int, ...] = ()
    clocks: Ints | None = None

    @cached_property
    def in_sequence(self) -> Ints:
        """The first arrivals of each number, in the order of the numbers."""
        return stream_numbers.in_sequence(self.extended)

    @cached_property
    def is_new(self) -> Booleans:
        """Whether each is the first of its number."""
        new = np.zeros(len(self.extended), dtype=np.bool_)
        new[self.in_sequence] = True
        return new

    @cached_property
    def _clock_hz(self) -> Ints:
        """The clock of each, 0 where it is not known."""
        table = np.zeros(256, dtype=np.int64)
        for number, kind in self.kinds.items():
            table[number] = kind.clock_hz or 0
        return table[self.payload_type]

    def _are(self, *numbers: int) -> Booleans:
        table = np.zeros(256, dtype=np.bool_)
        table[list(numbers)] = True
        return table[self.payload_type]

    @cached_property
    def _is_event(self) -> Booleans:
        return self._are(*(number for number, kind in self.kinds.items() if kind.is_event))

    @cached_property
    def _is_media(self) -> Booleans:
        """Whether each is speech or picture: no event, no comfort noise."""
        others = (number for number, kind in self.kinds.items() if kind.is_event or kind.is_comfort_noise)
        return ~self._are(*others)

    def jitter_ns(self) -> NDArray[np.float64] | None:
        """Return the interarrival jitter after every arrival but the first (RFC 3550, 6.4.1); None without a clock.

        Each step counts by the clock of its payload type. Steps do not count between two clocks, where the timestamps
        begin anew, and where the sender or the capture's clock stood still; nor do packets of events (RFC 4733, 2.1).
        """
        steps = self._transit_steps
        return None if steps is None else stream_numbers.smooth(np.abs(steps.change_ns[steps.counts]))

    def jitter_times_ns(self) -> Ints | None:
        """Return the arrivals that `jitter_ns` has a value for."""
        steps = self._transit_steps
        return None if steps is None else self.time_ns[steps.rows[1:][steps.counts]]

    def transit_ns(self) -> tuple[Ints, Ints] | None:
        """Return rows, and how much longer each was on its way than the first; None without a clock.

        As in `jitter_ns`, packets of events are left out, and where a step does not count it is taken to be 0.
        """
        steps = self._transit_steps
        if steps is None:
            return None
        change = np.where(steps.counts, steps.change_ns, 0.0)
        return steps.rows, np.concatenate([[0], np.rint(np.cumsum(change)).astype(np.int64)])

    @cached_property
    def _transit_steps(self) -> _TransitSteps | None:
        rows = np.flatnonzero(~self._is_event) if self._is_event.any() else np.arange(len(self.time_ns))
        clock = self._clock_hz[rows]
        same = (clock[1:] == clock[:-1]) & (clock[1:] > 0)
        if not same.any() and not (clock > 0).any():
            return None
        passed = np.diff(self.time_ns[rows])
        sent_ns = _steps(self.timestamp[rows]) * (1e9 / np.maximum(clock[1:], 1))
        same &= ~self._restarts(rows, passed, sent_ns)
        if self.clocks is not None:
            same &= np.diff(self.clocks[rows]) == 0
        return _TransitSteps(rows, passed.astype(np.float64) - sent_ns, same)

    def _restarts(self, rows: Ints, passed: Ints, sent_ns: NDArray[np.float64]) -> Booleans:
        """Return at which steps the timestamps begin anew, or stood still while the sender paused.

        Then time and timestamps lie apart by more than a second from there on; a network that held packets back lets
        them catch up. Also where they fall though the numbers do not, by more than pictures out of order do.
        """
        found: Booleans = (sent_ns < -_BACK_NS) & (np.diff(self.extended[rows]) > 0)
        change = passed - sent_ns
        places = np.flatnonzero(np.abs(change) > _SECOND_NS)
        if len(places):
            transit = np.concatenate([[0.0], np.cumsum(change)])
            lowest, highest = np.minimum.accumulate(transit), np.maximum.accumulate(transit)
            ahead, behind = (f.accumulate(transit[::-1])[::-1] for f in (np.minimum, np.maximum))
            half = np.abs(change[places]) / 2
            above = ahead[places + 1] - highest[places] > half
            found[places] |= above | (lowest[places] - behind[places + 1] > half)
        return found

    def interval_ns(self) -> int | None:
        """Return the usual time between two packets: the median step of the timestamps of neighbours, if they go on.

        Neighbours are two packets of speech or picture with consecutive numbers and one clock; steps of pauses do not
        count, though they be most. Without a clock, and of events alone, the median step of their arrivals stands for
        it; None where no two neighbours arrived.
        """
        rows = self.in_sequence
        both = next_to = np.diff(self.extended[rows]) == 1
        if len(self.kinds) > 1:
            media = self._is_media[rows]
            both = next_to & media[1:] & media[:-1]
        if self._is_event.all() and next_to.any():
            return _middle(np.abs(np.diff(self.time_ns[rows])[next_to]))
        return self._interval_ns(rows, np.flatnonzero(both if both.any() else next_to))

    def _interval_ns(self, rows: Ints, neighbours: Ints) -> int | None:
        clock = self._clock_hz[rows[neighbours]]
        same = clock > 0
        if len(self.kinds) > 1:
            same &= clock == self._clock_hz[rows[neighbours + 1]]
        known, clock = neighbours[same], clock[same]
        steps = _steps(self.timestamp[rows])[known].astype(np.int64)
        on = steps > 0
        if on.any():
            steps, clock = steps[on], clock[on]
            if (clock == clock[0]).all():
                return _usual(steps) * _SECOND_NS // int(clock[0])
            return _usual(steps * _SECOND_NS // clock)
        if len(known) or not len(neighbours):
            return None
        return _middle(np.abs(np.diff(self.time_ns[rows])[neighbours]))

    def silences_ns(self) -> Ints:
        """Return the times between consecutive new packets that the capture's clock measured."""
        return np.diff(self.time_ns[self.is_new])[self._measured]

    @cached_property
    def _measured(self) -> Booleans:
        if self.clocks is None:
            return np.ones(max(int(self.is_new.sum()) - 1, 0), dtype=np.bool_)
        same: Booleans = np.diff(self.clocks[self.is_new]) == 0
        return same

    def gaps_ns(self, interval_ns: int | None, holds: Sequence[OnHold] = ()) -> Gaps | None:
        """Return the silences beyond what the sender meant: the packet interval, or the pause that it made.

        It made one where the timestamps say so; if packets of it are missing, of a length that is the mean of theirs.
        What was silent in one of the `holds` is no gap.
        """
        times, numbers = self.time_ns[self.is_new], self.extended[self.is_new]
        if interval_ns is None or not self._measured.any():
            return None
        silent_ns = unagreed_ns(times[:-1], times[1:], np.diff(numbers) == 1, holds)
        long = np.flatnonzero((silent_ns > interval_ns) & self._measured)
        return Gaps(times[1:][long], np.maximum(silent_ns[long] - self._meant_ns(long, interval_ns), 0))

    def _meant_ns(self, which: Ints, interval_ns: int) -> Ints:
        """Return how much later than a new packet the next one was sent, as far as that can be known."""
        new = np.flatnonzero(self.is_new)
        here, there = new[which], new[which + 1]
        clock = self._clock_hz[there]
        ticks = (self.timestamp[there] - self.timestamp[here]).astype(np.int32).astype(np.int64)
        stamps = ticks * _SECOND_NS // np.maximum(clock, 1)
        is_pause = (self._clock_hz[here] == clock) & (clock > 0)
        is_pause &= stamps < self.time_ns[there] - self.time_ns[here] + _SECOND_NS  # else they begin anew
        stamps //= np.maximum(self.extended[there] - self.extended[here], 1)
        is_pause &= stamps > interval_ns
        if self.restarts:
            is_pause &= ~np.isin(there, self.restarts)
        meant = np.where(is_pause, stamps, interval_ns)
        both = self._is_event[here] & self._is_event[there]
        meant[both] = np.maximum(meant[both], max(interval_ns, _EVENT_NS))
        return meant


def _steps(timestamp: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.diff(timestamp).astype(np.int32)


def _middle(values: Ints) -> int:
    return int(np.sort(values)[len(values) // 2])


def _usual(steps: Ints) -> int:
    """Return the median, of the short ones where many are pauses (silence suppression without a type of its own)."""
    steps = np.sort(steps)
    shortest = int(steps[len(steps) // _LEAST_SHARE])
    if steps[len(steps) // 2] > _PAUSE * shortest:
        steps = steps[steps <= _PAUSE * shortest]
    return int(steps[len(steps) // 2])


def looks_like_events(extended: Ints, timestamp: NDArray[np.uint32]) -> bool:
    """Return whether packets of one payload type stay at the time when something began (RFC 4733, 2.1)."""
    rows = stream_numbers.in_sequence(extended)
    next_to = np.diff(extended[rows]) == 1
    return bool(next_to.any()) and bool((np.diff(timestamp[rows])[next_to] == 0).mean() > 0.5)
