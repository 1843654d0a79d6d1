"""IP packets cut into fragments, and streams into TCP segments, byte by byte as the test says."""

from __future__ import annotations

import ipaddress
import struct
from itertools import count, pairwise
from typing import TYPE_CHECKING

from tests.measure.frames import Frame, ip_udp

if TYPE_CHECKING:
    from collections.abc import Callable

Ends = tuple[tuple[str, int], tuple[str, int]]
V4: Ends = (("10.0.0.1", 5060), ("10.0.0.2", 5060))
V6: Ends = (("2001:db8::1", 5060), ("2001:db8::2", 5060))


def fragments(ends: Ends, payload: bytes, cuts: list[int], *, number: int = 7) -> list[bytes]:
    """Return a UDP datagram as raw IP packets, cut at these multiples of 8 bytes of its UDP header and payload."""
    packet = ip_udp(*ends, payload)
    size = 40 if packet[0] >> 4 == 6 else 20
    inner = packet[size:]
    places = [0, *(8 * cut for cut in cuts if 0 < 8 * cut < len(inner)), len(inner)]
    return [
        piece(packet[:size], inner[start:stop], start, more=stop < len(inner), number=number)
        for start, stop in pairwise(places)
    ]


def piece(head: bytes, data: bytes, start: int, *, more: bool, number: int) -> bytes:
    """Return one fragment: `data` at byte `start` of the payload of the packet with this header."""
    if head[0] >> 4 == 6:
        extension = struct.pack(">BBHI", head[6], 0, start | more, number)
        return head[:4] + struct.pack(">HB", len(data) + 8, 44) + head[7:] + extension + data
    word = start // 8 | more << 13
    return head[:2] + struct.pack(">HHH", len(data) + 20, number, word) + head[8:] + data


def segment(ends: Ends, sequence: int, data: bytes, *, flags: int = 0x18) -> bytes:
    """Return one TCP segment as a raw IP packet; the flags are PSH and ACK unless given."""
    tcp = struct.pack(">HHIIBBHHH", ends[0][1], ends[1][1], sequence % 2**32, 1, 0x50, flags, 64000, 0, 0) + data
    a, b = (ipaddress.ip_address(one[0]).packed for one in ends)
    if len(a) == 16:
        return struct.pack(">IHBB", 0x60000000, len(tcp), 6, 64) + a + b + tcp
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + a + b + tcp


SYN = 0x02


def _sip_in(frame: bytes) -> bytes | None:
    """Return the SIP message in an Ethernet frame with IPv4 and UDP between ports 5060."""
    return frame[42:] if frame[34:38] == struct.pack(">HH", 5060, 5060) else None


def _replaced(captured: dict[str, list[Frame]], change: Callable[[Ends, bytes], list[bytes]]) -> None:
    """Put other IP packets in the place of each SIP message."""
    every = sorted(
        ((one.time_ns, name, one) for name, made in captured.items() for one in made), key=lambda one: one[:2]
    )
    for made in captured.values():
        made.clear()
    for time_ns, name, frame in every:
        message, packets = _sip_in(frame.data), [frame.data[14:]]
        if message is not None:
            a, b = (str(ipaddress.ip_address(frame.data[at : at + 4])) for at in (26, 30))
            packets = change(((a, 5060), (b, 5060)), message)
        captured[name] += [Frame(time_ns, frame.data[:14] + packet) for packet in packets]


def over_tcp(captured: dict[str, list[Frame]]) -> None:
    """Send each SIP message of a hand-made run in two segments of a TCP connection instead."""
    sent: dict[tuple[Ends, bytes], int] = {}
    nexts: dict[Ends, int] = {}

    def change(ends: Ends, message: bytes) -> list[bytes]:
        first = sent.setdefault((ends, message), nexts.get(ends, 1))
        nexts[ends] = max(nexts.get(ends, 1), first + len(message))
        return [segment(ends, first, message[:99]), segment(ends, first + 99, message[99:])]

    _replaced(captured, change)


def in_fragments(captured: dict[str, list[Frame]]) -> None:
    """Send each SIP message of a hand-made run in three IP fragments instead."""
    numbers = count(1)
    _replaced(captured, lambda ends, message: fragments(ends, message, [4, 9], number=next(numbers) % 65536))
