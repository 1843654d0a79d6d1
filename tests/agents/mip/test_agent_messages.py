"""Agent advertisements and solicitations: bytes as RFC 5944 2.1 has them and as scapy reads them, and no others."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, UDP

from agents.mip.agent_messages import (
    AgentAdvertisement,
    AgentFlag,
    AgentSolicitation,
    read_agent_message,
)
from agents.mip.home_unreachable import unreachable
from agents.mip.mip_messages import MipParseError, ReplyCode

OFFERS = AgentFlag.FOREIGN_AGENT | AgentFlag.REVERSE_TUNNEL
SAID = AgentAdvertisement(7, 3, 1800, OFFERS, ("10.0.1.2",), ("10.1.0.1",), (24,))
ADDRESSES = st.ip_addresses(v=4).map(str)


def test_an_advertisement_is_what_the_rfc_draws() -> None:
    """RFC 1256 3, RFC 5944 2.1.1, 2.1.2, 2.1.3; the header as scapy reads it."""
    data = SAID.packed()
    assert data[4:16] == bytes((1, 2, 0, 3, 10, 1, 0, 1, 0, 0, 0, 0))
    assert data[16:28] == bytes((16, 10, 0, 7)) + struct.pack("!HH", 1800, 0x1100) + bytes((10, 0, 1, 2))
    assert data[28:] == bytes((19, 1, 24, 0))
    read = ICMP(data)
    assert (read.type, read.code) == (9, 0)


def test_a_solicitation_is_what_another_program_makes() -> None:
    assert AgentSolicitation().packed() == bytes(ICMP(type=10, chksum=0))
    assert read_agent_message(bytes(ICMP(type=10))) == AgentSolicitation()


@given(
    st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.lists(ADDRESSES, min_size=1, max_size=9),
    st.lists(st.tuples(ADDRESSES, st.integers(0, 32)), max_size=9), st.booleans(), st.integers(0, 0x1F),
)  # fmt: skip
def test_what_is_written_is_read(
    sequence: int, lifetime: int, care_of: list[str], routers: list[tuple[str, int]], says_prefixes: bool, reserved: int
) -> None:
    """2.4: reserved bits make no difference."""
    addresses, prefixes = tuple(one for one, _ in routers), tuple(one for _, one in routers)
    said = AgentAdvertisement(
        sequence, lifetime, lifetime, AgentFlag(OFFERS | reserved), tuple(care_of), addresses,
        prefixes if says_prefixes else (),
    )  # fmt: skip
    assert len(said.packed()) % 2 == 0
    assert read_agent_message(said.packed()) == said


def test_the_network_is_that_of_the_first_address() -> None:
    assert str(SAID.network) == "10.1.0.0/24"
    assert SAID._replace(prefixes=()).network is None
    assert SAID._replace(routers=(), prefixes=()).network is None


def test_a_router_that_is_no_agent_is_none() -> None:
    """RFC 1256: without the extension; and longer addresses are skipped over."""
    assert read_agent_message(bytes((9, 0, 0, 0, 1, 2, 0, 30, 10, 1, 0, 1)) + bytes(4)) is None
    wide = bytes((9, 16, 0, 0, 1, 3, 0, 3, 10, 1, 0, 1)) + bytes(8) + SAID.packed()[16:]
    assert read_agent_message(wide) == SAID
    assert read_agent_message(bytes(ICMP(type=8))) is None


def test_extensions_that_are_not_known_are_skipped() -> None:
    data = SAID.packed()
    assert read_agent_message(data[:16] + bytes((99, 2, 1, 2)) + data[16:]) == SAID


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes, and 8 are the least"),
        (bytes((9, 5, 0, 0, 0, 2, 0, 3)), "code 5 of an advertisement"),
        (bytes((10, 1, 0, 0, 0, 0, 0, 0)), "code 1 of a solicitation"),
        (bytes((9, 0, 0, 0, 1, 1, 0, 3, 10, 1, 0, 1)), "addresses of 1 words"),
        (bytes((9, 0, 0, 0, 9, 2, 0, 3, 10, 1, 0, 1)), "no room for 9 addresses"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 200)), "extension 16 is cut off"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16)), "extension 16 is cut off"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 4, 0, 1, 0, 9)), "an agent's extension of 4 bytes"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 8, 0, 1, 0, 9, 0x20, 0, 1, 2)), "an agent's extension of 8 bytes"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 6, 0, 1, 0, 9, 0, 0)), "an agent that is none: neither F nor H"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 6, 0, 1, 0, 9, 0x10, 0)), "a foreign agent without a care-of address"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 6, 0, 1, 0, 9, 0x60, 0)), "B or R without F"),
        (bytes((9, 0, 0, 0, 0, 2, 0, 3, 16, 6, 0, 1, 0, 9, 0x20, 0, 19, 1, 24, 0)), "for 0 addresses"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, why: str) -> None:
    with pytest.raises(MipParseError, match=why.replace("(", r"\(")):
        read_agent_message(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_parse_error(data: bytes) -> None:
    for read in (read_agent_message, lambda one: unreachable(one, "10.0.1.2", 434)):
        for one in (data, bytes((9, 0)) + data):
            try:
                read(one)
            except MipParseError:
                continue


@pytest.mark.parametrize(
    ("code", "is_told"),
    [(0, ReplyCode.HOME_NETWORK_UNREACHABLE), (1, ReplyCode.HOME_AGENT_HOST_UNREACHABLE),
     (3, ReplyCode.HOME_AGENT_PORT_UNREACHABLE), (10, ReplyCode.HOME_AGENT_UNREACHABLE)],
)  # fmt: skip
def test_an_icmp_error_of_another_program_is_told_by_its_code(code: int, is_told: ReplyCode) -> None:
    about = IP(src="10.0.1.2", dst="10.10.0.2") / UDP(sport=434, dport=434) / b"request"
    found = unreachable(bytes(ICMP(type=3, code=code) / about), "10.0.1.2", 434)
    assert found is not None
    assert found == ("10.10.0.2", is_told)
    assert unreachable(bytes(ICMP(type=3, code=code) / about), "10.0.2.2", 434) is None
