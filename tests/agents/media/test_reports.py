"""RTCP of whole calls: each path reported on for itself, right also where packets come twice (RFC 3550 6.4, 7.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.rtp.leg_notice import LegNotice
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
    """For long enough to have had a report or two, which come about every 5 s.

    UMTS throws nothing about: a packet that another has overtaken counts as lost until it comes.
    """
    world = World("handover-cn", call_s=60.0, umts=Way(0.110, 0.002))
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
    """To and from one leg at a time; with the octets of the format that it sends (7.2)."""
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
    world = in_a_call()
    call = world.mn._call
    ((_, leg),) = call.media.legs.items()
    session = call.reports_of(leg)
    assert session is not None
    assert session.remote_voip is not None
    assert session.round_trip is not None


@pytest.mark.parametrize(
    ("scheme", "teller"), [("handover-cn", "cn"), ("handover-b2bua", "home")], ids=["by the peer", "by the B2BUA"]
)
def test_who_hears_two_paths_tells_of_the_slower_one_until_it_is_deep_enough(scheme: str, teller: str) -> None:
    """Every half second, and the old path is not let go before; then every five seconds again."""
    slow = Way(0.300, 0.005)
    world = World(scheme, call_s=60.0, umts=slow, supports_handover=scheme == "handover-cn")
    world.run(12.0)
    triggered = world.now
    world.signal()
    world.run_to("DONE")
    let_go = moved = world.now
    told = [(at, packets) for at, *ends, packets in world.reported if ends == [teller, "mn.umts"] and at > triggered]
    waits = [(at, block.nominal_delay) for at, packets in told for block in metrics([packets])]
    assert waits[0][1] == 0, "when the first copies have just come"
    deep = next(at for at, wait in waits if wait >= 10)
    assert deep < let_go
    gaps = [after - before for (before, _), (after, _) in pairwise(told)]
    assert max(gaps) < 0.7
    world.run(20.0)
    later = [at for at, *ends, _ in world.reported if ends[1] == "mn.umts" and at > moved + 1.0]
    assert len(later) <= 8
    world.hang_up("mn")
    world.settle()
    world.assert_nothing_left()


@pytest.mark.parametrize(
    ("scheme", "teller"),
    [("handover-standby", "cn"), ("handover-standby-b2bua", "home")],
    ids=["by the peer", "by the B2BUA"],
)
def test_a_leg_that_stands_by_is_hurried_only_while_media_go_there(scheme: str, teller: str) -> None:
    """Else it is one of two legs for the whole call."""
    world = World(scheme, call_s=60.0, umts=Way(0.110, 0.002), supports_handover=scheme == "handover-standby")
    world.run(3.0)
    readiness = world.mn._call.media.readiness
    assert readiness is not None
    counts = []
    for is_so in (False, True, False):
        readiness.want_copies("a test", is_so=is_so, now=world.now)
        world.run(1.0)
        begun = world.now
        world.run(10.0)
        told = reports(world, teller, "mn.umts", since=begun)
        counts.append(len([packets for packets in told if not isinstance(packets[-1], LegNotice)]))
    assert counts[0] <= 4
    assert 18 <= counts[1] <= 24
    assert counts[2] <= 4


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
