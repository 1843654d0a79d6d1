"""Whose IPv6 packets are: by the home addresses that Mobile IPv6 has beside those of the header (RFC 6275 6.3, 6.4).

A home address option stands for the source, a type 2 routing header has the destination's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Bytes, Ints

_HEADER, _SOURCE, _DESTINATION, _NEXT = 40, 8, 24, 6
_HOP_BY_HOP, _ROUTING, _OPTIONS = 0, 43, 60
_EXTENSIONS = (_HOP_BY_HOP, _ROUTING, _OPTIONS)
_MOST_EXTENSIONS = _MOST_OPTIONS = 4
_TYPE_2, _HOME_ADDRESS, _PAD1 = 2, 0xC9, 0


def address_places(data: Bytes, ip: Ints, ports: Ints) -> tuple[Ints, Ints]:
    """Return where the source and the destination of IPv6 packets stand, whose headers begin at `ip`.

    All of what is before `ports` was captured.
    """
    source, destination = ip + _SOURCE, ip + _DESTINATION
    kind = data[ip + _NEXT].astype(np.int64)
    rows = np.flatnonzero(np.isin(kind, _EXTENSIONS))
    at = ip[rows] + _HEADER
    kind = kind[rows]
    for _ in range(_MOST_EXTENSIONS):
        here = np.isin(kind, _EXTENSIONS) & (at + 8 <= ports[rows])
        rows, at, kind = rows[here], at[here], kind[here]
        if not len(rows):
            break
        end = at + (data[at + 1].astype(np.int64) + 1) * 8
        is_routed = (kind == _ROUTING) & (data[at + 2] == _TYPE_2) & (end - at == 24) & (data[at + 3] == 1)
        destination[rows[is_routed]] = at[is_routed] + 8
        has_options = np.flatnonzero(kind == _OPTIONS)
        place = _home_option(data, at[has_options] + 2, np.minimum(end, ports[rows])[has_options])
        source[rows[has_options[place > 0]]] = place[place > 0]
        kind, at = data[at].astype(np.int64), end
    return source, destination


def _home_option(data: Bytes, at: Ints, end: Ints) -> Ints:
    """Return where the address in a home address option stands; 0 where there is none."""
    found = np.zeros(len(at), dtype=np.int64)
    for _ in range(_MOST_OPTIONS):
        inside = np.flatnonzero(at + 2 <= end)
        if not len(inside):
            break
        kind, size = data[at[inside]], data[at[inside] + 1].astype(np.int64)
        is_home = (kind == _HOME_ADDRESS) & (size == 16) & (at[inside] + 18 <= end[inside])
        found[inside[is_home]] = at[inside[is_home]] + 2
        at[inside] += np.where(kind == _PAD1, 1, 2 + size)
    return found
