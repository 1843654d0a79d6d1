"""The mobility header and its messages (RFC 6275 6.1): as values, and as bytes with their checksum.

The checksum's pseudo-header has the home address where one stands beside the message: in a home address option, or a
type 2 routing header (6.1.1, 11.3.1, 9.3.2). So does everything here that is called an end of a message.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, fields, replace
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from agents.internet_checksum import internet_checksum
from agents.mip6.fast_messages import FAST_KINDS, FastMessage
from agents.mip6.mobility_options import (
    BindingAuthorization,
    FastAuthorization,
    MessageAuthentication,
    MobilityOption,
    MobilityParseError,
    options_in,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: IPv6's next header.
MOBILITY = 135
#: Of a lifetime, 6.1.7.
UNIT_S = 4
_NO_NEXT_HEADER = 59
# Payload protocol, length in units of 8 bytes without the first, type, a reserved byte, checksum.
_HEAD = struct.Struct("!BBBBH")
_CHECKSUM_AT = 4
_AUTHENTICATORS = (BindingAuthorization, FastAuthorization, MessageAuthentication)
COOKIE_BYTES, TOKEN_BYTES = 8, 8
#: In the flags of an acknowledgement: it answers a proxy's update (RFC 5213 8.2).
PROXY_ANSWER = 0x20


class MessageEnds(NamedTuple):
    """Whose a message is and for whom, each by its home address if it has one."""

    source: str
    destination: str


class UpdateFlag(IntFlag):
    """What a Binding Update asks for: 6.1.7, RFC 5380 4 (LOCAL), RFC 5213 8.1 (PROXY), RFC 5648 4.2 (OVERWRITE)."""

    ACKNOWLEDGE = 0x8000
    HOME_REGISTRATION = 0x4000
    LINK_LOCAL_COMPATIBILITY = 0x2000
    KEY_MANAGEMENT = 0x1000
    LOCAL = 0x0800
    PROXY = 0x0200
    OVERWRITE = 0x0040


class BindingStatus(IntEnum):
    """What became of it: 6.1.8, RFC 4285 8 (144 to 146), RFC 5213 8.9 (152 to 162). Above 127 it is a refusal."""

    ACCEPTED = 0
    ACCEPTED_PREFIX_DISCOVERY = 1
    UNSPECIFIED = 128
    PROHIBITED = 129
    NO_RESOURCES = 130
    NO_HOME_REGISTRATION = 131
    NOT_HOME_SUBNET = 132
    NOT_HOME_AGENT = 133
    DUPLICATE_ADDRESS = 134
    SEQUENCE_OUT_OF_WINDOW = 135
    EXPIRED_HOME_NONCE = 136
    EXPIRED_CARE_OF_NONCE = 137
    EXPIRED_NONCES = 138
    TYPE_CHANGE = 139
    TIMESTAMP_MISMATCH = 144
    TIMESTAMP_REQUIRED = 145
    FAILED_AUTHENTICATION = 146
    PROXY_NOT_ENABLED = 152
    NOT_THIS_ANCHOR = 153
    GATEWAY_NOT_AUTHORIZED = 154
    PREFIX_NOT_AUTHORIZED = 155
    PROXY_TIMESTAMP_MISMATCH = 156
    TIMESTAMP_LOWER = 157
    MISSING_PREFIX = 158
    MISSING_NODE_IDENTIFIER = 160
    MISSING_HANDOFF_INDICATOR = 161
    MISSING_ACCESS_TECHNOLOGY = 162

    @property
    def is_accepted(self) -> bool:
        """Whether the binding is as it was asked for."""
        return self < BindingStatus.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class BindingRefreshRequest:
    """A correspondent would like to be told again where the mobile node is (6.1.2)."""

    kind: ClassVar[int] = 0
    form: ClassVar[struct.Struct] = struct.Struct("!2x")
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class _TestInit:
    form: ClassVar[struct.Struct] = struct.Struct("!2x8s")
    cookie: bytes
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeTestInit(_TestInit):
    """The mobile node asks for a token by way of its home agent (6.1.3)."""

    kind: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class CareOfTestInit(_TestInit):
    """And for one from where it is (6.1.4)."""

    kind: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class _Test:
    form: ClassVar[struct.Struct] = struct.Struct("!H8s8s")
    nonce_index: int
    cookie: bytes
    token: bytes
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class HomeTest(_Test):
    """The answer to the first one (6.1.5)."""

    kind: ClassVar[int] = 3


@dataclass(frozen=True, slots=True)
class CareOfTest(_Test):
    """The answer to the second one (6.1.6)."""

    kind: ClassVar[int] = 4


@dataclass(frozen=True, slots=True)
class BindingUpdate:
    """A home address is to be bound to a care-of address for so many units of four seconds; 0: no longer (6.1.7)."""

    kind: ClassVar[int] = 5
    form: ClassVar[struct.Struct] = struct.Struct("!HHH")
    sequence: int
    flags: UpdateFlag
    units: int
    options: tuple[MobilityOption, ...] = ()


@dataclass(frozen=True, slots=True)
class BindingAcknowledgement:
    """What became of it (6.1.8); `status` may be one that is not in `BindingStatus`, `flags` has K as its first bit."""

    kind: ClassVar[int] = 6
    form: ClassVar[struct.Struct] = struct.Struct("!BBHH")
    status: int
    flags: int
    sequence: int
    units: int
    options: tuple[MobilityOption, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether the binding is as it was asked for."""
        return self.status < BindingStatus.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class BindingError:
    """1: a home address option without a binding; 2: a mobility header of an unknown type (6.1.9)."""

    kind: ClassVar[int] = 7
    form: ClassVar[struct.Struct] = struct.Struct("!Bx16s")
    status: int
    home: bytes
    options: tuple[MobilityOption, ...] = ()


