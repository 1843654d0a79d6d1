"""Two sides without a codec in common: the B2BUA bridges them, and each understands the other (RFC 3551 4.5)."""

from __future__ import annotations

import ctypes
import math
from array import array
from itertools import pairwise, permutations
from pathlib import Path
from random import Random
from typing import NoReturn

import pytest

import agents.rtp
from agents.__main__ import recorded
from agents.media.leg import Agreed, Leg
from agents.roles.b2bua.relay import Relay
from agents.roles.b2bua.transcoding import transcodable
from agents.rtp.au import read_mu_law
from agents.rtp.coding.codec import make_codec
from agents.rtp.packet import RtpPacket
from agents.sdp.audio import FORMATS, GSM, Numbering
from agents.sip.message.address import Address, Datagram
from tests.agents.rtp.packets import build_packet
from tests.agents.world import CN_IP, HOME_IP, World

from .charts import assert_ended, assert_ends, assert_talks, calls

SPEECH = read_mu_law((Path(agents.rtp.__file__).parent / "speech" / "mn.au").read_bytes())
UNLIKE = list(permutations((one.name for one in transcodable()), 2))
STATIC = {name: one.payload_type for name, one in FORMATS.items()}


def in_a_call(
    mn: list[str], cn: list[str], scheme: str = "handover-b2bua", *, seconds: float = 3.0, **options: object
) -> World:
    world = World(scheme, call_s=200.0, codecs={"mn": mn, "cn": cn}, speech=SPEECH, home=True, **options)  # type: ignore[arg-type]
    world.run(seconds)
    return world


def by_number(datagrams: list[bytes]) -> dict[int, RtpPacket]:
    """The first copy of each packet, in the order of their numbers."""
    packets = [RtpPacket.parse(data) for data in datagrams]
    first = packets[0].sequence
    found: dict[int, RtpPacket] = {}
    for packet in sorted(packets, key=lambda one: one.sequence.distance_from(first)):
        found.setdefault(int(packet.sequence), packet)
    return found


def headers(data: bytes) -> tuple[int, int, int, bool]:
    packet = RtpPacket.parse(data)
    return packet.ssrc, int(packet.sequence), packet.timestamp, packet.marker


def likeness(packets: list[RtpPacket]) -> float:
    """Correlation of what packets say with what was said, -1 to 1; the first one is the first of the speech."""
    codec = make_codec(packets[0].payload_type)
    heard = array("h", b"".join(codec.decode(packet.payload) for packet in packets))
    said = array("h", make_codec(0).decode((SPEECH * 2)[: len(heard)]))
    return correlation(said, heard)


def correlation(one: array[int], other: array[int]) -> float:
    energy = math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / energy


@pytest.mark.parametrize(("mn", "cn"), UNLIKE)
def test_each_side_hears_the_other_in_its_own_codec(mn: str, cn: str) -> None:
    """Through a handover too: no packet is lost, the CN gets each once, and what is said is understood."""
    world = in_a_call([mn], [cn], supports_handover=False)
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    for host, spoken in (("mn", mn), ("cn", cn)):
        packets = list(by_number(world.got[host]).values())
        assert {packet.payload_type for packet in packets} == {STATIC[spoken]}
        assert len(packets) > 200
        numbers = [packet.sequence for packet in packets]
        assert all(after.distance_from(before) == 1 for before, after in pairwise(numbers))
        assert likeness(packets) > 0.9
        later = packets[1:]
        assert abs(likeness(later)) < 0.5, "a measure that a shift of 20 ms does not change measures nothing"
    assert_ends(world)


@pytest.mark.parametrize(("mn", "cn"), [("PCMU", "GSM"), ("GSM", "PCMA")])
def test_numbers_timestamp_source_and_marker_stay(mn: str, cn: str) -> None:
    world = in_a_call([mn], [cn], supports_handover=False)
    said = {headers(data) for data in world.got["home"]}
    for host in ("mn", "cn"):
        heard = {headers(data) for data in world.got[host]}
        assert len(heard) > 100
        assert heard <= said
        assert len([marker for *_, marker in heard if marker]) == 1
        assert len({ssrc for ssrc, *_ in heard}) == 1


def test_a_peer_without_the_extension_is_asked_twice_more() -> None:
    """420, then 488 to the MN's codec alone, then all that can be turned into it: the MN's own comes first."""
    world = in_a_call(["PCMU"], ["GSM"], supports_handover=False)
    chart = [line for line in calls(world) if line.endswith(("-> cn", "-> home")) and "mn." not in line]
    assert chart == [
        "INVITE home -> cn", "420 INVITE cn -> home", "ACK home -> cn",
        "INVITE home -> cn", "488 INVITE cn -> home", "ACK home -> cn",
        "INVITE home -> cn", "200 INVITE cn -> home", "ACK home -> cn",
    ]  # fmt: skip
    offers = [line.message.body for line in world.sent if str(line) == "INVITE home -> cn" and line.message is not None]
    assert b"RTP/AVP 0\r\n" in offers[1]
    assert b"RTP/AVP 0 8 3\r\n" in offers[2]


def test_a_peer_that_can_hand_over_but_has_another_codec_is_bridged() -> None:
    """488 to the MN's own offer: media can't go directly, so it is the B2BUA that assists."""
    world = in_a_call(["PCMU"], ["PCMA"], "handover-cn")
    assert world.told("bridging", "home")
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    assert likeness(list(by_number(world.got["cn"]).values())) > 0.99
    assert_ends(world, "cn")


