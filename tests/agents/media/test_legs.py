"""Media on any number of legs: the same bytes on all, packets taken from all."""

from __future__ import annotations

from random import Random

import pytest

from agents.media.call_media import CallMedia, MediaSettings
from agents.media.leg import Leg
from agents.rtp.packet import RtpPacket
from agents.rtp.rtcp import Goodbye, parse_compound
from agents.sdp.audio import GSM, PCMU
from agents.sip.message.address import Address

HERE, THERE = Address("10.0.1.1", 4000), Address("10.0.9.1", 5000)


def describe(address: Address, formats: str = "0", *attributes: str) -> bytes:
    lines = ["v=0", f"o=- 1 1 IN IP4 {address.ip}", "s=-", f"c=IN IP4 {address.ip}", "t=0 0"]
    lines += [f"m=audio {address.port} RTP/AVP {formats}", *(f"a={name}" for name in attributes)]
    return "".join(f"{line}\r\n" for line in lines).encode()


def talking() -> CallMedia:
    media = CallMedia(bytes(400), Random(1), "mn@host", MediaSettings(), lambda event, **facts: None)
    media.agree("one", describe(HERE), describe(THERE), now=0.0)
    return media


def test_the_same_bytes_leave_on_every_leg() -> None:
    media = talking()
    other = Leg(HERE._replace(ip="10.0.2.1"), THERE._replace(port=5002))
    assert media.agree("two", describe(other.local), describe(other.remote), now=5.0) == other
    media.handle_timer(now=0.0)
    first, second = media.datagrams_to_send()
    assert (first.local, first.remote) == (HERE, THERE)
    assert (second.local, second.remote) == other
    assert first.data == second.data


def test_packets_are_paced_from_the_start_of_the_stream() -> None:
    """A leg that comes later, or a timer that is served late, changes nothing."""
    media = talking()
    media.handle_timer(now=0.055)
    assert len(media.datagrams_to_send()) == 3
    assert media.get_timer() == 0.060


def test_a_leg_is_dropped_and_the_stream_goes_on() -> None:
    media = talking()
    media.agree("two", describe(HERE._replace(port=4002)), describe(THERE), now=0.0)
    media.drop("one", now=0.0)
    media.drop("never there", now=0.0)
    media.handle_timer(now=0.0)
    datagram, goodbye = media.datagrams_to_send()
    assert datagram.local.port == 4002
    assert (goodbye.local.port, goodbye.remote.port) == (HERE.port + 1, THERE.port + 1)


def test_a_leg_on_hold_is_agreed_and_silent() -> None:
    media = talking()
    assert media.agree("one", describe(HERE), describe(THERE, "0", "sendonly"), now=0.0) == Leg(HERE, THERE)
    assert media.legs == {}


def test_descriptions_with_nothing_in_common_change_nothing() -> None:
    media = talking()
    for theirs in (None, b"", b"nonsense", describe(THERE, "9"), describe(THERE._replace(port=0)),
                   describe(THERE).replace(b"c=IN IP4 10.0.9.1", b"c=IN IP4 host.example")):  # fmt: skip
        assert media.agree("one", describe(HERE), theirs, now=0.0) is None
    assert media.legs == {"one": Leg(HERE, THERE)}


def test_only_addresses_that_were_offered_are_listened_to() -> None:
    """RFC 3264 5.1: from the offer on, before any answer; and after the leg is dropped (8.3.1)."""
    media = talking()
    packet = b"\x80\0\0\1" + bytes(168)
    media.receive_datagram(packet, local=HERE, remote=THERE, came=0.0)
    assert media.stray == 1
    media.listen(HERE)
    media.drop("one", now=0.0)
    for number in (2, 3):
        media.receive_datagram(packet[:3] + bytes([number]) + packet[4:], local=HERE, remote=THERE, came=0.02 * number)
    assert media.stray == 1
    assert media.receiver.filter.paths == (Leg(HERE, THERE).path,)


def test_after_stop_there_is_silence() -> None:
    media = talking()
    media.stop(now=0.0)
    media.handle_timer(now=1.0)
    (goodbye,) = media.datagrams_to_send()
    assert isinstance(parse_compound(goodbye.data)[-1], Goodbye)
    assert media.get_timer() is None


def test_speech_is_in_the_format_and_under_the_number_that_the_peer_prefers() -> None:
    media = CallMedia(b"\xff" * 400, Random(1), "mn@host", MediaSettings((PCMU, GSM)), lambda event, **facts: None)
    media.agree("one", describe(HERE, "0 3"), describe(THERE, "97 0", "rtpmap:97 GSM/8000"), now=0.0)
    media.handle_timer(now=0.0)
    media.agree("one", describe(HERE, "0 3"), describe(THERE, "0"), now=0.01)
    media.handle_timer(now=0.02)
    first, second = (RtpPacket.parse(datagram.data) for datagram in media.datagrams_to_send())
    assert (first.payload_type, len(first.payload)) == (97, 33)
    assert (second.payload_type, second.payload) == (0, b"\xff" * 160)
    assert second.sequence.distance_from(first.sequence) == 1
    assert second.timestamp - first.timestamp == 160


@pytest.mark.parametrize("number", ["128", "300", "\u00b2", "-1"])
def test_what_is_no_payload_type_is_nothing_in_common(number: str) -> None:
    """It has seven bits (RFC 3550 5.1)."""
    media = talking()
    theirs = describe(THERE, number, f"rtpmap:{number} PCMU/8000")
    assert media.agree("two", describe(HERE, "0"), theirs, now=0.0) is None
    assert len(media.legs) == 1
