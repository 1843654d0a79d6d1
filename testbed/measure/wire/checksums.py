"""Which packets their receiver drops because a bit of them is wrong: the checksums of IP, UDP and TCP (RFC 1071).

Only Ethernet frames with an IP packet behind the header are looked at, each as far as it is there and in one piece.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import picked, words
from testbed.measure.headers.ethernet import IPV4, IPV6

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Bytes, Capture, Ints

CHUNK = 2048
"""Packets looked at together: their bytes are copied."""
ETHERNET_LINK, ETHERNET_BYTES = 1, 14
UDP, TCP = 17, 6
SUM_AT = {UDP: 6, TCP: 16}
"""Where the checksum is in the header of each."""
SHORTEST = {UDP: 8, TCP: 20}


def without_damaged(capture: Capture) -> Capture:
    """Return the packets that their receivers take; how many they do not is a warning for each interface."""
    is_sound = sound(capture)
    damaged = np.bincount(capture.interface[~is_sound], minlength=len(capture.interfaces))
    told = tuple(
        f"capture {interface.name}: {count} packets have a bit error and a wrong checksum: dropped by their receiver,"
        " and counted as lost"
        for interface, count in zip(capture.interfaces, damaged.tolist(), strict=True)
        if count
    )
    return replace(picked(capture, is_sound), warnings=(*capture.warnings, *told))


def sound(capture: Capture) -> Booleans:
    """Return which packets have no checksum that is wrong."""
    found = np.ones(len(capture), dtype=np.bool_)
    size = capture.captured.astype(np.int64) - ETHERNET_BYTES
    is_known = (capture.linktype == ETHERNET_LINK) & (size >= 20)
    rows = np.flatnonzero(is_known)
    for start in range(0, len(rows), CHUNK):
        here = rows[start : start + CHUNK]
        at, end = capture.offset[here] + ETHERNET_BYTES, capture.offset[here] + capture.captured[here]
        kind = words(capture.data, ">u2")[at - 2]
        for number, look in ((IPV4, _sound_ip4), (IPV6, _sound_ip6)):
            mine = np.flatnonzero(kind == number)
            if len(mine):
                found[here[mine]] = look(capture.data, at[mine], end[mine])
    return found


def _sound_ip4(data: Bytes, at: Ints, end: Ints) -> Booleans:
    """A header with a wrong sum, or one that says what cannot be, is dropped by each host on the way (RFC 1122)."""
    numbers = words(data, ">u2")
    header, total = (data[at] & 15).astype(np.int64) * 4, numbers[at + 2].astype(np.int64)
    good: Booleans = (data[at] >> 4 == 4) & (header >= 20) & (at + header <= end)
    good[good] = _folded(_sums(data, at[good], header[good])) == 0xFFFF
    is_whole = good & (numbers[at + 6] & 0x3FFF == 0) & (at + total <= end) & (total >= header)
    rows = np.flatnonzero(is_whole)
    at, header, total = at[rows], header[rows], total[rows]
    addresses = _sums(data, at + 12, np.full(len(at), 8))
    good[rows] = _sound_payload(data, at + header, at + total, data[at + 9], addresses)
    return good


def _sound_ip6(data: Bytes, at: Ints, end: Ints) -> Booleans:
    """It has no sum of its own; what has other headers in between is taken as it is."""
    good: Booleans = (data[at] >> 4 == 6) & (at + 40 <= end)
    size = np.zeros(len(at), dtype=np.int64)
    size[good] = words(data, ">u2")[at[good] + 4]
    rows = np.flatnonzero(good & (at + 40 + size <= end))
    at, size = at[rows], size[rows]
    addresses = _sums(data, at + 8, np.full(len(at), 32))
    good[rows] = _sound_payload(data, at + 40, at + 40 + size, data[at + 6], addresses)
    return good


def _sound_payload(data: Bytes, at: Ints, end: Ints, protocol: Bytes, addresses: Ints) -> Booleans:
    """Whether UDP and TCP are taken: 0 is no sum, and the sum of the pseudo header alone is one still to be made.

    That is what Linux sends between programs of one machine, and what a capture at a sender shows.
    """
    good = np.ones(len(at), dtype=np.bool_)
    for number, place in SUM_AT.items():
        rows = np.flatnonzero((protocol == number) & (end - at >= SHORTEST[number]))
        if not len(rows):
            continue
        start, size = at[rows], (end - at)[rows]
        told = words(data, ">u2")[start + place].astype(np.int64)
        pseudo = addresses[rows] + number + size
        is_right = _folded(_sums(data, start, size) + pseudo) == 0xFFFF
        is_open = (told == _folded(pseudo)) | ((told == 0) & (number == UDP))
        good[rows] = is_right | is_open
    return good


def _sums(data: Bytes, start: Ints, size: Ints) -> Ints:
    """Return the sums of the 16-bit words in these stretches; an odd byte at the end is the upper half of a word."""
    widest = int(size.max(initial=0))
    places = np.arange(widest + widest % 2)
    taken = data[np.minimum(start[:, None] + places, len(data) - 1)]
    taken[places >= size[:, None]] = 0
    upper, lower = (taken[:, half::2].sum(axis=1, dtype=np.int64) for half in (0, 1))
    return np.asarray(upper * 256 + lower, dtype=np.int64)


def _folded(sums: Ints) -> Ints:
    """Return ones' complement sums in 16 bits."""
    while (sums >> 16).any():
        sums = (sums & 0xFFFF) + (sums >> 16)
    return sums
