"""What attributes of STUN and TURN say: addresses (RFC 8489 14.2), errors (14.8), times, channels."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from agents.sip.message.address import Address
from agents.turn.stun_message import MAGIC_COOKIE, TRANSACTION_BYTES, StunParseError

_ADDRESS = struct.Struct("!BBH")
_FAMILIES = {1: 4, 2: 16}
_LEAST_CLASS, _MOST_CLASS, _MOST_NUMBER = 3, 6, 99
#: RFC 8656 18.7: UDP, by IP's number for it.
UDP_TRANSPORT = bytes((17, 0, 0, 0))
#: RFC 8656 18.6: the next port, too, is to be kept for us.
EVEN_AND_NEXT = bytes((0x80,))


class StunError(NamedTuple):
    """ERROR-CODE: its number, and the server's words."""

    code: int
    reason: str


def xored(address: Address, transaction: bytes) -> bytes:
    """An address as the XOR attributes have it."""
    packed = ipaddress.ip_address(address.ip).packed
    family = next(number for number, size in _FAMILIES.items() if size == len(packed))
    return _ADDRESS.pack(0, family, address.port ^ MAGIC_COOKIE >> 16) + _flipped(packed, transaction)


def parse_xored(value: bytes, transaction: bytes) -> Address:
    """The address of an XOR attribute; raises StunParseError."""
    if len(value) < _ADDRESS.size:
        raise StunParseError(f"an address of {len(value)} bytes")
    _, family, port = _ADDRESS.unpack_from(value)
    if len(value) - _ADDRESS.size != _FAMILIES.get(family):
        raise StunParseError(f"an address of family {family} with {len(value)} bytes")
    ip = ipaddress.ip_address(_flipped(value[_ADDRESS.size :], transaction))
    return Address(str(ip), port ^ MAGIC_COOKIE >> 16)


def parse_error(value: bytes) -> StunError:
    """An ERROR-CODE; raises StunParseError."""
    if len(value) < 4 or not _LEAST_CLASS <= value[2] & 7 <= _MOST_CLASS or value[3] > _MOST_NUMBER:
        raise StunParseError(f"ERROR-CODE {value[:4].hex()}")
    return StunError(100 * (value[2] & 7) + value[3], value[4:].decode(errors="replace"))


def seconds(value: int) -> bytes:
    """A LIFETIME (RFC 8656 18.2)."""
    return struct.pack("!I", value)


def parse_seconds(value: bytes) -> int:
    """A LIFETIME in seconds; raises StunParseError."""
    if len(value) != 4:
        raise StunParseError(f"a LIFETIME of {len(value)} bytes")
    return int.from_bytes(value, "big")


def channel_number(channel: int) -> bytes:
    """A CHANNEL-NUMBER (RFC 8656 18.1)."""
    return struct.pack("!HH", channel, 0)


def _flipped(packed: bytes, transaction: bytes) -> bytes:
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction[:TRANSACTION_BYTES]
    return bytes(a ^ b for a, b in zip(packed, mask, strict=False))
