"""Frames and capture files, made by hand from bytes: every field is what the test says."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

START_NS = 1_767_225_600_000_000_000
"""2026-01-01T00:00:00Z, where the lab's clock starts."""

MS = 1_000_000


@dataclass(frozen=True)
class Frame:
    """One captured packet; `wire` is its length on the wire where that is not all that was captured."""

    time_ns: int
    data: bytes
    interface: int = 0
    wire: int | None = None
    comments: tuple[str, ...] = ()


def rtp(
    sequence: int, timestamp: int | None = None, *, ssrc: int = 0x1234, payload_type: int = 0, size: int = 160
) -> bytes:
    """Return an RTP packet; its timestamp is that of a PCMU stream at 20 ms unless given."""
    stamp = sequence * 160 if timestamp is None else timestamp
    head = struct.pack(">BBHII", 0x80, payload_type, sequence & 0xFFFF, stamp & 0xFFFFFFFF, ssrc)
    return head + bytes([0xD5]) * size


def udp(source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> bytes:
    """Return an Ethernet frame with a UDP datagram, IPv4 or IPv6 as the addresses are."""
    six = ":" in source[0]
    ether = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + (b"\x86\xdd" if six else b"\x08\x00")
    return ether + ip_udp(source, destination, payload)


def ip_udp(
    source: tuple[str, int], destination: tuple[str, int], payload: bytes, *, options: bytes = b"", fragment: int = 0
) -> bytes:
    """Return the same without a link header; `options` and the fragment word are IPv4's."""
    length = 8 + len(payload)
    datagram = struct.pack(">HHHH", source[1], destination[1], length, 0) + payload
    a, b = (ipaddress.ip_address(one[0]).packed for one in (source, destination))
    if len(a) == 16:
        return struct.pack(">IHBB", 0x60000000, length, 17, 64) + a + b + datagram
    header = 20 + len(options)
    first = 0x40 | header // 4
    return struct.pack(">BBHHHBBH", first, 0, header + length, 0, fragment, 64, 17, 0) + a + b + options + datagram


def write_pcap(
    path: Path, frames: Iterable[Frame], *, order: str = "<", nanoseconds: bool = True, linktype: int = 1
) -> Path:
    """Write a classic pcap file of either byte order and resolution."""
    unit = 1 if nanoseconds else 1000
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, linktype)]
    for frame in frames:
        second, rest = divmod(frame.time_ns, 1_000_000_000)
        wire = len(frame.data) if frame.wire is None else frame.wire
        parts += [struct.pack(order + "IIII", second, rest // unit, len(frame.data), wire), frame.data]
    path.write_bytes(b"".join(parts))
    return path


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """Return one pcapng block."""
    body += b"\0" * (-len(body) % 4)
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """Return one pcapng option, padded."""
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order: str = "<") -> bytes:
    """Return a Section Header Block."""
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(name: str, *, resolution: int = 9, linktype: int = 1, order: str = "<", offset_s: int = 0) -> bytes:
    """Return an Interface Description Block; `resolution` is the if_tsresol byte."""
    body = struct.pack(order + "HHI", linktype, 0, 262144) + option(2, name.encode(), order)
    body += option(9, bytes([resolution]), order)
    if offset_s:
        body += option(14, struct.pack(order + "q", offset_s), order)
    return block(1, body + option(0, b"", order), order)


def enhanced(frame: Frame, *, ticks: int | None = None, order: str = "<") -> bytes:
    """Return an Enhanced Packet Block; `ticks` are the frame's nanoseconds unless given."""
    count = frame.time_ns if ticks is None else ticks
    wire = len(frame.data) if frame.wire is None else frame.wire
    body = struct.pack(order + "IIIII", frame.interface, count >> 32, count & 0xFFFFFFFF, len(frame.data), wire)
    return block(6, body + frame.data + b"\0" * (-len(frame.data) % 4), order)


def simple(frame: Frame, order: str = "<") -> bytes:
    """Return a Simple Packet Block: no time, no interface."""
    return block(3, struct.pack(order + "I", len(frame.data)) + frame.data, order)


def write_pcapng(path: Path, names: Sequence[str], frames: Iterable[Frame], *, order: str = "<") -> Path:
    """Write a pcapng file of one section with nanosecond interfaces."""
    parts = [section(order), *(interface(name, order=order) for name in names)]
    parts += [enhanced(frame, order=order) for frame in frames]
    path.write_bytes(b"".join(parts))
    return path
