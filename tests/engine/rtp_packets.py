"""RTP packets of a capture file, read in the plainest way: independent of what measures in the testbed."""

import struct
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from .frames import datagrams


class Packet(NamedTuple):
    """A PCMU packet: time in nanoseconds, addresses as text, and what names it."""

    time_ns: int
    source: str
    destination: str
    ssrc: int
    sequence: int


def rtp_packets(capture: Path) -> list[Packet]:
    """All PCMU packets of 20 ms in a nanosecond pcap of an Ethernet interface, in order."""
    packets = []
    for one in datagrams(capture):
        if len(one.payload) == 172 and one.payload[0] == 0x80:  # RTP 12, speech 160
            sequence, _, ssrc = struct.unpack_from("!HII", one.payload, 2)
            packets.append(Packet(one.time_ns, one.source, one.destination, ssrc, sequence))
    return packets


def longest_gap_ms(arrivals: list[Packet], since_ns: int, until_ns: int) -> float:
    """The longest time between two new packets that touches [since, until], less the packet interval, in ms."""
    seen, new = set(), []
    for packet in sorted(arrivals):
        if (packet.ssrc, packet.sequence) not in seen:
            seen.add((packet.ssrc, packet.sequence))
            new.append(packet.time_ns)
    return max(b - a for a, b in pairwise(new) if b >= since_ns and a <= until_ns) / 1e6 - 20
