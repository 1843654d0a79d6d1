"""The RTP header, octet by octet (RFC 3550, 5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.packet import HeaderExtension, RtpPacket, RtpParseError
from tests.agents.rtp.packets import build_packet

PLAIN = bytes.fromhex("80 00 0102 000000a0 deadbeef 7f7f7f")


def test_plain_packet() -> None:
    packet = RtpPacket.parse(PLAIN)
    assert (packet.payload_type, packet.sequence, packet.timestamp, packet.ssrc) == (0, 0x0102, 160, 0xDEADBEEF)
    assert not packet.marker
    assert packet.csrcs == ()
    assert packet.extension is None
    assert packet.payload == b"\x7f\x7f\x7f"
    assert packet.data is PLAIN
    assert repr(packet) == "<RtpPacket ssrc=0xdeadbeef pt=0 seq=258 ts=160, 3 octets>"


def test_marker_csrcs_extension_and_padding() -> None:
    packet = RtpPacket.parse(
        bytes.fromhex("b2 88 ffff ffffffff 00000001")
        + bytes.fromhex("0000000a 0000000b")  # two contributing sources
        + bytes.fromhex("bede 0001 10aa0000")  # one word of extension
        + b"speech"
        + bytes.fromhex("00 00 03")
    )
    assert packet.marker
    assert packet.payload_type == 8
    assert packet.csrcs == (10, 11)
    assert packet.extension == HeaderExtension(0xBEDE, bytes.fromhex("10aa0000"))
    assert packet.payload == b"speech"


@pytest.mark.parametrize(
    ("datagram", "complaint"),
    [
        (b"", "0 octets are too few"),
        (PLAIN[:11], "11 octets are too few"),
        (b"\x00" + PLAIN[1:], "octet 0: version 0, not 2"),
        (b"\xc0" + PLAIN[1:], "octet 0: version 3, not 2"),
        (b"\x80\xc8" + PLAIN[2:], "octet 1: 200 is an RTCP packet type"),
        (b"\x81" + PLAIN[1:], "octet 0: 1 CSRCs do not fit into 15 octets"),
        (b"\x90" + PLAIN[1:], "octet 12: header extension without its length"),
        (b"\x90" + PLAIN[1:12] + b"\0\0\0\x01", "octet 14: header extension of 1 words ends after the packet"),
        (b"\xa0" + PLAIN[1:12] + b"\x00", "octet 12: padding of 0 in 1 octets"),
        (b"\xa0" + PLAIN[1:12] + b"\x02", "octet 12: padding of 2 in 1 octets"),
        (b"\xa0" + PLAIN[1:12], "octet 11: padding of 239 in 0 octets"),
    ],
)
def test_what_is_not_rtp_is_refused_with_the_place(datagram: bytes, complaint: str) -> None:
    with pytest.raises(RtpParseError, match=complaint):
        RtpPacket.parse(datagram)


def test_padding_may_be_all_that_a_packet_holds() -> None:
    assert RtpPacket.parse(b"\xa0" + PLAIN[1:12] + b"\x00\x02").payload == b""


def test_extended_numbers_are_cut_to_the_wire() -> None:
    packet = RtpPacket.parse(build_packet(0, 0x1_FFFF, 0x2_0000_0001, 7, b""))
    assert (packet.sequence, packet.timestamp) == (0xFFFF, 1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"payload_type": 72}, "payload type 72"),
        ({"payload_type": 128}, "payload type 128"),
        ({"csrcs": (0,) * 16}, "16 CSRCs"),
        ({"padding": 256}, "padding 256"),
        ({"extension": HeaderExtension(0, b"abc")}, "3 octets: not a multiple of 4"),
    ],
)
def test_fields_out_of_range_are_our_own_fault(arguments: dict[str, object], complaint: str) -> None:
    fields: dict[str, object] = {"payload_type": 0, "sequence": 1, "timestamp": 2, "ssrc": 3, "payload": b""}
    with pytest.raises(ValueError, match=complaint):
        build_packet(**(fields | arguments))  # type: ignore[arg-type]


WORDS = st.binary(max_size=8).map(lambda data: data[: len(data) // 4 * 4])


@given(
    payload_type=st.integers(0, 63) | st.integers(96, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=20),
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extension=st.none() | st.builds(HeaderExtension, st.integers(0, 0xFFFF), WORDS),
    padding=st.integers(0, 255),
)
def test_parse_after_build_gives_the_same_fields(
    *,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    marker: bool,
    csrcs: tuple[int, ...],
    extension: HeaderExtension | None,
    padding: int,
) -> None:
    packet = RtpPacket.parse(
        build_packet(
            payload_type,
            sequence,
            timestamp,
            ssrc,
            payload,
            marker=marker,
            csrcs=csrcs,
            extension=extension,
            padding=padding,
        )
    )
    assert (packet.payload_type, packet.sequence, packet.timestamp) == (payload_type, sequence, timestamp)
    assert (packet.ssrc, packet.payload, packet.marker) == (ssrc, payload, marker)
    assert (packet.csrcs, packet.extension) == (csrcs, extension)


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: b"\xbf\x00" + rest))
def test_parse_raises_parse_errors_only(datagram: bytes) -> None:
    try:
        packet = RtpPacket.parse(datagram)
    except RtpParseError:
        return
    assert len(packet.payload) <= len(datagram) - 12
