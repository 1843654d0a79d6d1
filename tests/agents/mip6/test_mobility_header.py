"""Mobility headers as RFC 6275 has them; oracle: scapy's own classes for them."""

from __future__ import annotations

import struct
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from scapy.layers.inet6 import (
    MIP6MH_BA,
    MIP6MH_BE,
    MIP6MH_BRR,
    MIP6MH_BU,
    IPv6,
    MIP6MH_CoT,
    MIP6MH_CoTI,
    MIP6MH_HoT,
    MIP6MH_HoTI,
    MIP6OptAltCoA,
    MIP6OptBindingAuthData,
    MIP6OptBRAdvice,
    MIP6OptMNID,
    MIP6OptMsgAuth,
    MIP6OptNonceIndices,
    MIP6OptReplayProtection,
    in6_chksum,
)

from agents.mip6.binding_keys import HomeKey, binding_authenticator, binding_key, care_of_token, home_token
from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingStatus,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    MessageEnds,
    MobilityMessage,
    UnknownMessageError,
    UpdateFlag,
    is_newer,
    packed,
    parsed,
)
from agents.mip6.mobility_options import (
    AlternateCareOf,
    BindingAuthorization,
    BindingIdentifier,
    MessageAuthentication,
    MobilityParseError,
    NodeIdentifier,
    NonceIndices,
    RefreshAdvice,
    ReplayProtection,
)

if TYPE_CHECKING:
    from scapy.packet import Packet

HOME, CARE_OF, AGENT = "2001:db8:a0a::fe", "2001:db8:a02::2", "2001:db8:a0a::2"
ENDS = MessageEnds(HOME, AGENT)
COOKIE, TOKEN = bytes(range(8)), bytes(range(8, 16))
KEY = HomeKey(256, bytes(16))
H_AND_A = UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION
TO_HOME = BindingUpdate(
    0xFFFE, H_AND_A, 75,
    (
        AlternateCareOf(CARE_OF), NodeIdentifier("mn@home.example"), ReplayProtection(1 << 63 | 7),
        MessageAuthentication(256),
    ),
)  # fmt: skip
TO_CORRESPONDENT = BindingUpdate(
    3, UpdateFlag.ACKNOWLEDGE, 105, (AlternateCareOf(CARE_OF), NonceIndices(4, 5), BindingAuthorization())
)
MESSAGES: list[tuple[MobilityMessage, type[Packet]]] = [
    (BindingRefreshRequest(), MIP6MH_BRR),
    (BindingUpdate(1, H_AND_A | UpdateFlag.OVERWRITE, 75, (BindingIdentifier(2), AlternateCareOf(CARE_OF))), MIP6MH_BU),
    (HomeTestInit(COOKIE), MIP6MH_HoTI),
    (CareOfTestInit(COOKIE), MIP6MH_CoTI),
    (HomeTest(7, COOKIE, TOKEN), MIP6MH_HoT),
    (CareOfTest(65535, COOKIE, TOKEN), MIP6MH_CoT),
    (TO_HOME, MIP6MH_BU),
    (TO_CORRESPONDENT, MIP6MH_BU),
    (BindingAcknowledgement(0, 0, 3, 75, (RefreshAdvice(40), MessageAuthentication(256))), MIP6MH_BA),
    (BindingAcknowledgement(136, 0, 3, 0), MIP6MH_BA),
    (BindingError(1, bytes(15) + b"\x09"), MIP6MH_BE),
]


