"""SIP messages of a capture file: frames read in the plainest way, messages by our own parser."""

from pathlib import Path
from typing import NamedTuple

from agents.sip.message.message import Message, Request, Response

from .frames import datagrams


class Captured(NamedTuple):
    """A message as an interface saw it: time in nanoseconds, addresses as text."""

    time_ns: int
    source: str
    destination: str
    message: Request | Response


def sip_messages(capture: Path) -> list[Captured]:
    """All SIP over UDP in a nanosecond pcap of an Ethernet interface, in order."""
    found = [
        Captured(one.time_ns, one.source, one.destination, Message.parse(one.payload))
        for one in datagrams(capture)
        if one.payload[:1].isalpha()  # no RTP or RTCP packet begins with a letter
    ]
    return sorted(found, key=lambda one: one.time_ns)
