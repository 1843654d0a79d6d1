"""Calls whose packets hold more or less than 20 ms of speech (RFC 8866 6.4, RFC 3551 4.2), handed over."""

from __future__ import annotations

import pytest

from agents.__main__ import recorded
from agents.rtp.packet import RtpPacket
from agents.rtp.playout_events import Concealed, Played
from agents.rtp.rtcp import ReceiverReport, SenderReport
from tests.agents.air import Way
from tests.agents.world import World

SCHEMES = ("reinvite-soft", "proactive", "handover-cn", "handover-standby", "handover-b2bua", "handover-standby-b2bua")
PTIMES_MS = (10, 30, 60)


@pytest.mark.parametrize(
    ("scheme", "ptime_ms"), [*((scheme, 60) for scheme in SCHEMES), ("handover-cn", 10), ("handover-b2bua", 30)]
)
def test_a_handover_loses_no_word(scheme: str, ptime_ms: int) -> None:
    world = World(scheme, ptime_ms=ptime_ms, call_s=12.0)
    world.run(4.0)
    before = len(world.got["cn"])
    world.signal()
    world.run(4.0)
    assert world.told("handover_done") or world.mn._call.link.name == "umts"
    for host in ("mn", "cn"):
        packets = [RtpPacket.parse(data) for data in world.got[host]]
        assert {len(packet.payload) for packet in packets} == {8 * ptime_ms}
        if scheme not in {"reinvite-soft", "proactive"}:  # those leave the fast path at once
            numbers = [event.sequence for event in world.heard(host) if isinstance(event, Played)]
            assert numbers == list(range(numbers[0], numbers[-1] + 1)), "each word once, in order"
            assert not [event for event in world.heard(host) if isinstance(event, Concealed)]
    assert before == pytest.approx(4000 / ptime_ms, abs=4000 / ptime_ms * 0.05 + 4)
    for label in ("INVITE", "200 INVITE"):
        assert f"a=ptime:{ptime_ms}\r\n".encode() in world.message(label).body
    world.settle()
    world.assert_nothing_left()


@pytest.mark.parametrize("ptime_ms", PTIMES_MS)
def test_g722_is_said_in_packets_of_any_length(ptime_ms: int) -> None:
    """64 kbit/s, and a clock of 8000 Hz, so octets and ticks are those of G.711 (RFC 3551 4.5.2)."""
    world = World("handover-b2bua", ptime_ms=ptime_ms, codecs={"mn": ["G722"], "cn": ["G722"]}, call_s=None)
    world.run(4.0)
    world.signal()
    world.run(4.0)
    for host, speaker in (("mn", "cn"), ("cn", "mn")):
        packets = {one.sequence: one for one in map(RtpPacket.parse, world.got[host])}
        assert [one.payload for one in packets.values()][:20] == [*recorded(speaker, ["G722"], ptime_ms)["G722"][:20]]
        assert {one.payload_type for one in packets.values()} == {9}
        assert not [event for event in world.heard(host) if isinstance(event, Concealed)]


@pytest.mark.parametrize("ptime_ms", PTIMES_MS)
def test_a_silence_is_told_by_packets_and_what_it_swallowed_said_again(ptime_ms: int) -> None:
    """Three packets are missing, or 60 ms of them; the ring holds half a second, of whatever packets."""
    world = World("handover-standby", ptime_ms=ptime_ms, umts=Way(0.110, 0.002), call_s=None)
    world.run(6.0)
    assert not world.told("silence"), "no packet interval is a silence"
    assert not world.told("copies")
    broken = world.now
    world.cut("wifi", noticed_after=1.7)
    world.run(4.0)
    silence = next(at for at, tell in world.hosts["mn"].told if tell.event == "silence")
    limit_s = max(0.060, 3 * ptime_ms / 1000)
    assert limit_s - ptime_ms / 1000 <= silence - broken <= limit_s + ptime_ms / 1000 + 0.030
    for host in ("mn", "cn"):
        played = [event.sequence for event in world.heard(host) if isinstance(event, Played)]
        assert played == list(range(played[0], played[-1] + 1)), "each word once, in order"


@pytest.mark.parametrize("ptime_ms", PTIMES_MS)
def test_sender_reports_count_what_was_sent_and_a_b2bua_what_it_was_made_into(ptime_ms: int) -> None:
    """RFC 3550 6.4.1, 7.2; to PCMA and back a packet keeps its length."""
    world = World("handover-b2bua", ptime_ms=ptime_ms, codecs={"cn": ["PCMA"]}, call_s=None)
    world.run(12.0)
    blocks = [one for _, _, receiver, packets in world.reported if receiver == "cn" for one in packets]
    reports = [one for one in blocks if isinstance(one, SenderReport)]
    assert reports
    assert all(one.octets == one.packets * 8 * ptime_ms for one in reports)
    assert all(block.fraction_lost == 0 for one in blocks if isinstance(one, ReceiverReport) for block in one.reports)
