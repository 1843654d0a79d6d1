"""STUN messages: RFC 5769's samples, other people's bytes, and what must not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib.stun import STUN

from agents.sip.message.address import Address
from agents.stun.stun_message import (
    MOST_ATTRIBUTES,
    Attribute,
    MessageClass,
    Method,
    StunMessage,
    StunParseError,
    fingerprint,
    is_stun,
    long_term_key,
)
from agents.stun.stun_values import error, parse_error, parse_xored, xored
from agents.turn.turn_values import parse_seconds, seconds

SHORT_TERM = b"VOkJxbRl1RmTxUk/WvJxBt"
NAME = bytes.fromhex("b7e7a701bc34d686fa87dfae")
SOFTWARE = 0x8022
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
"""RFC 5769 2.1."""
RESPONSE_4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599"
    "fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
"""2.2."""
RESPONSE_6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
    "bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
"""2.3."""
LONG_TERM = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c662f2f3439396b39"
    "353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f72670000080014f67024656dd64a3e02b8e0712e85c9a2"
    "8ca89666"
)
"""2.4."""


@pytest.mark.parametrize("data", [REQUEST, RESPONSE_4, RESPONSE_6])
def test_samples_are_signed_and_have_a_fingerprint(data: bytes) -> None:
    message = StunMessage.parse(data)
    assert (message.method, message.transaction) == (Method.BINDING, NAME)
    assert message.is_signed_by(SHORT_TERM)
    assert not message.is_signed_by(SHORT_TERM + b"!")
    assert data.endswith(fingerprint(data[:-8]))


def test_sample_request_says_who_asks() -> None:
    message = StunMessage.parse(REQUEST)
    assert (message.kind, message.get(Attribute.USERNAME)) == (MessageClass.REQUEST, b"evtj:h6vY")
    assert message.get(SOFTWARE) == b"STUN test client"
    assert message.get(Attribute.PRIORITY) == bytes.fromhex("6e0001ff")
    assert message.unknown == []


@pytest.mark.parametrize(
    ("data", "ip"), [(RESPONSE_4, "192.0.2.1"), (RESPONSE_6, "2001:db8:1234:5678:11:2233:4455:6677")]
)
def test_sample_responses_have_their_addresses(data: bytes, ip: str) -> None:
    message = StunMessage.parse(data)
    assert message.kind == MessageClass.SUCCESS
    mapped = message.get(Attribute.XOR_MAPPED_ADDRESS) or b""
    assert parse_xored(mapped, message.transaction) == Address(ip, 32853)
    assert xored(Address(ip, 32853), message.transaction) == mapped


def test_sample_with_long_term_credentials() -> None:
    message = StunMessage.parse(LONG_TERM)
    key = long_term_key("マトリックス", "example.org", "TheMatrIX")
    assert message.is_signed_by(key)
    assert message.get(Attribute.NONCE) == b"f//499k954d6OL34oL9FSTvy64sA"
    assert StunMessage(message.kind, message.method, message.transaction, message.attributes).to_bytes(key) == LONG_TERM


def test_scapy_reads_what_is_written() -> None:
    """Oracle: another implementation of RFC 8489."""
    address = xored(Address("10.20.0.2", 30000), NAME)
    made = StunMessage(
        MessageClass.SUCCESS,
        Method.BINDING,
        NAME,
        ((Attribute.USERNAME, b"mn"), (Attribute.XOR_MAPPED_ADDRESS, address)),
    ).to_bytes(b"key")
    read = STUN(made)
    assert (read.transaction_id, read.length) == (int.from_bytes(NAME, "big"), len(made) - 20)
    username, mapped, integrity = read.attributes
    assert username.username == b"mn"
    assert (mapped.xport, mapped.xip) == (30000, "10.20.0.2")
    assert integrity.hmac_sha1 == int.from_bytes(made[-20:], "big")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "0 bytes"),
        (REQUEST[:19], "19 bytes"),
        (b"\x40" + REQUEST[1:], "type"),
        (REQUEST[:4] + bytes(4) + REQUEST[8:], "magic cookie"),
        (REQUEST + bytes(4), "length"),
        (REQUEST[:2] + b"\x00\x57" + REQUEST[4:-1], "length"),
        (REQUEST[:-1] + b"\x00", "FINGERPRINT"),
        (RESPONSE_4[:2] + b"\x00\x04" + RESPONSE_4[4:20] + b"\x00\x20\x00\x08", "cut off"),
        (RESPONSE_4[:2] + b"\x00\x04" + RESPONSE_4[4:20] + b"\x00\x08\x00\x00", "MESSAGE-INTEGRITY of 0"),
        (
            RESPONSE_4[:2] + (4 * (MOST_ATTRIBUTES + 1)).to_bytes(2, "big") + RESPONSE_4[4:20]
            + bytes.fromhex("80220000") * (MOST_ATTRIBUTES + 1),
            "more than",
        ),
    ],
)  # fmt: skip
def test_what_is_no_message_is_told_why(data: bytes, why: str) -> None:
    with pytest.raises(StunParseError, match=why):
        StunMessage.parse(data)


def test_what_follows_the_signature_does_not_count() -> None:
    """RFC 8489 14.5: nobody has signed it."""
    key = b"key"
    made = StunMessage(MessageClass.SUCCESS, Method.REFRESH, NAME, ((Attribute.LIFETIME, seconds(600)),)).to_bytes(key)
    more = made[:2] + (len(made) - 20 + 8).to_bytes(2, "big") + made[4:] + bytes.fromhex("000d00040000ffff")
    message = StunMessage.parse(more)
    assert message.is_signed_by(key)
    assert [number for number, _ in message.attributes] == [Attribute.LIFETIME]
    assert parse_seconds(message.get(Attribute.LIFETIME) or b"") == 600


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_or_a_parse_error(data: bytes) -> None:
    try:
        StunMessage.parse(data)
    except StunParseError:
        return


@given(st.binary(max_size=60), st.integers(0, 79))
def test_any_attributes_behind_a_good_header_are_a_message_or_a_parse_error(body: bytes, flip: int) -> None:
    body += bytes(-len(body) % 4)
    data = bytearray(b"\x01\x13" + len(body).to_bytes(2, "big") + RESPONSE_4[4:20] + body)
    data[flip % len(data)] ^= 0x10
    try:
        StunMessage.parse(bytes(data))
    except StunParseError:
        return


@pytest.mark.parametrize("value", [b"", b"\x00\x01", b"\x00\x03\x00\x00\x00\x00\x00\x00", b"\x00\x02" + bytes(6)])
def test_addresses_that_are_none(value: bytes) -> None:
    with pytest.raises(StunParseError, match="an address"):
        parse_xored(value, NAME)


@pytest.mark.parametrize("value", [b"", b"\x00\x00\x02\x00", b"\x00\x00\x04\x64", b"\x00\x00\x07\x00"])
def test_errors_that_are_none(value: bytes) -> None:
    with pytest.raises(StunParseError, match="ERROR-CODE"):
        parse_error(value)


def test_an_error_has_its_code_and_words() -> None:
    assert parse_error(b"\x00\x00\x04\x26Stale \xff") == (438, "Stale \ufffd")


def test_an_error_is_what_it_was_made_of() -> None:
    assert parse_error(error(487, "Role Conflict")) == (487, "Role Conflict")


def test_the_sample_is_made_again_byte_for_byte_but_for_its_padding() -> None:
    """RFC 5769 2.1 pads with spaces; the RFC's own attributes, signed and with a fingerprint, in its order."""
    message = StunMessage.parse(REQUEST)
    made = StunMessage(message.kind, message.method, message.transaction, message.attributes)
    again = StunMessage.parse(made.to_bytes(SHORT_TERM, has_fingerprint=True))
    assert (again.attributes, again.has_fingerprint) == (message.attributes, True)
    assert again.is_signed_by(SHORT_TERM)
    assert not StunMessage.parse(made.to_bytes(SHORT_TERM)).has_fingerprint


@pytest.mark.parametrize(
    ("data", "is_one"),
    [(REQUEST, True), (RESPONSE_4, True), (b"\x80" + REQUEST[1:], False), (REQUEST[:19], False),
     (b"@" + REQUEST[1:], False),
     (REQUEST[:4] + b"\x21\x12\xa4\x43" + REQUEST[8:], False), (b"", False)],
)  # fmt: skip
def test_speech_and_channels_are_no_stun(data: bytes, is_one: bool) -> None:
    assert is_stun(data) == is_one
