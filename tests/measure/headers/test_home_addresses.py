"""Whose a packet is that has a home address beside those of its IPv6 header: oracle is how scapy writes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from testbed.measure.capture.pcap import read_capture
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x86DD)
CARE_OF, HOME, CN, AGENT = "2001:db8:1::2", "2001:db8:a::fe", "2001:db8:14::2", "2001:db8:a::2"
OUT, BACK = IPv6(src=CARE_OF, dst=CN), IPv6(src=CN, dst=CARE_OF)
DATAGRAM = UDP(sport=1111, dport=2222) / Raw(b"speech")
WITH_HOME = IPv6ExtHdrDestOpt(options=[HAO(hoa=HOME)])
ROUTED = IPv6ExtHdrRouting(type=2, segleft=1, addresses=[HOME])


def ends(tmp_path: Path, packet: Packet) -> tuple[str, str]:
    """Source and destination of the datagram in a packet."""
    capture = read_capture(frames.write_pcap(tmp_path / "a.pcap", [Frame(START_NS, bytes(ETHER / packet))]))
    found = decode_udp(capture)
    (source,), (destination,) = found.source.tolist(), found.destination.tolist()
    return found.endpoints[source].ip, found.endpoints[destination].ip


@pytest.mark.parametrize(
    ("packet", "wanted"),
    [
        (OUT / DATAGRAM, (CARE_OF, CN)),
        (OUT / WITH_HOME / DATAGRAM, (HOME, CN)),
        (BACK / ROUTED / DATAGRAM, (CN, HOME)),
        (OUT / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / WITH_HOME / DATAGRAM, (HOME, CN)),
        (OUT / ROUTED / WITH_HOME / DATAGRAM, (HOME, HOME)),
        (OUT / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 12)]) / DATAGRAM, (CARE_OF, CN)),
        (OUT / IPv6ExtHdrRouting(type=0, segleft=1, addresses=[HOME]) / DATAGRAM, (CARE_OF, CN)),
        (OUT / IPv6ExtHdrRouting(type=2, segleft=0, addresses=[HOME]) / DATAGRAM, (CARE_OF, CN)),
        (IPv6(src=CARE_OF, dst=AGENT) / IPv6(src=HOME, dst=CN) / DATAGRAM, (HOME, CN)),
    ],
)
def test_a_home_address_stands_for_the_one_in_the_header(
    tmp_path: Path, packet: Packet, wanted: tuple[str, str]
) -> None:
    assert ends(tmp_path, packet) == wanted


def test_an_option_that_does_not_end_where_its_header_does_is_none(tmp_path: Path) -> None:
    """A home address option of 16 bytes in a header of 8 would have it begin in what follows."""
    header = struct.pack("!BBBBBB2x", 17, 0, 1, 0, 0xC9, 16)
    payload = bytes(UDP(sport=1111, dport=2222, len=14) / Raw(b"speech"))
    packet = IPv6(src=CARE_OF, dst=CN, nh=60) / Raw(header + payload)
    assert ends(tmp_path, packet) == (CARE_OF, CN)
