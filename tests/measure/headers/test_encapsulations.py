"""A stream is the same, whatever its packets come in; what cannot be read is counted."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_capture
from testbed.report.streams_table import render
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.headers.wrapping import (
    MACS,
    SNAP,
    esp,
    ethernet,
    gre,
    in_llc,
    ip,
    ip6,
    mpls,
    radiotap,
    stun,
    udp,
    wlan,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Wrap = Callable[[bytes], bytes]

A, B = ("192.0.2.10", 40000), ("198.51.100.20", 50000)
A6, B6 = ("2001:db8::10", 40000), ("2001:db8:1::20", 50000)
V4, V6 = 0x0800, 0x86DD
COUNT = 20
QOS = b"\x06\0"
WLAN, ERSPAN = {"802.11", "LLC/SNAP"}, {"GRE", "ERSPAN"}

BARE: dict[str, tuple[int, Wrap, set[str]]] = {
    "BSD loopback, little-endian": (0, lambda p: struct.pack("<I", 2) + p, {"BSD loopback"}),
    "BSD loopback, big-endian": (0, lambda p: struct.pack(">I", 2) + p, {"BSD loopback"}),
    "OpenBSD loopback": (108, lambda p: struct.pack(">I", 2) + p, {"BSD loopback"}),
    "raw IP": (101, lambda p: p, set()),
    "raw IPv4": (228, lambda p: p, set()),
    "PPP": (9, lambda p: b"\xff\x03\0\x21" + p, {"PPP"}),
    "PPP without address": (9, lambda p: b"\0\x21" + p, {"PPP"}),
    "PPP, one byte of protocol": (9, lambda p: b"\x21" + p, {"PPP"}),
    "PPP on a serial line": (50, lambda p: b"\xff\x03\0\x21" + p, {"PPP"}),
    "Cisco HDLC": (104, lambda p: b"\x0f\0\x08\0" + p, {"Cisco HDLC"}),
    "cooked": (113, lambda p: struct.pack(">HHH8sH", 0, 1, 6, MACS[:8], V4) + p, set()),
    "cooked, tagged": (113, lambda p: struct.pack(">HHH8sH", 0, 1, 6, MACS[:8], 0x8100) + b"\0\7\x08\0" + p, set()),
    "cooked, version 2": (276, lambda p: struct.pack(">HHIHBB8s", V4, 0, 3, 1, 0, 6, MACS[:8]) + p, set()),
    "NFLOG": (239, lambda p: b"\2\0\0\0\5\0\1\0x\0\0\0" + struct.pack("<HH", 4 + len(p), 9) + p, set()),
    "pflog": (117, lambda p: bytes([61]) + bytes(63) + p, set()),
    "PKTAP": (258, lambda p: struct.pack("<III", 108, 1, 12) + bytes(96) + p, set()),
    "Token Ring": (6, lambda p: b"\x10\x40" + MACS + SNAP + b"\x08\0" + p, {"LLC/SNAP"}),
    "802.11": (105, wlan, WLAN),
    "802.11 behind radiotap": (127, lambda p: radiotap(wlan(p)), WLAN),
    "802.11 with a checksum": (
        127,
        lambda p: radiotap(wlan(p, second=2) + b"FCS!", flags=0x10),
        WLAN,
    ),
    "802.11 with QoS": (127, lambda p: radiotap(wlan(p, first=0x88, more=QOS)), WLAN),
    "802.11 with QoS, padded": (
        127,
        lambda p: radiotap(wlan(p, first=0x88, more=QOS + b"\0\0"), flags=0x20),
        WLAN,
    ),
    "802.11 with HT control": (
        105,
        lambda p: wlan(p, first=0x88, second=0x81, more=QOS + bytes(4)),
        WLAN,
    ),
    "802.11 from bridge to bridge": (105, lambda p: wlan(p, second=3, more=MACS[:6]), WLAN),
    "802.11 behind Prism": (
        119,
        lambda p: struct.pack("<II16s", 0x44, 144, b"wlan0") + bytes(120) + wlan(p),
        WLAN,
    ),
    "802.11 behind AVS": (
        163,
        lambda p: struct.pack(">II", 0x80211001, 64) + bytes(56) + wlan(p),
        WLAN,
    ),
    "802.11 behind PPI": (192, lambda p: struct.pack("<BBHI", 0, 0, 8, 105) + wlan(p), WLAN),
}
"""Link type, what is around an IPv4 packet, and what that is told as."""

FRAMED: dict[str, tuple[Wrap, set[str]]] = {
    "VLAN": (lambda p: ethernet(0x8100, b"\0\7\x08\0" + p), set()),
    "QinQ": (lambda p: ethernet(0x88A8, b"\0\7\x81\0\0\x08\x08\0" + p), set()),
    "LLC/SNAP": (lambda p: in_llc(V4, p), {"LLC/SNAP"}),
    "PPPoE": (
        lambda p: ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 5, len(p) + 2, 0x21) + p),
        {"PPPoE", "PPP"},
    ),
    "MPLS": (lambda p: ethernet(0x8847, mpls(16, 17, payload=p)), {"MPLS"}),
    "Ethernet over MPLS": (lambda p: ethernet(0x8847, mpls(16, payload=ethernet(V4, p))), {"MPLS"}),
    "the same with a control word": (
        lambda p: ethernet(0x8847, mpls(16, payload=bytes(4) + ethernet(V4, p))),
        {"MPLS"},
    ),
    "IP in IP": (lambda p: ethernet(V4, ip(4, p)), {"IPv4 in IP"}),
    "IP in IP with options": (lambda p: ethernet(V4, ip(4, p, options=b"\x94\4\0\0")), {"IPv4 in IP"}),
    "4in6": (lambda p: ethernet(V6, ip6(4, p)), {"IPv4 in IP"}),
    "three deep": (lambda p: ethernet(V4, ip(4, ip(4, ip(4, p)))), {"IPv4 in IP"}),
    "GRE": (lambda p: ethernet(V4, gre(V4, p)), {"GRE"}),
    "ESP in tunnel mode": (lambda p: ethernet(V4, ip(50, esp(4, p))), {"ESP (not encrypted)", "IPv4 in IP"}),
    "ESP with HMAC-SHA-256": (
        lambda p: ethernet(V4, ip(50, esp(4, p, proof=16))),
        {"ESP (not encrypted)", "IPv4 in IP"},
    ),
    "ESP with AES-GMAC": (
        lambda p: ethernet(V4, ip(50, esp(4, p, proof=16, vector=8, aligned=16))),
        {"ESP (not encrypted)", "IPv4 in IP"},
    ),
    "ESP without a proof": (lambda p: ethernet(V4, ip(50, esp(4, p, proof=0))), {"ESP (not encrypted)", "IPv4 in IP"}),
    "ESP in transport mode": (lambda p: ethernet(V4, ip(50, esp(17, p[20:]), ends=p[12:20])), {"ESP (not encrypted)"}),
    "ESP in UDP": (
        lambda p: ethernet(V4, udp((4500, 4500), esp(4, p))),
        {"ESP in UDP", "ESP (not encrypted)", "IPv4 in IP"},
    ),
    "GRE with everything": (lambda p: ethernet(V4, gre(V4, p, checksum=True, key=True, number=7)), {"GRE"}),
    "Ethernet in GRE": (lambda p: ethernet(V4, gre(0x6558, ethernet(V4, p), key=True)), {"GRE"}),
    "ERSPAN I": (lambda p: ethernet(V4, gre(0x88BE, ethernet(V4, p))), ERSPAN),
    "ERSPAN II": (
        lambda p: ethernet(V4, gre(0x88BE, b"\x10" + bytes(7) + ethernet(V4, p), number=7)),
        ERSPAN,
    ),
    "ERSPAN III": (
        lambda p: ethernet(V4, gre(0x22EB, b"\x20" + bytes(11) + ethernet(V4, p), number=7)),
        ERSPAN,
    ),
    "ERSPAN III with more": (
        lambda p: ethernet(V4, gre(0x22EB, b"\x20" + bytes(10) + b"\1" + bytes(8) + ethernet(V4, p), number=7)),
        ERSPAN,
    ),
    "EtherIP": (lambda p: ethernet(V4, ip(97, b"\x30\0" + ethernet(V4, p))), {"EtherIP"}),
    "VXLAN": (lambda p: ethernet(V4, udp((9, 4789), b"\x08\0\0\0\0\0\5\0" + ethernet(V4, p))), {"VXLAN"}),
    "Geneve with an option": (
        lambda p: ethernet(V4, udp((9, 6081), b"\2\0\x65\x58\0\0\5\0" + bytes(8) + ethernet(V4, p))),
        {"Geneve"},
    ),
    "GTP-U": (lambda p: ethernet(V4, udp((2152, 2152), struct.pack(">BBHI", 0x30, 255, len(p), 5) + p)), {"GTP-U"}),
    "GTP-U, numbered": (
        lambda p: ethernet(V4, udp((9, 2152), struct.pack(">BBHIHH", 0x32, 255, len(p) + 4, 5, 1, 0) + p)),
        {"GTP-U"},
    ),
    "GTP-U with two extensions": (
        lambda p: ethernet(
            V4,
            udp(
                (9, 2152),
                struct.pack(">BBHIHBB", 0x34, 255, len(p) + 16, 5, 0, 0, 0xC0)
                + b"\1\x12\x34\x85\2\0\x09\0\0\0\0\0"
                + p,
            ),
        ),
        {"GTP-U"},
    ),
    "L2TP": (lambda p: ethernet(V4, udp((1701, 1701), b"\0\2\0\3\0\4\xff\3\0\x21" + p)), {"L2TP", "PPP"}),
}
"""The same in Ethernet frames."""


def measured(tmp_path: Path, wrap: Wrap, linktype: int, *, of: Callable[[int], bytes] | None = None) -> dict[str, Any]:
    def inner(number: int) -> bytes:
        return frames.ip_udp(A, B, frames.rtp(number)) if of is None else of(number)

    made = [Frame(START_NS + n * 20 * MS, wrap(inner(n))) for n in range(COUNT)]
    return measure_capture(frames.write_pcap(tmp_path / "a.pcap", made, linktype=linktype))


def check(result: dict[str, Any], ends: tuple[tuple[str, int], tuple[str, int]], names: set[str]) -> None:
    (stream,) = result["streams"]
    source, destination = (f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}" for ip, port in ends)
    names_of_numbers = ("packets", "lost", "duplicates", "gap_ms", "jitter_ms")
    assert (stream["src"], stream["dst"]) == (source, destination)
    assert [stream[name] for name in names_of_numbers] == [COUNT, 0, 0, 0.0, 0.0]
    assert (result["unread"], set(result["encapsulations"])) == ({}, names)


@pytest.mark.parametrize("name", BARE)
def test_every_link_type_has_the_stream(name: str, tmp_path: Path) -> None:
    linktype, wrap, names = BARE[name]
    check(measured(tmp_path, wrap, linktype), (A, B), names)


@pytest.mark.parametrize("name", FRAMED)
def test_every_tunnel_has_the_stream(name: str, tmp_path: Path) -> None:
    wrap, names = FRAMED[name]
    check(measured(tmp_path, wrap, 1), (A, B), names)


@pytest.mark.parametrize(
    ("linktype", "wrap", "names"),
    [
        *((0, lambda p, f=family: struct.pack("<I", f) + p, {"BSD loopback"}) for family in (10, 23, 24, 28, 30)),
        (9, lambda p: b"\0\x57" + p, {"PPP"}),
        (1, lambda p: ethernet(V4, ip(41, p)), {"IPv6 in IP"}),
        (1, lambda p: ethernet(V4, gre(V6, p)), {"GRE"}),
        (1, lambda p: ethernet(0x8847, mpls(16, payload=p)), {"MPLS"}),
        (1, lambda p: ethernet(V4, udp((3544, 3544), p)), {"Teredo"}),
    ],
)
def test_ipv6_within(linktype: int, wrap: Wrap, names: set[str], tmp_path: Path) -> None:
    result = measured(tmp_path, wrap, linktype, of=lambda n: frames.ip_udp(A6, B6, frames.rtp(n)))
    check(result, (A6, B6), names)


@pytest.mark.parametrize("padding", [b"", b"\0\0\0"])
def test_turn_channel_data_is_media_between_phone_and_server(padding: bytes, tmp_path: Path) -> None:
    """RFC 8656, 12.5: over UDP padding may be there or not."""
    ends = A, ("198.51.100.20", 3478)

    def framed(number: int) -> bytes:
        media = frames.rtp(number, size=157)
        return frames.udp(*ends, struct.pack(">HH", 0x4001, len(media)) + media + padding)

    check(measured(tmp_path, lambda p: p, 1, of=framed), ends, {"TURN ChannelData"})


@pytest.mark.parametrize("kind", [0x0016, 0x0017])
def test_turn_indications_are_media_too(kind: int, tmp_path: Path) -> None:
    ends = A, ("198.51.100.20", 3478)

    def framed(number: int) -> bytes:
        return frames.udp(*ends, stun(kind, [(0x0012, bytes(8)), (0x0013, frames.rtp(number))]))

    check(measured(tmp_path, lambda p: p, 1, of=framed), ends, {"TURN indication"})


def test_fragments_of_what_a_tunnel_carries_are_put_together(tmp_path: Path) -> None:
    made = []
    for n in range(COUNT):
        whole = frames.ip_udp(A, B, frames.rtp(n))
        head, payload = whole[:20], whole[20:]
        for start in range(0, len(payload), 80):
            piece, more = payload[start : start + 80], start + 80 < len(payload)
            word = struct.pack(">HHH", 20 + len(piece), n, 0x2000 * more | start // 8)
            made.append(Frame(START_NS + n * 20 * MS, ethernet(V4, ip(4, head[:2] + word + head[8:] + piece))))
    check(measure_capture(frames.write_pcap(tmp_path / "a.pcap", made)), (A, B), {"IPv4 in IP"})


def test_media_on_a_tunnels_port_stay_media(tmp_path: Path) -> None:
    ends = ("192.0.2.10", 2152), ("198.51.100.20", 4789)
    check(measured(tmp_path, lambda p: p, 1, of=lambda n: frames.udp(*ends, frames.rtp(n))), ends, set())


UNREAD: dict[str, tuple[int, Wrap, str]] = {
    "a link type": (147, lambda p: p, "link type 147 is not known"),
    "an EtherType": (1, lambda p: ethernet(0x1234, p), "EtherType 0x1234 is not known"),
    "a protocol": (1, lambda p: ethernet(V4, ip(200, p)), "IP protocol 200 is not known"),
    "ESP": (1, lambda p: ethernet(V4, ip(50, p)), "ESP (encrypted)"),
    "ESP that says something else": (1, lambda p: ethernet(V4, ip(50, esp(41, p))), "ESP (encrypted)"),
    "ESP in UDP": (1, lambda p: ethernet(V4, udp((4500, 4500), b"\0\0\1\0" + p)), "ESP (encrypted)"),
    "MACsec": (1, lambda p: ethernet(0x88E5, p), "MACsec (encrypted)"),
    "WireGuard": (1, lambda p: ethernet(V4, udp((9, 51820), b"\4\0\0\0" + p)), "WireGuard (encrypted)"),
    "encrypted 802.11": (105, lambda p: wlan(p, second=0x41, more=b"\1\2\3\0"), "802.11 frames (encrypted)"),
    "a header that is cut": (101, lambda p: p[:24], "cut off in the UDP header"),
    "a payload that is cut": (101, lambda p: p[:36], "cut off before 12 bytes of a UDP payload"),
    "too many headers": (1, lambda p: ethernet(0x8100, b"\0\7\x81\0" * 50 + b"\0\7\x08\0" + p), "more than 40 headers"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_told(name: str, tmp_path: Path) -> None:
    linktype, wrap, reason = UNREAD[name]
    result = measured(tmp_path, wrap, linktype)
    assert (result["streams"], result["unread"]) == ([], {reason: COUNT})
    text = render(result)
    assert text.startswith(f"None of {COUNT} packets could be read.\n")
    assert f"not read: {COUNT} packets: {reason}\n" in text
    assert "No RTP" not in text


def test_what_has_no_media_is_not_unread(tmp_path: Path) -> None:
    result = measured(tmp_path, lambda p: ethernet(0x0806, p), 1)
    assert (result["unread"], result["skipped"]) == ({}, {"ARP": COUNT})
    assert render(result) == f"No RTP stream found in {COUNT} packets.\n"
