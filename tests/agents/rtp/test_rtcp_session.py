"""When reports are sent, and what they say (RFC 3550, 6.2 to 6.4)."""

from random import Random

import pytest

from agents.rtp.rtcp import Goodbye, ReceiverReport, SenderReport, SourceDescription, parse_compound
from agents.rtp.rtcp_session import Reception, RtcpSession, report_interval
from agents.rtp.rtcp_xr import ExtendedReport, VoipMetrics
from agents.rtp.source import MediaSource
from agents.rtp.statistics import ReceptionStatistics


class Middle(Random):
    """Always draws the middle, so that an interval is 1/1.21828 of the deterministic one."""

    def random(self) -> float:
        return 0.5


def session(ssrc: int = 1, *, now: float = 0.0, random: Random | None = None) -> RtcpSession:
    return RtcpSession(ssrc=ssrc, cname=f"user{ssrc}@host", now=now, random=random or Middle())


def heard(*numbers: int) -> ReceptionStatistics:
    statistics = ReceptionStatistics(clock_rate=8000)
    for n in numbers:
        statistics.receive(n, 160 * n, now=0.02 * n)
    return statistics


@pytest.mark.parametrize(
    ("members", "senders", "we_sent", "initial", "seconds"),
    [
        (1, 0, False, True, 2.5),
        (2, 2, True, False, 5.0),
        (1000, 10, True, False, 100 * 10 / 250),  # a quarter of the bandwidth for few senders: 4 s, so the minimum
        (1000, 100, True, False, 100 * 100 / 250),
        (1000, 100, False, False, 100 * 900 / 750),
        (1000, 500, True, False, 100 * 1000 / 1000),
    ],
)
def test_interval_of_a7(members: int, senders: int, we_sent: bool, initial: bool, seconds: float) -> None:
    interval = report_interval(
        members=members, senders=senders, rtcp_bandwidth=1000, we_sent=we_sent, average_size=100, initial=initial
    )
    assert interval == max(seconds, 2.5 if initial else 5)


def test_first_report_after_half_the_minimum_and_then_at_the_minimum() -> None:
    mn = session(now=100.0)
    sent: list[float] = []
    while len(sent) < 4:
        now = mn.get_timer()
        if mn.report(now=now, source=None, reception=None):
            sent.append(now - 100)
    assert sent == pytest.approx([t / 1.21828 for t in (2.5, 7.5, 12.5, 17.5)])


def reporting_octets(bandwidth: float, until: float, *, notices: bool = False) -> tuple[int, list[float]]:
    """What one of two senders reports in so many seconds, with IP and UDP, while it hurries; and when.

    With a notice each second, or without.
    """
    mn, cn, source = session(1, random=Random(1)), session(2), MediaSource(bytes(160), start=0.0, random=Random(1))
    mn.receive_datagram(cn.goodbye(now=0.0, source=source, reception=None), now=0.0)
    mn.hurry(now=0.0, is_wanted=True, bandwidth=bandwidth)
    octets, times, noticed = 0, [], 0
    while (now := mn.get_timer()) < until:
        while notices and noticed <= now:
            octets += len(mn.notice(is_wanted=True, is_silent=False, highest=1)) + 28
            noticed += 1
        source.packets_to_send(now=now)
        heard_well = Reception(2, heard(1, 2, 3), voip=VoipMetrics(2))
        if data := mn.report(now=now, source=source, reception=heard_well):
            octets += len(data) + 28
            times.append(now)
    return octets, times


def test_with_two_paths_reports_come_every_half_second() -> None:
    """The first after half of that; in G.711 there is room for it."""
    _, times = reporting_octets(160_000, 100.0)
    assert times[0] <= 0.25 * 1.5
    assert 100.0 / len(times) == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("notices", [False, True], ids=["alone", "beside notices"])
@pytest.mark.parametrize("codec_octets", [160, 33])
def test_and_take_their_share_of_the_bandwidth_at_most(codec_octets: int, notices: bool) -> None:
    """RFC 3550 6.2: a twentieth, for both together. A GSM call has less of it than G.711, so it has them less often."""
    bandwidth = 2 * 8 * (codec_octets + 40) / 0.020
    octets, _ = reporting_octets(bandwidth, 100.0, notices=notices)
    share = 8 * octets / 100.0 / bandwidth
    assert share <= 0.05 / 2 * 1.05
    assert share >= 0.01


def test_who_hurries_no_longer_reports_every_five_seconds_again() -> None:
    mn = session()
    mn.hurry(now=0.0, is_wanted=True, bandwidth=160_000)
    assert mn.report(now=mn.get_timer(), source=None, reception=None)
    mn.hurry(now=0.3, is_wanted=False, bandwidth=160_000)
    now = mn.get_timer()
    mn.report(now=now, source=None, reception=None)
    assert mn.get_timer() - now >= 3.0


def test_nothing_is_sent_too_early() -> None:
    mn = session()
    assert mn.report(now=1.0, source=None, reception=None) is None
    assert mn.get_timer() == pytest.approx(2.5 / 1.21828)


def test_reports_are_spread_by_the_random_source() -> None:
    first, again, other = (session(random=Random(seed)).get_timer() for seed in (1, 1, 2))
    assert first == again != other


