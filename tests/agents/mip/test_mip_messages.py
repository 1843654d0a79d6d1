"""Registration messages: bytes as RFC 5944 has them and as scapy reads them, and nothing but a MipParseError."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.mobileip import MobileIP, MobileIPRRP, MobileIPRRQ

from agents.mip.mip_messages import (
    Flag,
    Key,
    MipParseError,
    RegistrationReply,
    RegistrationRequest,
    ReplyCode,
    parse_reply,
    parse_request,
)

KEY = Key(256, bytes(range(16)))
FLAGS = Flag.SIMULTANEOUS_BINDINGS | Flag.DECAPSULATED_BY_MOBILE_NODE | Flag.REVERSE_TUNNEL
REQUEST = RegistrationRequest(FLAGS, 300, "10.10.0.254", "10.10.0.2", "10.2.0.2", 0xEDB3_0000_1234_5678)
REPLY = RegistrationReply(ReplyCode.ACCEPTED, 300, "10.10.0.254", "10.10.0.2", 0xEDB3_0000_1234_5678)


def test_a_request_is_what_another_program_reads() -> None:
    data = REQUEST.signed(KEY)
    read = MobileIP(data)
    assert read.type == 1
    rrq = read[MobileIPRRQ]
    assert (rrq.homeaddr, rrq.haaddr, rrq.coaddr) == ("10.10.0.254", "10.10.0.2", "10.2.0.2")
    assert (int(rrq.flags), rrq.lifetime) == (0b10100010, 300)
    assert data[24:30] == bytes((32, 20)) + (256).to_bytes(4, "big")
    assert data[30:] == hmac.new(KEY.secret, data[:30], hashlib.md5).digest()


def test_a_reply_is_what_another_program_reads() -> None:
    read = MobileIP(REPLY.signed(KEY))
    assert read.type == 3
    rrp = read[MobileIPRRP]
    assert (rrp.code, rrp.lifetime, rrp.homeaddr, rrp.haaddr) == (0, 300, "10.10.0.254", "10.10.0.2")


def test_what_is_written_is_read() -> None:
    request, (signature,) = parse_request(REQUEST.signed(KEY))
    assert request == REQUEST
    assert signature.is_by(KEY, REQUEST.signed(KEY))
    reply, (signature,) = parse_reply(REPLY.signed(KEY))
    assert reply == REPLY
    assert signature.is_by(KEY, REPLY.signed(KEY))


@pytest.mark.parametrize("at", range(50))
def test_every_changed_byte_is_seen(at: int) -> None:
    """Of all that is sent: it is covered, or the proof itself (3.5.1)."""
    data = bytearray(REQUEST.signed(KEY)[:46])
    if at >= len(data):
        return
    data[at] ^= 1
    try:
        _, signatures = parse_request(bytes(data))
    except MipParseError:
        return
    assert not any(one.is_by(KEY, bytes(data)) for one in signatures)


@pytest.mark.parametrize("key", [Key(257, KEY.secret), Key(256, b"\0" * 16)])
def test_another_association_did_not_sign_it(key: Key) -> None:
    data = REQUEST.signed(key)
    assert not parse_request(data)[1][0].is_by(KEY, data)


def test_extensions_that_may_be_skipped_are() -> None:
    """RFC 5944 1.8: from 128 on; others make the message void."""
    data = REQUEST.signed(KEY)
    fixed, rest = data[:24], data[24:]
    assert len(parse_request(fixed + bytes((131, 3)) + b"nai" + rest)[1]) == 1
    with pytest.raises(MipParseError, match="extension 42 is not known"):
        parse_request(fixed + bytes((42, 0)) + rest)


@pytest.mark.parametrize("size", range(46))
def test_what_is_cut_off_is_void_or_unsigned(size: int) -> None:
    try:
        _, signatures = parse_request(REQUEST.signed(KEY)[:size])
    except MipParseError:
        return
    assert signatures == []


@given(st.binary(max_size=120), st.booleans())
def test_strangers_bytes_raise_nothing_else(data: bytes, is_headed: bool) -> None:
    for parse, kind in ((parse_request, 1), (parse_reply, 3)):
        try:
            parse(bytes((kind,)) + data if is_headed else data)
        except MipParseError:
            continue
