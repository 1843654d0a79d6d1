"""What is said on a link: which packets the kernel's filter lets in, what is read of them, and what is sent."""

from __future__ import annotations

import socket
import time

import pytest
from pyroute2 import IPRoute
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Packet, Raw

from agents.io.link_socket import LinkSocket, as_bytes, as_packet, attach, program
from agents.roles.role import HearLinks, LinkPacket
from tests.patience import PATIENCE_S

from .namespace import in_a_namespace

ADDRESSES = {"src": "10.10.0.254", "dst": "10.1.0.1"}
FRAME = bytes((2, 0, 0, 0, 0, 1))
ASKED = IP(**ADDRESSES, ttl=255) / UDP(sport=434, dport=434) / Raw(b"request")


def let_in(packet: Packet, types: tuple[int, ...] = (9, 10), port: int = 434) -> bool:
    """Whether the kernel's own machine for filters lets it through: any datagram socket has one."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        far.setblocking(False)
        attach(far, program(types, port))
        data = bytes(packet)
        near.setblocking(False)
        try:
            near.send(data)
        except PermissionError:  # a filter of a UNIX socket is told to who sends
            return False
        try:
            return far.recv(65536) == data
        except BlockingIOError:
            return False


@pytest.mark.parametrize(
    ("packet", "is_in"),
    [
        (ASKED, True),
        (IP(**ADDRESSES) / UDP(sport=434, dport=435), False),
        (IP(**ADDRESSES) / UDP(sport=435, dport=434), True),
        (IP(**ADDRESSES, proto=6) / Raw(bytes((1, 178) * 10)), False),
        (IP(**ADDRESSES) / ICMP(type=9), True),
        (IP(**ADDRESSES) / ICMP(type=10), True),
        (IP(**ADDRESSES) / ICMP(type=8), False),
        (IP(**ADDRESSES, frag=1) / ICMP(type=9), False),
        (IP(**ADDRESSES, frag=1, proto=17) / Raw(bytes((1, 178)) * 4), False),
        (IP(**ADDRESSES, flags="DF") / ICMP(type=9), True),
    ],
)
def test_the_filter_lets_in_what_is_wanted(packet: Packet, is_in: bool) -> None:
    assert let_in(packet) == is_in


def test_a_filter_without_a_kind_of_icmp_lets_in_the_others() -> None:
    assert not let_in(IP(**ADDRESSES) / ICMP(type=9), types=(10,))
    assert let_in(IP(**ADDRESSES) / ICMP(type=3), types=(10, 3))


def test_behind_options_of_the_header_the_same_is_found() -> None:
    packet = IP(bytes(IP(**ADDRESSES, options=b"\x01\x01\x01\x00") / UDP(sport=434, dport=434) / Raw(b"request")))
    assert packet.ihl == 6
    assert let_in(packet)
    found = as_packet(bytes(packet), "air", FRAME, is_summed=True)
    assert found is not None
    assert (found.data, found.ports) == (b"request", (434, 434))


def test_a_datagram_is_read_as_another_program_made_it() -> None:
    assert as_packet(bytes(ASKED), "air", FRAME, is_summed=True) == LinkPacket(
        "air", FRAME, "10.10.0.254", "10.1.0.1", 255, b"request", (434, 434)
    )
    assert as_packet(bytes(ASKED) + bytes(18), "air", FRAME, is_summed=True) == as_packet(
        bytes(ASKED), "air", FRAME, is_summed=True
    )  # an Ethernet frame has 46 bytes at least


def test_a_wrong_checksum_counts_only_where_one_has_been_made() -> None:
    """RFC 5944 3.7.2.1: discarded; none at all (RFC 768), or one still to be made, is another thing."""
    wrong = IP(**ADDRESSES) / UDP(sport=434, dport=434, chksum=1) / Raw(b"request")
    none = IP(**ADDRESSES) / UDP(sport=434, dport=434, chksum=0) / Raw(b"request")
    assert as_packet(bytes(wrong), "air", FRAME, is_summed=True) is None
    assert as_packet(bytes(wrong), "air", FRAME, is_summed=False) is not None
    assert as_packet(bytes(none), "air", FRAME, is_summed=True) is not None


def test_a_message_of_icmp_whose_checksum_is_wrong_is_nothing() -> None:
    assert as_packet(bytes(IP(**ADDRESSES) / ICMP(type=9)), "air", FRAME, is_summed=True) is not None
    assert as_packet(bytes(IP(**ADDRESSES) / ICMP(type=9, chksum=1)), "air", FRAME, is_summed=True) is None


@pytest.mark.parametrize("length", range(len(bytes(ASKED))))
def test_what_is_cut_off_is_nothing(length: int) -> None:
    assert as_packet(bytes(ASKED)[:length], "air", FRAME, is_summed=False) is None


def test_a_datagram_whose_length_lies_is_nothing() -> None:
    for claims in (0, 7, 400):
        lying = IP(**ADDRESSES) / UDP(sport=434, dport=434, len=claims) / Raw(b"request")
        assert as_packet(bytes(lying), "air", FRAME, is_summed=False) is None


@pytest.mark.parametrize("ports", [None, (434, 5000)])
def test_what_is_sent_is_what_another_program_reads_with_its_checksums(ports: tuple[int, int] | None) -> None:
    data = bytes(ICMP(type=10, chksum=0)) if ports is None else b"reply!"
    made = as_bytes(LinkPacket("air", FRAME, "10.10.0.254", "224.0.0.11", 1, data, ports))
    read = IP(made)
    assert (read.src, read.dst, read.ttl, read.len) == ("10.10.0.254", "224.0.0.11", 1, len(made))
    inner = UDP if ports else ICMP
    stated = read.chksum, read[inner].chksum
    del read.chksum, read[inner].chksum
    again = IP(bytes(read))
    assert (again.chksum, again[inner].chksum) == stated
    if ports:
        assert (read[UDP].sport, read[UDP].dport, bytes(read[UDP].payload)) == (*ports, data)
    else:
        assert bytes(read[ICMP])[:2] == data[:2]
    assert as_packet(made, "air", FRAME, is_summed=True) is not None


def over_a_wire() -> list[list[object]]:
    """Two ends of a cable without addresses: what the one says the other hears, with the frame's sender."""
    with IPRoute() as netlink:
        netlink.link("add", ifname="here", kind="veth", peer="there")
        for name in ("here", "there"):
            netlink.link("set", index=netlink.link_lookup(ifname=name)[0], state="up")
        sender = netlink.get_links(ifname="here")[0].get_attr("IFLA_ADDRESS")
    hears, says = LinkSocket(HearLinks(("there",), (10,), 434)), LinkSocket(HearLinks(("here",), (9,)))
    group = bytes((0x01, 0x00, 0x5E, 0x00, 0x00, 0x0B))
    for kind in (9, 10):
        asks = LinkPacket("here", group, "10.10.0.254", "224.0.0.11", 1, bytes(ICMP(type=kind, chksum=0)))
        says.send(asks)
    says.send(LinkPacket("here", b"\xff" * 6, "10.10.0.254", "10.1.0.1", 255, b"request", (434, 434)))
    limit, heard = time.monotonic() + PATIENCE_S, list(hears.received())
    while len(heard) < 2 and time.monotonic() < limit:
        heard += hears.received()
    own = list(says.received())
    return [
        *([one.interface, one.link_layer.hex(":") == sender, one.source, one.hops, one.ports] for one in heard), own,
    ]  # fmt: skip


def test_on_a_link_without_addresses_what_is_wanted_is_heard_with_its_frame_s_sender() -> None:
    assert in_a_namespace(over_a_wire) == [
        ["there", True, "10.10.0.254", 1, None], ["there", True, "10.10.0.254", 255, [434, 434]], [],
    ]  # fmt: skip
