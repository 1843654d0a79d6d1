"""What is said of messages beside SIP: made by our own encoders, or by scapy, and seen at one interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scapy.contrib.ikev2 import IKEv2
from scapy.layers.inet import IP
from scapy.layers.inet6 import HAO, MIP6MH_BA, MIP6MH_BU, IPv6, IPv6ExtHdrDestOpt, MIP6MH_HoTI
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from agents.mip.agent_messages import ALL_SYSTEMS, AgentAdvertisement, AgentFlag, AgentSolicitation
from agents.mip.mip_messages import Flag, Key, RegistrationReply, RegistrationRequest
from agents.mip6.fast_messages import HandoverAcknowledge, HandoverInitiate
from agents.mip6.mobility_header import BindingAcknowledgement, BindingUpdate, MessageEnds, UpdateFlag, packed
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.stun.stun_values import error
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import KEPT_BY
from testbed.measure.mobility.protocols_seen import FINDERS
from testbed.measure.said.words_said import SAID
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

KEY = Key(256, bytes(16))
HERE, THERE = "10.1.0.2", "10.10.0.2"
HOME = "2001:db8:a0a::a0a:fe"


def said(tmp_path: Path, protocol: str, *data: bytes) -> list[tuple[str, str, tuple[str, ...], int]]:
    """The words of frames at one interface."""
    made = [Frame(START_NS + number * 1000, one, 0) for number, one in enumerate(data)]
    capture = read_capture(frames.write_pcapng(tmp_path / "a.pcapng", ["mn-wifi"], made))
    found = SAID[protocol].find(capture, decode_udp(capture, keeps_hidden=True))
    return [(one.source, one.words.name, one.words.notes, one.size) for one in found]


def datagram(port: int, data: bytes) -> bytes:
    return frames.udp((HERE, port), (THERE, port), data)


def test_every_protocol_that_is_counted_has_words() -> None:
    assert SAID.keys() == FINDERS.keys() >= {*KEPT_BY}


def test_registrations(tmp_path: Path) -> None:
    request = RegistrationRequest(Flag(0x22), 300, "10.10.0.254", THERE, HERE, 7).signed(KEY)
    reply = RegistrationReply(131, 0, "10.10.0.254", THERE, 7).signed(KEY)
    assert said(tmp_path, "Mobile IPv4", datagram(434, request), datagram(434, reply), datagram(434, b"\x07")) == [
        (HERE, "Registration Request", (HERE, "for 300 s"), len(request)),
        (HERE, "Registration Reply 131", (), len(reply)),
    ]


@pytest.mark.parametrize(
    ("exchange", "flags", "words"),
    [
        (34, "Initiator", ("IKE IKE_SA_INIT request", ("128 bytes",))),
        (35, "Response", ("IKE IKE_AUTH response", ("encrypted", "128 bytes"))),
        (37, "Initiator", ("IKE INFORMATIONAL request", ("encrypted", "128 bytes"))),
        (99, "Initiator", ("IKE exchange 99 request", ("encrypted", "128 bytes"))),
    ],
)
def test_what_is_encrypted_is_told_as_that(
    tmp_path: Path, exchange: int, flags: str, words: tuple[str, tuple[str, ...]]
) -> None:
    message = bytes(IKEv2(init_SPI=b"\1" * 8, exch_type=exchange, flags=flags, length=128) / Raw(bytes(100)))
    assert said(tmp_path, "MOBIKE", datagram(500, message)) == [(HERE, *words, 128)]


def test_handshakes_and_not_the_call_in_the_tunnel(tmp_path: Path) -> None:
    initiation = b"\1\0\0\0" + bytes(144)
    data = b"\4\0\0\0" + bytes(236)
    empty = b"\4\0\0\0" + bytes(28)
    names = [(name, notes) for _, name, notes, _ in
             said(tmp_path, "WireGuard", *(datagram(51820, one) for one in (initiation, data, empty)))]  # fmt: skip
    assert names == [
        ("Handshake Initiation", ("partly encrypted", "148 bytes")), ("empty packet", ("encrypted", "32 bytes")),
    ]  # fmt: skip


def test_turn_without_its_media_and_what_is_no_message(tmp_path: Path) -> None:
    def made(kind: MessageClass, method: Method, *attributes: tuple[int, bytes]) -> bytes:
        return StunMessage(kind, method, bytes(12), attributes).to_bytes()

    told = said(
        tmp_path, "TURN",
        datagram(3478, made(MessageClass.REQUEST, Method.REFRESH, (Attribute.MOBILITY_TICKET, b"tick"))),
        datagram(3478, made(MessageClass.ERROR, Method.REFRESH, (Attribute.ERROR_CODE, error(401, "no")))),
        datagram(3478, made(MessageClass.INDICATION, Method.SEND)),
        datagram(3478, bytes(24)),
        datagram(3478, b"\x40\0\0\xac" + bytes(172)),
    )  # fmt: skip
    assert [(name, notes) for _, name, notes, _ in told] == [
        ("Refresh", ("with a ticket", "28 bytes")), ("Refresh 401", ("32 bytes",)), ("24 bytes, no message", ()),
    ]  # fmt: skip


def test_checks_that_nominate(tmp_path: Path) -> None:
    check = StunMessage(MessageClass.REQUEST, Method.BINDING, bytes(12), ((Attribute.USE_CANDIDATE, b""),))
    assert said(tmp_path, "ICE", datagram(20000, check.to_bytes())) == [
        (HERE, "Binding", ("nominates", "24 bytes"), 24)
    ]


@pytest.mark.parametrize(
    ("header", "name", "notes"),
    [
        (MIP6MH_BU(flags="AH", mhtime=75), "Binding Update", ("for 300 s",)),
        (MIP6MH_BA(status=146), "Binding Acknowledgement 146", ()),
        (MIP6MH_HoTI(), "Home Test Init", ()),
    ],
)
def test_mobility_headers_in_tunnels_too(tmp_path: Path, header: object, name: str, notes: tuple[str, ...]) -> None:
    """Oracle: scapy's own encoder."""
    bare = IPv6(src=HOME, dst="2001:db8::2") / header
    tunnelled = IPv6(src="2001:db8:1::2", dst="2001:db8:a0a::2") / bare
    option = IPv6(src="2001:db8:1::2", dst="2001:db8::2") / IPv6ExtHdrDestOpt(options=[HAO(hoa=HOME)]) / header
    found = said(tmp_path, "Mobile IPv6", *(bytes(Ether(type=0x86DD) / one) for one in (bare, tunnelled, option)))
    assert [(one[1], one[2]) for one in found] == [(name, notes)] * 3
    assert [one[0] for one in found] == [HOME, HOME, "2001:db8:1::2"]


