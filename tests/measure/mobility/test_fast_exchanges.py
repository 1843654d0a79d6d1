"""Fast handovers' messages at the mobile node's interfaces, each with what answered it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from agents.mip6.fast_messages import FastBindingAcknowledgement, FastBindingUpdate
from agents.mip6.mobility_header import BindingAcknowledgement, BindingUpdate
from agents.mip6.mobility_options import AlternateCareOf
from agents.mip6.proxy_advertisements import ArrivalAtRouter, NeighbourMessage, ProxyAdvertisement, ProxySolicitation
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import NodePorts
from testbed.measure.mobility.fast_exchanges import find_fast_exchanges
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

from .test_binding_exchanges import AGENT, AT_HOME, CARE_OF, ETHER, HOME, back, out

if TYPE_CHECKING:
    from pathlib import Path

    from scapy.packet import Packet

    from testbed.measure.mobility.seen_registration import SeenRegistration

ROUTER, OTHER = "2001:db8:1::1", "2001:db8:2::2"
MANIFEST = SimpleNamespace(mn=NodePorts({"umts": "mn-umts"}, {CARE_OF: "umts"}, HOME))


def icmp(source: str, target: str, message: NeighbourMessage | bytes) -> Packet:
    data = message if isinstance(message, bytes) else message.packed()
    return IPv6(src=source, dst=target, nh=58, hlim=255) / Raw(data)


def seen(tmp_path: Path, *packets: Packet, interface: int = 0) -> list[SeenRegistration]:
    made = [Frame(START_NS + number * 1000, bytes(ETHER / one), interface) for number, one in enumerate(packets)]
    capture = read_capture(frames.write_pcapng(tmp_path / "a.pcapng", ("mn-umts", "home-eth0"), made))
    return find_fast_exchanges(capture, decode_udp(capture), MANIFEST)  # type: ignore[arg-type]


def test_all_that_a_handover_says_is_counted_once(tmp_path: Path) -> None:
    update = FastBindingUpdate(7, 0xC000, 10, (AlternateCareOf(OTHER),))
    answer = FastBindingAcknowledgement(0, 7, 10)
    found = seen(
        tmp_path,
        icmp(CARE_OF, ROUTER, ProxySolicitation(5, bytes(6))),
        icmp("fe80::1", CARE_OF, ProxyAdvertisement(5, bytes(6), ())),
        out(update, ROUTER, home=CARE_OF), back(answer, ROUTER), back(answer, ROUTER),
        icmp(CARE_OF, ROUTER, ArrivalAtRouter(CARE_OF, bytes(6))),
        out(BindingUpdate(7, AT_HOME, 75), AGENT, home=HOME),
        back(BindingAcknowledgement(0, 0, 7, 75), AGENT, home=HOME),
    )  # fmt: skip
    assert [(one.messages, one.bytes, one.code, one.is_home) for one in found] == [
        (2, 32 + 32, 0, False), (2, 32 + 16, 0, False), (1, 16, None, False), (1, 32, None, False),
        (2, 16 + 16, 0, True),
    ]  # fmt: skip
    assert (found[0].asked_ns, found[0].answered_ns) == (START_NS, START_NS + 1000)


def test_a_refusal_is_seen_with_its_status(tmp_path: Path) -> None:
    refused = FastBindingAcknowledgement(130, 7, 0)
    (one,) = seen(tmp_path, out(FastBindingUpdate(7, 0xC000, 10), ROUTER, home=CARE_OF), back(refused, ROUTER))
    assert (one.code, one.succeeded, one.is_home) == (130, False, False)


def test_what_others_say_to_their_neighbours_is_not_counted(tmp_path: Path) -> None:
    theirs = ArrivalAtRouter(OTHER, bytes(6))
    solicited = ArrivalAtRouter(CARE_OF, bytes(6)).packed()
    solicited = solicited[:4] + b"\x60" + solicited[5:]
    echo = b"\x80" + bytes(31)
    assert (
        seen(tmp_path, icmp(OTHER, CARE_OF, theirs), icmp(CARE_OF, ROUTER, solicited), icmp(CARE_OF, ROUTER, echo))
        == []
    )
    mine = icmp(CARE_OF, ROUTER, ArrivalAtRouter(CARE_OF, bytes(6)))
    assert seen(tmp_path, mine, interface=1) == []
    assert seen(tmp_path, icmp(CARE_OF, ROUTER, b"\x9a" + bytes(9))) == []
