"""SIP messages that are not whole in a capture: cut to its snapshot length, or the first of several IP fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import release
from testbed.measure.wire.start_line import BEGINNING, LONGEST_START_LINE

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Bytes, Capture, Ints
    from testbed.measure.wire.packets import Datagrams
    from testbed.measure.wire.tcp import Segments

_HEAD_END = (b"\r\n\r\n", b"\n\n")


def told_of_cut_messages(capture: Capture, datagrams: Datagrams) -> list[str]:
    """Return a warning that says how many messages were cut, and of how many the header fields are not all there."""
    parts: list[tuple[Bytes, Datagrams | Segments]] = [
        (capture.data, datagrams),
        (capture.data, datagrams.segments),
    ]
    if datagrams.rebuilt is not None:
        rebuilt, within = datagrams.rebuilt
        parts += [(rebuilt.capture.data, within), (rebuilt.capture.data, within.segments)]
    cut, headless = np.sum([_count(data, one) for data, one in parts], axis=0).tolist()
    if not cut:
        return []
    return [
        f"{cut} SIP messages were cut by the capture (a snapshot length, or fragments that are missing), {headless} of "
        "them within the header: what dialogs and SDP say is not complete"
    ]


def _count(data: Bytes, found: Datagrams | Segments) -> tuple[int, int]:
    """Return how many messages begin in these and are not whole, and of how many not even the header is."""
    cut = headless = 0
    for row in _candidates(data, found).tolist():
        start = int(found.offset[row])
        text = data[start : start + int(found.captured[row])].tobytes()
        if BEGINNING.match(text, 0, LONGEST_START_LINE):
            cut += 1
            headless += not any(end in text for end in _HEAD_END)
    return cut, headless


def _candidates(data: Bytes, found: Datagrams | Segments) -> Ints:
    """Return the rows that are cut and begin with two letters, as a method and "SIP" do."""
    rows = np.flatnonzero((found.captured < found.length) & (found.captured >= 2))
    if not len(rows):
        return rows
    at = found.offset[rows]
    letters = (data[at] >= 0x41) & (data[at] <= 0x5A) & (data[at + 1] >= 0x41) & (data[at + 1] <= 0x5A)
    release(data, int(at[0]), int(at[-1]))
    return rows[letters]
