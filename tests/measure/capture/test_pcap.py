"""Capture files of every kind come out as the same packets."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap, wrpcapng

from testbed.measure.capture.capture import NO_TIME
from testbed.measure.capture.errors import CaptureError
from testbed.measure.capture.pcap import read_capture
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path


def some_frames(count: int = 5) -> list[Frame]:
    return [
        Frame(START_NS + number * 20 * MS + number, bytes([number % 256]) * (60 + number % 3))
        for number in range(count)
    ]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [True, False])
def test_pcap_of_both_byte_orders_and_resolutions(tmp_path: Path, order: str, nanoseconds: bool) -> None:
    wanted = some_frames()
    capture = read_capture(frames.write_pcap(tmp_path / "a.pcap", wanted, order=order, nanoseconds=nanoseconds))
    unit = 1 if nanoseconds else 1000
    assert capture.time_ns.tolist() == [frame.time_ns // unit * unit for frame in wanted]
    assert [capture.packet(number) for number in range(5)] == [frame.data for frame in wanted]
    assert capture.linktype.tolist() == [1] * 5
    assert capture.warnings == ()
    assert capture.start_ns == START_NS


def test_runs_of_equal_and_of_changing_lengths_are_walked_alike(tmp_path: Path) -> None:
    sizes = [60] * 1000 + [61, 62] * 50 + [60] * 9 + [0] + [200] * 300 + [61]
    wanted = [Frame(START_NS + number, bytes([number % 251]) * size) for number, size in enumerate(sizes)]
    for name, capture in {
        "pcap": read_capture(frames.write_pcap(tmp_path / "a.pcap", wanted)),
        "pcapng": read_capture(frames.write_pcapng(tmp_path / "a.pcapng", ["a"], wanted)),
    }.items():
        assert capture.captured.tolist() == sizes, name
        assert [capture.packet(number) for number in range(len(sizes))] == [frame.data for frame in wanted], name


def test_what_scapy_writes_is_read(tmp_path: Path) -> None:
    packets = [Ether() / Raw(bytes([number]) * 50) for number in range(3)]
    for number, packet in enumerate(packets):
        packet.time = 1_767_225_600 + number / 4
    wrpcap(str(tmp_path / "a.pcap"), packets)
    wrpcapng(str(tmp_path / "a.pcapng"), packets)
    for name in ("a.pcap", "a.pcapng"):
        capture = read_capture(tmp_path / name)
        assert [capture.packet(number) for number in range(3)] == [bytes(packet) for packet in packets]
        assert capture.time_ns.tolist() == [START_NS + number * 250 * MS for number in range(3)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_keeps_interfaces_and_their_own_resolutions(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.pcapng"
    second = 1_767_225_600
    path.write_bytes(
        frames.section(order)
        + frames.interface("ns", resolution=9, order=order)
        + frames.interface("us", resolution=6, order=order)
        + frames.interface("binary", resolution=0x80 | 20, linktype=101, order=order)
        + frames.interface("ps", resolution=12, order=order)
        + frames.interface("late", resolution=9, offset_s=3600, order=order)
        + frames.interface("fine", resolution=0x80 | 32, order=order)
        + frames.enhanced(Frame(0, b"a", 0), ticks=second * 10**9 + 7, order=order)
        + frames.enhanced(Frame(0, b"bb", 1), ticks=second * 10**6 + 7, order=order)
        + frames.enhanced(Frame(0, b"ccc", 2), ticks=(second << 20) + (1 << 19), order=order)
        + frames.enhanced(Frame(0, b"dddd", 3), ticks=1_000_000_000_007_999, order=order)
        + frames.enhanced(Frame(0, b"eeeee", 4), ticks=second * 10**9, order=order)
        + frames.enhanced(Frame(0, b"ffffff", 5), ticks=(second << 32) + (1 << 30), order=order)
    )
    capture = read_capture(path)
    assert [one.name for one in capture.interfaces] == ["ns", "us", "binary", "ps", "late", "fine"]
    assert capture.interface.tolist() == [0, 1, 2, 3, 4, 5]
    assert capture.linktype.tolist() == [1, 1, 101, 1, 1, 1]
    assert capture.time_ns.tolist() == [
        START_NS + 7,
        START_NS + 7000,
        START_NS + 500 * MS,
        1_000_000_000_007,
        START_NS + 3600 * 1000 * MS,
        START_NS + 250 * MS,
    ]
    assert [len(capture.packet(number)) for number in range(6)] == [1, 2, 3, 4, 5, 6]


def test_pcapng_sections_number_their_interfaces_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(
        frames.section("<")
        + frames.interface("first")
        + frames.enhanced(Frame(START_NS, b"one"))
        + frames.block(4, b"\0" * 8)
        + frames.section(">")
        + frames.interface("second", order=">")
        + frames.enhanced(Frame(START_NS + 1, b"two"), order=">")
    )
    capture = read_capture(path)
    assert [capture.interfaces[number].name for number in capture.interface] == ["first", "second"]
    assert [capture.packet(0), capture.packet(1)] == [b"one", b"two"]
    assert capture.time_ns.tolist() == [START_NS, START_NS + 1]


def test_simple_packets_have_no_time_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    body = [frames.section(), frames.interface("a"), frames.simple(Frame(0, b"x" * 61))]
    path.write_bytes(b"".join(body) + frames.enhanced(Frame(START_NS, b"y")))
    capture = read_capture(path)
    assert capture.time_ns.tolist() == [NO_TIME, START_NS]
    assert capture.packet(0) == b"x" * 61
    assert "1 packets without a usable time" in capture.warnings[0]
    assert capture.start_ns == START_NS


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_obsolete_packet_block_is_read(order: str, tmp_path: Path) -> None:
    """Its interface has two bytes, and how many packets were dropped the other two."""
    path = tmp_path / "a.pcapng"
    head = struct.pack(order + "HHIIII", 1, 7, START_NS >> 32, START_NS & 0xFFFFFFFF, 4, 60)
    names = [frames.interface(name, order=order) for name in ("a", "b")]
    path.write_bytes(frames.section(order) + b"".join(names) + frames.block(2, head + b"data", order))
    capture = read_capture(path)
    assert (capture.packet(0), capture.interface.tolist(), capture.time_ns.tolist()) == (b"data", [1], [START_NS])
    assert (capture.original.tolist(), capture.warnings) == ([60], ())


def test_packets_that_a_capture_dropped_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    statistics = [
        frames.block(
            5, struct.pack("<III", 0, 0, 0) + frames.option(5, struct.pack("<Q", count)) + frames.option(0, b"")
        )
        for count in (7, 12)
    ]
    path.write_bytes(frames.section() + frames.interface("mn-wifi") + b"".join(statistics))
    assert read_capture(path).warnings == ("the capture dropped 12 packets on interface mn-wifi",)


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
@pytest.mark.parametrize("missing", [1, 20, 59])
def test_a_file_cut_off_gives_what_is_whole_and_a_warning(tmp_path: Path, kind: str, missing: int) -> None:
    path = tmp_path / "a"
    (frames.write_pcap(path, some_frames()) if kind == "pcap" else frames.write_pcapng(path, ["a"], some_frames()))
    path.write_bytes(path.read_bytes()[:-missing])
    capture = read_capture(path)
    assert len(capture) == 4
    assert "cut off" in capture.warnings[0]


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_an_impossible_length_ends_the_reading_with_a_warning(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "pcap":
        frames.write_pcap(path, some_frames())
        path.write_bytes(path.read_bytes() + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF) + b"\0" * 100)
    else:
        frames.write_pcapng(path, ["a"], some_frames())
        path.write_bytes(path.read_bytes() + struct.pack("<II", 6, 0xFFFFFFF0) + b"\0" * 100)
    capture = read_capture(path)
    assert len(capture) == 5
    assert "damaged" in capture.warnings[0]
    assert "were left out" in capture.warnings[0]


def test_a_file_of_nothing_but_sections_ends_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    path.write_bytes(frames.section() * 100_000)
    with pytest.raises(CaptureError, match="more than 10000 sections"):
        read_capture(path)


def test_a_packet_longer_than_its_block_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    lie = struct.pack("<IIIII", 0, 0, 0, 4_000_000_000, 4_000_000_000) + b"\0" * 8
    stranger = struct.pack("<IIIII", 7, 0, 0, 4, 4) + b"\0" * 4
    body = frames.section() + frames.interface("a") + frames.block(6, lie) + frames.block(6, stranger)
    path.write_bytes(body + frames.enhanced(Frame(START_NS, b"good")))
    capture = read_capture(path)
    assert [capture.packet(0), len(capture)] == [b"good", 1]
    assert "2 packets of an unknown interface or impossible length left out" in capture.warnings[0]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\x7fELF" + b"\0" * 100, "is not a pcap or pcapng file"),
        (b"GET", "is not a pcap or pcapng file"),
        (b"\x1f\x8b\x08\0\0\0", "compressed with gzip, and cut off at byte 6"),
        (struct.pack("<I", 0xA1B2C3D4), "ends inside the pcap file header"),
        (struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 1, 1, 4_000_000_000, 60), "4000000000 bytes"),
        (b"\x0a\x0d\x0d\x0a", "cut off in the section header"),
        (b"\x0a\x0d\x0d\x0a" + b"\0" * 40, "no byte-order magic"),
        (b"\x0a\x0d\x0d\x0a" + struct.pack("<IIHHq", 0xFFFFFFFC, 0x1A2B3C4D, 1, 0, -1) + b"\0" * 9, "says it is"),
        (b"\x0a\x0d\x0d\x0a" + struct.pack("<IIHHqI", 28, 0x1A2B3C4D, 2, 0, -1, 28), "version 2"),
    ],
)
def test_what_is_no_capture_is_one_clear_line(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=what) as caught:
        read_capture(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_one_clear_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "not a regular"),
        (tmp_path / "pipe", "regular"),
    ):
        with pytest.raises(CaptureError, match=what):
            read_capture(path)


def test_a_capture_without_packets_is_no_error(tmp_path: Path) -> None:
    for path in (frames.write_pcap(tmp_path / "a", []), frames.write_pcapng(tmp_path / "b", ["a"], [])):
        capture = read_capture(path)
        assert len(capture) == 0
        assert capture.start_ns == 0
        assert capture.time_ns.dtype == np.int64
