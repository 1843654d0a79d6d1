"""RTP streams in captures with known loss, duplicates, order, SSRC changes and several interfaces: exact."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from testbed.measure.capture.pcap import read_capture
from testbed.measure.rtp.calls import merge_calls
from testbed.measure.rtp.streams import RtpPackets, Stream, find_rtp, find_streams
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

CN, WIFI, UMTS, RELAY = ("10.20.0.2", 40000), ("10.1.0.2", 40002), ("10.2.0.2", 40004), ("10.9.0.2", 30000)


def packet(number: int, at_ms: float, *, to: tuple[str, int] = WIFI, ssrc: int = 0x1234, interface: int = 0) -> Frame:
    """Return packet `number` of a PCMU stream, captured `at_ms` after the start."""
    data = frames.udp(CN, to, frames.rtp(number, ssrc=ssrc))
    return Frame(START_NS + round(at_ms * MS), data, interface)


def streams_of(path: Path) -> tuple[RtpPackets, list[Stream]]:
    capture = read_capture(path)
    rtp = find_rtp(capture, decode_udp(capture))
    return rtp, find_streams(rtp)


def test_a_stream_with_known_faults_is_measured_exactly(tmp_path: Path) -> None:
    # 65530.. wraps; 65540 and 65541 lost; 65533 comes twice; 65536 comes after 65537; 65538 is 7 ms late.
    arrivals = [(65530 + number, 20.0 * number) for number in range(20) if number not in (10, 11)]
    arrivals = [(number, at + 27 * (number == 65536) + 7 * (number == 65538)) for number, at in arrivals]
    arrivals.append((65533, 95.0))
    arrivals.sort(key=lambda one: one[1])
    path = frames.write_pcap(tmp_path / "a.pcap", [packet(*one) for one in arrivals])
    (stream,) = measure_capture(path)["streams"]
    wanted = {
        "src": "10.20.0.2:40000",
        "dst": "10.1.0.2:40002",
        "ssrc": "0x00001234",
        "payload_type": 0,
        "packets": 19,
        "unique": 18,
        "lost": 2,
        "duplicates": 1,
        "reordered": 1,
        "gap_ms": 40.0,  # 65539 at 180 ms, 65542 at 240 ms, less 20 ms
        "first_s": 0.0,
        "last_s": 0.38,
        "longest_silence_ms": 60.0,
        "packet_interval_ms": 20.0,
        "clock_hz": 8000,
        "interface": None,
    }
    assert {name: stream[name] for name in wanted} == wanted


def test_an_ssrc_change_makes_a_second_stream(tmp_path: Path) -> None:
    path = frames.write_pcap(
        tmp_path / "a.pcap",
        [packet(number, 20 * number, ssrc=1 + (number >= 50)) for number in range(100)],
    )
    assert [(one["ssrc"], one["packets"], one["lost"]) for one in measure_capture(path)["streams"]] == [
        ("0x00000001", 50, 0),
        ("0x00000002", 50, 0),
    ]


@pytest.mark.parametrize("start", [0, 32768, 65535])
def test_a_long_stream_wraps_often_and_loses_nothing(tmp_path: Path, start: int) -> None:
    frames_made = [packet(start + number, 20 * number) for number in range(70_000)]
    (stream,) = measure_capture(frames.write_pcap(tmp_path / "a.pcap", frames_made))["streams"]
    assert (stream["unique"], stream["lost"], stream["gap_ms"]) == (70_000, 0, 0.0)


def test_of_several_interfaces_the_one_nearest_to_the_receiver_is_measured(tmp_path: Path) -> None:
    made = []
    for number in range(100):
        at = 20 * number
        made.append(packet(number, at, interface=2))
        made.append(packet(number, at + 5 + number % 3, interface=0))
        if number % 10:
            made.append(packet(number, at + 80 + number % 3, interface=1))
    made.sort(key=lambda frame: frame.time_ns)
    path = frames.write_pcapng(tmp_path / "a.pcapng", ["core-eth0", "mn-wifi", "cn-eth0"], made)
    (stream,) = measure_capture(path)["streams"]
    assert stream["interface"] == "mn-wifi"
    assert stream["measured_at"] == "the last of 3 interfaces that saw it: nearest to the receiver"
    assert (stream["packets"], stream["lost"], stream["duplicates"]) == (
        90,
        9,
        0,
    )  # of the ten lost, 0 lies before the first


def test_a_capture_in_several_sections_is_one_observation(tmp_path: Path) -> None:
    parts = [
        frames.write_pcapng(
            tmp_path / f"{part}.pcapng", ["eth0"], [packet(n, 20 * n) for n in range(50 * part, 50 * part + 50)]
        )
        for part in range(3)
    ]
    path = tmp_path / "all.pcapng"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    (stream,) = measure_capture(path)["streams"]
    assert (stream["packets"], stream["lost"], stream["gap_ms"], stream["interface"]) == (150, 0, 0.0, "eth0")


def test_copies_over_two_paths_are_merged(tmp_path: Path) -> None:
    made = []
    for number in range(200):
        if number < 120 and number != 60:
            made.append(packet(number, 20 * number, interface=0))
        if number >= 100:
            made.append(packet(number, 20 * number + 108, to=UMTS, interface=1))
    made.sort(key=lambda frame: frame.time_ns)
    result = measure_capture(frames.write_pcapng(tmp_path / "a.pcapng", ["mn-wifi", "mn-umts"], made))
    assert [one["packets"] for one in result["streams"]] == [119, 100]
    (call,) = result["calls"]
    paths = [
        {
            "src": "10.20.0.2:40000",
            "dst": "10.1.0.2:40002",
            "interface": "mn-wifi",
            "packets": 119,
            "first_copies": 119,
            "dialogs": [],
        },
        {
            "src": "10.20.0.2:40000",
            "dst": "10.2.0.2:40004",
            "interface": "mn-umts",
            "packets": 100,
            "first_copies": 80,
            "dialogs": [],
        },
    ]
    wanted = {"ssrc": "0x00001234", "paths": paths, "unique": 199, "lost": 1, "duplicates": 20, "gap_ms": 108.0}
    assert {name: call[name] for name in wanted} == wanted


def test_a_path_that_is_seconds_behind_is_still_the_same_sequence(tmp_path: Path) -> None:
    made = [packet(65000 + number, 20 * number) for number in range(2000)]
    made += [packet(65000 + number, 20 * number + 5000, to=UMTS) for number in range(2000)]
    made.sort(key=lambda frame: frame.time_ns)
    (call,) = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))["calls"]
    assert (call["unique"], call["lost"], call["duplicates"]) == (2000, 0, 2000)


def test_a_short_path_of_a_known_source_counts(tmp_path: Path) -> None:
    made = [packet(number, 20 * number, to=WIFI if number < 98 else UMTS) for number in range(100)]
    result = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))
    assert [one["packets"] for one in result["streams"]] == [98, 2]
    assert (result["calls"][0]["unique"], result["calls"][0]["lost"]) == (100, 0)


def test_a_relay_is_a_hop_and_no_copy(tmp_path: Path) -> None:
    made = []
    for number in range(50):
        made.append(packet(number, 20 * number, to=RELAY))
        for to in (WIFI, UMTS):
            data = frames.udp(RELAY, to, frames.rtp(number))
            made.append(Frame(START_NS + (20 * number + 3) * MS, data))
    rtp, streams = streams_of(frames.write_pcap(tmp_path / "a.pcap", made))
    (call,) = merge_calls(rtp, streams, {})
    assert [stream.destination for stream in call.streams] == [WIFI, UMTS]
    assert len(call.rows) == 100


def test_an_echo_of_the_same_ssrc_is_a_call_of_its_own(tmp_path: Path) -> None:
    made = []
    for number in range(50):
        made.append(packet(number, 20 * number))
        made.append(Frame(START_NS + (20 * number + 3) * MS, frames.udp(WIFI, CN, frames.rtp(number))))
    rtp, streams = streams_of(frames.write_pcap(tmp_path / "a.pcap", made))
    assert [len(call.streams) for call in merge_calls(rtp, streams, {})] == [1, 1]


def test_what_only_looks_like_rtp_is_no_stream(tmp_path: Path) -> None:
    noise, made = random.Random(7), []
    for number in range(3000):
        body = bytes([0x80 | noise.randrange(64)]) + noise.randbytes(7) + b"same" + noise.randbytes(20)
        made.append(Frame(START_NS + number * MS, frames.udp(CN, WIFI, body)))
    for number in range(100):  # RTCP: version 2, constant SSRC, even a counter in the right place
        body = bytes([0x80, 200]) + number.to_bytes(2, "big") + number.to_bytes(4, "big") + b"ssrc" + bytes(16)
        made.append(Frame(START_NS + number * MS, frames.udp(CN, UMTS, body)))
    result = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))
    assert result["streams"] == []
    assert result["calls"] == []


# IKE's first message, where the initiator's SPI begins so by chance; the length of the extension is version and type.
IKE = bytes.fromhex("9183218a442552d7 0000000000000000 21202208 00000000 000001ce") + bytes(434)
X_AND_NOTHING = bytes.fromhex("90000001 00000000 00001234 bede")


@pytest.mark.parametrize(
    ("body", "is_rtp"),
    [
        (IKE, False),
        (X_AND_NOTHING, False),
        (X_AND_NOTHING + bytes(2), True),
        (X_AND_NOTHING + b"\x00\x01" + bytes(3), False),
        (X_AND_NOTHING + b"\x00\x01" + bytes(4), True),
    ],
)
def test_a_header_extension_ends_in_its_packet(tmp_path: Path, body: bytes, is_rtp: bool) -> None:
    """RFC 3550 5.3.1; what does not fit is no header of RTP."""
    rtp, _ = streams_of(frames.write_pcap(tmp_path / "a.pcap", [Frame(START_NS, frames.udp(CN, WIFI, body))]))
    assert len(rtp) == is_rtp


@pytest.mark.parametrize(("clock_hz", "step"), [(48000, 960), (90000, 1800), (16000, 320)])
def test_the_clock_of_a_dynamic_payload_type_is_measured(tmp_path: Path, clock_hz: int, step: int) -> None:
    made = [
        Frame(START_NS + number * 20 * MS, frames.udp(CN, WIFI, frames.rtp(number, number * step, payload_type=111)))
        for number in range(100)
    ]
    (stream,) = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))["streams"]
    assert (stream["clock_hz"], stream["jitter_ms"], stream["packet_interval_ms"]) == (clock_hz, 0.0, 20.0)


def test_without_a_clock_jitter_is_null_and_not_zero(tmp_path: Path) -> None:
    made = [
        Frame(START_NS + number * 20 * MS, frames.udp(CN, WIFI, frames.rtp(number, number * 7, payload_type=111)))
        for number in range(100)
    ]
    (stream,) = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))["streams"]
    assert (stream["clock_hz"], stream["jitter_ms"], stream["gap_ms"]) == (None, None, 0.0)


def test_ipv6_streams_name_their_addresses_in_brackets(tmp_path: Path) -> None:
    made = [
        Frame(START_NS + number * 20 * MS, frames.udp(("2001:db8::1", 4000), ("2001:db8::2", 4002), frames.rtp(number)))
        for number in range(10)
    ]
    (stream,) = measure_capture(frames.write_pcap(tmp_path / "a.pcap", made))["streams"]
    assert (stream["src"], stream["dst"]) == ("[2001:db8::1]:4000", "[2001:db8::2]:4002")


def test_declared_copies_under_an_ssrc_of_their_own_are_one_call(tmp_path: Path) -> None:
    """RFC 7198: same numbers, another SSRC; the group is in a description (RFC 7104). Undeclared: two calls."""
    sdp = b"INVITE sip:cn@10.20.0.2 SIP/2.0\r\n\r\nv=0\r\na=ssrc-group:DUP 4660 22136\r\na=ssrc:22136 cname:cn\r\n"
    said = [Frame(START_NS, frames.udp(CN, WIFI, sdp))]
    media = [packet(n, 20.0 * n) for n in range(1, 30) if n != 7]
    media += [packet(n, 20.0 * n + 108, to=UMTS, ssrc=0x5678) for n in range(5, 20)]
    media.sort(key=lambda frame: frame.time_ns)
    alone = measure_capture(frames.write_pcap(tmp_path / "alone.pcap", media))
    assert [call["ssrc"] for call in alone["calls"]] == ["0x00001234", "0x00005678"]
    result = measure_capture(frames.write_pcap(tmp_path / "said.pcap", said + media))
    assert [stream["ssrc"] for stream in result["streams"]] == ["0x00001234", "0x00005678"]
    (call,) = result["calls"]
    assert (call["ssrc"], call["unique"], call["lost"], call["duplicates"]) == ("0x00001234", 29, 0, 14)