MobilityMessage = (
    BindingRefreshRequest
    | HomeTestInit
    | CareOfTestInit
    | HomeTest
    | CareOfTest
    | BindingUpdate
    | BindingAcknowledgement
    | BindingError
    | FastMessage
)
_ALL: tuple[type[MobilityMessage], ...] = (
    BindingRefreshRequest, HomeTestInit, CareOfTestInit, HomeTest, CareOfTest, BindingUpdate, BindingAcknowledgement,
    BindingError, *FAST_KINDS,
)  # fmt: skip
_KINDS = {one.kind: one for one in _ALL}


class UnknownMessageError(MobilityParseError):
    """A type that there is not, which is answered by a Binding Error of status 2 (9.2)."""


class ParsedMobility(NamedTuple):
    """A message, and what its authenticator stands for: all before it, with the checksum zero; None without one."""

    message: MobilityMessage
    covered: bytes | None


def packed(message: MobilityMessage, ends: MessageEnds, sign: Callable[[bytes], bytes] | None = None) -> bytes:
    """The bytes of a message; `sign` makes the authenticator, which its last option has room for."""
    *values, options = (getattr(message, one.name) for one in fields(message))
    fixed = message.form.pack(*values)
    data = fixed + written(options, _HEAD.size + len(fixed))
    units = (_HEAD.size + len(data)) // 8 - 1
    data = _HEAD.pack(_NO_NEXT_HEADER, units, message.kind, 0, 0) + data
    if sign is not None:
        covered = _covered(data, len(data), options[-1])
        authenticator = sign(covered)
        data = covered + authenticator + data[len(covered) + len(authenticator) :]
    return _with_checksum(data, mobility_checksum(data, ends))


def parsed(data: bytes, ends: MessageEnds | None) -> ParsedMobility:
    """A message; raises MobilityParseError. With `ends` None nobody looks at the checksum."""
    cls = _kind_of(data, ends)
    bare, begins = _with_checksum(data, 0), _HEAD.size + cls.form.size
    if begins > len(data):
        raise MobilityParseError(f"{len(data)} bytes, and type {cls.kind} has {begins} at the least")
    options, covered = [], None
    for option, end in options_in(bare, begins):
        if covered is not None:
            raise MobilityParseError("an option behind the authenticator, which has to be the last")
        options.append(option)
        if isinstance(option, BindingAuthorization | FastAuthorization) and end != len(data):
            raise MobilityParseError("padding behind the authenticator")
        if isinstance(option, _AUTHENTICATORS):
            covered = _covered(bare, end, option)
    values: list[Any] = [*cls.form.unpack_from(data, _HEAD.size), tuple(options)]
    made = cls(*values)
    if isinstance(made, BindingUpdate):
        made = replace(made, flags=UpdateFlag(made.flags))
    return ParsedMobility(made, covered)


def _kind_of(data: bytes, ends: MessageEnds | None) -> type[MobilityMessage]:
    """Which message it is, by its first 8 bytes (9.2)."""
    if len(data) < _HEAD.size + 2:
        raise MobilityParseError(f"{len(data)} bytes, and 8 are the least")
    follows, units, kind, _, checksum = _HEAD.unpack_from(data)
    if 8 * (units + 1) != len(data):
        raise MobilityParseError(f"{len(data)} bytes, and its length says {8 * (units + 1)}")
    if ends is not None and checksum != mobility_checksum(_with_checksum(data, 0), ends):
        raise MobilityParseError("the checksum is wrong")
    if follows != _NO_NEXT_HEADER:
        raise MobilityParseError(f"next header {follows} behind a mobility header")
    if kind not in _KINDS:
        raise UnknownMessageError(f"mobility header of type {kind}")
    return _KINDS[int(kind)]


def mobility_checksum(data: bytes, ends: MessageEnds) -> int:
    """Of a message whose own checksum is zero (RFC 8200 8.1)."""
    pseudo = b"".join(ipaddress.IPv6Address(one).packed for one in ends)
    return internet_checksum(pseudo + struct.pack("!II", len(data), MOBILITY) + data)


def is_newer(sequence: int, last: int) -> bool:
    """Whether a sequence number is behind another one, modulo 2**16 (9.5.1)."""
    return 0 < (sequence - last) % 0x10000 < 0x8000


def _with_checksum(data: bytes, checksum: int) -> bytes:
    return data[:_CHECKSUM_AT] + struct.pack("!H", checksum) + data[_CHECKSUM_AT + 2 :]


def _covered(data: bytes, end: int, option: MobilityOption) -> bytes:
    """What the authenticator of an option that ends there stands for: all before it."""
    if not isinstance(option, _AUTHENTICATORS):
        raise TypeError("the last option has no authenticator")
    return data[: end - len(option.authenticator)]
