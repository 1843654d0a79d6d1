"""The register of attacks: what is tried keeps to the run's network and its time; answers are read as meant."""

from __future__ import annotations

from collections import Counter

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import MIP6MH_BA, IPv6, IPv6ExtHdrRouting
from scapy.packet import Packet, Raw

from agents.mip.mip_messages import Key, RegistrationReply
from agents.roles.mn.schemes import SCHEMES
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.stun.stun_values import error
from testbed.attacks.catalogue import BEGINS_S, FAMILIES, attack_steps, calls, reader_of
from testbed.attacks.strange_evidence import StrangePacket
from testbed.attacks.tried import PLACES
from testbed.lab.attack_plan import STRANGE_HOPS
from testbed.scenario.experiment.experiment import load_experiment

ATTACKED = [name for name in SCHEMES if calls(name)]
BELOW = [name for name in ATTACKED if SCHEMES[name].moved_by != "SIP"]
MOST_PACKETS = 200
# The call is handed over at 12.1 s; what listens from before that on has the time to itself.
TRIGGER_S = 12.0


def test_every_family_is_tried_by_a_scheme() -> None:
    assert {SCHEMES[name].moved_by for name in ATTACKED} == FAMILIES.keys()


def test_whatever_keeps_an_address_is_tried() -> None:
    assert {row.moved_by for row in SCHEMES.values() if row.is_anchored} <= FAMILIES.keys()


@pytest.mark.parametrize("scheme", ATTACKED)
def test_attacks_of_a_call_have_one_name_each_and_end_in_time(scheme: str) -> None:
    for call in calls(scheme):
        assert [name for name, times in Counter(one.name for one in call).items() if times > 1] == []
        ends = dict(BEGINS_S)
        for one in call:
            ends[one.when] += one.slot_s
        listens = any(one.when == "handover" for one in call)
        assert ends["first link"] <= (BEGINS_S["handover"] if listens else TRIGGER_S)
        assert ends["handover"] <= BEGINS_S["second link"]
        assert ends["second link"] <= 26.0
        assert len({step["at_s"] for step in attack_steps(call)}) == len(attack_steps(call))


@pytest.mark.parametrize("scheme", BELOW)
def test_nobody_outside_of_the_run_is_sent_to_and_no_more_than_is_said(scheme: str) -> None:
    scenario = {4: "attacked", 6: "attacked-over-ipv6", None: "attacked"}[SCHEMES[scheme].ip]
    network = load_experiment(scenario, scheme=scheme).network
    there = {end.address.partition("/")[0] for node in network.nodes for end in network.interfaces(node.name)}
    for call in calls(scheme):
        for one in call:
            assert one.to in there
            assert one.sender.own in there
            assert one.sender.source in there | {place.kept for place in PLACES.values()}
            assert one.times * len(one.parts) <= MOST_PACKETS


REPLY = RegistrationReply(131, 0, "10.0.0.1", "10.0.0.2", 7).signed(Key(1, b""))
TYPE_2 = IPv6ExtHdrRouting(type=2, addresses=["2001:db8::1"], segleft=1)
INFORMATIONAL = bytes(4) + bytes(16) + bytes((46, 0x20, 37, 0x20)) + bytes(20)


def seen(packet: Packet, protocol: int) -> StrangePacket:
    head = 40 if IPv6 in packet else 20
    return StrangePacket(0, "home", "", "", 64, protocol, bytes(packet), head)


def stun(kind: MessageClass, *attributes: tuple[int, bytes]) -> Packet:
    return IP() / UDP(sport=3478) / Raw(StunMessage(kind, Method.REFRESH, bytes(12), attributes).to_bytes())


@pytest.mark.parametrize(
    ("protocol", "packet", "number", "status"),
    [
        ("Mobile IPv4", IP() / UDP(sport=434) / Raw(REPLY), 17, 131),
        ("Mobile IPv4", IP() / UDP(sport=53) / Raw(b"\x03" * 40), 17, None),
        ("Mobile IPv6", IPv6(nh=135) / MIP6MH_BA(status=146), 135, 146),
        ("Mobile IPv6", IPv6(nh=43) / TYPE_2 / MIP6MH_BA(status=138), 43, 138),
        ("Proxy Mobile IPv6", IPv6(nh=17) / UDP() / Raw(bytes(40)), 17, None),
        ("TURN", stun(MessageClass.ERROR, (Attribute.ERROR_CODE, error(401, "no"))), 17, 401),
        ("TURN", stun(MessageClass.SUCCESS), 17, 200),
        ("TURN", stun(MessageClass.INDICATION), 17, None),
        ("ICE", IP() / UDP() / Raw(b"\x80" + bytes(171)), 17, None),
        ("WireGuard", IP() / UDP(sport=51820) / Raw(b"\x02\0\0\0" + bytes(88)), 17, 2),
        ("WireGuard", IP() / UDP(sport=51820) / Raw(b"\x04\0\0\0" + bytes(88)), 17, None),
        ("MOBIKE", IP() / UDP(sport=4500) / Raw(INFORMATIONAL), 17, 37),
        ("MOBIKE", IP(proto=50) / Raw(bytes(60)), 50, None),
    ],
)  # fmt: skip
def test_statuses_are_read_from_answers_and_from_nothing_else(
    protocol: str, packet: Packet, number: int, status: int | None
) -> None:
    """Oracle: scapy puts them together, and our encoders what is in them."""
    assert reader_of(protocol)(seen(packet, number)) == status


@pytest.mark.parametrize(
    ("hops", "is_his"), [(STRANGE_HOPS, True), (STRANGE_HOPS - 3, True), (64, False), (255, False)]
)
def test_a_refusal_is_one_of_a_stranger_s_packet(hops: int, is_his: bool) -> None:
    quoted = bytes(IP(src="10.66.0.2", dst="10.1.0.2", ttl=hops, proto=4) / Raw(bytes(28)))
    packet = IP(proto=1) / Raw(bytes((3, 3)) + bytes(6) + quoted)
    assert seen(packet, 1).is_refusal is (hops in {STRANGE_HOPS, STRANGE_HOPS - 3})
    assert seen(IP(proto=1) / Raw(bytes((8, 0)) + bytes(6) + quoted), 1).is_refusal is False
