"""Fast handovers' messages (RFC 5568 6): the bytes of its figures. What Wireshark reads, a test of the lab says."""

from __future__ import annotations

import contextlib
import struct
from ipaddress import IPv6Address
from random import Random
from typing import TYPE_CHECKING

import pytest

from agents.mip6.fast_keys import FastKey
from agents.mip6.fast_messages import (
    FastBindingAcknowledgement,
    FastBindingUpdate,
    FastStatus,
    HandoverAcknowledge,
    HandoverInitiate,
    InitiateFlag,
)
from agents.mip6.mobility_header import MessageEnds, MobilityMessage, packed, parsed
from agents.mip6.mobility_options import (
    AddressOption,
    AlternateCareOf,
    FastAuthorization,
    HandoverAddress,
    LinkLayerAddress,
    MobilityParseError,
    NonceIndices,
)
from agents.mip6.neighbour_messages import NeighbourParseError
from agents.mip6.proxy_advertisements import (
    ArrivalAtRouter,
    NeighbourMessage,
    NeighbourRouter,
    ProxyAdvertisement,
    ProxySolicitation,
    parsed_neighbour,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = "2001:db8:a01::2", "2001:db8:a02::2"
ROUTER, NEXT = "2001:db8:a01::1", "2001:db8:a02::1"
ENDS = MessageEnds(OLD, ROUTER)
KEY = FastKey(512, bytes(range(16)))
OWN = bytes((2, 0, 0, 0, 0, 5))
UPDATE = FastBindingUpdate(0xFFFE, 0xC000, 10, (AlternateCareOf(NEW), LinkLayerAddress(OWN), FastAuthorization(512)))
INITIATE = HandoverInitiate(
    7, int(InitiateFlag.BUFFER), 0,
    (
        LinkLayerAddress(OWN), AddressOption(HandoverAddress.OLD_CARE_OF, OLD),
        AddressOption(HandoverAddress.NEW_CARE_OF, NEW), FastAuthorization(768),
    ),
)  # fmt: skip
MESSAGES: list[MobilityMessage] = [
    UPDATE,
    FastBindingAcknowledgement(128, 0xFFFE, 0, (FastAuthorization(512),)),
    INITIATE,
    HandoverAcknowledge(7, FastStatus.NO_RESOURCES, (FastAuthorization(768),)),
]
AROUND = ProxyAdvertisement(0xBEEF, OWN, (NeighbourRouter(bytes(5) + b"\x08", NEXT, "2001:db8:a02::/64"),))
NEIGHBOURS: list[NeighbourMessage] = [
    ProxySolicitation(0xBEEF, OWN), AROUND, ProxyAdvertisement(1, OWN, ()), ArrivalAtRouter(NEW, OWN),
]  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mobility_header_is_read_as_it_was_written(message: MobilityMessage) -> None:
    data = packed(message, ENDS)
    assert len(data) % 8 == 0
    assert parsed(data, ENDS).message == message


def test_fields_stand_where_the_figures_have_them() -> None:
    """Figures 6 to 9, 12, 14, 15."""
    data = packed(UPDATE, ENDS)
    assert (data[2], data[6:12]) == (8, struct.pack("!HHH", 0xFFFE, 0xC000, 10))
    assert data.index(bytes((7, 7, 2)) + OWN) > 12
    data = packed(MESSAGES[1], ENDS)
    assert (data[2], data[6:12]) == (9, struct.pack("!BBHH", 128, 0, 0xFFFE, 0))
    data = packed(INITIATE, ENDS)
    assert (data[2], data[6:10]) == (14, struct.pack("!HBB", 7, 0x40, 0))
    for which, address in ((1, OLD), (2, NEW)):
        place = data.index(bytes((34, 18, which, 128)) + IPv6Address(address).packed)
        assert place % 8 == 4
    data = packed(MESSAGES[3], ENDS)
    assert (data[2], data[6:10]) == (15, struct.pack("!HBB", 7, 0, 130))
    assert data[-18:] == struct.pack("!BBI", 21, 16, 768) + bytes(12)


def test_a_key_signs_all_before_the_signature_and_two_addresses() -> None:
    data = KEY.packed(UPDATE, ENDS, NEW, ROUTER)
    read = parsed(data, ENDS)
    assert KEY.has_signed(read, NEW, ROUTER)
    assert not KEY.has_signed(read, ROUTER, NEW)
    assert not FastKey(512, bytes(16)).has_signed(read, NEW, ROUTER)
    assert not FastKey(513, KEY.secret).has_signed(read, NEW, ROUTER)
    assert not KEY.has_signed(parsed(packed(FastBindingUpdate(1, 0xC000, 1), ENDS), ENDS), NEW, ROUTER)
    assert FastKey.of({"spi": 512, "key": KEY.secret.hex()}) == KEY


def test_nothing_stands_behind_the_signature() -> None:
    """6.4.5: it is the last one."""
    behind = packed(FastBindingUpdate(1, 0xC000, 1, (FastAuthorization(1), NonceIndices(1, 2))), ENDS)
    with pytest.raises(MobilityParseError, match="behind the authenticator"):
        parsed(behind, ENDS)


@pytest.mark.parametrize("message", NEIGHBOURS)
def test_a_message_of_icmpv6_is_read_as_it_was_written(message: NeighbourMessage) -> None:
    data = message.packed()
    assert len(data) % 8 == 0
    assert parsed_neighbour(data) == message


def test_icmpv6_has_the_fields_of_the_figures() -> None:
    """Figures 4, 5, 11, 13; RFC 4861 4.4 with O, S and R clear."""
    data = ProxySolicitation(0xBEEF, OWN).packed()
    assert data[:8] == bytes((154, 0, 0, 0, 2, 0, 0xBE, 0xEF))
    assert data[8:] == bytes((19, 2, 4)) + OWN + bytes(7) + bytes((19, 1, 0)) + bytes(5)
    data = AROUND.packed()
    assert data[:8] == bytes((154, 0, 0, 0, 3, 0, 0xBE, 0xEF))
    assert bytes((17, 3, 3, 128)) + bytes(4) + IPv6Address(NEXT).packed in data
    assert bytes((17, 3, 4, 64)) + bytes(4) + IPv6Address("2001:db8:a02::").packed in data
    assert ProxyAdvertisement(1, OWN, ()).packed()[1] == 2
    assert ArrivalAtRouter(NEW, OWN).packed()[:8] == bytes((136, 0, 0, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("change", "read"),
    [
        (lambda data: bytes((155,)) + data[1:], None),
        (lambda data: data[:4] + b"\x04" + data[5:], None),
        (lambda data: data[:24], ProxyAdvertisement(0xBEEF, OWN, ())),  # complete neighbours alone count
        (lambda data: data + bytes((99, 1)) + bytes(6), AROUND),
    ],
)
def test_what_is_for_others_is_left_alone(change: Callable[[bytes], bytes], read: NeighbourMessage | None) -> None:
    assert parsed_neighbour(change(AROUND.packed())) == read


def test_an_advertisement_that_answers_or_overrides_is_no_arrival() -> None:
    for flags in (0x40, 0x20):
        data = ArrivalAtRouter(NEW, OWN).packed()
        assert parsed_neighbour(data[:4] + bytes((flags,)) + data[5:]) is None


@pytest.mark.parametrize("change", [lambda data: data[:7], lambda data: data[:-1], lambda data: data[:9] + bytes(7)])
def test_what_is_cut_off_is_said(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(NeighbourParseError, match=r"bytes, and|cut off"):
        parsed_neighbour(change(ProxySolicitation(1, OWN).packed()))


def test_any_bytes_are_a_message_or_a_parse_error() -> None:
    chance = Random(5568)
    for _ in range(3000):
        data = bytes((chance.choice((136, 154)),)) + chance.randbytes(chance.randrange(120))
        if len(data) > 4:
            data = data[:4] + bytes((chance.choice((2, 3)),)) + data[5:]
        with contextlib.suppress(NeighbourParseError):
            parsed_neighbour(data)
