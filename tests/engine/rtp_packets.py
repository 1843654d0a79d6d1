"""RTP packets of a capture file, read in the plainest way: independent of what measures in the testbed."""

import struct
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple


class Packet(NamedTuple):
    """A PCMU packet: time in nanoseconds, addresses as text, and what names it."""

    time_ns: int
    source: str
    destination: str
    ssrc: int
    sequence: int


def rtp_packets(capture: Path) -> list[Packet]:
    """All PCMU packets of 20 ms in a nanosecond pcap of an Ethernet interface, in order."""
    data = capture.read_bytes()
    assert struct.unpack_from("<I", data)[0] == 0xA1B23C4D, "a nanosecond pcap"
    packets, at = [], 24
    while at < len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        # Ethernet 14, IPv4 20, UDP 8, RTP 12, speech 160
        if size == 214 and frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[42] == 0x80:
            sequence, _, ssrc = struct.unpack_from("!HII", frame, 44)
            source, destination = (".".join(map(str, frame[i : i + 4])) for i in (26, 30))
            packets.append(Packet(seconds * 10**9 + nanoseconds, source, destination, ssrc, sequence))
    return packets


def longest_gap_ms(arrivals: list[Packet], since_ns: int, until_ns: int) -> float:
    """The longest time between two new packets that touches [since, until], less the packet interval, in ms."""
    seen, new = set(), []
    for packet in sorted(arrivals):
        if (packet.ssrc, packet.sequence) not in seen:
            seen.add((packet.ssrc, packet.sequence))
            new.append(packet.time_ns)
    return max(b - a for a, b in pairwise(new) if b >= since_ns and a <= until_ns) / 1e6 - 20
