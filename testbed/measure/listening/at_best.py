"""What of an interruption no playout could have helped, by the arrivals alone.

The best that a listener can do: play as the agents' buffer did until the first packet over the new path tells how late
that is, and from then on everything longer by as much as speech may be (`PlayoutSettings.hurried_stretch`), so that
each packet has all the time that it can have. What is still missed then was lost on every path that it was sent on, or
came too late for that: needed depth, rate of stretching, time from the first copy to the loss. Where a relay hears the
paths, and the listener one stream, it is the relay that could have waited; how far that is from the listener makes no
difference.

What a sender could have done earlier is not in it: without copies there is nothing to wait for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.playing.playout_settings import PlayoutSettings
from testbed.measure.listening.playout import AFTER_RELEASE_S, NS_PER_S

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.window import Doings, Window
    from testbed.measure.listening.playout import Heard


def unavoidable_s(direction: Direction, heard: Heard, window: Window, doings: Doings, new: str | None) -> float:
    """Return the seconds that even the best listener would have missed of the speech that is this handover's.

    That is the speech whose turn came in the silence in which the window opened, or later, as long as a hole is the
    handover's doing (`interruption_s`), and was not lost outside it. A late packet costs its interval or, if that is
    less, the time until it came: then what follows has as much more time.
    """
    sent = {key: at / NS_PER_S for key, at in direction.first_sent_ns.items()}
    off = direction.off
    keys, firsts = np.unique(off.key, return_index=True)
    onwards = _onwards_s(direction)
    came = dict(zip(keys.tolist(), (off.time_ns[firsts] / NS_PER_S + onwards).tolist(), strict=True))
    since, close = min(doings.since_ns, window.open_ns) / NS_PER_S, window.close_ns / NS_PER_S
    until = close + heard.depth_at(close - heard.origin_ns / NS_PER_S) + AFTER_RELEASE_S
    told = _first_on(direction, new, window) + onwards
    delay = _delay_at(heard, sent, min(told, close))
    missed = slipped = 0.0
    for key, at in sorted(sent.items()):
        if not since <= at + delay < until or key in doings.elsewhere:
            continue
        turn = _turn(at + delay, told) + slipped
        late = came[key] - turn if key in came else float("inf")
        if late > 0:
            cost = min(late, heard.settings.interval)
            missed += cost
            slipped += cost if key in came else 0.0
    return missed


def _turn(at: float, told: float) -> float:
    """Return when a packet is played that without stretching were so at `at`; it begins when something is told."""
    if at <= told:
        return at
    stretch = PlayoutSettings().hurried_stretch
    return told + (at - told) * (1 + stretch)


def _onwards_s(direction: Direction) -> float:
    """Return how long a packet takes from the end of the paths to the listener at the least; 0 where they end there."""
    off, new = direction.off, direction.new
    keys, firsts = np.unique(off.key, return_index=True)
    _, there, here = np.intersect1d(keys, new.key, return_indices=True)
    took_ns = new.time_ns[here] - off.time_ns[firsts[there]]
    return max(0.0, float(took_ns.min()) / NS_PER_S) if len(took_ns) else 0.0


def _first_on(direction: Direction, new: str | None, window: Window) -> float:
    """Return when the first packet came off the new path, copies too; infinity without any."""
    off = direction.off
    if new is None or new not in direction.links:
        return float("inf")
    mine = off.time_ns[(off.path == direction.links.index(new)) & (off.time_ns >= window.open_ns)]
    return float(mine.min()) / NS_PER_S if len(mine) else float("inf")


def _delay_at(heard: Heard, sent: dict[int, float], at: float) -> float:
    """Return how long after its sending the last packet up to a time was played."""
    origin = heard.origin_ns / NS_PER_S
    before = [one for one in heard.played if origin + one.at <= at and one.sequence in sent]
    if not before:
        return heard.settings.initial_depth
    return origin + before[-1].at - sent[before[-1].sequence]
