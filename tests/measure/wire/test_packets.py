"""UDP datagrams are found under every header that may lie before them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from scapy.layers.inet import IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.layers.l2 import ARP, CookedLinux, CookedLinuxV2, Dot1Q, Ether
from scapy.packet import Packet, Raw

from testbed.measure.capture.pcap import read_capture
from testbed.measure.wire.packets import Datagrams, TransportAddress, decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture

PAYLOAD = b"payload of 19 bytes"
V4 = IP(src="10.0.0.1", dst="10.0.0.2")
V6 = IPv6(src="2001:db8::1", dst="2001:db8::2")
DATAGRAM = UDP(sport=1111, dport=2222) / Raw(PAYLOAD)


def decode(tmp_path: Path, *packets: Packet | bytes, linktype: int = 1) -> tuple[Capture, Datagrams]:
    path = tmp_path / "a.pcap"
    made = [Frame(START_NS + number, bytes(packet)) for number, packet in enumerate(packets)]
    capture = read_capture(frames.write_pcap(path, made, linktype=linktype))
    return capture, decode_udp(capture)


def payloads(capture: Capture, found: Datagrams) -> list[bytes]:
    pairs = zip(found.offset.tolist(), found.captured.tolist(), strict=True)
    return [capture.data[start : start + size].tobytes() for start, size in pairs]


@pytest.mark.parametrize(
    ("linktype", "packet"),
    [
        (1, Ether() / V4 / DATAGRAM),
        (1, Ether() / Dot1Q(vlan=5) / V4 / DATAGRAM),
        (1, Ether(type=0x88A8) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / V4 / DATAGRAM),
        (1, Ether() / V4.copy() / DATAGRAM / Raw(b"")),
        (1, Ether() / IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_RR(routers=["10.0.0.9"])]) / DATAGRAM),
        (113, CookedLinux() / V4 / DATAGRAM),
        (276, CookedLinuxV2(proto=0x0800) / V4 / DATAGRAM),
        (101, V4 / DATAGRAM),
        (12, V4 / DATAGRAM),
        (228, V4 / DATAGRAM),
    ],
)
def test_ipv4_under_every_link_type(tmp_path: Path, linktype: int, packet: Packet) -> None:
    capture, found = decode(tmp_path, packet, linktype=linktype)
    assert payloads(capture, found) == [PAYLOAD]
    assert found.endpoints == (TransportAddress("10.0.0.1", 1111), TransportAddress("10.0.0.2", 2222))
    assert (found.source.tolist(), found.destination.tolist()) == ([0], [1])
    assert found.length.tolist() == [len(PAYLOAD)]
    assert found.skipped == {}


@pytest.mark.parametrize(
    ("linktype", "packet"),
    [
        (1, Ether() / V6 / DATAGRAM),
        (1, Ether() / Dot1Q(vlan=5) / V6 / DATAGRAM),
        (113, CookedLinux(proto=0x86DD) / V6 / DATAGRAM),
        (276, CookedLinuxV2(proto=0x86DD) / V6 / DATAGRAM),
        (101, V6 / DATAGRAM),
        (229, V6 / DATAGRAM),
        (101, V6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrRouting() / IPv6ExtHdrDestOpt() / DATAGRAM),
    ],
)
def test_ipv6_under_every_link_type_and_behind_extensions(tmp_path: Path, linktype: int, packet: Packet) -> None:
    capture, found = decode(tmp_path, packet, linktype=linktype)
    assert payloads(capture, found) == [PAYLOAD]
    assert [str(one) for one in found.endpoints] == ["[2001:db8::1]:1111", "[2001:db8::2]:2222"]


def test_ethernet_padding_is_no_payload(tmp_path: Path) -> None:
    capture, found = decode(tmp_path, bytes(Ether() / V4 / UDP(sport=1, dport=2) / Raw(b"ab")) + b"\0" * 16)
    assert payloads(capture, found) == [b"ab"]


def test_what_is_no_udp_is_counted(tmp_path: Path) -> None:
    _, found = decode(
        tmp_path, Ether() / ARP(), Ether() / V4 / TCP(), b"\0" * 10, bytes(Ether() / V4 / DATAGRAM)[:30],
        bytes(Ether() / V4 / DATAGRAM)[:40], b"\0" * 12 + b"\x08\0" + b"\x99" * 30,
    )  # fmt: skip
    assert len(found) == 0
    assert found.skipped == {
        "cut off in the IP header": 1,
        "cut off in the UDP header": 1,
        "cut off in the link header": 1,
        "damaged IP header": 1,
        "ARP": 1,
        "TCP without payload": 1,
    }


def test_unknown_link_types_are_counted_by_number(tmp_path: Path) -> None:
    _, found = decode(tmp_path, b"\0" * 50, b"\0" * 60, linktype=147)
    assert found.skipped == {"link type 147 is not known": 2}


def test_first_fragments_stay_flagged_where_a_filter_for_ports_kept_the_later_ones_out(tmp_path: Path) -> None:
    first = IP(src="10.0.0.1", dst="10.0.0.2", flags="MF") / UDP(sport=1111, dport=2222, len=48) / Raw(PAYLOAD[:16])
    first6 = V6 / IPv6ExtHdrFragment(m=1) / UDP(sport=1111, dport=2222, len=48) / Raw(PAYLOAD[:16])
    capture, found = decode(tmp_path, first, V4 / DATAGRAM, first6, linktype=101)
    assert found.packet.tolist() == [0, 1, 2]
    assert found.fragment.tolist() == [True, False, True]
    assert payloads(capture, found) == [PAYLOAD[:16], PAYLOAD, PAYLOAD[:16]]
    assert found.length.tolist() == [40, 19, 40]
    assert found.skipped == {}


def test_a_short_snapshot_keeps_the_length_on_the_wire(tmp_path: Path) -> None:
    _, found = decode(tmp_path, bytes(V4 / UDP(sport=1, dport=2) / Raw(b"x" * 500))[:60], linktype=101)
    assert (found.captured.tolist(), found.length.tolist()) == ([32], [500])


def test_packets_of_both_families_stay_in_order(tmp_path: Path) -> None:
    numbers = [struct.pack(">I", number) for number in range(10)]
    mixed = [(V6 if number % 3 else V4) / UDP(sport=1, dport=2) / Raw(numbers[number]) for number in range(10)]
    capture, found = decode(tmp_path, *mixed, linktype=101)
    assert payloads(capture, found) == numbers
    assert found.packet.tolist() == list(range(10))


def test_a_header_that_lies_about_its_length_says_so_in_its_udp_length(tmp_path: Path) -> None:
    path = frames.write_pcap(
        tmp_path / "a.pcap",
        [Frame(START_NS, frames.ip_udp(("10.0.0.1", 1), ("10.0.0.2", 2), PAYLOAD)[:-19] + b"abc")],
        linktype=101,
    )
    found = decode_udp(read_capture(path))
    assert (found.captured.tolist(), found.length.tolist()) == ([3], [19])
