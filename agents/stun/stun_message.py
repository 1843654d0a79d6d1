"""STUN messages (RFC 8489 5, 14) as bytes and as values.

Whatever comes from the network goes through `StunMessage.parse`, and `StunParseError` is all that comes out of it
otherwise. Not done: MESSAGE-INTEGRITY-SHA256, USERHASH, PASSWORD-ALGORITHMS (RFC 8489 9.2), SASLprep of what is not
ASCII.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC_COOKIE = 0x2112A442
HEADER_BYTES, TRANSACTION_BYTES = 20, 12
#: More than any message of TURN (RFC 8656 18) or ICE has; what has more is no message to us.
MOST_ATTRIBUTES = 32

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_COOKIE = MAGIC_COOKIE.to_bytes(4, "big")
_INTEGRITY_BYTES, _CRC_BYTES = 20, 4
_FINGERPRINT_XOR = 0x5354554E
_CLASS_BITS = 0x0110
# RFC 8489 14: attributes below this have to be understood.
_OPTIONAL_FROM = 0x8000


class StunParseError(ValueError):
    """What is wrong with a message."""


class Method(IntEnum):
    """RFC 8489 18.2, RFC 8656 17."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009


class MessageClass(IntEnum):
    """RFC 8489 5: the two bits of it, where they stand in a message's type."""

    REQUEST = 0x000
    INDICATION = 0x010
    SUCCESS = 0x100
    ERROR = 0x110


class Attribute(IntEnum):
    """RFC 8489 18.3, RFC 8445 16.1, RFC 8656 18, RFC 8016 4: one registry (IANA) for all that speak STUN."""

    MAPPED_ADDRESS = 0x0001
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    CHANNEL_NUMBER = 0x000C
    LIFETIME = 0x000D
    XOR_PEER_ADDRESS = 0x0012
    DATA = 0x0013
    REALM = 0x0014
    NONCE = 0x0015
    XOR_RELAYED_ADDRESS = 0x0016
    EVEN_PORT = 0x0018
    REQUESTED_TRANSPORT = 0x0019
    MESSAGE_INTEGRITY_SHA256 = 0x001C
    XOR_MAPPED_ADDRESS = 0x0020
    RESERVATION_TOKEN = 0x0022
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A
    MOBILITY_TICKET = 0x8030


_KNOWN = frozenset(Attribute)


def long_term_key(user: str, realm: str, password: str) -> bytes:
    """The key of MESSAGE-INTEGRITY (RFC 8489 9.2.2)."""
    return hashlib.md5(f"{user}:{realm}:{password}".encode(), usedforsecurity=False).digest()


