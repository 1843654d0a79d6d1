"""Calls in what was encoded once: numbers, clocks and payloads as they are on the wire (RFC 3551, 4.5.2; RFC 7587)."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from agents.__main__ import recorded, speech
from agents.media.call_media import CallMedia, MediaSettings
from agents.media.leg import Leg
from agents.rtp.packet import RtpPacket
from agents.rtp.rtcp import SenderReport, parse_compound
from agents.sdp.audio import FORMATS

from .test_legs import HERE, THERE, describe

RTPMAPS = {"G722": ("9", "rtpmap:9 G722/8000"), "OPUS": ("111", "rtpmap:111 opus/48000/2")}
TICKS = {"G722": 160, "OPUS": 960}
"""Of 20 ms: 8000 and 48000 a second."""


def talking(*names: str, wanted: str) -> CallMedia:
    """One that can say all of these, and whose peer wants one."""
    formats = tuple(FORMATS[name] for name in names)
    settings = MediaSettings(formats, recorded=recorded("mn", [*names]))
    media = CallMedia(speech("mn"), Random(1), "mn@host", settings, lambda event, **facts: None)
    agree(media, "one", wanted)
    return media


def agree(media: CallMedia, name: str, wanted: str, port: int = 4000, now: float = 0.0) -> None:
    lines = (HERE._replace(port=port), THERE)
    number, *about = RTPMAPS.get(wanted, (str(FORMATS[wanted].payload_type),))
    media.agree(name, *(describe(one, number, *about) for one in lines), now=now)


def sent(media: CallMedia, until: float) -> list[RtpPacket]:
    media.handle_timer(now=until)
    return [RtpPacket.parse(one.data) for one in media.datagrams_to_send() if one.local.port % 2 == 0]


@pytest.mark.parametrize("name", RTPMAPS)
def test_what_was_recorded_is_said_on_the_clock_of_its_rtpmap(name: str) -> None:
    packets = sent(talking(name, wanted=name), 0.09)
    assert [one.payload for one in packets] == [*recorded("mn", [name])[name][:5]]
    assert {one.payload_type for one in packets} == {FORMATS[name].payload_type}
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(packets)} == {TICKS[name]}
    assert [one.marker for one in packets] == [True, False, False, False, False]


@pytest.mark.parametrize("name", RTPMAPS)
def test_it_is_said_over_and_over(name: str) -> None:
    media = talking(name, wanted=name)
    (payloads,) = recorded("mn", [name]).values()
    packets = sent(media, (len(payloads) + 1) * 0.02)
    assert packets[0].payload == packets[len(payloads)].payload


@pytest.mark.parametrize("name", RTPMAPS)
def test_a_sender_report_counts_in_the_same_clock_and_octets(name: str) -> None:
    """RFC 3550, 6.4.1: the RTP timestamp that belongs to the NTP time, and the octets of payload."""
    media = talking(name, wanted=name)
    reports: list[SenderReport] = []
    first = None
    for step in range(1, 600):
        media.handle_timer(now=step * 0.02)
        for one in media.datagrams_to_send():
            if one.local.port % 2:
                reports += [part for part in parse_compound(one.data) if isinstance(part, SenderReport)]
            elif first is None:
                first = RtpPacket.parse(one.data)
    assert reports
    assert first is not None
    about = reports[-1]
    assert about.octets == about.packets * FORMATS[name].octets
    said = (about.rtp_timestamp - first.timestamp) & 0xFFFFFFFF
    assert abs(said - about.packets * TICKS[name]) <= 2 * TICKS[name]


def test_under_one_ssrc_there_is_one_clock() -> None:
    """RFC 7160, 4.1: a peer that wants another clock gets another source, on all legs."""
    media = talking("PCMU", "OPUS", wanted="PCMU")
    before = sent(media, 0.1)
    agree(media, "two", "OPUS", port=4002, now=0.1)
    after = sent(media, 0.2)
    assert {one.ssrc for one in before}.isdisjoint(one.ssrc for one in after)
    assert {one.payload_type for one in after} == {111}


def test_an_equal_clock_keeps_the_source() -> None:
    media = talking("PCMU", "G722", wanted="PCMU")
    before = sent(media, 0.1)
    agree(media, "two", "G722", port=4002, now=0.1)
    after = sent(media, 0.2)
    assert {one.ssrc for one in before} == {one.ssrc for one in after}
    assert {one.payload_type for one in after} == {9}


@pytest.mark.parametrize("name", RTPMAPS)
def test_who_hears_it_has_the_same_clock(name: str) -> None:
    """Packets 20 ms apart have no jitter, and are played 20 ms apart."""
    speaker, listener = talking(name, wanted=name), talking(name, wanted=name)
    listener.listen(HERE, THERE.ip)
    for step in range(50):
        speaker.handle_timer(now=step * 0.02)
        for one in speaker.datagrams_to_send():
            if one.local.port % 2 == 0:
                listener.receive_datagram(one.data, local=HERE, remote=THERE, came=step * 0.02 + 0.05)
    assert listener.receiver.clock_rate == FORMATS[name].rate_hz
    statistics = listener.receiver.statistics(Leg(HERE, THERE).path)
    assert statistics is not None
    assert statistics.jitter < 1e-6
