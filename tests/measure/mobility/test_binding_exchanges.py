"""Mobile IPv6's messages at the mobile node's interfaces, each with what answered it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from scapy.layers.inet6 import HAO, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrRouting
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingRefreshRequest,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    MessageEnds,
    MobilityMessage,
    UpdateFlag,
    packed,
)
from agents.mip6.mobility_options import AlternateCareOf, MessageAuthentication
from testbed.measure.capture.pcap import read_capture
from testbed.measure.folder.run_folder import NodePorts
from testbed.measure.mobility.binding_exchanges import find_binding_exchanges
from testbed.measure.wire.packets import decode_udp
from tests.measure import frames
from tests.measure.frames import START_NS, Frame

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.mobility.seen_registration import SeenRegistration

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02", type=0x86DD)
CARE_OF, HOME, CN, AGENT = "2001:db8:1::2", "2001:db8:a::fe", "2001:db8:14::2", "2001:db8:a::2"
NAMES = ("mn-umts", "home-eth0")
MANIFEST = SimpleNamespace(mn=NodePorts({"umts": "mn-umts"}, {CARE_OF: "umts"}, HOME))
AT_HOME = UpdateFlag.ACKNOWLEDGE | UpdateFlag.HOME_REGISTRATION
COOKIE, TOKEN = bytes(range(8)), bytes(8)


def out(message: MobilityMessage, to: str, *, home: str = "") -> Packet:
    """From the care-of address, with the home address beside it."""
    beside = IPv6ExtHdrDestOpt(nh=135, options=[HAO(hoa=home)]) if home else None
    return around(IPv6(src=CARE_OF, dst=to), beside, packed(message, MessageEnds(home or CARE_OF, to)))


def back(message: MobilityMessage, source: str, *, home: str = "") -> Packet:
    beside = IPv6ExtHdrRouting(nh=135, type=2, segleft=1, addresses=[home]) if home else None
    return around(IPv6(src=source, dst=CARE_OF), beside, packed(message, MessageEnds(source, home or CARE_OF)))


def around(outer: Packet, beside: Packet | None, data: bytes) -> Packet:
    if beside is None:
        outer.nh = 135
        return outer / Raw(data)
    return outer / beside / Raw(data)


def seen(tmp_path: Path, *packets: Packet, interface: int = 0, mn: NodePorts = MANIFEST.mn) -> list[SeenRegistration]:
    made = [Frame(START_NS + number * 1000, bytes(ETHER / one), interface) for number, one in enumerate(packets)]
    capture = read_capture(frames.write_pcapng(tmp_path / "a.pcapng", NAMES, made))
    return find_binding_exchanges(capture, decode_udp(capture), SimpleNamespace(mn=mn))  # type: ignore[arg-type]


def test_an_update_and_its_answer(tmp_path: Path) -> None:
    options = (AlternateCareOf(CARE_OF), MessageAuthentication(256))
    update = BindingUpdate(7, AT_HOME, 75, options)
    answer = BindingAcknowledgement(0, 0, 7, 75, (MessageAuthentication(256),))
    (one,) = seen(tmp_path, out(update, AGENT, home=HOME), back(answer, AGENT, home=HOME))
    assert (one.link, one.care_of, one.lifetime_s, one.code, one.is_home) == ("umts", CARE_OF, 300, 0, True)
    assert (one.asked_ns, one.answered_ns) == (START_NS, START_NS + 1000)
    assert (one.messages, one.bytes, one.succeeded) == (2, 56 + 32, True)


def test_answers_are_for_the_update_of_their_number(tmp_path: Path) -> None:
    first, second = (BindingUpdate(number, AT_HOME, 75) for number in (7, 8))
    refused = BindingAcknowledgement(146, 0, 8, 0)
    found = seen(tmp_path, out(first, AGENT, home=HOME), out(second, AGENT, home=HOME), back(refused, AGENT, home=HOME))
    assert [(one.code, one.messages, one.succeeded) for one in found] == [(None, 1, False), (146, 2, False)]


def test_tests_go_by_the_tunnel_and_straight_and_are_no_registrations(tmp_path: Path) -> None:
    to_home = packed(HomeTestInit(COOKIE), MessageEnds(HOME, CN))
    from_home = packed(HomeTest(1, COOKIE, TOKEN), MessageEnds(CN, HOME))
    found = seen(
        tmp_path,
        IPv6(src=CARE_OF, dst=AGENT) / IPv6(src=HOME, dst=CN, nh=135) / Raw(to_home),
        out(CareOfTestInit(COOKIE), CN),
        back(CareOfTest(1, COOKIE, TOKEN), CN),
        IPv6(src=AGENT, dst=CARE_OF) / IPv6(src=CN, dst=HOME, nh=135) / Raw(from_home),
        out(BindingUpdate(9, UpdateFlag.ACKNOWLEDGE, 105), CN, home=HOME),
    )
    assert [(one.messages, one.bytes, one.is_home) for one in found] == [(2, 40, False), (2, 40, False), (1, 16, False)]
    assert [one.answered_ns for one in found] == [START_NS + 3000, START_NS + 2000, None]


def test_what_answers_nothing_counts_for_itself_and_what_is_none_does_not(tmp_path: Path) -> None:
    request = (
        IPv6(src=AGENT, dst=CARE_OF)
        / IPv6(src=CN, dst=HOME, nh=135)
        / Raw(packed(BindingRefreshRequest(), MessageEnds(CN, HOME)))
    )
    damaged = IPv6(src=CN, dst=CARE_OF, nh=135) / Raw(b"\x3b\x07" + bytes(14))
    found = seen(tmp_path, request, damaged, IPv6(src=CN, dst=CARE_OF) / Raw(bytes(40)))
    assert [(one.messages, one.bytes, one.is_home) for one in found] == [(1, 8, False)]


def test_only_what_passes_the_mobile_node_counts(tmp_path: Path) -> None:
    assert seen(tmp_path, out(BindingUpdate(7, AT_HOME, 75), AGENT, home=HOME), interface=1) == []


def test_a_local_update_moves_and_one_at_home_from_the_regional_address_is_the_node_s_too(tmp_path: Path) -> None:
    """RFC 5380 6.1: to the anchor point as it is; to the home agent in a tunnel."""
    regional, point = "2001:db8:100::ff:fe00:1", "2001:db8:100::1"
    local_and_a = UpdateFlag.LOCAL | UpdateFlag.ACKNOWLEDGE
    here = BindingUpdate(7, local_and_a, 75, (AlternateCareOf(CARE_OF), MessageAuthentication(1024)))
    there = BindingUpdate(8, AT_HOME, 74, (AlternateCareOf(regional), MessageAuthentication(256)))
    beside = IPv6ExtHdrDestOpt(nh=135, options=[HAO(hoa=HOME)])
    asked = IPv6(src=regional, dst=AGENT) / beside / Raw(packed(there, MessageEnds(HOME, AGENT)))
    said = BindingAcknowledgement(0, 0, 8, 74, (MessageAuthentication(256),))
    route = IPv6ExtHdrRouting(nh=135, type=2, segleft=1, addresses=[HOME])
    answered = IPv6(src=AGENT, dst=regional) / route / Raw(packed(said, MessageEnds(AGENT, HOME)))
    one, other = seen(
        tmp_path,
        out(here, point, home=regional),
        back(BindingAcknowledgement(0, 0, 7, 75, (MessageAuthentication(1024),)), point, home=regional),
        IPv6(src=CARE_OF, dst=point) / asked,
        IPv6(src=point, dst=CARE_OF) / answered,
        mn=replace(MANIFEST.mn, regional=regional),
    )
    assert (one.care_of, one.lifetime_s, one.code, one.is_home) == (CARE_OF, 300, 0, True)
    assert (other.care_of, other.lifetime_s, other.code, other.is_home) == (regional, 296, 0, False)  # it moves nothing
