"""Fast handovers' ICMPv6 (RFC 5568 6.1, 6.3): a router is asked for its neighbours, and a node says that it is there.

As values, and as bytes behind an IPv6 header, whose checksum is the kernel's to make and to look at.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.mip6.neighbour_messages import NeighbourAdvertisement, NeighbourParseError, neighbour_options

if TYPE_CHECKING:
    from collections.abc import Iterator

#: ICMPv6's types, 6.1 and RFC 4861 4.4.
FAST_HANDOVER, NEIGHBOUR_ADVERTISEMENT = 154, NeighbourAdvertisement.kind
KINDS = (FAST_HANDOVER, NEIGHBOUR_ADVERTISEMENT)
_SOLICITATION, _ADVERTISEMENT = 2, 3
# Type, code, checksum; subtype, a reserved byte, identifier. Of an advertisement of RFC 4861: flags instead, target.
_HEAD, _NEIGHBOUR = struct.Struct("!BBHBxH"), struct.Struct("!BBHB3x16s")
_SOLICITED, _OVERRIDE = 0x40, 0x20
_TARGET_LINK_LAYER, _ADDRESS, _LINK_LAYER = 2, 17, 19
# Type, length in units of 8 bytes, which of its kind; of an address the length of the prefix, and a reserved word.
_LLA, _PREFIX = struct.Struct("!BBB"), struct.Struct("!BBBB4x16s")
_UNIT, _LLA_BYTES = 8, 6
_NAR, _NAR_PREFIX = 3, 4
# A wildcard stands for all access points there are (6.4.3); the others say whose address follows.
_WILDCARD, _ACCESS_POINT, _ROUTER, _SENDER = 0, 1, 3, 4


class AdvertisementCode(IntEnum):
    """What a Proxy Router Advertisement says (6.1.2), of those that answer a wildcard."""

    NEIGHBOURS = 0
    NO_ROUTER = 2


class NeighbourRouter(NamedTuple):
    """An access router next to the one that is asked: [AP-ID, AR-Info] (2), whose access point it is itself."""

    link_layer: bytes
    address: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ProxySolicitation:
    """RtSolPr (6.1.1): a node asks a router for all of its neighbours; `link_layer` is its own address."""

    identifier: int
    link_layer: bytes

    def packed(self) -> bytes:
        """The bytes, with the checksum zero."""
        head = _HEAD.pack(FAST_HANDOVER, 0, 0, _SOLICITATION, self.identifier)
        return head + _link_layer(_SENDER, self.link_layer) + _link_layer(_WILDCARD, b"")


@dataclass(frozen=True, slots=True)
class ProxyAdvertisement:
    """PrRtAdv (6.1.2): what it has been asked for; `link_layer` is the address of the router that says so."""

    identifier: int
    link_layer: bytes
    neighbours: tuple[NeighbourRouter, ...]

    def packed(self) -> bytes:
        """The bytes, with the checksum zero; options in the order that is wanted."""
        code = AdvertisementCode.NEIGHBOURS if self.neighbours else AdvertisementCode.NO_ROUTER
        data = _HEAD.pack(FAST_HANDOVER, code, 0, _ADVERTISEMENT, self.identifier)
        data += _link_layer(_SENDER, self.link_layer)
        for one in self.neighbours:
            data += _link_layer(_ACCESS_POINT, one.link_layer) + _link_layer(_ROUTER, one.link_layer)
            prefix = ipaddress.IPv6Network(one.prefix)
            data += _address(_NAR, 128, ipaddress.IPv6Address(one.address).packed)
            data += _address(_NAR_PREFIX, prefix.prefixlen, prefix.network_address.packed)
        return data if self.neighbours else data + _link_layer(_WILDCARD, b"")


@dataclass(frozen=True, slots=True)
class ArrivalAtRouter:
    """UNA (6.3): a neighbour advertisement that nobody asked for, without O: whoever has this address is here."""

    address: str
    link_layer: bytes

    def packed(self) -> bytes:
        """The bytes, with the checksum zero."""
        target = ipaddress.IPv6Address(self.address).packed
        head = _NEIGHBOUR.pack(NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, target)
        return head + bytes((_TARGET_LINK_LAYER, 1)) + self.link_layer


NeighbourMessage = ProxySolicitation | ProxyAdvertisement | ArrivalAtRouter


def parsed_neighbour(data: bytes) -> NeighbourMessage | None:
    """A message; None for one of another kind that comes the same way. Raises NeighbourParseError.

    Options that are not known are skipped. Of an advertisement's neighbours those count that are complete.
    """
    if len(data) < _HEAD.size:
        raise NeighbourParseError(f"{len(data)} bytes, and {_HEAD.size} are the least")
    kind, code, _, subtype, identifier = _HEAD.unpack_from(data)
    if kind == NEIGHBOUR_ADVERTISEMENT:
        return _arrival(data)
    if kind != FAST_HANDOVER or subtype not in {_SOLICITATION, _ADVERTISEMENT}:
        return None
    options = list(_options(data, _HEAD.size))
    link_layer = next((_lla(body) for which, body in options if which == (_LINK_LAYER, _SENDER)), b"")
    if subtype == _SOLICITATION:
        return ProxySolicitation(identifier, link_layer)
    neighbours = tuple(_neighbours(options)) if code == AdvertisementCode.NEIGHBOURS else ()
    return ProxyAdvertisement(identifier, link_layer, neighbours)


def _arrival(data: bytes) -> ArrivalAtRouter | None:
    if len(data) < _NEIGHBOUR.size:
        raise NeighbourParseError(f"{len(data)} bytes, and {_NEIGHBOUR.size} are the least")
    _, _, _, flags, target = _NEIGHBOUR.unpack_from(data)
    own = next((body for which, body in _options(data, _NEIGHBOUR.size) if which[0] == _TARGET_LINK_LAYER), b"")
    if flags & (_SOLICITED | _OVERRIDE):
        return None
    return ArrivalAtRouter(str(ipaddress.IPv6Address(target)), own[2 : 2 + _LLA_BYTES])


def _neighbours(options: list[tuple[tuple[int, int], bytes]]) -> Iterator[NeighbourRouter]:
    link_layer, address = b"", ""
    for which, body in options:
        if which == (_LINK_LAYER, _ACCESS_POINT):
            link_layer, address = _lla(body), ""
        elif which[0] == _ADDRESS and len(body) == _PREFIX.size:
            _, _, code, length, octets = _PREFIX.unpack(body)
            if code == _NAR:
                address = str(ipaddress.IPv6Address(octets))
            elif code == _NAR_PREFIX and address and length <= 128:
                network = ipaddress.IPv6Network((octets, length), strict=False)
                yield NeighbourRouter(link_layer, address, str(network))


def _options(data: bytes, at: int) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Each option's type with the byte behind its length, and all of its bytes; raises NeighbourParseError."""
    return (((option[0], option[2]), option) for option in neighbour_options(data, at))


def _lla(body: bytes) -> bytes:
    return body[_LLA.size : _LLA.size + _LLA_BYTES]


def _link_layer(which: int, octets: bytes) -> bytes:
    units = -(-(_LLA.size + len(octets)) // _UNIT)
    return (_LLA.pack(_LINK_LAYER, units, which) + octets).ljust(_UNIT * units, b"\0")


def _address(which: int, length: int, octets: bytes) -> bytes:
    return _PREFIX.pack(_ADDRESS, _PREFIX.size // _UNIT, which, length, octets)
