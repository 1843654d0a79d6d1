"""What routers say of anchor points: an option of their advertisements (RFC 5380 5, RFC 4861 4.2), and who asks for it.

As values, and as bytes of ICMPv6, whose checksum is the system's to make and to check.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import NamedTuple

from agents.mip6.neighbour_messages import NeighbourParseError, neighbour_options

ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
_OPTION = 23
# RFC 4861 6.2.1, AdvDefaultLifetime; it leaves hop limit and timers to others.
_ROUTER_S = 1800
_RS, _RA = struct.Struct("!BBH4x"), struct.Struct("!BBHBBHII")
# Type, length in units of 8 bytes, distance and preference in half a byte each, R and reserved bits, lifetime, address.
_MAP = struct.Struct("!BBBBI16s")
_R = 0x80


class AnchorPoint(NamedTuple):
    """One of them: `distance` in hops, from 1 on; `preference` up to 15; `valid_s` 0 is a failure."""

    address: str
    distance: int
    preference: int
    valid_s: int
    allocates: bool = False

    @property
    def may_be_asked(self) -> bool:
        """Whether new bindings may be asked for there (7.1)."""
        return bool(self.distance and self.preference and self.valid_s)


def packed_solicitation() -> bytes:
    """A Router Solicitation, of whoever has said already what its link-layer address is."""
    return _RS.pack(ROUTER_SOLICITATION, 0, 0)


def is_solicitation(data: bytes) -> bool:
    """Whether it is one; raises NeighbourParseError for one that is cut off."""
    if data[:1] != bytes((ROUTER_SOLICITATION,)):
        return False
    if len(data) < _RS.size:
        raise NeighbourParseError(f"{len(data)} bytes, and type {ROUTER_SOLICITATION} has {_RS.size} at the least")
    return True


def packed_advertisement(*points: AnchorPoint) -> bytes:
    """A Router Advertisement of a default router with these options alone."""
    return _RA.pack(ROUTER_ADVERTISEMENT, 0, 0, 0, 0, _ROUTER_S, 0, 0) + b"".join(map(_packed, points))


def points_in(data: bytes) -> list[AnchorPoint]:
    """The anchor points of a Router Advertisement; none in other messages. Raises NeighbourParseError."""
    if data[:1] != bytes((ROUTER_ADVERTISEMENT,)):
        return []
    if len(data) < _RA.size:
        raise NeighbourParseError(f"{len(data)} bytes, and type {ROUTER_ADVERTISEMENT} has {_RA.size} at the least")
    return [_parsed(one) for one in neighbour_options(data, _RA.size) if one[0] == _OPTION]


def chosen(points: list[AnchorPoint]) -> AnchorPoint | None:
    """The one that is furthest (9.1), and of those the preferred one; None where none may be asked."""
    possible = [one for one in points if one.may_be_asked]
    return max(possible, key=lambda one: (one.distance, one.preference)) if possible else None


def _packed(point: AnchorPoint) -> bytes:
    address = ipaddress.IPv6Address(point.address).packed
    near = point.distance << 4 | point.preference
    return _MAP.pack(_OPTION, _MAP.size // 8, near, _R if point.allocates else 0, point.valid_s, address)


def _parsed(option: bytes) -> AnchorPoint:
    if len(option) != _MAP.size:
        raise NeighbourParseError(f"option {_OPTION} of {len(option)} bytes, not {_MAP.size}")
    _, _, near, flags, valid_s, address = _MAP.unpack(option)
    return AnchorPoint(str(ipaddress.IPv6Address(address)), near >> 4, near & 15, valid_s, bool(flags & _R))
