"""Mobility options (RFC 6275 6.2, RFC 4283, RFC 4285 5 and 6, RFC 5213 8, RFC 5568 6.4, RFC 5648 4.3), in a message.

Each has its alignment, and what fills the gaps is an option too. What is not known is skipped (6.2.1).
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from agents.mip6 import proxy_options as proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_PAD1, _PADN = 0, 1
# Of an authenticator, RFC 6275 6.2.7 and RFC 4285 5.1: the first 96 bits of HMAC-SHA1.
AUTHENTICATOR_BYTES = 12
_ADDRESS_BYTES = 16
_NAI, _MN_HA = 1, 1
_HEAD = 2
_U16, _TWO_U16, _U64 = struct.Struct("!H"), struct.Struct("!HH"), struct.Struct("!Q")
_IDENTIFIER = struct.Struct("!HBx")
_SUBTYPE_AND_SPI, _SPI = struct.Struct("!BI"), struct.Struct("!I")
# RFC 5568 6.4.2, 6.4.4: the one meaning of the second option's first byte; a prefix that is the whole address.
_OF_THE_MOBILE_NODE, _WHOLE = 2, 128


class MobilityParseError(ValueError):
    """What is wrong with a mobility header."""


@dataclass(frozen=True, slots=True)
class RefreshAdvice:
    """After so many units of four seconds the home agent would like to be asked again (6.2.4)."""

    kind: ClassVar[int] = 2
    align: ClassVar[tuple[int, int]] = 2, 0
    units: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _U16.pack(self.units)


@dataclass(frozen=True, slots=True)
class AlternateCareOf:
    """The address that is to be bound, under the signature that the IPv6 header is not under (6.2.5)."""

    kind: ClassVar[int] = 3
    align: ClassVar[tuple[int, int]] = 8, 6
    address: str

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return ipaddress.IPv6Address(self.address).packed


@dataclass(frozen=True, slots=True)
class NonceIndices:
    """By which of the correspondent's nonces the tokens were made (6.2.6)."""

    kind: ClassVar[int] = 4
    align: ClassVar[tuple[int, int]] = 2, 0
    home: int
    care_of: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _TWO_U16.pack(self.home, self.care_of)


@dataclass(frozen=True, slots=True)
class BindingAuthorization:
    """The authenticator between mobile node and correspondent: the last option, without padding behind it (6.2.7)."""

    kind: ClassVar[int] = 5
    align: ClassVar[tuple[int, int]] = 8, 2
    authenticator: bytes = bytes(AUTHENTICATOR_BYTES)

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return self.authenticator


@dataclass(frozen=True, slots=True)
class NodeIdentifier:
    """Who the mobile node is: a network access identifier (RFC 4283 3)."""

    kind: ClassVar[int] = 8
    align: ClassVar[tuple[int, int]] = 1, 0
    nai: str

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return bytes((_NAI,)) + self.nai.encode()


@dataclass(frozen=True, slots=True)
class MessageAuthentication:
    """The authenticator between mobile node and home agent (RFC 4285 5.1).

    Its alignment is 4n + 1; of the places that are so, this one leaves nothing to be padded behind it.
    """

    kind: ClassVar[int] = 9
    align: ClassVar[tuple[int, int]] = 8, 5
    spi: int
    authenticator: bytes = bytes(AUTHENTICATOR_BYTES)

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _SUBTYPE_AND_SPI.pack(_MN_HA, self.spi) + self.authenticator


@dataclass(frozen=True, slots=True)
class ReplayProtection:
    """When a message was made, as NTP has it (RFC 4285 6)."""

    kind: ClassVar[int] = 10
    align: ClassVar[tuple[int, int]] = 8, 2
    timestamp: int

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _U64.pack(self.timestamp)


@dataclass(frozen=True, slots=True)
class BindingIdentifier:
    """Which of several bindings of a home address is meant (RFC 5648 4.3); `status` is that of it alone, in an answer.

    A care-of address in it is not read: the binding's is in `AlternateCareOf`.
    """

    kind: ClassVar[int] = 35
    align: ClassVar[tuple[int, int]] = 2, 0
    number: int
    status: int = 0

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _IDENTIFIER.pack(self.number, self.status)


class HandoverAddress(IntEnum):
    """Which address an option of a handover has (RFC 5568 6.4.2)."""

    OLD_CARE_OF = 1
    NEW_CARE_OF = 2


@dataclass(frozen=True, slots=True)
class LinkLayerAddress:
    """The mobile node's address on the link that it goes to (RFC 5568 6.4.4)."""

    kind: ClassVar[int] = 7
    align: ClassVar[tuple[int, int]] = 1, 0
    octets: bytes

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return bytes((_OF_THE_MOBILE_NODE,)) + self.octets


@dataclass(frozen=True, slots=True)
class AddressOption:
    """An address, between two routers (RFC 5568 6.4.2; of its two numbers for the type this is IANA's, 11)."""

    kind: ClassVar[int] = 34
    align: ClassVar[tuple[int, int]] = 8, 4
    which: int
    address: str

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return bytes((self.which, _WHOLE)) + ipaddress.IPv6Address(self.address).packed


@dataclass(frozen=True, slots=True)
class FastAuthorization:
    """The authenticator of a fast handover (RFC 5568 6.4.5): the last option.

    Its length is that of all options (RFC 6275 6.2.1), so Wireshark finds its end; the RFC's words leave the SPI out.
    Of the places that are so aligned that the SPI is, this one leaves nothing to be padded behind it.
    """

    kind: ClassVar[int] = 21
    align: ClassVar[tuple[int, int]] = 8, 6
    spi: int
    authenticator: bytes = bytes(AUTHENTICATOR_BYTES)

    @property
    def body(self) -> bytes:
        """What stands behind type and length."""
        return _SPI.pack(self.spi) + self.authenticator