@pytest.mark.parametrize("supports_handover", [True, False])
def test_what_both_have_passes_untouched(*, supports_handover: bool) -> None:
    """The MN prefers another codec, and is told to use the one that the peer has too; the driver is told to pass."""
    world = in_a_call(["PCMU", "GSM"], ["GSM"], supports_handover=supports_handover)
    assert {RtpPacket.parse(data).payload_type for host in ("mn", "cn") for data in world.got[host]} == {3}
    if not supports_handover:
        splices = world.hosts["home"].splices.values()
        assert [len(splice.ways) for splice in splices if splice.ways] == [1, 1]
        assert set(world.got["cn"]) <= set(world.got["home"])
    assert_ends(world)


def test_codecs_that_differ_are_never_passed_on_unseen() -> None:
    world = in_a_call(["PCMU"], ["PCMA"], supports_handover=False)
    assert not [splice for splice in world.hosts["home"].splices.values() if splice.ways]


def test_what_was_not_agreed_on_is_dropped() -> None:
    """A telephone-event (RFC 4733) that nobody has offered, and 10 ms of speech, which is half a frame of GSM."""
    world = in_a_call(["PCMU"], ["GSM"], supports_handover=False)
    office = world.b2bua._office
    to_peer, to_mn = sorted(office.relays)[0], sorted(office.relays)[-1]
    before = len(world.got["mn"]), len(world.got["cn"])
    spare = RtpPacket.parse(world.got["home"][-1]).ssrc
    source = next(leg.local for leg in world.cn._media.legs.values())
    world.b2bua.receive_datagram(build_packet(101, 1, 1, spare, bytes(4)), local=to_peer, remote=source, now=world.now)
    world.b2bua.receive_datagram(build_packet(3, 1, 1, spare, bytes(32)), local=to_peer, remote=source, now=world.now)
    assert office.media == []
    relay = office.relays[to_mn]
    assert (relay.dropped, relay.untranslatable) == (1, 1)
    assert before == (len(world.got["mn"]), len(world.got["cn"]))


def test_without_room_there_is_no_call_between_unlike_codecs() -> None:
    world = in_a_call(["PCMU"], ["GSM"], seconds=1.0, room={"b2bua": 0})
    assert "488 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)


def test_gsm_is_offered_only_where_its_library_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    world = World("handover-b2bua", codecs={"mn": ["PCMU"], "cn": ["GSM"]}, supports_handover=False)
    world.run(1.0)
    offers = [line.message.body for line in world.sent if str(line) == "INVITE home -> cn" and line.message is not None]
    assert b"RTP/AVP 0 8\r\n" in offers[-1]
    assert "488 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)


def test_a_format_with_another_number_is_only_renumbered() -> None:
    """97 for GSM on one side, 3 on the other: the payload stays, and what is spliced would keep the number."""
    sent: list[Datagram] = []
    relay = Relay(sent, "b2bua@home", Random(1))
    here, there = Address(HOME_IP, 40000), Address(HOME_IP, 40002)
    mn, peer = Leg(here, Address("10.0.1.1", 20000)), Leg(there, Address(CN_IP, 30000))
    relay.set_leg("one", Agreed(mn, may_send=True, numbering=Numbering({GSM: 97}, {97: GSM})), now=0.0)
    relay.set_peer(Agreed(peer, may_send=True, numbering=Numbering({GSM: 3}, {3: GSM})), now=0.0)
    packet = RtpPacket.parse(build_packet(3, 7, 160, 1, b"\xd0" * 33, marker=True, csrcs=(5,), padding=4))
    relay.receive_datagram(packet.data, local=there, remote=peer.remote, now=0.0)
    (turned,) = (RtpPacket.parse(datagram.data) for datagram in sent)
    assert (turned.payload_type, turned.payload, turned.csrcs, turned.marker) == (97, packet.payload, (5,), True)
    assert not any(splice.ways for splice in relay.splices().values())


@pytest.mark.parametrize("name", ["G722", "OPUS"])
@pytest.mark.parametrize("supports_handover", [True, False])
def test_wideband_speech_passes_untouched(name: str, *, supports_handover: bool) -> None:
    """Through a handover too: nothing is lost, and both hear the payloads that were recorded, one after the other."""
    world = in_a_call([name], [name], supports_handover=supports_handover)
    world.signal()
    world.run_to("DONE")
    assert_talks(world, "umts")
    for host, speaker in (("mn", "cn"), ("cn", "mn")):
        packets = list(by_number(world.got[host]).values())
        assert {one.payload_type for one in packets} == {STATIC[name]}
        (said,) = recorded(speaker, [name]).values()
        assert [one.payload for one in packets] == list(said[: len(packets)])
        steps = {(after.timestamp - before.timestamp) & 0xFFFFFFFF for before, after in pairwise(packets)}
        assert steps == {FORMATS[name].rate_hz // 50}
    assert_ends(world, "cn") if supports_handover else assert_ends(world)


@pytest.mark.parametrize(("mn", "cn"), [("PCMU", "OPUS"), ("OPUS", "PCMU"), ("G722", "GSM"), ("OPUS", "G722")])
def test_what_cannot_be_transcoded_is_refused(mn: str, cn: str) -> None:
    world = in_a_call([mn], [cn], seconds=1.0, supports_handover=False)
    assert "488 INVITE home -> mn.wifi" in world.flow()
    assert_ended(world, within=0.0)
