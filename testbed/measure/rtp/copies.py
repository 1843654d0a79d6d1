"""Streams that are copies of each other under SSRCs of their own, as their descriptions say (RFC 7198, RFC 7104)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Booleans, Capture
    from testbed.measure.rtp.streams import RtpPackets

_GROUP = re.compile(rb"\na=ssrc-group:DUP((?: \d{1,10}){2,})(?=\r?\n)")


def find_copies(capture: Capture, is_media: Booleans | None = None) -> dict[int, int]:
    """Return copy -> original of every group in the capture, whatever carried it; a copy of a copy has its original.

    Packets that are known to carry media (see `RtpSieve`) are passed over; the others are in the order of the file. A
    common CNAME alone is no sign: sound and picture of one sender have it too (RFC 3550, 6.5.1).
    """
    originals: dict[int, int] = {}
    spans = [(0, len(capture.data))] if is_media is None else _others(capture, is_media)
    for found in chain.from_iterable(_GROUP.finditer(capture.data.data, *span) for span in spans):
        first, *copies = (int(word) for word in found[1].split())
        for copy in copies:
            original = originals.get(first, first)
            if copy != original:
                originals[copy] = original
    return originals


def _others(capture: Capture, is_media: Booleans) -> Iterator[tuple[int, int]]:
    """Yield where the packets begin and end that are no media; one after the other is one span."""
    turns = np.flatnonzero(np.diff(is_media, prepend=True, append=True))
    first, last = turns[0::2], turns[1::2] - 1
    begins, ends = capture.offset[first], capture.offset[last] + capture.captured[last]
    for some in windows(capture.data, begins):
        yield from zip(begins[some].tolist(), ends[some].tolist(), strict=True)


def as_originals(rtp: RtpPackets, originals: dict[int, int]) -> RtpPackets:
    """Return the packets with each copy under the SSRC of its original, whose sequence numbers it has."""
    if not originals:
        return rtp
    ssrc = rtp.ssrc.copy()
    for copy, original in originals.items():
        ssrc[rtp.ssrc == copy] = original
    return replace(rtp, ssrc=ssrc.astype(np.uint32))
