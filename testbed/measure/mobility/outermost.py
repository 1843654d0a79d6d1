"""Where packets really went: the addresses of their outermost IP header.

A packet in a tunnel goes the way of the header around it, whatever the one within says.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.ethernet import IPV4, IPV6

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Capture, Ints

ETHERNET = 1
HEADER = 14
_UNKNOWN = ""


def ip_packet(capture: Capture, row: int) -> bytes:
    """Return what a capture has of a packet of it that is in an Ethernet frame, from its IP header on."""
    first = int(capture.offset[row])
    return capture.data[first + HEADER : first + int(capture.captured[row])].tobytes()


def outermost(capture: Capture, packets: Ints) -> tuple[list[str], Ints, Ints]:
    """Return addresses, and for each of these packets of a capture the numbers of its source and its destination.

    Of what is no IP in an Ethernet frame both are "".
    """
    names, found = [_UNKNOWN], np.zeros((2, len(packets)), dtype=np.int64)
    if not len(packets):
        return names, found[0], found[1]
    at = capture.offset[packets] + HEADER
    is_framed = (capture.linktype[packets] == ETHERNET) & (capture.captured[packets] >= HEADER + 20)
    kind = np.zeros(len(packets), dtype=np.int64)
    kind[is_framed] = words(capture.data, ">u2")[at[is_framed] - 2]
    for wanted, place, size in ((IPV4, 12, 4), (IPV6, 8, 16)):
        rows = np.flatnonzero(kind == wanted)
        if wanted == IPV6:
            rows = rows[capture.captured[packets[rows]] >= HEADER + 40]
        for end in (0, 1):
            first = at[rows] + place + end * size
            octets = capture.data[first[:, None] + np.arange(size)] if len(rows) else np.empty((0, size), np.uint8)
            different, numbers = np.unique(octets, axis=0, return_inverse=True)
            found[end, rows] = numbers.reshape(-1) + len(names)
            names += [str(ipaddress.ip_address(one.tobytes())) for one in different]
    return names, found[0], found[1]
