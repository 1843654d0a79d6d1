"""Packets that one capture interface saw several times: a mirror port with both directions, a hop before and after.

A network that doubles packets does so now and then; a mirror port does so with each. The time of a copy
differs; VLAN tags, link addresses and Time to Live may; what RTP says is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Ints

WITHIN_NS = 10_000_000
"""How far behind the first sighting a copy may be."""

_MOST = 0.5


def copies_of_a_mirror(time_ns: Ints, extended: Ints, timestamp: NDArray[Any]) -> Booleans:
    """Return which arrivals (in order of time) are further sightings of packets; none unless half of these have some.

    The last packets of a stream may be without theirs, and a busy mirror port leaves some out.
    """
    none = np.zeros(len(time_ns), dtype=np.bool_)
    if (extended[1:] > extended[:-1]).all():
        return none
    numbers, firsts, which = np.unique(extended, return_index=True, return_inverse=True)
    first = firsts[which]
    again = (first != np.arange(len(extended))) & (timestamp == timestamp[first])
    again &= time_ns - time_ns[first] <= WITHIN_NS
    return again if len(np.unique(which[again])) >= _MOST * len(numbers) else none
