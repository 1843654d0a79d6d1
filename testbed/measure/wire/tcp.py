"""TCP segments that may carry SIP, as arrays (RFC 9293, 3.1): which connections speak it, what their segments say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.wire import websocket
from testbed.measure.wire.start_line import LONGEST_START_LINE, START_LINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Bytes, Ints

SIP_PORT = 5060
HEADER = 20
_SYN = 0x02
_LOOKED_AT = 4096


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of connections that may carry SIP, in the capture's order; one entry a segment.

    As in `Datagrams`: `packet` is the row in the capture, `source` and `destination` index the endpoints. The payload
    lies at `offset`; `captured` of its bytes are there, `length` were sent. Its first byte has number `sequence`.
    """

    packet: Ints
    source: NDArray[np.int32]
    destination: NDArray[np.int32]
    offset: Ints
    captured: Ints
    length: Ints
    sequence: NDArray[np.uint32]
    is_first: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.packet)


def payload_at(data: Bytes, at: Ints) -> Ints:
    """Return where the payload of the segments begins whose headers lie at `at`."""
    return at + (data[at + 12] >> 4).astype(np.int64) * 4


def useful(data: Bytes, at: Ints, end: Ints) -> NDArray[np.bool_]:
    """Return which packets say anything of a stream: those with payload, and those that open one (SYN)."""
    whole = at + HEADER <= end
    found = np.zeros(len(at), dtype=np.bool_)
    here = at[whole]
    begins = payload_at(data, here)
    opens = (data[here + 13] & _SYN) != 0
    found[whole] = (begins >= here + HEADER) & (opens | (begins < end[whole]))
    return found


def is_tls(data: Bytes, at: Ints, end: Ints) -> NDArray[np.bool_]:
    """Return which of the `useful` segments begin with a record of TLS (RFC 8446, 5.1)."""
    begins = payload_at(data, at)
    found: NDArray[np.bool_] = begins + 5 <= end
    some = begins[found]
    kind = data[some]
    found[found] = (kind >= 20) & (kind <= 24) & (data[some + 1] == 3) & (data[some + 2] <= 4)
    return found


def likely(data: Bytes, at: Ints, end: Ints) -> NDArray[np.bool_]:
    """Return which of the `useful` segments are SIP by their port, or begin as SIP does, alone or in WebSocket."""
    ports = words(data, ">u2")
    found: NDArray[np.bool_] = (ports[at] == SIP_PORT) | (ports[at + 2] == SIP_PORT)
    begins = payload_at(data, at)
    may = np.flatnonzero(~found & (begins + 2 <= end))
    first, second = data[begins[may]], data[begins[may] + 1]
    is_text = (first >= 0x41) & (first <= 0x5A) & (second >= 0x41) & (second <= 0x5A)
    for row in may[is_text | np.isin(first, websocket.FIRST_BYTES)].tolist():
        start = int(begins[row])
        text = data[start : min(int(end[row]), start + _LOOKED_AT)].tobytes()
        found[row] = (
            START_LINE.match(text, 0, LONGEST_START_LINE) is not None
            or websocket.offers_sip(text)
            or websocket.holds_sip(text)
        )
    return found


def read_segments(
    data: Bytes, row: Ints, ip: Ints, at: Ints, end: Ints, ends: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> Segments:
    """Read the `useful` segments whose TCP headers lie at `at` and whose IP headers at `ip`."""
    numbers = words(data, ">u2")
    is_v6 = data[ip] >> 4 == 6
    size = numbers[ip + np.where(is_v6, 4, 2)].astype(np.int64)
    # 0 in IPv4: captured before segmentation offload filled it in; take what is there.
    stop = np.where(size == 0, end, ip + size + np.where(is_v6, 40, 0))
    begins = payload_at(data, at)
    opens = (data[at + 13] & _SYN) != 0
    return Segments(
        packet=row,
        source=ends[0],
        destination=ends[1],
        offset=begins,
        captured=np.maximum(end - begins, 0),
        length=np.maximum(np.maximum(stop, end) - begins, 0),
        sequence=(words(data, ">u4")[at + 4].astype(np.int64) + opens).astype(np.uint32),  # a SYN counts as one
        is_first=opens,
    )
