"""What gateways say to an anchor, at the anchor's interface, each with what answered it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from agents.mip6.mobility_header import (
    PROXY_ANSWER,
    BindingAcknowledgement,
    BindingUpdate,
    MessageEnds,
    MobilityMessage,
    UpdateFlag,
    packed,
)
from agents.mip6.mobility_options import NodeIdentifier
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import NodePorts
from testbed.measure.mobility.proxy_registrations import find_proxy_registrations
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.mobility.seen_registration import SeenRegistration

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x86DD)
ANCHOR, WIFI, UMTS = "2001:db8:a::2", "2001:db8:100::2", "2001:db8:200::2"
NAMES = ("home-eth0", "wifi-gw-core")
MANIFEST = SimpleNamespace(
    mn=NodePorts({"wifi": "mn-wifi", "umts": "mn-umts"}, {}, "2001:db8:a::fe", gateways={WIFI: "wifi", UMTS: "umts"}),
    relay=NodePorts({"eth0": "home-eth0"}, {ANCHOR: "eth0"}),
)
NODE = (NodeIdentifier("mn@home.example"),)


def update(sequence: int, units: int = 75) -> BindingUpdate:
    return BindingUpdate(sequence, UpdateFlag.PROXY | UpdateFlag.ACKNOWLEDGE, units, NODE)


def answer(sequence: int, status: int = 0) -> BindingAcknowledgement:
    return BindingAcknowledgement(status, PROXY_ANSWER, sequence, 75, NODE)


def sent(message: MobilityMessage, source: str, destination: str = ANCHOR) -> Packet:
    data = packed(message, MessageEnds(source, destination))
    return IPv6(src=source, dst=destination, nh=135) / Raw(data)


def seen(tmp_path: Path, *packets: Packet, interface: int = 0) -> list[SeenRegistration]:
    made = [Frame(START_NS + number * 1000, bytes(ETHER / one), interface) for number, one in enumerate(packets)]
    capture = read_capture(frames.write_pcapng(tmp_path / "a.pcapng", NAMES, made))
    return find_proxy_registrations(capture, decode_udp(capture), MANIFEST)  # type: ignore[arg-type]


def test_an_update_is_over_the_link_of_its_gateway(tmp_path: Path) -> None:
    (one,) = seen(tmp_path, sent(update(3), UMTS), sent(answer(3), ANCHOR, UMTS))
    assert (one.link, one.care_of, one.lifetime_s, one.code, one.is_home) == ("umts", UMTS, 300, 0, True)
    assert (one.asked_ns, one.answered_ns, one.messages) == (START_NS, START_NS + 1000, 2)


def test_gateways_number_their_updates_each_for_itself(tmp_path: Path) -> None:
    found = seen(
        tmp_path, sent(update(1), WIFI), sent(update(1), UMTS), sent(answer(1, 154), ANCHOR, WIFI),
        sent(answer(1), ANCHOR, UMTS), sent(answer(1), ANCHOR, UMTS),
    )  # fmt: skip
    assert [(one.link, one.code, one.succeeded) for one in found] == [("wifi", 154, False), ("umts", 0, True)]


def test_what_is_asked_again_and_what_is_never_answered(tmp_path: Path) -> None:
    found = seen(tmp_path, sent(update(1), UMTS), sent(update(2), UMTS), sent(answer(2), ANCHOR, UMTS))
    assert [one.messages for one in found] == [1, 2]
    assert [one.lifetime_s for one in seen(tmp_path, sent(update(9, units=0), WIFI))] == [0]


def test_what_strangers_say_and_what_other_interfaces_saw_does_not_count(tmp_path: Path) -> None:
    assert seen(tmp_path, sent(update(1), "2001:db8:42::2"), sent(answer(1), ANCHOR, "2001:db8:42::2")) == []
    assert seen(tmp_path, sent(update(1), WIFI), interface=1) == []
