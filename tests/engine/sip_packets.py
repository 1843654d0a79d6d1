"""SIP messages of a capture file: frames read in the plainest way, messages by our own parser."""

import struct
from pathlib import Path
from typing import NamedTuple

from agents.sip.message import Message, Request, Response


class Captured(NamedTuple):
    """A message as an interface saw it: time in nanoseconds, addresses as text."""

    time_ns: int
    source: str
    destination: str
    message: Request | Response


def sip_messages(capture: Path) -> list[Captured]:
    """All SIP over UDP in a nanosecond pcap of an Ethernet interface, in order."""
    data = capture.read_bytes()
    assert struct.unpack_from("<I", data)[0] == 0xA1B23C4D, "a nanosecond pcap"
    found, at = [], 24
    while at < len(data):
        seconds, nanoseconds, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        # Ethernet 14, IPv4 20, UDP 8. No RTP or RTCP packet begins with a letter.
        if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[42:43].isalpha():
            source, destination = (".".join(map(str, frame[i : i + 4])) for i in (26, 30))
            message = Message.parse(frame[42:])
            found.append(Captured(seconds * 10**9 + nanoseconds, source, destination, message))
    return sorted(found, key=lambda one: one.time_ns)
