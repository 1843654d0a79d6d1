"""Mobility options of Proxy Mobile IPv6 (RFC 5213 8.3 to 8.6, 8.8): as values, and how their bodies are read."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

_PREFIX = struct.Struct("!xB16s")
_U8, _U64 = struct.Struct("!xB"), struct.Struct("!Q")
_RESERVED = bytes(2)
#: Of a timestamp's fractions of a second (8.8).
FRACTIONS = 1 << 16


class Handoff(IntEnum):
    """Why a mobile node is on a link, as its gateway knows it (8.4)."""

    NEW_INTERFACE = 1
    BETWEEN_INTERFACES = 2
    BETWEEN_GATEWAYS = 3
    UNKNOWN = 4
    NOT_CHANGED = 5


class AccessTechnology(IntEnum):
    """What a link is (8.5; the last one by IANA's register)."""

    IEEE_802_11 = 4
    UTRAN = 7


@dataclass(frozen=True, slots=True)
class HomeNetworkPrefix:
    """The prefix that is the mobile node's wherever it is; `::/0` asks for one to be given (8.3)."""

    kind: ClassVar[int] = 22
    align: ClassVar[tuple[int, int]] = 8, 4
    prefix: str

    @property
    def is_asked_for(self) -> bool:
        """Whether it is ALL_ZERO."""
        return ipaddress.IPv6Network(self.prefix).network_address == ipaddress.IPv6Address(0)

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        network = ipaddress.IPv6Network(self.prefix)
        return _PREFIX.pack(network.prefixlen, network.network_address.packed)


@dataclass(frozen=True, slots=True)
class HandoffIndicator:
    """`value` is a `Handoff`, or one that we do not know."""

    kind: ClassVar[int] = 23
    align: ClassVar[tuple[int, int]] = 1, 0
    value: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _U8.pack(self.value)


@dataclass(frozen=True, slots=True)
class AccessTechnologyType:
    """`value` is an `AccessTechnology`, or one that we do not know."""

    kind: ClassVar[int] = 24
    align: ClassVar[tuple[int, int]] = 1, 0
    value: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _U8.pack(self.value)


@dataclass(frozen=True, slots=True)
class LinkLayerIdentifier:
    """The link-layer address of the interface by which the mobile node is there (8.6)."""

    kind: ClassVar[int] = 25
    align: ClassVar[tuple[int, int]] = 1, 0
    address: bytes

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _RESERVED + self.address


@dataclass(frozen=True, slots=True)
class Timestamp:
    """When a message was made: seconds since 1970, in 65536ths (8.8)."""

    kind: ClassVar[int] = 27
    align: ClassVar[tuple[int, int]] = 8, 2
    value: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _U64.pack(self.value)


ProxyOption = HomeNetworkPrefix | HandoffIndicator | AccessTechnologyType | LinkLayerIdentifier | Timestamp


def read_prefix(body: bytes) -> HomeNetworkPrefix:
    """Bits behind the prefix are ignored; raises ValueError for more than 128."""
    length, address = _PREFIX.unpack(body)
    return HomeNetworkPrefix(str(ipaddress.IPv6Network((address, length), strict=False)))


def read_handoff(body: bytes) -> HandoffIndicator:
    """Two bytes."""
    return HandoffIndicator(*_U8.unpack(body))


def read_technology(body: bytes) -> AccessTechnologyType:
    """Two bytes."""
    return AccessTechnologyType(*_U8.unpack(body))


def read_link_layer(body: bytes) -> LinkLayerIdentifier:
    """Two bytes, and the address, of whatever length; raises ValueError without one."""
    if len(body) <= len(_RESERVED):
        raise ValueError("no address")
    return LinkLayerIdentifier(body[len(_RESERVED) :])


def read_timestamp(body: bytes) -> Timestamp:
    """Eight bytes."""
    return Timestamp(*_U64.unpack(body))


PREFIX_BYTES, SHORT_BYTES, TIMESTAMP_BYTES = _PREFIX.size, _U8.size, _U64.size
