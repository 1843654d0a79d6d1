"""What of a direction went over more than one path: copies, what was said again, and probes of a leg that stands by.

Of each packet the first path that it went onto carries the call, unless it is a probe there; what goes onto another
one soon afterwards is a copy, what does so later was said again. From the captures where packets go onto the MN's
paths, whatever came of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction, Sightings
    from testbed.measure.capture.capture import Booleans

AGAIN_NS = 40_000_000
"""Copies leave together; what leaves two packet intervals later, over another path, is said again."""
ALONE_NS = 500_000_000
"""A packet with none so near to it on its path is a probe: one a second goes over a leg that stands by."""


@dataclass(frozen=True)
class SecondPath:
    """Which of a direction's `onto` are what; each entry is the first of its packet on its path, and `is_` one kind.

    What is none of them is the packet itself.
    """

    onto: Sightings
    is_copy: Booleans
    is_again: Booleans
    is_probe: Booleans

    def said_again(self, received: Sightings, width: int) -> Booleans:
        """Return which of these arrivals were said again; `width` is the number of paths."""
        again = self.onto.pick(self.is_again)
        return np.isin(received.key * width + received.path, again.key * width + again.path)


def second_path(direction: Direction) -> SecondPath:
    """Return what went over more than one path."""
    onto = direction.onto.pick(direction.onto.path >= 0)
    width = len(direction.links)
    onto = onto.pick(np.sort(np.unique(onto.key * width + onto.path, return_index=True)[1]))
    alone = _alone(onto, width)
    _, firsts, packet = np.unique(onto.key, return_index=True, return_inverse=True)
    is_near = onto.time_ns - onto.time_ns[firsts][packet] < AGAIN_NS
    # Of what leaves together a probe is the copy, whichever the sender's stack let go first.
    order = np.lexsort((onto.time_ns, alone, ~is_near, onto.key))
    is_second = np.ones(len(onto), dtype=np.bool_)
    is_second[order[np.unique(onto.key[order], return_index=True)[1]]] = False
    is_copy = is_second & is_near
    return SecondPath(onto, is_copy & ~alone, is_second & ~is_near, is_copy & alone)


def _alone(onto: Sightings, width: int) -> Booleans:
    """Return which packets have no other one near to them on their path."""
    alone = np.zeros(len(onto), dtype=np.bool_)
    for path in range(width):
        mine = np.flatnonzero(onto.path == path)
        apart = np.diff(onto.time_ns[mine]) > ALONE_NS
        alone[mine] = np.append(True, apart) & np.append(apart, True) if len(mine) else False
    return alone
