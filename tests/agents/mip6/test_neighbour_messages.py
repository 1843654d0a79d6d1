"""What neighbours say, as bytes; oracle: scapy's own classes for ICMPv6."""

from __future__ import annotations

from random import Random

import pytest
from scapy.layers.inet6 import (
    ICMPv6MLDone,
    ICMPv6ND_NA,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
)

from agents.mip6.neighbour_messages import (
    ListenerDone,
    NeighbourAdvertisement,
    NeighbourMessage,
    NeighbourParseError,
    RouterAdvertisement,
    read_neighbour,
    solicited_node_group,
)

HOME, STATION = "2001:db8:a::abcd", bytes.fromhex("020000000001")
ALL = (
    NeighbourAdvertisement(HOME, STATION),
    RouterAdvertisement(f"{HOME}/128", 1460),
    ListenerDone(solicited_node_group(HOME)),
)


def test_scapy_reads_an_advertisement() -> None:
    read = ICMPv6ND_NA(ALL[0].packed())
    assert (read.type, read.tgt, read.R, read.S, read.O) == (136, HOME, 0, 0, 1)
    assert read[ICMPv6NDOptDstLLAddr].lladdr == "02:00:00:00:00:01"


def test_scapy_reads_a_router_s() -> None:
    """Neither on the link, nor to make addresses of: the prefix says whose it is, and no more."""
    read = ICMPv6ND_RA(ALL[1].packed())
    prefix = read[ICMPv6NDOptPrefixInfo]
    assert (read.type, read.routerlifetime, read.chlim) == (134, 1800, 64)
    assert (prefix.prefix, prefix.prefixlen, prefix.L, prefix.A) == (HOME, 128, 0, 0)
    assert read[ICMPv6NDOptMTU].mtu == 1460
    assert read_neighbour(RouterAdvertisement(f"{HOME}/128").packed(), 255) == RouterAdvertisement(f"{HOME}/128")


def test_scapy_reads_that_a_group_is_left() -> None:
    read = ICMPv6MLDone(ALL[2].packed())
    assert (read.type, read.mladdr) == (132, "ff02::1:ff00:abcd")


@pytest.mark.parametrize("message", ALL)
def test_what_was_packed_is_read_again(message: NeighbourMessage) -> None:
    assert read_neighbour(message.packed(), message.hops) == message


@pytest.mark.parametrize("message", ALL)
def test_what_is_not_of_this_link_is_refused(message: NeighbourMessage) -> None:
    """RFC 4861 6.1.2, 7.1.2: who is elsewhere can't send one that has all its hops left."""
    with pytest.raises(NeighbourParseError, match="not of this link"):
        read_neighbour(message.packed(), message.hops - 1)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (ALL[0].packed()[:20], "20 bytes, and type 136 has 24 at the least"),
        (ALL[0].packed()[:25] + b"\x00" + ALL[0].packed()[26:], "option 2 has no length"),
        (ALL[1].packed()[:-4], "option 5 has no length, or is cut off"),
        (ALL[1].packed()[:17] + b"\x05" + ALL[1].packed()[18:], "option 3 of 40 bytes, not 32"),
        (ALL[1].packed()[:18] + b"\x81" + ALL[1].packed()[19:], "129"),
    ],
)
def test_what_is_no_message_is_said(data: bytes, why: str) -> None:
    with pytest.raises(NeighbourParseError, match=why):
        read_neighbour(data, 255)


def test_any_bytes_are_a_message_or_nothing_or_a_parse_error() -> None:
    chance = Random(4861)
    for _ in range(3000):
        data = bytes((chance.choice((132, 134, 136, 135)),)) + chance.randbytes(chance.randrange(60))
        try:
            read_neighbour(data, chance.choice((1, 255)))
        except NeighbourParseError:
            continue
