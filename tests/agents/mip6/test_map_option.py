"""Anchor points in router advertisements (RFC 5380 5), beside scapy's reading of them; what is wrong with others'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptMAP

from agents.mip6.map_option import (
    AnchorPoint,
    chosen,
    is_solicitation,
    packed_advertisement,
    packed_solicitation,
    points_in,
)
from agents.mip6.neighbour_messages import NeighbourParseError

NEAR, FAR = AnchorPoint("2001:db8:1::1", 1, 15, 600), AnchorPoint("2001:db8:2::1", 3, 4, 600)
BETTER = AnchorPoint("2001:db8:3::1", 3, 9, 600)


def test_scapy_reads_an_advertisement_as_it_is_meant() -> None:
    said = ICMPv6ND_RA(packed_advertisement(AnchorPoint("2001:db8:2::1", 3, 4, 600, allocates=True)))
    option = said[ICMPv6NDOptMAP]
    assert (said.type, said.routerlifetime, option.type, option.len) == (134, 1800, 23, 3)
    assert (option.dist, option.pref, option.R, option.validlifetime, option.addr) == (3, 4, 1, 600, "2001:db8:2::1")


def test_an_advertisement_of_scapy_s_is_read() -> None:
    options = ICMPv6NDOptMAP(dist=2, pref=9, R=0, validlifetime=30, addr="2001:db8:7::7")
    assert points_in(bytes(ICMPv6ND_RA() / options)) == [AnchorPoint("2001:db8:7::7", 2, 9, 30)]
    assert is_solicitation(bytes(ICMPv6ND_RS()))
    assert ICMPv6ND_RS(packed_solicitation()).type == 133


@pytest.mark.parametrize(
    ("points", "which"),
    [
        ([NEAR, FAR], FAR),  # 9.1: the furthest
        ([NEAR, FAR._replace(preference=0)], NEAR),
        ([NEAR, FAR._replace(valid_s=0)], NEAR),
        ([BETTER, FAR], BETTER),
        ([NEAR._replace(valid_s=0)], None),
        ([NEAR._replace(distance=0)], None),  # 5: MUST NOT be used
        ([], None),
    ],
)  # fmt: skip
def test_which_one_is_asked(points: list[AnchorPoint], which: AnchorPoint | None) -> None:
    assert chosen(points) == which


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (packed_advertisement(NEAR)[:15], "15 bytes, and type 134 has 16 at the least"),
        (packed_advertisement(NEAR)[:-8], "option 23 has no length, or is cut off"),
        (packed_advertisement() + bytes((23, 2)) + bytes(14), "option 23 of 16 bytes, not 24"),
        (packed_advertisement() + bytes((23, 0)) + bytes(6), "option 23 has no length, or is cut off"),
    ],
)
def test_what_is_damaged_is_refused(data: bytes, wrong: str) -> None:
    with pytest.raises(NeighbourParseError, match=wrong):
        points_in(data)


@given(st.binary(max_size=120))
def test_whatever_comes_is_read_or_refused(rest: bytes) -> None:
    for data in (rest, packed_advertisement(NEAR)[:16] + rest, bytes((133,)) + rest):
        try:
            points_in(data)
            is_solicitation(data)
        except NeighbourParseError:
            continue
