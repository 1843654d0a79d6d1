"""Streams that are copies of each other under SSRCs of their own, as their descriptions say (RFC 7198, RFC 7104)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from testbed.measure.capture import Capture
    from testbed.measure.rtp import RtpPackets

_GROUP = re.compile(rb"\na=ssrc-group:DUP((?: \d{1,10}){2,})(?=\r?\n)")


def find_copies(capture: Capture) -> dict[int, int]:
    """Return copy -> original of every group in the capture, whatever carried it; a copy of a copy has its original.

    A common CNAME alone is no sign: sound and picture of one sender have it too (RFC 3550, 6.5.1).
    """
    originals: dict[int, int] = {}
    for found in _GROUP.finditer(capture.data.data):
        first, *copies = (int(word) for word in found[1].split())
        for copy in copies:
            original = originals.get(first, first)
            if copy != original:
                originals[copy] = original
    return originals


def as_originals(rtp: RtpPackets, originals: dict[int, int]) -> RtpPackets:
    """Return the packets with each copy under the SSRC of its original, whose sequence numbers it has."""
    if not originals:
        return rtp
    ssrc = rtp.ssrc.copy()
    for copy, original in originals.items():
        ssrc[rtp.ssrc == copy] = original
    return replace(rtp, ssrc=ssrc.astype(np.uint32))
