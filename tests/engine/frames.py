"""UDP datagrams of a capture file, read in the plainest way: independent of what measures in the testbed."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Datagram(NamedTuple):
    """A UDP datagram over IPv4 as an interface saw it: time in nanoseconds, addresses as text."""

    time_ns: int
    source: str
    destination: str
    payload: bytes


def datagrams(capture: Path) -> Iterator[Datagram]:
    """All of a nanosecond pcap of an Ethernet interface, in the file's order."""
    data = capture.read_bytes()
    assert struct.unpack_from("<I", data)[0] == 0xA1B23C4D, "a nanosecond pcap"
    at = 24
    while at < len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        if frame[12:14] == b"\x08\x00" and frame[23] == 17:
            source, destination = (".".join(map(str, frame[i : i + 4])) for i in (26, 30))
            yield Datagram(
                seconds * 10**9 + nanoseconds, source, destination, frame[42:]
            )  # Ethernet 14, IPv4 20, UDP 8
