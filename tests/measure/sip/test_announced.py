"""RTP that signalling announced: short and irregular streams are believed, dynamic payload types have their clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_capture
from testbed.measure.rtp.streams import CLOCK_HZ, MOST_SHORT
from testbed.measure.sip.announced import STATIC, Format, read_description
from testbed.measure.wire.packets import TransportAddress
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response, sdp, with_body

if TYPE_CHECKING:
    from pathlib import Path

MN, CN = ("10.1.0.2", 5060), ("10.20.0.2", 5060)
MN_AUDIO, CN_AUDIO = ("10.1.0.2", 4000), ("10.20.0.2", 4002)
OPUS = ("a=rtpmap:111 opus/48000/2", "a=rtpmap:101 telephone-event/8000")


def call(offer: bytes, answer: bytes) -> list[Frame]:
    """An offer of the MN at 0 ms, the CN's answer at 10 ms."""
    invite = with_body(request("INVITE", "a@mn", 1, branch="z9hG4bK1"), offer)
    ok = with_body(response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1"), answer)
    return [Frame(START_NS, frames.udp(MN, CN, invite)), Frame(START_NS + 10 * MS, frames.udp(CN, MN, ok))]


def media(*numbers: int, at_ms: float = 20, to: tuple[str, int] = MN_AUDIO, **rtp: int) -> list[Frame]:
    """Packets of the CN, 20 ms apart."""
    return [
        Frame(START_NS + round((at_ms + 20 * n) * MS), frames.udp(CN_AUDIO, to, frames.rtp(number, **rtp)))
        for n, number in enumerate(numbers)
    ]


def streams(folder: Path, *made: list[Frame]) -> list[dict[str, Any]]:
    every = sorted((one for part in made for one in part), key=lambda frame: frame.time_ns)
    found: list[dict[str, Any]] = measure_capture(frames.write_pcap(folder / "a.pcap", every))["streams"]
    return found


PLAIN = call(sdp("10.1.0.2", 4000), sdp("10.20.0.2", 4002))


def test_one_packet_to_an_address_that_was_announced_is_a_stream(tmp_path: Path) -> None:
    (one,) = streams(tmp_path, PLAIN, media(7))
    assert (one["src"], one["dst"], one["packets"], one["found"]) == ("10.20.0.2:4002", "10.1.0.2:4000", 1, "sdp")
    assert (one["codec"], one["clock_hz"], one["dialogs"], one["gap_ms"]) == ("PCMU", 8000, [1], None)


def test_numbers_that_jump_to_an_address_that_was_announced_are_a_stream(tmp_path: Path) -> None:
    jumping = (7, 20_000, 9, 40_000, 3)
    (one,) = streams(tmp_path, PLAIN, media(*jumping))
    assert (one["found"], one["packets"]) == ("sdp", 5)
    assert streams(tmp_path, media(*jumping)) == []


@pytest.mark.parametrize(
    "made",
    [
        media(7),  # nothing was announced
        [*PLAIN, *media(7, to=("10.1.0.2", 4444))],  # something else was
        [*PLAIN, *media(7, payload_type=96)],  # with another payload type
        [*media(7, at_ms=-5), *PLAIN],  # later on
        [*call(sdp("10.1.0.2", 0), sdp(".".join("0000"), 4002)), *media(7)],  # rejected, on hold
    ],
)
def test_what_was_not_announced_needs_to_be_regular(tmp_path: Path, made: list[Frame]) -> None:
    assert streams(tmp_path, made) == []


def test_regular_streams_are_found_without_signalling_and_say_so(tmp_path: Path) -> None:
    (one,) = streams(tmp_path, media(*range(10), payload_type=111))
    assert (one["found"], one["codec"], one["clock_hz"], one["jitter_ms"], one["dialogs"]) == (
        "regularity", None, None, None, [],
    )  # fmt: skip
    (one,) = streams(tmp_path, media(*range(10), payload_type=8))
    assert (one["found"], one["codec"], one["clock_hz"]) == ("regularity", "PCMA", 8000)


def test_a_dynamic_payload_type_has_its_clock_at_once(tmp_path: Path) -> None:
    setup = call(sdp("10.1.0.2", 4000, *OPUS, formats="111 101 0"), sdp("10.20.0.2", 4002, OPUS[0], formats="111"))
    sent = [
        Frame(
            START_NS + (20 + 20 * n + n % 2) * MS,
            frames.udp(CN_AUDIO, MN_AUDIO, frames.rtp(n, 960 * n, payload_type=111)),
        )
        for n in range(5)
    ]
    (one,) = streams(tmp_path, setup, sent)
    assert (one["codec"], one["clock_hz"], one["packet_interval_ms"]) == ("opus", 48000, 20.0)
    jitter, mean = 0.0, 0.0
    for _ in range(4):  # every packet is 1 ms off, one way or the other
        jitter += (1 - jitter) / 16
        mean += jitter / 4
    assert one["jitter_ms"] == pytest.approx(mean, abs=0.001)


def test_the_receiver_s_number_counts_where_the_two_sides_differ(tmp_path: Path) -> None:
    offer = sdp("10.1.0.2", 4000, "a=rtpmap:96 opus/48000/2", formats="96")
    answer = sdp("10.20.0.2", 4002, "a=rtpmap:96 L16/16000", formats="96")
    (one,) = streams(tmp_path, call(offer, answer), media(1, payload_type=96))
    assert (one["codec"], one["clock_hz"]) == ("opus", 48000)


def test_a_flood_of_ssrcs_to_an_address_is_not_a_flood_of_streams(tmp_path: Path) -> None:
    flood = [frame for n in range(200) for frame in media(n, at_ms=20 + n, ssrc=n)]
    assert len(streams(tmp_path, PLAIN, flood)) == MOST_SHORT


@pytest.mark.parametrize(
    ("body", "endpoints"),
    [
        (sdp("2001:db8::1", 4000), ["[2001:db8::1]:4000"]),
        (
            sdp("10.0.0.1", 4000) + b"m=video 4002 RTP/AVP 34\r\nc=IN IP4 10.0.0.9\r\n",
            ["10.0.0.1:4000", "10.0.0.9:4002"],
        ),
        (b"--x\r\nContent-Type: application/sdp\r\n\r\n" + sdp("10.0.0.1", 4000) + b"\r\n--x--\r\n", ["10.0.0.1:4000"]),
        (sdp("10.0.0.1", 4000).replace(b"RTP/AVP", b"UDPTL"), []),
        (sdp("host.example", 4000), []),
        (sdp("10.0.0.1", 4000).replace(b"t=0 0", b"no line of SDP"), []),
        (b"SIP/2.0 200 OK\r\n", []),
        (b"", []),
    ],
)
def test_descriptions_say_where_media_go(body: bytes, endpoints: list[str]) -> None:
    assert [str(one.endpoint) for one in read_description(body)] == endpoints


def test_payload_types_that_nobody_can_use_are_left_out() -> None:
    odd = ("a=rtpmap:96 x/0", "a=rtpmap:97 y", "a=rtpmap:98 z/many", "a=rtpmap:99 opus/48000/2")
    (one,) = read_description(sdp("10.0.0.1", 4000, *odd, formats="8 96 97 98 99 200 *"))
    assert one.formats == ((8, Format("PCMA", 8000)), (99, Format("opus", 48000)))
    assert (one.endpoint, one.codecs) == (TransportAddress("10.0.0.1", 4000), ["PCMA", "opus"])


def test_static_payload_types_have_the_clock_that_regular_streams_are_given() -> None:
    assert {number: one.clock_hz for number, one in STATIC.items()} == CLOCK_HZ
