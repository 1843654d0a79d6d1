"""What neighbours on a link say of an address: who has it, who has it no longer, whose it is (RFC 4861 4.2, 4.4, 4.6;
RFC 2710 3). As values, and as bytes of ICMPv6, whose checksum is the system's to make and to check.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: RFC 4861 7.1.2: what has come from this link has it still. RFC 2710 3: what must not leave the link.
ND_HOPS, MLD_HOPS = 255, 1
ALL_NODES, ALL_ROUTERS = "ff02::1", "ff02::2"
_OVERRIDE = 0x20
_TARGET_LINK_LAYER, _PREFIX, _MTU = 2, 3, 5
#: RFC 4861 6.2.1: AdvDefaultLifetime, AdvValidLifetime, AdvPreferredLifetime.
_ROUTER_S, _VALID_S, _PREFERRED_S = 1800, 2_592_000, 604_800
_HOP_LIMIT = 64
_NA = struct.Struct("!BBHB3x16s")
_RA = struct.Struct("!BBHBBHII")
_DONE = struct.Struct("!BBHHH16s")
_MTU_OPTION = struct.Struct("!BB2xI")
_PREFIX_INFORMATION = struct.Struct("!BBBBII4x16s")
_GROUP = int(ipaddress.IPv6Address("ff02::1:ff00:0"))


class NeighbourParseError(ValueError):
    """What is wrong with a neighbour's message."""


@dataclass(frozen=True, slots=True)
class NeighbourAdvertisement:
    """`address` is to be had by this link-layer address; unsolicited, and to be believed at once (RFC 4861 7.2.6)."""

    kind: ClassVar[int] = 136
    hops: ClassVar[int] = ND_HOPS
    destination: ClassVar[str] = ALL_NODES
    address: str
    link_layer: bytes

    def packed(self) -> bytes:
        """The message."""
        head = _NA.pack(self.kind, 0, 0, _OVERRIDE, _address(self.address))
        return head + bytes((_TARGET_LINK_LAYER, (2 + len(self.link_layer)) // 8)) + self.link_layer


@dataclass(frozen=True, slots=True)
class RouterAdvertisement:
    """A router's, with one prefix: whose it is. It is no network of this link, and nobody makes addresses of it.

    `mtu` is what packets may have (4.6.4); None where it does not say.
    """

    kind: ClassVar[int] = 134
    hops: ClassVar[int] = ND_HOPS
    destination: ClassVar[str] = ALL_NODES
    prefix: str
    mtu: int | None = None

    def packed(self) -> bytes:
        """The message."""
        network = ipaddress.IPv6Network(self.prefix)
        head = _RA.pack(self.kind, 0, 0, _HOP_LIMIT, 0, _ROUTER_S, 0, 0)
        information = _PREFIX_INFORMATION.pack(
            _PREFIX, _PREFIX_INFORMATION.size // 8, network.prefixlen, 0, _VALID_S, _PREFERRED_S,
            network.network_address.packed,
        )  # fmt: skip
        most = b"" if self.mtu is None else _MTU_OPTION.pack(_MTU, _MTU_OPTION.size // 8, self.mtu)
        return head + information + most


@dataclass(frozen=True, slots=True)
class ListenerDone:
    """Nobody here has this address any more: its solicited-node group (RFC 4291 2.7.1) is left."""

    kind: ClassVar[int] = 132
    hops: ClassVar[int] = MLD_HOPS
    destination: ClassVar[str] = ALL_ROUTERS
    group: str

    def packed(self) -> bytes:
        """The message."""
        return _DONE.pack(self.kind, 0, 0, 0, 0, _address(self.group))


NeighbourMessage = NeighbourAdvertisement | RouterAdvertisement | ListenerDone


def solicited_node_group(address: str) -> str:
    """The group that who has an address listens to (RFC 4291 2.7.1): the last 24 bits are the address's."""
    return str(ipaddress.IPv6Address(_GROUP | int(ipaddress.IPv6Address(address)) & 0xFFFFFF))


def read_neighbour(data: bytes, hops: int) -> NeighbourMessage | None:
    """A message that came with so many hops left; None for one that is not ours to read, or says nothing to us.

    Raises NeighbourParseError.
    """
    reader = _READERS.get(data[0]) if data else None
    if reader is None:
        return None
    if len(data) < reader.least:
        raise NeighbourParseError(f"{len(data)} bytes, and type {data[0]} has {reader.least} at the least")
    if hops != reader.hops:
        raise NeighbourParseError(f"a hop limit of {hops}, not {reader.hops}: it is not of this link")
    return reader.read(data)


def _advertisement(data: bytes) -> NeighbourAdvertisement | None:
    link_layer = _options(data, _NA.size).get(_TARGET_LINK_LAYER)
    return None if link_layer is None else NeighbourAdvertisement(_text(_NA.unpack_from(data)[4]), link_layer[2:])


def _router(data: bytes) -> RouterAdvertisement | None:
    found = _options(data, _RA.size)
    option, most = found.get(_PREFIX), found.get(_MTU)
    if option is None:
        return None
    for one, form in ((option, _PREFIX_INFORMATION), (most, _MTU_OPTION)):
        if one is not None and len(one) != form.size:
            raise NeighbourParseError(f"option {one[0]} of {len(one)} bytes, not {form.size}")
    _, _, length, _, _, _, prefix = _PREFIX_INFORMATION.unpack(option)
    try:
        network = str(ipaddress.IPv6Network((prefix, length), strict=False))
    except ValueError as error:
        raise NeighbourParseError(str(error)) from None
    return RouterAdvertisement(network, None if most is None else _MTU_OPTION.unpack(most)[2])


def _done(data: bytes) -> ListenerDone:
    return ListenerDone(_text(_DONE.unpack_from(data)[5]))


def _options(data: bytes, at: int) -> dict[int, bytes]:
    """The options from `at` on by their types, the first of each."""
    found: dict[int, bytes] = {}
    for option in neighbour_options(data, at):
        found.setdefault(option[0], option)
    return found


def neighbour_options(data: bytes, at: int) -> Iterator[bytes]:
    """Each option from `at` on, with type and length, of whole units of 8 bytes (RFC 4861 4.6).

    Raises NeighbourParseError.
    """
    while at < len(data):
        size = 8 * data[at + 1] if at + 1 < len(data) else 0
        if not size or at + size > len(data):
            raise NeighbourParseError(f"option {data[at]} has no length, or is cut off")
        yield data[at : at + size]
        at += size


class _Reader(NamedTuple):
    """How a message is read, of how many bytes it is at the least, and how many hops it has left on its own link."""

    read: Callable[[bytes], NeighbourMessage | None]
    least: int
    hops: int


_READERS = {
    NeighbourAdvertisement.kind: _Reader(_advertisement, _NA.size, ND_HOPS),
    RouterAdvertisement.kind: _Reader(_router, _RA.size, ND_HOPS),
    ListenerDone.kind: _Reader(_done, _DONE.size, MLD_HOPS),
}
KINDS = tuple(_READERS)
"""ICMPv6's types of them."""


def _address(text: str) -> bytes:
    return ipaddress.IPv6Address(text).packed


def _text(address: bytes) -> str:
    return str(ipaddress.IPv6Address(address))