def test_a_gateway_s_update_and_a_router_s_word_have_names_of_their_own(tmp_path: Path) -> None:
    ends = MessageEnds("2001:db8:1::1", "2001:db8:a0a::2")
    made = [
        packed(one, ends) for one in (
            BindingUpdate(1, UpdateFlag.ACKNOWLEDGE | UpdateFlag.PROXY, 75), BindingAcknowledgement(0, 0x20, 1, 75),
            HandoverInitiate(1, 0, 0), HandoverAcknowledge(1, 128),
        )
    ]  # fmt: skip
    told = said(
        tmp_path, "Proxy Mobile IPv6",
        *(bytes(Ether(type=0x86DD) / IPv6(src=ends.source, dst=ends.destination, nh=135) / Raw(one)) for one in made),
    )  # fmt: skip
    assert [name for _, name, _, _ in told] == [
        "Proxy Binding Update", "Proxy Binding Acknowledgement 0", "Handover Initiate", "Handover Acknowledge 128",
    ]  # fmt: skip


def test_an_update_at_an_anchor_point_is_told_from_one_at_home(tmp_path: Path) -> None:
    """RFC 5380 4: by its M flag."""
    ends = MessageEnds("2001:db8:1::1", "2001:db8:a0a::2")
    made = packed(BindingUpdate(1, UpdateFlag.ACKNOWLEDGE | UpdateFlag.LOCAL, 75), ends)
    frame = Ether(type=0x86DD) / IPv6(src=ends.source, dst=ends.destination, nh=135) / Raw(made)
    assert [name for _, name, _, _ in said(tmp_path, "Hierarchical Mobile IPv6", bytes(frame))] == [
        "Local Binding Update"
    ]


def test_who_asks_for_agents_and_is_answered_is_told_and_not_what_they_say_unasked(tmp_path: Path) -> None:
    """RFC 5944 2.1: one a second, to all systems on the link."""
    advertisement = AgentAdvertisement(7, 3, 1800, AgentFlag.FOREIGN_AGENT, ("10.0.1.2",), ("10.1.0.1",), (24,))
    made = [
        bytes(Ether(type=0x800) / IP(src=source, dst=destination, proto=1, ttl=1) / Raw(one.packed()))
        for source, destination, one in (
            ("10.1.0.1", ALL_SYSTEMS, advertisement), (HERE, "224.0.0.11", AgentSolicitation()),
            ("10.1.0.1", HERE, advertisement),
        )
    ]  # fmt: skip
    assert said(tmp_path, "Mobile IPv4 with foreign agents", *made) == [
        (HERE, "Agent Solicitation", (), 8),
        ("10.1.0.1", "Agent Advertisement", ("10.0.1.2",), len(advertisement.packed())),
    ]
