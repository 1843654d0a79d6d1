"""What a kernel shows twice: it takes a packet out of IPsec, and captures have what was in it once more.

Linux gives such a packet to the interface that it came by as if it had come anew (net/xfrm/xfrm_input.c), and whoever
captures there gets both. Nothing has come twice. It is told by what it is: the same datagram, at the same interface,
just behind the one in ESP. What a gateway sends on afterwards, by the same interface, is a third one, and counts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.wire.piece import Piece

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Capture
    from testbed.measure.headers.peeled import Findings

AGAIN = "seen again when a kernel had taken it out of ESP"
WITHIN_NS = 1_000_000
"""It takes a computer some microseconds."""
_COMPARED = 32
"""Bytes of payload: RTP's header has its number and time stamp, speech the rest."""


class Once:
    """Goes through a capture's datagrams in order, piece by piece."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        # When a datagram came in ESP, by interface, ends, length and beginning.
        self._came: dict[tuple[int, int, int, bytes], deque[int]] = {}
        self._read = 0

    def only(self, piece: Piece, findings: Findings) -> Piece:
        """Return the datagrams but for second looks at those in ESP, which the findings have; they get counted."""
        in_esp = findings.in_esp[self._read :]
        self._read = len(findings.in_esp)
        if not self._came and not any(map(len, in_esp)):
            return piece
        again = self._again(piece, np.isin(piece.packet, np.concatenate(in_esp)))
        findings.others[AGAIN] += int(again.sum())
        return Piece(**{column.name: getattr(piece, column.name)[~again] for column in fields(Piece)})

    def _again(self, piece: Piece, is_in_esp: Booleans) -> Booleans:
        again = np.zeros(len(piece.packet), dtype=np.bool_)
        ends = (piece.source.astype(np.int64) << 32 | piece.destination).tolist()
        interfaces, times = (one[piece.packet].tolist() for one in (self._capture.interface, self._capture.time_ns))
        for row, inside in enumerate(is_in_esp.tolist()):
            start = int(piece.offset[row])
            data = self._capture.data[start : start + min(_COMPARED, int(piece.captured[row]))].tobytes()
            name = interfaces[row], ends[row], int(piece.length[row]), data
            if inside:
                self._came.setdefault(name, deque()).append(times[row])
                continue
            like = self._came.get(name, ())
            while like and like[0] < times[row] - WITHIN_NS:
                like.popleft()
            if like:
                like.popleft()
                again[row] = True
        latest = max(times, default=0) - WITHIN_NS
        self._came = {name: like for name, like in self._came.items() if like and like[-1] >= latest}
        return again
