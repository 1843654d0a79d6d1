"""Registration Request and Reply of Mobile IPv4 (RFC 5944 3.3, 3.4), with their one mandatory extension (3.5.2).

What is not understood is told apart as the RFC has it: extensions of type 128 and up are skipped, others that are not
known make the message void (1.8).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 434
#: A registration that does not expire; RFC 5944 3.3.
INFINITY_S = 0xFFFF

_REQUEST, _REPLY = 1, 3
#: Bits of a request's flags that are sent as zero (3.3); a foreign agent has to refuse any other.
RESERVED_FLAGS = 0x05
_REQUEST_FIELDS = struct.Struct("!BBH4s4s4sQ")
_REPLY_FIELDS = struct.Struct("!BBH4s4sQ")
_MOBILE_HOME_AUTHENTICATION = 32
_SKIPPABLE = 128
# Codes of refusals by a foreign agent: 3.4, and 194 for a home agent's address that is its own.
_BY_FOREIGN_AGENTS = (*range(64, 128), 194)
_SPI = struct.Struct("!I")


class MipParseError(ValueError):
    """What is wrong with a message."""


class Flag(IntFlag):
    """What a request asks for: 3.3, and RFC 3024 3.2 for reverse tunnels."""

    SIMULTANEOUS_BINDINGS = 0x80
    BROADCASTS = 0x40
    DECAPSULATED_BY_MOBILE_NODE = 0x20
    MINIMAL_ENCAPSULATION = 0x10
    GRE = 0x08
    REVERSE_TUNNEL = 0x02


class ReplyCode(IntEnum):
    """What an agent answers: 3.4, and RFC 3024 3.4 for reverse tunnels. Above 1 it is a refusal."""

    ACCEPTED = 0
    ACCEPTED_ALONE = 1
    PROHIBITED_BY_FOREIGN_AGENT = 65
    FOREIGN_AGENT_HAS_NO_RESOURCES = 66
    LIFETIME_TOO_LONG = 69
    POORLY_FORMED_REQUEST = 70
    ENCAPSULATION_UNAVAILABLE_THERE = 72
    REVERSE_TUNNEL_MANDATORY = 75
    MOBILE_NODE_TOO_DISTANT = 76
    INVALID_CARE_OF_ADDRESS = 77
    REGISTRATION_TIMEOUT = 78
    HOME_NETWORK_UNREACHABLE = 80
    HOME_AGENT_HOST_UNREACHABLE = 81
    HOME_AGENT_PORT_UNREACHABLE = 82
    HOME_AGENT_UNREACHABLE = 88
    UNSPECIFIED = 128
    PROHIBITED = 129
    NO_RESOURCES = 130
    MOBILE_NODE_FAILED_AUTHENTICATION = 131
    IDENTIFICATION_MISMATCH = 133
    POORLY_FORMED = 134
    TOO_MANY_BINDINGS = 135
    UNKNOWN_HOME_AGENT = 136
    ENCAPSULATION_UNAVAILABLE = 139
    INVALID_HOME_AGENT = 194


class Key(NamedTuple):
    """A mobility security association: its number, and the secret of HMAC-MD5, which everybody has to know (5.1)."""

    spi: int
    secret: bytes


class RegistrationRequest(NamedTuple):
    """`care_of` is bound to `home` for `lifetime_s` at `home_agent`; 0: no longer, and with `home` itself: none is."""

    flags: Flag
    lifetime_s: int
    home: str
    home_agent: str
    care_of: str
    identification: int

    def signed(self, key: Key) -> bytes:
        """Its bytes."""
        addresses = map(_packed, (self.home, self.home_agent, self.care_of))
        return _signed(
            _REQUEST_FIELDS.pack(_REQUEST, self.flags, self.lifetime_s, *addresses, self.identification), key
        )


class RegistrationReply(NamedTuple):
    """The answer; `code` may be one that is not in `ReplyCode`, such as a foreign agent's."""

    code: int
    lifetime_s: int
    home: str
    home_agent: str
    identification: int

    @property
    def is_accepted(self) -> bool:
        """Whether the binding is as it was asked for, or at least the one care-of address is bound."""
        return self.code <= ReplyCode.ACCEPTED_ALONE

    @property
    def is_by_foreign_agent(self) -> bool:
        """Whether it is a refusal that no home agent gives (3.4), and so nobody has signed."""
        return self.code in _BY_FOREIGN_AGENTS

    def signed(self, key: Key) -> bytes:
        """Its bytes."""
        return _signed(self.unsigned(), key)

    def unsigned(self) -> bytes:
        """Its bytes as a foreign agent sends them that has no key."""
        addresses = map(_packed, (self.home, self.home_agent))
        return _REPLY_FIELDS.pack(_REPLY, self.code, self.lifetime_s, *addresses, self.identification)


