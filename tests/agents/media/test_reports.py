"""RTCP of whole calls: each path reported on for itself, right also where packets come twice (RFC 3550 6.4, 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.rtcp import Goodbye, ReceiverReport, ReportBlock, SenderReport, SourceDescription, parse_compound
from agents.rtp.rtcp_session import Reception, RtcpSession
from agents.rtp.rtcp_xr import ExtendedReport, VoipMetrics
from agents.rtp.statistics import ReceptionStatistics
from tests.agents.air import Way
from tests.agents.rtp.test_rtcp_session import Middle
from tests.agents.world import World

if TYPE_CHECKING:
    from agents.rtp.rtcp import RtcpPacket


def in_a_call() -> World:
    """For long enough to have had a report or two, which come about every 5 s."""
    world = World("handover-cn", call_s=60.0)
    world.run(12.0)
    return world


def reports(world: World, sender: str, receiver: str, since: float = 0.0) -> list[list[RtcpPacket]]:
    return [packets for at, *ends, packets in world.reported if ends == [sender, receiver] and at >= since]


def blocks(compounds: list[list[RtcpPacket]]) -> list[ReportBlock]:
    return [
        block for first, *_ in compounds if isinstance(first, SenderReport | ReceiverReport) for block in first.reports
    ]


def test_both_sides_say_what_they_sent_and_heard() -> None:
    world = in_a_call()
    for one, other in (("mn.wifi", "cn"), ("cn", "mn.wifi")):
        first, *_ = last = reports(world, one, other)[-1]
        assert isinstance(first, SenderReport)
        sent = len([1 for at, _, *ends in world.spoken if ends == [one, other]])
        assert sent - 300 < first.packets <= sent
        assert first.octets == first.packets * 160
        (block,) = first.reports
        assert block.cumulative_lost == 0
        (description,) = (packet for packet in last if isinstance(packet, SourceDescription))
        assert description.cname(first.ssrc) == {"mn.wifi": "mn@10.0.1.1", "cn": "cn@10.0.9.1"}[one]


def test_a_path_has_its_own_report_and_its_own_goodbye() -> None:
    """After a handover the new path's report counts from its own first packet: copies are no gain, and no loss."""
    world = in_a_call()
    world.signal()
    world.run_to("DONE")
    moved = world.now
    world.run(12.0)
    assert any(isinstance(packets[-1], Goodbye) for packets in reports(world, "mn.wifi", "cn", since=12.0))
    for one, other in (("mn.umts", "cn"), ("cn", "mn.umts")):
        last = reports(world, one, other, since=moved)[-1][0]
        assert isinstance(last, SenderReport)
        assert last.packets < 50 * (world.now - 12.0)
        assert [block.cumulative_lost for block in last.reports] == [0]
    assert {sender for at, sender, *_ in world.reported if at > moved + 1.0} == {"mn.umts", "cn"}
    world.hang_up("mn")
    world.settle()
    world.assert_nothing_left()


def test_losses_are_those_of_the_path() -> None:
    """One in ten lost on WiFi, copies on UMTS: the report on WiFi has its losses all the same."""
    world = World("handover-cn", call_s=60.0, wifi=Way(0.0015, 0.001, loss=0.1), seed=3)
    world.run(12.0)
    world.signal()
    world.run(20.0)
    lost = [block.cumulative_lost for block in blocks(reports(world, "cn", "mn.wifi"))]
    assert lost == sorted(lost)
    assert lost[-1] > 20


def test_a_network_that_doubles_packets_makes_the_loss_negative() -> None:
    """RFC 3550 6.4.1: the number may be negative."""
    world = in_a_call()
    media = world.cn._media
    ((_, leg),) = media.legs.items()
    copy = world.last_speech["mn"]
    for _ in range(5):
        media.receive_datagram(copy, local=leg.local, remote=leg.remote, came=world.now)
    world.run(10.0)
    assert blocks(reports(world, "cn", "mn.wifi"))[-1].cumulative_lost == -5


@pytest.mark.parametrize("codecs", [{}, {"cn": ["GSM"]}])
def test_the_b2bua_passes_reports_on(codecs: dict[str, list[str]]) -> None:
    """To each leg; to the peer from one leg at a time; with the octets of the format that it sends (7.2)."""
    world = World("handover-b2bua", call_s=60.0, supports_handover=False, codecs=codecs)
    world.run(12.0)
    world.signal()
    world.run(12.0)
    assert world.told("handover_done")
    octets = 33 if codecs else 160
    for ends, size in ((("home", "cn"), octets), (("home", "mn.wifi"), 160), (("home", "mn.umts"), 160)):
        sent = [packets[0] for packets in reports(world, *ends) if isinstance(packets[0], SenderReport)]
        assert sent, ends
        assert {report.octets for report in sent} == {report.packets * size for report in sent}
    heard = blocks(reports(world, "home", "cn"))
    assert heard
    assert {block.cumulative_lost for block in heard} == {0}
    times = [at for at, *ends, _ in world.reported if ends == ["home", "cn"]]
    passed = [at for at, sender, receiver, _ in world.reported if receiver == "home" and sender.startswith("mn.")]
    assert len(times) <= len(passed)
    world.hang_up("cn")
    world.settle()
    world.assert_nothing_left()


def metrics(compounds: list[list[RtcpPacket]]) -> list[VoipMetrics]:
    return [block for packets in compounds for one in packets if isinstance(one, ExtendedReport) for block in one.voip]


def test_both_sides_say_how_deep_their_playout_is() -> None:
    """RFC 3611 4.7; each block is of the stream that the report block beside it is of."""
    world = in_a_call()
    for one, other in (("mn.wifi", "cn"), ("cn", "mn.wifi")):
        sent = reports(world, one, other)
        assert [block.ssrc for block in metrics(sent)] == [block.ssrc for block in blocks(sent)]
        assert all(38 <= block.maximum_delay <= 42 for block in metrics(sent))


def test_the_peer_s_word_is_heard_for_the_path_it_is_about() -> None:
    """And not where a relay passes it on: what the CN says is then of the relay's path."""
    for scheme, is_heard in (("handover-cn", True), ("handover-b2bua", False)):
        world = World(scheme, call_s=60.0, supports_handover=is_heard)
        world.run(12.0)
        call = world.mn._call
        ((_, leg),) = call.media.legs.items()
        session = call.reports_of(leg)
        assert (session is not None) == is_heard
        assert session is None or (session.remote_voip is not None and session.round_trip is not None)


NUMBERS = st.lists(st.integers(100, 160), min_size=1, max_size=300)


@given(NUMBERS)
def test_a_report_says_expected_less_received_whatever_came(numbers: list[int]) -> None:
    """Lost, doubled, in any order (A.3): signed, in 24 bits of two's complement."""
    statistics = ReceptionStatistics(clock_rate=8000)
    for number in numbers:
        statistics.receive(number, 160 * number, now=0.02 * number)
    session = RtcpSession(ssrc=1, cname="one@host", now=0.0, random=Middle())
    data = session.goodbye(now=1.0, source=None, reception=Reception(7, statistics))
    expected = max(numbers) - min(numbers) + 1
    (block,) = blocks([parse_compound(data)])
    assert block.cumulative_lost == expected - len(numbers)
    assert int.from_bytes(data[13:16], "big", signed=True) == expected - len(numbers)
    assert block.fraction_lost == max(0, 256 * (expected - len(numbers)) // expected)
