"""RTP taken out while packets are decoded: of nearly all packets of a large capture nothing else is kept.

`Datagrams` of ten million packets would take as much memory as the RTP packets made of them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from testbed.measure.capture.capture import Columns
from testbed.measure.rtp.payloads import PAYLOAD_COLUMNS, Payloads
from testbed.measure.rtp.streams import RTP_COLUMNS, RtpPackets, find_all_rtp, merge, rtp_columns
from testbed.measure.wire.piece import Piece

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.wire.packets import Datagrams

_Some = TypeVar("_Some", bound=Piece)


class RtpSieve:
    """Takes what may be RTP out of datagrams (see `find_rtp`): `decode_udp(capture, sieve.take)` leaves the rest."""

    def __init__(self, capture: Capture, *, keeps: bool = False) -> None:
        """`keeps`: what the packets carry is wanted, too (see `payloads`)."""
        self._capture = capture
        self._columns = Columns(RTP_COLUMNS)
        self._places = Columns(PAYLOAD_COLUMNS) if keeps else None
        self.is_media: Booleans = np.zeros(len(capture), dtype=np.bool_)
        """For each packet of the capture whether it is a datagram of RTP's version: RTP or RTCP, and no text."""

    def take(self, piece: Piece) -> Piece:
        """Return the datagrams without those that may be RTP; first fragments stay, for the rest may be found."""
        rows, columns = rtp_columns(self._capture, piece)
        if piece.fragment.any():
            whole = ~piece.fragment[rows]
            rows, columns = rows[whole], {name: column[whole] for name, column in columns.items()}
        self._columns.add(**columns)
        if self._places is not None:
            places = {name: getattr(piece, name)[rows] for name in PAYLOAD_COLUMNS}
            self._places.add(**places)
        self.is_media[piece.packet[rows]] = True
        is_left = np.ones(len(piece.packet), dtype=np.bool_)
        is_left[rows] = False
        left = _pick(piece, np.flatnonzero(is_left))
        there = left.captured > 0
        self.is_media[left.packet[there]] = self._capture.data[left.offset[there]] >> 6 == 2
        return left

    def packets(self, datagrams: Datagrams) -> RtpPackets:
        """Return all RTP packets: those that were taken, and of the rest what came in fragments."""
        taken = RtpPackets(**self._columns.take(), endpoints=datagrams.endpoints)
        return merge(taken, find_all_rtp(self._capture, _pick(datagrams, datagrams.fragment)))

    def payloads(self) -> Payloads | None:
        """Return what the packets carry that were taken; None where nobody wanted it."""
        return None if self._places is None else Payloads(self._capture.data, **self._places.take())


def _pick(datagrams: _Some, which: Booleans | Ints) -> _Some:
    return replace(datagrams, **{one.name: getattr(datagrams, one.name)[which] for one in fields(Piece)})
