"""`python -m tests.bench.scapy_streams WAY FILE`: the RTP packets of each stream, counted as leanly as scapy can.

`layers` lets scapy dissect each packet, but nothing beyond Ethernet, IP, UDP and RTP; `rtp` lets it dissect RTP alone,
at the place where it is when nothing unusual comes before; `reader` takes from scapy the packet's bytes and no more.
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from typing import TYPE_CHECKING

from scapy.config import conf
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.layers.rtp import RTP
from scapy.utils import PcapReader, RawPcapReader

if TYPE_CHECKING:
    from collections.abc import Callable

Streams = Counter[tuple[object, ...]]

_AT = 42  # Ethernet without tags, IPv4 without options, UDP


def layers(path: str) -> Streams:
    """What a reader of scapy's manual would write."""
    conf.layers.filter([Ether, IP, UDP, RTP])
    streams = Streams()
    with PcapReader(path) as packets:
        for packet in packets:
            udp = packet.getlayer(UDP)
            if udp is not None and udp.sport >= 16384:
                rtp = RTP(bytes(udp.payload))
                streams[packet[IP].src, udp.sport, packet[IP].dst, udp.dport, rtp.sourcesync] += 1
    return streams


def rtp(path: str) -> Streams:
    """Dissects as little as one can."""
    streams = Streams()
    with RawPcapReader(path) as packets:
        for data, _ in packets:
            if data[_AT] == 0x80 and data[_AT + 1] < 64:
                streams[data[26:38], RTP(data[_AT:]).sourcesync] += 1
    return streams


def reader(path: str) -> Streams:
    """Dissects nothing."""
    streams = Streams()
    with RawPcapReader(path) as packets:
        for data, _ in packets:
            if data[_AT] == 0x80 and data[_AT + 1] < 64:
                streams[data[26:38], struct.unpack_from(">I", data, _AT + 8)] += 1
    return streams


WAYS: dict[str, Callable[[str], Streams]] = {"layers": layers, "rtp": rtp, "reader": reader}

if __name__ == "__main__":
    counted = WAYS[sys.argv[1]](sys.argv[2])
    print(len(counted), counted.total())