def test_a_report_is_one_whatever_the_clock_does() -> None:
    """A goodbye from before the sender report that it answers, or a day after it, and jitter without end."""
    them = MediaSource(b"a", start=0.0, random=Random(1))
    them.packets_to_send(now=1.0)
    report = session(2).report(now=9.0, source=them, reception=None)
    assert report is not None
    jumping = ReceptionStatistics(clock_rate=8000)
    for n in range(100):
        jumping.receive(n, n % 2 << 40, now=0.02 * n)
    us = session(1)
    us.receive_datagram(report, now=10.0)
    for now, delay in ((9.9, 0), (10.0, 0), (10.5, 32768), (100_000.0, 0xFFFFFFFF)):
        goodbye = us.goodbye(now=now, source=None, reception=Reception(2, jumping))
        (block,) = next(one.reports for one in parse_compound(goodbye) if isinstance(one, ReceiverReport))
        assert (block.delay_since_last_sr, block.jitter) == (delay, 0xFFFFFFFF)


def test_reconsideration_puts_a_report_off() -> None:
    class Growing(Random):
        drawn = -0.5

        def random(self) -> float:
            self.drawn += 0.5
            return self.drawn

    mn = session(random=Growing())
    first = mn.get_timer()
    assert mn.report(now=first, source=None, reception=None) is None
    assert mn.get_timer() > first


def test_report_says_what_came_over_this_path_since_the_last() -> None:
    mn = session()
    statistics = heard(10, 11, 13, 13, 13)
    reception = Reception(2, statistics, voip=VoipMetrics(2, nominal_delay=40))
    datagram = mn.report(now=mn.get_timer(), source=None, reception=reception)
    assert datagram is not None
    report, description, extended = parse_compound(datagram)
    assert isinstance(report, ReceiverReport)
    assert (report.reports[0].fraction_lost, report.reports[0].cumulative_lost) == (0, -1)
    assert report.reports[0].highest_sequence == 13
    assert report.reports[0].last_sr == report.reports[0].delay_since_last_sr == 0
    assert isinstance(description, SourceDescription)
    assert description.cname(1) == "user1@host"
    assert extended == ExtendedReport(1, (VoipMetrics(2, nominal_delay=40),))

    for n in (14, 17):
        statistics.receive(n, 160 * n, now=0.02 * n)
    report = parse_compound(mn.goodbye(now=9.0, source=None, reception=reception))[0]
    assert isinstance(report, ReceiverReport)
    assert report.reports[0].fraction_lost == 128, "2 of the 4 expected since"


def test_sender_report_pairs_rtp_time_with_ntp_time() -> None:
    source = MediaSource(bytes(160), start=0.0, random=Random(1))
    source.packets_to_send(now=0.99)
    late = RtcpSession(
        ssrc=source.ssrc, cname="mn@host", now=1.0, random=Middle(), sent_before=source.packets_sent,
        octets_before=source.octets_sent,
    )  # fmt: skip
    source.packets_to_send(now=1.99)
    report, _, goodbye = parse_compound(late.goodbye(now=2.0, source=source, reception=None))
    assert isinstance(report, SenderReport)
    assert report.ntp_time == 2 << 32
    assert report.rtp_timestamp == source.timestamp_at(2.0)
    assert (report.packets, report.octets) == (50, 8000), "those of this session alone"
    assert goodbye == Goodbye((source.ssrc,))
    silent = parse_compound(late.goodbye(now=3.0, source=source, reception=None))[0]
    assert isinstance(silent, ReceiverReport), "nothing was sent since"


def test_round_trip() -> None:
    """MN reports at 10 s, CN hears it after 110 ms, answers 500 ms later, and MN hears that after 110 ms."""
    source = MediaSource(bytes(160), start=0.0, random=Random(1))
    source.packets_to_send(now=10.0)
    mn = RtcpSession(ssrc=source.ssrc, cname="mn@host", now=0.0, random=Middle())
    cn = session(2)
    cn.receive_datagram(mn.goodbye(now=10.0, source=source, reception=None), now=10.110)
    answer = cn.goodbye(now=10.610, source=None, reception=Reception(source.ssrc, heard(1, 2, 3)))
    assert mn.round_trip is None
    mn.receive_datagram(answer, now=10.720)
    assert mn.round_trip == pytest.approx(0.220, abs=1e-4)
    assert mn.remote_report is not None
    assert mn.remote_report.highest_sequence == 3


def test_reports_on_others_are_not_ours() -> None:
    mn, cn = session(1), session(2)
    voip = VoipMetrics(7, nominal_delay=40)
    mn.receive_datagram(cn.goodbye(now=1.0, source=None, reception=Reception(7, heard(1, 2), voip=voip)), now=1.0)
    assert (mn.remote_report, mn.remote_voip) == (None, None)


def test_the_other_side_says_how_deep_its_playout_is() -> None:
    mn, cn = session(1), session(2)
    reception = Reception(1, heard(1, 2), voip=VoipMetrics(1, nominal_delay=139))
    mn.receive_datagram(cn.goodbye(now=1.0, source=None, reception=reception), now=1.0)
    assert mn.remote_voip is not None
    assert (mn.remote_voip.nominal_delay, mn.remote_voip_at) == (139, 1.0)


def test_a_round_trip_from_the_future_is_no_round_trip() -> None:
    source = MediaSource(bytes(160), start=0.0, random=Random(1))
    source.packets_to_send(now=10.0)
    mn = RtcpSession(ssrc=source.ssrc, cname="mn@host", now=0.0, random=Middle())
    cn = session(2)
    cn.receive_datagram(mn.goodbye(now=10.0, source=source, reception=None), now=10.0)
    mn.receive_datagram(cn.goodbye(now=20.0, source=None, reception=Reception(source.ssrc, heard(1))), now=15.0)
    assert mn.round_trip is None


def test_what_is_no_rtcp_is_counted() -> None:
    mn = session()
    mn.receive_datagram(b"\x80\x00", now=1.0)
    assert mn.malformed == 1