class Signature(NamedTuple):
    """A Mobile-Home Authentication Extension: by which association, over how many bytes, and what it says."""

    spi: int
    covers: int
    authenticator: bytes

    def is_by(self, key: Key, data: bytes) -> bool:
        """Whether the whole message `data` is signed by this key (3.5.1)."""
        return self.spi == key.spi and hmac.compare_digest(self.authenticator, _authenticator(data[: self.covers], key))


def parse_request(data: bytes) -> tuple[RegistrationRequest, list[Signature]]:
    """A request and its signatures; raises MipParseError."""
    flags, lifetime_s, home, agent, care_of, identification = _fields(data, _REQUEST_FIELDS, _REQUEST)
    request = RegistrationRequest(Flag(flags), lifetime_s, _text(home), _text(agent), _text(care_of), identification)
    return request, list(_signatures(data, _REQUEST_FIELDS.size))


def parse_reply(data: bytes) -> tuple[RegistrationReply, list[Signature]]:
    """A reply and its signatures; raises MipParseError."""
    code, lifetime_s, home, agent, identification = _fields(data, _REPLY_FIELDS, _REPLY)
    reply = RegistrationReply(code, lifetime_s, _text(home), _text(agent), identification)
    return reply, list(_signatures(data, _REPLY_FIELDS.size))


def _fields(data: bytes, form: struct.Struct, kind: int) -> tuple[Any, ...]:
    """What stands behind the type of a message, which is to be `kind`."""
    if not data or data[0] != kind:
        raise MipParseError(f"type {data[0] if data else 'none'}, not {kind}")
    if len(data) < form.size:
        raise MipParseError(f"{len(data)} bytes, and {form.size} are the least")
    return form.unpack_from(data)[1:]


def _signatures(data: bytes, at: int) -> Iterator[Signature]:
    """Of the extensions from `at` on (1.8, 1.9); raises MipParseError for what has to be understood and is not."""
    while at < len(data):
        kind = data[at]
        end = at + 2 + (data[at + 1] if at + 1 < len(data) else len(data))
        if end > len(data):
            raise MipParseError(f"extension {kind} is cut off")
        if kind == _MOBILE_HOME_AUTHENTICATION:
            if end - at < 2 + _SPI.size:
                raise MipParseError(f"extension {kind} has no room for an SPI")
            covers = at + 2 + _SPI.size
            yield Signature(_SPI.unpack_from(data, at + 2)[0], covers, data[covers:end])
        elif kind < _SKIPPABLE:
            raise MipParseError(f"extension {kind} is not known")
        at = end


def _signed(data: bytes, key: Key) -> bytes:
    size = _SPI.size + hashlib.md5(usedforsecurity=False).digest_size
    data += bytes((_MOBILE_HOME_AUTHENTICATION, size)) + _SPI.pack(key.spi)
    return data + _authenticator(data, key)


def _authenticator(data: bytes, key: Key) -> bytes:
    return hmac.digest(key.secret, data, "md5")


def _text(address: bytes) -> str:
    return str(ipaddress.IPv4Address(address))


def _packed(address: str) -> bytes:
    return ipaddress.IPv4Address(address).packed
