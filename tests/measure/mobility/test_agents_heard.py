"""Mobile IPv4 with foreign agents at the mobile node's interfaces: registrations, and how agents are found."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from agents.mip.agent_messages import AgentAdvertisement, AgentFlag, AgentSolicitation
from agents.mip.mip_messages import Flag, Key, RegistrationReply, RegistrationRequest
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import MOBILE_IPV4_FA, NodePorts
from testbed.measure.mobility.agents_heard import find_with_agents
from testbed.measure.mobility.seen_registration import SeenRegistration
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from scapy.packet import Packet

    from testbed.measure.mobility.seen_registration import SeenHandshake

HOME, AGENT, HOME_AGENT, CARE_OF = "10.10.0.254", "10.2.0.1", "10.10.0.2", "10.0.2.2"
KEY = Key(256, bytes(16))
MANIFEST = SimpleNamespace(
    mn=NodePorts({"umts": "mn-umts"}, {"10.2.0.2": "umts"}, HOME, MOBILE_IPV4_FA, None, {CARE_OF: "umts"})
)
SAID = AgentAdvertisement(0, 3, 1800, AgentFlag.FOREIGN_AGENT, (CARE_OF,), (AGENT,), (24,)).packed()


def seen(folder: Path, *packets: Packet, interface: int = 0) -> list[SeenRegistration | SeenHandshake]:
    made = [Frame(START_NS + number * 1000, bytes(Ether() / one), interface) for number, one in enumerate(packets)]
    capture = read_capture(frames.write_pcapng(folder / "a.pcapng", ("mn-umts", "home-eth0"), made))
    return find_with_agents(capture, decode_udp(capture), MANIFEST)  # type: ignore[arg-type]


def icmp(source: str, data: bytes) -> Packet:
    return IP(src=source, dst="224.0.0.1", ttl=1, proto=1) / Raw(data)


def said(source: str, target: str, data: bytes) -> Packet:
    return IP(src=source, dst=target) / UDP(sport=434, dport=434) / Raw(data)


def test_registrations_and_each_message_by_which_agents_are_found_count_once(tmp_path: Path) -> None:
    request = RegistrationRequest(Flag.REVERSE_TUNNEL, 300, HOME, HOME_AGENT, CARE_OF, 5).signed(KEY)
    reply = RegistrationReply(0, 300, HOME, HOME_AGENT, 5).signed(KEY)
    found = seen(
        tmp_path, icmp(HOME, AgentSolicitation().packed()), icmp(AGENT, SAID), said(HOME, AGENT, request),
        said(AGENT, HOME, reply), icmp(AGENT, SAID),
    )  # fmt: skip
    assert [(one.link, one.messages, one.bytes) for one in found] == [
        ("umts", 1, 8), ("umts", 1, 32), ("umts", 2, len(request) + len(reply)), ("umts", 1, 32),
    ]  # fmt: skip
    (registration,) = [one for one in found if isinstance(one, SeenRegistration)]
    assert (registration.care_of, registration.code, registration.lifetime_s) == (CARE_OF, 0, 300)


def test_what_others_say_there_is_none_of_it(tmp_path: Path) -> None:
    others = (
        icmp(AGENT, AgentSolicitation().packed()), icmp(HOME, SAID), icmp(AGENT, SAID[:20]),
        IP(src=AGENT, dst=HOME) / ICMP(type=8), icmp(AGENT, bytes(ICMP(type=9))),
    )  # fmt: skip
    assert seen(tmp_path, *others) == []
    assert seen(tmp_path, icmp(AGENT, SAID), interface=1) == []