@pytest.mark.parametrize(("message", "oracle"), MESSAGES)
def test_scapy_reads_what_is_written_and_finds_its_checksum_right(
    message: MobilityMessage, oracle: type[Packet]
) -> None:
    data = packed(message, ENDS)
    assert len(data) % 8 == 0
    read = oracle(data)
    assert bytes(read) == data
    assert (read.nh, read.len, read.mhtype) == (59, len(data) // 8 - 1, message.kind)
    blank = data[:4] + bytes(2) + data[6:]
    assert in6_chksum(135, IPv6(src=HOME, dst=AGENT), blank) == read.cksum
    assert parsed(data, ENDS).message == message


def test_scapy_sees_the_same_options_and_fields() -> None:
    read = MIP6MH_BU(packed(TO_HOME, ENDS))
    assert (read.seq, int(read.flags), read.mhtime) == (0xFFFE, 0x60, 75)  # of 7 bits
    by_kind = {type(one): one for one in read.options}
    assert by_kind[MIP6OptAltCoA].acoa == CARE_OF
    assert by_kind[MIP6OptMNID].id == b"mn@home.example"
    assert by_kind[MIP6OptMsgAuth].mspi == 256
    assert bytes(by_kind[MIP6OptReplayProtection])[2:] == struct.pack("!Q", 1 << 63 | 7)
    read = MIP6MH_BU(packed(TO_CORRESPONDENT, ENDS))
    by_kind = {type(one): one for one in read.options}
    assert (by_kind[MIP6OptNonceIndices].hni, by_kind[MIP6OptNonceIndices].coni) == (4, 5)
    assert MIP6OptBindingAuthData in by_kind
    answer = MIP6MH_BA(packed(BindingAcknowledgement(135, 0, 9, 2, (RefreshAdvice(40),)), ENDS))
    assert (answer.status, answer.seq, answer.mhtime) == (135, 9, 2)
    assert next(one.rinter for one in answer.options if isinstance(one, MIP6OptBRAdvice)) == 40


def test_options_stand_where_they_are_aligned() -> None:
    data = packed(TO_HOME, ENDS)
    assert data.index(bytes((3, 16))) % 8 == 6
    assert data.index(bytes((10, 8))) % 8 == 2
    assert data.rindex(bytes((9, 17, 1))) % 4 == 1
    assert data.rindex(bytes((9, 17, 1))) + 2 + 17 == len(data)
    data = packed(TO_CORRESPONDENT, ENDS)
    assert data.rindex(bytes((5, 12))) % 8 == 2
    assert data.rindex(bytes((5, 12))) + 2 + 12 == len(data)


def test_what_is_signed_is_all_before_the_signature_with_the_checksum_zero() -> None:
    data = packed(TO_HOME, ENDS, lambda covered: KEY.authenticator(CARE_OF, HOME, covered))
    read = parsed(data, ENDS)
    assert read.covered == data[:4] + bytes(2) + data[6:-12]
    assert KEY.authenticator(CARE_OF, HOME, read.covered or b"") == data[-12:]
    assert KEY.authenticator(HOME, CARE_OF, read.covered or b"") != data[-12:]
    changed = packed(replace(TO_HOME, units=76), ENDS)[:-12] + data[-12:]
    assert KEY.authenticator(CARE_OF, HOME, parsed(changed, None).covered or b"") != data[-12:]


def test_tokens_and_keys_are_those_of_the_rfc() -> None:
    """5.2.5: HMAC_SHA1 and SHA1, worked out by the library's other way in."""
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415
    from ipaddress import IPv6Address  # noqa: PLC0415

    node_key, nonce = bytes(range(20)), bytes(range(8))
    for made, address, last in ((home_token, HOME, 0), (care_of_token, CARE_OF, 1)):
        mac = hmac.new(node_key, IPv6Address(address).packed + nonce + bytes((last,)), hashlib.sha1).digest()
        assert made(node_key, address, nonce) == mac[:8]
    assert binding_key(b"a" * 8, b"b" * 8) == hashlib.sha1(b"a" * 8 + b"b" * 8).digest()  # noqa: S324
    assert binding_key(b"a" * 8) == hashlib.sha1(b"a" * 8).digest()  # noqa: S324
    said = IPv6Address(CARE_OF).packed + IPv6Address(AGENT).packed + b"data"
    assert binding_authenticator(b"k" * 20, CARE_OF, AGENT, b"data") == hmac.new(b"k" * 20, said, "sha1").digest()[:12]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: data[:7], "7 bytes"),
        (lambda data: data[:-8], "its length says"),
        (lambda data: data + bytes(8), "its length says"),
        (lambda data: b"\x3a" + data[1:], "next header 58"),
        (lambda data: data[:2] + b"\x14" + data[3:], "type 20"),
        (lambda data: data[:12] + b"\xee\xff" + data[14:], "option 238 is cut off"),
        (lambda data: data[:15] + b"\x09" + data[16:], "option 3 has 9 bytes"),
    ],
)
def test_what_is_no_message_is_said(change: object, why: str) -> None:
    with pytest.raises(MobilityParseError, match=why):
        parsed(change(packed(TO_HOME, ENDS)), None)  # type: ignore[operator]


def test_a_wrong_checksum_or_another_address_is_noticed() -> None:
    data = packed(TO_HOME, ENDS)
    with pytest.raises(MobilityParseError, match="checksum"):
        parsed(data, MessageEnds(CARE_OF, AGENT))
    with pytest.raises(UnknownMessageError):
        parsed(data[:2] + b"\x63" + data[3:], None)


def test_nothing_stands_behind_an_authenticator() -> None:
    """6.2.7, 9.5.1: the last option, and no padding."""
    behind = packed(BindingUpdate(1, H_AND_A, 1, (BindingAuthorization(), NonceIndices(1, 2))), ENDS)
    with pytest.raises(MobilityParseError, match="authenticator"):
        parsed(behind, ENDS)
    padded = bytearray(packed(TO_CORRESPONDENT, ENDS) + b"\x01\x06" + bytes(6))
    padded[1] += 1
    with pytest.raises(MobilityParseError, match="padding behind"):
        parsed(bytes(padded), None)


def test_a_binding_identifier_is_read_with_a_care_of_address_and_without() -> None:
    """RFC 5648 4.3: 4 bytes, 8, or 20."""
    for size, is_one in ((4, True), (8, True), (20, True), (6, False)):
        option = bytes((35, size)) + struct.pack("!HBx", 3, 0) + bytes(size - 4)
        rest = -(12 + len(option)) % 8
        data = bytes((59, (12 + len(option) + rest) // 8 - 1, 5, 0, 0, 0)) + bytes(6) + option
        data += bytes((1, rest - 2)) + bytes(rest - 2) if rest > 1 else bytes(rest)
        if is_one:
            assert parsed(data, None).message.options == (BindingIdentifier(3),)
        else:
            with pytest.raises(MobilityParseError, match="not 4, 8 or 20"):
                parsed(data, None)


def test_any_bytes_are_a_message_or_a_parse_error() -> None:
    chance = Random(6275)
    for _ in range(3000):
        data = bytearray(packed(chance.choice(MESSAGES)[0], ENDS))
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            parsed(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]), None)
        except MobilityParseError:
            continue


def test_sequence_numbers_are_compared_modulo_2_to_the_16() -> None:
    """9.5.1's own example: after 15, 0 to 15 and 32783 to 65535 are old."""
    new = [one for one in range(0x10000) if is_newer(one, 15)]
    assert (new[0], new[-1], len(new)) == (16, 32782, 0x7FFF)
    assert BindingStatus.ACCEPTED_PREFIX_DISCOVERY.is_accepted
    assert not BindingStatus.UNSPECIFIED.is_accepted
