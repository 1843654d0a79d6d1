"""What RTP packets carry, kept where somebody wants to hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Bytes, Ints

PAYLOAD_COLUMNS: dict[str, type[np.generic]] = dict.fromkeys(("packet", "offset", "captured", "length"), np.int64)


class Payloads(NamedTuple):
    """Where in `data` the RTP packets of a capture lie, as in `Datagrams`; none that came in IP fragments."""

    data: Bytes
    packet: Ints
    offset: Ints
    captured: Ints
    length: Ints

    def of(self, packets: Ints) -> Iterator[bytes | None]:
        """Yield what these packets of the capture carry; None of those that are not here whole."""
        order = np.argsort(self.packet, kind="stable")
        places = np.searchsorted(self.packet, packets, sorter=order)
        for packet, place in zip(packets.tolist(), places.tolist(), strict=True):
            at = int(order[place]) if place < len(order) else -1
            if at < 0 or self.packet[at] != packet or self.captured[at] != self.length[at]:
                yield None
                continue
            start = int(self.offset[at])
            yield payload_of(self.data[start : start + int(self.length[at])].tobytes())


def payload_of(packet: bytes) -> bytes:
    """Return what an RTP packet carries behind its CSRCs and extension and before its padding (RFC 3550, 5.1).

    Empty where these leave nothing.
    """
    first = packet[0]
    begin = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4], "big")
    end = len(packet) - (packet[-1] if first & 0x20 else 0)
    return packet[begin:end]
