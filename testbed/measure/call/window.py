"""What a direction lost and how long it was silent within a handover window.

A silence lies between two new packets a and b that arrived one after the other. It belongs to the window when [a, b]
touches it, and then it counts whole: also what of it was before the trigger. A lost packet belongs to the window when
the time between the arrivals of its neighbours in the sequence touches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Window
    from testbed.measure.capture.capture import Booleans, Ints

END_OF_CALL_NS = 1_000_000_000
"""One end may go on sending for so long after the other has gone: nobody was to hear it."""

_EVER, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def longest_gap(direction: Direction, interval_ns: int, window: Window | None) -> int | None:
    """Return the longest silence touching the window (None: of the whole call) less the packet interval, in ns.

    Never below 0. None where it was not measured: fewer than two new packets, or the call stayed silent to its end,
    longer than any silence that ended.
    """
    times = direction.new.time_ns
    before, after = times[:-1], times[1:]
    silences = after - before
    if window is not None:
        silences = silences[(after >= window.open_ns) & (before <= window.close_ns)]
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
    if not len(new) or (window is not None and int(new.time_ns[-1]) > window.close_ns):
        return 0
    unheard_ns = (direction.keys - 1 - int(new.key.max())) * interval_ns
    return unheard_ns if unheard_ns >= END_OF_CALL_NS else 0


def lost_in(direction: Direction, window: Window) -> int:
    """Return how many packets were lost in the window."""
    _, earlier, later = _neighbour_times(direction)
    return int(_touches(earlier, later, window).sum())


def lost_outside(direction: Direction, window: Window) -> frozenset[int]:
    """Return the keys of the packets that were lost, but not in the window."""
    lost, earlier, later = _neighbour_times(direction)
    return frozenset(lost[~_touches(earlier, later, window)].tolist())


def _touches(earlier: Ints, later: Ints, window: Window) -> Booleans:
    return (later >= window.open_ns) & (earlier <= window.close_ns)


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
