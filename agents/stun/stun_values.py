"""What attributes of STUN say: addresses (RFC 8489 14.2), errors (14.8)."""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from agents.sip.message.address import Address
from agents.stun.stun_message import MAGIC_COOKIE, TRANSACTION_BYTES, StunParseError

_ADDRESS = struct.Struct("!BBH")
_FAMILIES = {1: 4, 2: 16}
_LEAST_CLASS, _MOST_CLASS, _MOST_NUMBER = 3, 6, 99


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


def error(code: int, reason: str) -> bytes:
    """An ERROR-CODE."""
    return bytes((0, 0, code // 100, code % 100)) + reason.encode()


def _flipped(packed: bytes, transaction: bytes) -> bytes:
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction[:TRANSACTION_BYTES]
    return bytes(a ^ b for a, b in zip(packed, mask, strict=False))