MobilityOption = (
    RefreshAdvice
    | AlternateCareOf
    | NonceIndices
    | BindingAuthorization
    | NodeIdentifier
    | MessageAuthentication
    | ReplayProtection
    | BindingIdentifier
    | LinkLayerAddress
    | AddressOption
    | FastAuthorization
    | proxy.ProxyOption
)


def written(options: Iterable[MobilityOption], at: int) -> bytes:
    """The bytes of options that begin `at` bytes behind a mobility header's beginning, which end at a multiple of 8."""
    data = b""
    for one in options:
        unit, rest = one.align
        data += _padding((rest - at - len(data)) % unit)
        data += bytes((one.kind, len(one.body))) + one.body
    return data + _padding(-(at + len(data)) % 8)


def options_in(data: bytes, at: int) -> Iterator[tuple[MobilityOption, int]]:
    """The options that are known from `at` on, each with where it ends; raises MobilityParseError."""
    while at < len(data):
        kind = data[at]
        if kind == _PAD1:
            at += 1
            continue
        end = at + _HEAD + (data[at + 1] if at + 1 < len(data) else len(data))
        if end > len(data):
            raise MobilityParseError(f"option {kind} is cut off")
        body = data[at + _HEAD : end]
        if kind != _PADN and (found := _option(kind, body)) is not None:
            yield found, end
        at = end


def _option(kind: int, body: bytes) -> MobilityOption | None:
    """An option; None for one that is not known, or is for others; raises MobilityParseError for a wrong size."""
    found = _FORMS.get(kind)
    if found is None or (found.subtype is not None and body[:1] != bytes((found.subtype,))):
        return None
    if found.size is not None and len(body) != found.size:
        raise MobilityParseError(f"option {kind} has {len(body)} bytes, not {found.size}")
    try:
        return found.read(body)
    except ValueError as error:
        raise MobilityParseError(f"option {kind}: {error}") from None


def _identifier(body: bytes) -> NodeIdentifier:
    try:
        return NodeIdentifier(body[1:].decode())
    except UnicodeDecodeError:
        raise ValueError("the node's identifier is no text") from None


def _binding(body: bytes) -> BindingIdentifier:
    """With a care-of address of either version, or none."""
    if len(body) not in {4, 8, 20}:
        raise ValueError(f"it has {len(body)} bytes, not 4, 8 or 20")
    return BindingIdentifier(*_IDENTIFIER.unpack_from(body))


def _authentication(body: bytes) -> MessageAuthentication:
    return MessageAuthentication(_SUBTYPE_AND_SPI.unpack_from(body)[1], body[_SUBTYPE_AND_SPI.size :])


def _address(body: bytes) -> AddressOption:
    return AddressOption(body[0], str(ipaddress.IPv6Address(body[2:])))


def _fast(body: bytes) -> FastAuthorization:
    return FastAuthorization(_SPI.unpack_from(body)[0], body[_SPI.size :])


class _Form(NamedTuple):
    """How an option's body is read: its size, where that is fixed, and its first byte, where that says whose it is."""

    read: Callable[[bytes], MobilityOption]
    size: int | None = None
    subtype: int | None = None


_FORMS = {
    RefreshAdvice.kind: _Form(lambda body: RefreshAdvice(*_U16.unpack(body)), _U16.size),
    AlternateCareOf.kind: _Form(lambda body: AlternateCareOf(str(ipaddress.IPv6Address(body))), _ADDRESS_BYTES),
    NonceIndices.kind: _Form(lambda body: NonceIndices(*_TWO_U16.unpack(body)), _TWO_U16.size),
    BindingAuthorization.kind: _Form(BindingAuthorization, AUTHENTICATOR_BYTES),
    NodeIdentifier.kind: _Form(_identifier, subtype=_NAI),
    MessageAuthentication.kind: _Form(_authentication, _SUBTYPE_AND_SPI.size + AUTHENTICATOR_BYTES, _MN_HA),
    BindingIdentifier.kind: _Form(_binding),
    LinkLayerAddress.kind: _Form(lambda body: LinkLayerAddress(body[1:]), subtype=_OF_THE_MOBILE_NODE),
    AddressOption.kind: _Form(_address, 2 + _ADDRESS_BYTES),
    FastAuthorization.kind: _Form(_fast, _SPI.size + AUTHENTICATOR_BYTES),
    ReplayProtection.kind: _Form(lambda body: ReplayProtection(*_U64.unpack(body)), _U64.size),
    proxy.HomeNetworkPrefix.kind: _Form(proxy.read_prefix, proxy.PREFIX_BYTES),
    proxy.HandoffIndicator.kind: _Form(proxy.read_handoff, proxy.SHORT_BYTES),
    proxy.AccessTechnologyType.kind: _Form(proxy.read_technology, proxy.SHORT_BYTES),
    proxy.LinkLayerIdentifier.kind: _Form(proxy.read_link_layer),
    proxy.Timestamp.kind: _Form(proxy.read_timestamp, proxy.TIMESTAMP_BYTES),
}


def _padding(size: int) -> bytes:
    """Pad1 for one byte, PadN for more (6.2.2, 6.2.3)."""
    if size < _HEAD:
        return bytes(size)
    return bytes((_PADN, size - _HEAD)) + bytes(size - _HEAD)
