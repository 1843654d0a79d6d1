"""Candidates and descriptions: what is read, what is ignored, what is refused, whatever the bytes."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ice.candidate import PEER_REFLEXIVE, RTCP, RTP, Candidate, IceParseError, priority
from agents.ice.ice_description import MOST_CANDIDATES, IceDescription
from agents.sdp.description import SessionDescription
from agents.sip.message.address import Address

HERE = Address("192.0.2.1", 45664)
EXAMPLE = "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998"
"""RFC 8839 5.1."""


def description(*lines: str, port: int = 45664, session: tuple[str, ...] = ()) -> SessionDescription:
    head = ("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", *session)
    return SessionDescription.build(*head, f"m=audio {port} RTP/AVP 0", *lines)


def read(*lines: str, session: tuple[str, ...] = ()) -> IceDescription | None:
    return IceDescription.read(description(*lines, session=session).media[0])


def test_the_rfc_s_own_candidate() -> None:
    assert Candidate.parse(EXAMPLE) == Candidate("2", 1, 1694498815, Address("192.0.2.3", 45664), "srflx")


def test_priorities_are_those_of_the_rfc() -> None:
    """RFC 8445 5.1.2.1: 126 and 110 for the kinds, 65535 for the only address, 256 less the component."""
    assert priority("host", RTP) == 2130706431
    assert priority("host", RTCP) == 2130706430
    assert priority(PEER_REFLEXIVE, RTP) == 1862270975


def test_what_we_write_is_what_we_read() -> None:
    ours = IceDescription.draw({RTP: HERE, RTCP: Address("192.0.2.1", 45665)}, Random(1))
    made = description()
    ours.write(made.media[0])
    assert IceDescription.read(SessionDescription.parse(bytes(made)).media[0]) == ours
    assert (len(ours.ufrag), len(ours.pwd)) == (4, 22)


def test_names_are_those_of_the_stream_or_else_of_the_session() -> None:
    both = "a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg"
    candidate = f"a=candidate:1 1 UDP 1 {HERE.ip} {HERE.port} typ host"
    found = read(candidate, session=both)
    assert found is not None
    assert found.ufrag == "8hhY"
    own = read(candidate, "a=ice-ufrag:mine", session=both)
    assert own is not None
    assert (own.ufrag, own.pwd) == ("mine", "asd88fgpdd777uzjYhagZg")


def test_a_description_without_ice_has_none() -> None:
    assert read() is None
    assert read("a=candidate:1 1 UDP 1 192.0.2.1 45664 typ host") is None


@pytest.mark.parametrize(
    "lines",
    [
        ("a=ice-ufrag:8hh", "a=ice-pwd:asd88fgpdd777uzjYhagZg"),
        ("a=ice-ufrag:8hhY", "a=ice-pwd:short"),
        ("a=ice-ufrag:8hhY",),
        ("a=ice-ufrag:8h Y", "a=ice-pwd:asd88fgpdd777uzjYhagZg"),
        ("a=ice-ufrag:8hhY", f"a=ice-pwd:{'x' * 257}"),
    ],
)
def test_names_that_are_none(lines: tuple[str, ...]) -> None:
    with pytest.raises(IceParseError, match="ice-ufrag and ice-pwd"):
        read(*lines, f"a=candidate:1 1 UDP 1 {HERE.ip} {HERE.port} typ host")


def test_who_takes_media_where_no_candidate_is_knows_nothing_of_ice() -> None:
    with pytest.raises(IceParseError, match="none of 1 candidates"):
        read("a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg", "a=candidate:1 1 UDP 1 192.0.2.9 9 typ host")


@pytest.mark.parametrize(
    "value",
    [
        "", "1 1 UDP 1 192.0.2.1 9 typ", "1 1 UDP 1 192.0.2.1 9 host typ", "- 1 UDP 1 192.0.2.1 9 typ host",
        "1 0 UDP 1 192.0.2.1 9 typ host", "1 257 UDP 1 192.0.2.1 9 typ host", "1 1 TCP 1 192.0.2.1 9 typ host",
        "1 1 UDP 0 192.0.2.1 9 typ host", "1 1 UDP 2147483648 192.0.2.1 9 typ host", "1 1 UDP 1 a.local 9 typ host",
        "1 1 UDP 1 192.0.2.1 0 typ host", "1 1 UDP 1 192.0.2.1 65536 typ host", "1 1 UDP 1 192.0.2 9 typ host",
    ],
)  # fmt: skip
def test_candidates_that_are_ignored(value: str) -> None:
    with pytest.raises(IceParseError):
        Candidate.parse(value)
    found = read(
        "a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg", f"a=candidate:{value}",
        f"a=candidate:1 1 udp 1 {HERE.ip} {HERE.port} typ host generation 0",
    )  # fmt: skip
    assert found is not None
    assert (len(found.candidates), len(found.doubted)) == (1, 1)


def test_of_many_candidates_the_first_are_looked_at() -> None:
    many = [f"a=candidate:1 1 UDP 1 192.0.2.1 {45664 + number} typ host" for number in range(500)]
    found = read("a=ice-ufrag:8hhY", "a=ice-pwd:asd88fgpdd777uzjYhagZg", *many)
    assert found is not None
    assert len(found.candidates) == MOST_CANDIDATES
    assert found.doubted == (f"more than {MOST_CANDIDATES} candidates",)


@given(st.text(max_size=80))
def test_any_text_is_a_candidate_or_a_parse_error(value: str) -> None:
    try:
        found = Candidate.parse(value)
    except IceParseError:
        return
    assert Candidate.parse(str(found)) == found._replace(kind=found.kind)