class StunMessage(NamedTuple):
    """`kind` and `method` are its type; of a message that was parsed, `signed` is what its `integrity` is over."""

    kind: MessageClass
    method: int
    transaction: bytes
    attributes: tuple[tuple[int, bytes], ...] = ()
    signed: bytes = b""
    integrity: bytes = b""
    has_fingerprint: bool = False

    @classmethod
    def parse(cls, data: bytes) -> StunMessage:
        """One from the network; raises StunParseError. Its FINGERPRINT, if it has one, was right."""
        if len(data) < HEADER_BYTES:
            raise StunParseError(f"{len(data)} bytes, and {HEADER_BYTES} are the least")
        word, length, cookie, transaction = _HEADER.unpack_from(data)
        if word >> 14:
            raise StunParseError(f"type {word:#06x} begins with a bit that is set")
        if cookie != MAGIC_COOKIE:
            raise StunParseError(f"magic cookie {cookie:#010x}")
        if length % 4 or length != len(data) - HEADER_BYTES:
            raise StunParseError(f"length {length}, and {len(data) - HEADER_BYTES} bytes follow the header")
        kind = MessageClass(word & _CLASS_BITS)
        method = word & 0x000F | (word & 0x00E0) >> 1 | (word & 0x3E00) >> 2
        found: list[tuple[int, bytes]] = []
        signed = integrity = b""
        is_checked = False
        for at, number, value in _attributes(data):
            if number == Attribute.FINGERPRINT:
                _check_fingerprint(data, at, value)
                is_checked = True
            elif integrity:  # 14.5: what follows it was not there when it was made
                continue
            elif number == Attribute.MESSAGE_INTEGRITY:
                if len(value) != _INTEGRITY_BYTES:
                    raise StunParseError(f"MESSAGE-INTEGRITY of {len(value)} bytes")
                signed, integrity = _with_length(data[:at], at + 4 + _INTEGRITY_BYTES - HEADER_BYTES), value
            else:
                found.append((number, value))
        return cls(kind, method, transaction, tuple(found), signed, integrity, is_checked)

    def get(self, number: int) -> bytes | None:
        """The first attribute of that number (RFC 8489 14: others of it don't count); None without any."""
        return next((value for known, value in self.attributes if known == number), None)

    @property
    def unknown(self) -> list[int]:
        """Attributes that had to be understood and are not."""
        return [number for number, _ in self.attributes if number < _OPTIONAL_FROM and number not in _KNOWN]

    def is_signed_by(self, key: bytes) -> bool:
        """Whether its MESSAGE-INTEGRITY is of this key; it may have none."""
        return bool(self.integrity) and hmac.compare_digest(hmac.digest(key, self.signed, "sha1"), self.integrity)

    def to_bytes(self, key: bytes | None = None, *, has_fingerprint: bool = False) -> bytes:
        """As it is sent, with a MESSAGE-INTEGRITY of this key where there is one.

        FINGERPRINT is for where STUN shares a port with what it could be taken for (RFC 8489 7): with RTP, not with
        TURN's channels, which begin otherwise (RFC 8656 12).
        """
        body = b"".join(
            _ATTRIBUTE.pack(number, len(value)) + value + bytes(-len(value) % 4) for number, value in self.attributes
        )
        word = self.kind | self.method & 0x000F | (self.method & 0x0070) << 1 | (self.method & 0x0F80) << 2
        size = len(body) + (0 if key is None else 4 + _INTEGRITY_BYTES)
        data = _HEADER.pack(word, size, MAGIC_COOKIE, self.transaction) + body
        if key is not None:
            data += _ATTRIBUTE.pack(Attribute.MESSAGE_INTEGRITY, _INTEGRITY_BYTES) + hmac.digest(key, data, "sha1")
        if has_fingerprint:
            data = _with_length(data, len(data) + 4 + _CRC_BYTES - HEADER_BYTES)
            data += _ATTRIBUTE.pack(Attribute.FINGERPRINT, _CRC_BYTES) + fingerprint(data)
        return data


def is_stun(data: bytes) -> bool:
    """Whether a datagram on a port that has other things too is for STUN (RFC 8489 5; RFC 7983 7)."""
    return len(data) >= HEADER_BYTES and data[0] < 4 and data[4:8] == _COOKIE


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Where each one begins, its number, and its value."""
    at, count = HEADER_BYTES, 0
    while at < len(data):
        number, length = _ATTRIBUTE.unpack_from(data, at)  # there are four bytes: all are multiples of them
        if at + 4 + length > len(data):
            raise StunParseError(f"attribute {number:#06x} is cut off")
        count += 1
        if count > MOST_ATTRIBUTES:
            raise StunParseError(f"more than {MOST_ATTRIBUTES} attributes")
        yield at, number, data[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def _check_fingerprint(data: bytes, at: int, value: bytes) -> None:
    """RFC 8489 14.7: it is the last one, and a CRC-32 of all before."""
    if at + 4 + len(value) != len(data) or value != fingerprint(data[:at]):
        raise StunParseError("FINGERPRINT is not right")


def fingerprint(data: bytes) -> bytes:
    """The value for a message that is so far complete, its length that with a FINGERPRINT (RFC 8489 14.7)."""
    return struct.pack("!I", zlib.crc32(data) ^ _FINGERPRINT_XOR)


def _with_length(data: bytes, length: int) -> bytes:
    return data[:2] + struct.pack("!H", length) + data[4:]
