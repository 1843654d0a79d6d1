"""What attributes of TURN say (RFC 8656 18): times, and what an allocation is to be like."""

from __future__ import annotations

import struct

from agents.stun.stun_message import StunParseError

#: RFC 8656 18.7: UDP, by IP's number for it.
UDP_TRANSPORT = bytes((17, 0, 0, 0))
#: RFC 8656 18.6: the next port, too, is to be kept for us.
EVEN_AND_NEXT = bytes((0x80,))


def seconds(value: int) -> bytes:
    """A LIFETIME (RFC 8656 18.2)."""
    return struct.pack("!I", value)


def parse_seconds(value: bytes) -> int:
    """A LIFETIME in seconds; raises StunParseError."""
    if len(value) != 4:
        raise StunParseError(f"a LIFETIME of {len(value)} bytes")
    return int.from_bytes(value, "big")
