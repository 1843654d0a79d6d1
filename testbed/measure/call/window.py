"""What a direction lost and how long it was silent within a handover window.

A silence lies between two new packets a and b that arrived one after the other. It belongs to the window when [a, b]
touches it, and then it counts whole: also what of it was before the trigger. A lost packet belongs to the window when
the time between the arrivals of its neighbours in the sequence touches it. Each belongs to one window: see `Border`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Booleans, Ints

END_OF_CALL_NS = 1_000_000_000
"""One end may go on sending for so long after the other has gone: nobody was to hear it."""

_EVER, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Border:
    """Where one window ends and the next may begin: at `open_ns`, the trigger of the next.

    What began before it and ended after it belongs to the next handover if it began at `after_ns` or later, when the
    one before had brought its media onto the new path; else it is still the doing of the one before.
    """

    open_ns: int
    after_ns: int

    def is_crossed(self, earlier: Ints, later: Ints) -> Booleans:
        """Return which of these times from `earlier` to `later` belong to the next handover, or to one after it."""
        return (later >= self.open_ns) & (earlier >= self.after_ns)


@dataclass(frozen=True, slots=True)
class Window:
    """Nanoseconds since the epoch; `released` is False where nothing closed it, and it lasts to the media's end.

    Or to the next trigger. `begins` and `ends` are the borders to the windows before and after it, None without such.
    """

    open_ns: int
    close_ns: int
    released: bool = True
    begins: Border | None = None
    ends: Border | None = None

    def owns(self, earlier: Ints, later: Ints) -> Booleans:
        """Return which of these times from `earlier` to `later` belong to it."""
        mine = (later >= self.open_ns) & (earlier <= self.close_ns)
        if self.begins is not None:
            mine &= self.begins.is_crossed(earlier, later)
        if self.ends is not None:
            mine &= ~self.ends.is_crossed(earlier, later)
        return mine


def longest_gap(direction: Direction, interval_ns: int, window: Window | None) -> int | None:
    """Return the longest silence touching the window (None: of the whole call) less the packet interval, in ns.

    Never below 0. None where it was not measured: fewer than two new packets, or the call stayed silent to its end,
    longer than any silence that ended.
    """
    times = direction.new.time_ns
    before, after = times[:-1], times[1:]
    silences = after - before
    if window is not None:
        silences = silences[window.owns(before, after)]
    if not len(silences):
        return None
    gap = max(int(silences.max()) - interval_ns, 0)
    return None if open_silence(direction, interval_ns, window) > gap else gap


def open_silence(direction: Direction, interval_ns: int, window: Window | None) -> int:
    """Return for how long, at least, the sender went on unheard to the end of the call, in ns.

    By the packets sent after the last one that arrived, so that the way of the last ones doesn't count. 0 where the
    receiver heard new packets after the window, or less than `END_OF_CALL_NS` was left.
    """
    new = direction.new
    if not len(new) or (window is not None and not window.owns(new.time_ns[-1:], np.array([_NEVER]))[0]):
        return 0
    unheard_ns = (direction.keys - 1 - int(new.key.max())) * interval_ns
    return unheard_ns if unheard_ns >= END_OF_CALL_NS else 0


def lost_in(direction: Direction, window: Window) -> int:
    """Return how many packets were lost in the window."""
    _, earlier, later = _neighbour_times(direction)
    return int(window.owns(earlier, later).sum())


@dataclass(frozen=True, slots=True)
class Doings:
    """What of a direction's missing speech can be a handover's doing.

    All from `since_ns` to before `until_ns`, but not the packets lost outside its window (`elsewhere`); and those
    lost in it (`lost`), whenever their turn to be played comes. Without a next handover `until_ns` is never.
    """

    since_ns: int
    until_ns: int
    lost: frozenset[int]
    elsewhere: frozenset[int]


def doings(direction: Direction, window: Window) -> Doings:
    """Return what can be the doing of the handover of this window."""
    lost, earlier, later = _neighbour_times(direction)
    mine = window.owns(earlier, later)
    since_ns = silence_start(direction, window)
    if window.begins is not None:
        since_ns = max(since_ns, silence_end(direction, window.begins))
    until_ns = _NEVER if window.ends is None else silence_end(direction, window.ends)
    return Doings(since_ns, until_ns, frozenset(lost[mine].tolist()), frozenset(lost[~mine].tolist()))


def _neighbour_times(direction: Direction) -> tuple[Ints, Ints, Ints]:
    """Return the lost keys, and for each the earlier and the later arrival of its received neighbours in the sequence.

    Before the first received key it is ever, after the last never.
    """
    order = np.argsort(direction.new.key)
    keys, times = direction.new.key[order], direction.new.time_ns[order]
    lost = np.setdiff1d(np.arange(direction.keys), keys, assume_unique=True)
    behind = np.searchsorted(keys, lost)
    padded = np.concatenate([[_EVER], times, [_NEVER]])
    one, other = padded[behind], padded[behind + 1]
    return lost, np.minimum(one, other), np.maximum(one, other)


def silence_start(direction: Direction, window: Window) -> int:
    """Return when the silence began that the window opened in: the last new packet before, or the opening itself."""
    times = direction.new.time_ns
    before = int(np.searchsorted(times, window.open_ns, side="right")) - 1
    return int(times[before]) if before >= 0 else window.open_ns


def silence_end(direction: Direction, border: Border) -> int:
    """Return up to when what is missing is the doing of the handover before a border.

    That is the begin of the silence in which the next one was triggered, or its end where the silence is not its own.
    """
    times = direction.new.time_ns
    after = int(np.searchsorted(times, border.open_ns, side="left"))
    if not after:
        return border.open_ns
    if int(times[after - 1]) >= border.after_ns:
        return int(times[after - 1])
    return int(times[after]) if after < len(times) else _NEVER


def path_step(direction: Direction, old: str | None, new: str | None, window: Window, margin_ns: int) -> float | None:
    """Return the mean one-way delay on the new path less that on the old one, in ns.

    Over the packets that arrived within the window or `margin_ns` of it; None where a path has none, or no handover
    from one path to another is known.
    """
    if old == new:
        return None
    before, after = (path_delay(direction, link, window, margin_ns) for link in (old, new))
    return None if before is None or after is None else after - before


def path_delay(direction: Direction, link: str | None, window: Window, margin_ns: int) -> float | None:
    """Return the mean one-way delay, in ns, of what arrived over a link within the window or `margin_ns` of it."""
    if link is None:
        return None
    received = direction.received
    since, until = window.open_ns - margin_ns, window.close_ns + margin_ns
    near = (received.time_ns >= since) & (received.time_ns <= until) & (direction.delay_ns != _EVER)
    mine = direction.delay_ns[near & (received.path == direction.links.index(link))]
    return int(mine.sum()) / len(mine) if len(mine) else None
