"""RTP payloads of four bytes, as those of key presses are (RFC 4733, 2.3): these are kept while all others go."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.rtp.stream_numbers import in_sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Bytes, Ints
    from testbed.measure.wire.piece import Piece

    Tones = NDArray[np.uint32]


NO_TONE = 0xFFFFFFFF
"""Stands for every other payload; RFC 4733 does not allow the reserved bit that is set in it."""

_HEADER, _TONE = 12, 4
_LONGEST = 64
"""Bytes behind the fixed header, with extension and padding, of packets that are looked at."""


class ToneFields(NamedTuple):
    """What the payloads say: which event, whether it is over, how loud (dBm0, negated), how long it has lasted."""

    event: Ints
    is_end: Booleans
    volume: Ints
    duration: Ints


def tones_in(data: Bytes, datagrams: Piece, rows: Ints, first: NDArray[np.uint8]) -> Tones:
    """Return the payload of each of these datagrams that may be RTP; `first` are their first bytes."""
    found = np.full(len(rows), NO_TONE, dtype=np.uint32)
    rest = datagrams.length[rows] - _HEADER - 4 * (first & 15).astype(np.int64)
    may = np.flatnonzero((rest >= _TONE) & (rest <= _LONGEST))
    may = may[datagrams.captured[rows[may]] == datagrams.length[rows[may]]]
    if not len(may):
        return found
    start, rest, flags = datagrams.offset[rows[may]], rest[may], first[may]
    end = start + datagrams.length[rows[may]]
    at = end - rest
    extension = np.where(flags & 0x10, 4 + 4 * words(data, ">u2")[at + 2].astype(np.int64), 0)
    padding = np.where(flags & 0x20, data[end - 1], 0)
    fits = rest - extension - padding == _TONE
    found[may[fits]] = words(data, ">u4")[(at + extension)[fits]]
    return found


def fields_of(tones: Tones) -> ToneFields:
    """Return what the payloads say, each of which is one."""
    numbers = tones.astype(np.int64)
    return ToneFields(numbers >> 24, (numbers >> 23 & 1) == 1, numbers >> 16 & 0x3F, numbers & 0xFFFF)


def are_key_presses(extended: Ints, timestamp: NDArray[np.uint32], tones: Tones) -> bool:
    """Return whether packets that nobody announced are of key presses, and nothing else.

    All have such a payload, its reserved bit 0, and as long as the timestamp stands still, which it does at times, they
    tell of one event that lasts longer and longer.
    """
    rows = in_sequence(extended)
    if len(rows) < 2 or (tones == NO_TONE).any() or (tones >> 22 & 1).any():
        return False
    told = fields_of(tones[rows])
    same = np.diff(timestamp[rows]) == 0
    goes_on = (np.diff(told.event) == 0) & (told.duration[1:] >= told.duration[:-1])
    longer = same & (told.duration[1:] > told.duration[:-1])
    return bool(longer.any() and goes_on[same].all())
