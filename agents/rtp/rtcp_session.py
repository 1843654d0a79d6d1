"""When and what to report: RTCP of one two-party RTP session (RFC 3550, sections 6.2 to 6.4).

Each path of a call is a session of its own, so that reports tell how good *this* path is; copies are not to be reported
on together (RFC 7198, 5.1).

Not done, as 6.3 allows for two-party unicast: reverse reconsideration, time-out of members, BYE back-off. Not done:
collisions and loops of SSRCs (8.2); an SSRC here is random, and the paths are known.
"""

from typing import TYPE_CHECKING, NamedTuple

from agents.rtp.leg_notice import LegNotice
from agents.rtp.rtcp import (
    CNAME,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)
from agents.rtp.rtcp_xr import ExtendedReport, RtcpParseError, VoipMetrics
from agents.rtp.statistics import Counts

if TYPE_CHECKING:
    from random import Random

    from agents.rtp.source import MediaSource
    from agents.rtp.statistics import ReceptionStatistics

SESSION_BANDWIDTH = 2 * 80_000
"""bit/s: G.711 at 20 ms, IP and UDP headers included (6.2), in both directions."""
RTCP_SHARE = 0.05
MIN_INTERVAL = 5.0
HANDOVER_INTERVAL = 0.5
"""The minimum while a call has two paths: who lets go of one wants to know of the other how it is heard. 6.2 lets it
be 360 s over the bandwidth in kbit/s, which is 2.25 s and more than a fading link may have; RFC 4585, 3.2, wants none
at all. The share of the bandwidth holds all the same."""
_COMPENSATION = 2.71828 - 1.5  # A.7: reconsideration makes the interval longer than meant
IP_UDP = 28
_FIRST_SIZE = 96.0  # SR with one block, and a CNAME of some 20 octets, with IP and UDP


def report_interval(
    *,
    members: int,
    senders: int,
    rtcp_bandwidth: float,
    we_sent: bool,
    average_size: float,
    initial: bool,
    minimum: float = MIN_INTERVAL,
) -> float:
    """Return the deterministic interval Td between reports, in seconds (6.3.1, A.7).

    `rtcp_bandwidth` in octets per second, `average_size` in octets with IP and UDP headers.
    """
    n = members
    if senders <= members / 4:
        if we_sent:
            rtcp_bandwidth *= 0.25
            n = senders
        else:
            rtcp_bandwidth *= 0.75
            n -= senders
    return max(minimum / 2 if initial else minimum, average_size * n / rtcp_bandwidth)


class Reception(NamedTuple):
    """What is to be reported of the other side."""

    ssrc: int
    statistics: "ReceptionStatistics"
    clock_rate: int = 8000
    voip: VoipMetrics | None = None


class RtcpSession:
    """Our part in the RTCP of one session. Its NTP time is the clock of `now`, as 6.4.1 allows."""

    def __init__(
        self, *, ssrc: int, cname: str, now: float, random: "Random", sent_before: int = 0, octets_before: int = 0
    ) -> None:
        """Join at `now`.

        `ssrc` is that of our source, `cname` the same in all sessions of a user (6.5.1). `sent_before` packets of the
        source, with `octets_before` of payload, went out before this session began: a second path joins in the middle
        of a stream.
        """
        self._ssrc = ssrc
        self._description = SourceDescription(((ssrc, ((CNAME, cname),)),))
        self._random = random
        self._bandwidth: float = SESSION_BANDWIDTH
        self._minimum = MIN_INTERVAL
        self._average_size = _FIRST_SIZE
        # Octets of notices since the last report: whatever is drawn, the next one waits until there is room for both.
        self._noticed = 0
        self._initial = True
        self._sent_packets = self._sent_before = sent_before
        self._octets_before = octets_before
        self._members = 1
        self._senders = 0
        self._counts = Counts(0, 0)
        self._counted: int | None = None
        self._last_sr: tuple[int, float] | None = None
        self._previous = now
        self._next = now + self._draw_interval()
        self.malformed = 0
        """Datagrams that were no RTCP."""
        self.round_trip: float | None = None
        """Seconds, from the newest report on our packets (6.4.1); None if there was none."""
        self.remote_report: ReportBlock | None = None
        """The newest report on our packets."""
        self.reports_heard = 0
        """How many there were."""
        self.remote_voip: VoipMetrics | None = None
        """How our packets are heard and played, by the newest report that says so."""
        self.remote_voip_at = float("-inf")
        """When that came."""
        self.heard: LegNotice | None = None
        """The newest notice of whether our media are wanted on this leg, until it is taken."""
        self.ended: frozenset[int] = frozenset()
        """Sources that have said BYE (6.6)."""

    def get_timer(self) -> float:
        """When to call `report` next."""
        return self._next

    def hurry(self, *, now: float, is_wanted: bool, bandwidth: float) -> None:
        """Report each `HANDOVER_INTERVAL` from now on, or no longer; `bandwidth` is the session's, in bit/s (6.2)."""
        minimum = HANDOVER_INTERVAL if is_wanted else MIN_INTERVAL
        if minimum == self._minimum:
            return
        self._minimum, self._bandwidth = minimum, bandwidth
        if is_wanted:
            self._next = min(self._next, now + self._draw_interval())

    def report(self, *, now: float, source: "MediaSource | None", reception: Reception | None) -> bytes | None:
        """Return the datagram that is due; None if it is too early, or reconsideration has put it off (6.3.6)."""
        if now < self._next:
            return None
        due = self._previous + self._draw_interval()
        if due > now:
            self._next = due
            return None
        datagram = build_compound(self._compose(now, source, reception))
        self._initial = False
        self._noticed = 0
        self._average_size += (len(datagram) + IP_UDP - self._average_size) / 16
        self._previous = now
        self._next = now + self._draw_interval()
        return datagram

    def notice(self, *, is_wanted: bool, is_silent: bool, highest: int | None) -> bytes:
        """Return a datagram that says at once whether media are wanted on this leg; it is no report (see there)."""
        empty = ReceiverReport(self._ssrc)
        notice = build_compound([empty, self._description, LegNotice(self._ssrc, is_wanted, is_silent, highest)])
        self.make_room(notice)
        return notice

    def make_room(self, notice: bytes) -> None:
        """The next report waits until there is bandwidth for it and this, which is sent beside (6.2)."""
        self._noticed += len(notice) + IP_UDP

    def goodbye(self, *, now: float, source: "MediaSource | None", reception: Reception | None) -> bytes:
        """Return the datagram that ends our part: a last report, and BYE; at once, as we are fewer than 50 (6.3.7)."""
        return build_compound([*self._compose(now, source, reception), Goodbye((self._ssrc,))])

    def receive_datagram(self, data: bytes, *, now: float) -> None:
        """Take in a datagram that arrived at `now`; what is no RTCP is counted."""
        try:
            packets = parse_compound(data)
        except RtcpParseError:
            self.malformed += 1
            return
        self._members = 2
        self._average_size += (len(data) + IP_UDP - self._average_size) / 16
        for packet in packets:
            self._receive_packet(packet, now)

    def _receive_packet(self, packet: RtcpPacket, now: float) -> None:
        match packet:
            case SenderReport(ntp_time=ntp_time, reports=reports):
                self._senders = 1
                self._last_sr = (ntp_time >> 16) & 0xFFFFFFFF, now
                self._receive_blocks(reports, now)
            case ReceiverReport(reports=reports):
                self._receive_blocks(reports, now)
            case LegNotice():
                self.heard = packet
            case Goodbye(ssrcs=ssrcs):
                self.ended |= set(ssrcs)
            case ExtendedReport(voip=voip):
                for block in voip:
                    if block.ssrc == self._ssrc:
                        self.remote_voip, self.remote_voip_at = block, now

    def _receive_blocks(self, reports: tuple[ReportBlock, ...], now: float) -> None:
        for block in reports:
            if block.ssrc != self._ssrc:
                continue
            self.remote_report = block
            self.reports_heard += 1
            if block.last_sr:
                taken = (_ntp_middle(now) - block.last_sr - block.delay_since_last_sr) & 0xFFFFFFFF
                # Half the range up is a clock that runs backwards, or a lie.
                self.round_trip = taken / 65536 if taken < 0x80000000 else None

    def _draw_interval(self) -> float:
        we_sent = self._sent_packets > self._sent_before
        rtcp_bandwidth = self._bandwidth / 8 * RTCP_SHARE
        interval = report_interval(
            members=self._members,
            senders=self._senders + we_sent,
            rtcp_bandwidth=rtcp_bandwidth,
            we_sent=we_sent,
            average_size=self._average_size,
            initial=self._initial,
            minimum=self._minimum,
        )
        drawn = interval * (self._random.random() + 0.5) / _COMPENSATION
        if not self._noticed:
            return drawn
        return max(drawn, (self._average_size + self._noticed) * self._members / rtcp_bandwidth)

    def _compose(self, now: float, source: "MediaSource | None", reception: Reception | None) -> list[RtcpPacket]:
        blocks = (self._build_block(reception, now),) if reception and reception.statistics.counts.received else ()
        report: RtcpPacket = ReceiverReport(self._ssrc, blocks)
        # We are a sender if we have sent anything since the report before the last (6.4); a source here never pauses.
        if source is not None and source.packets_sent > self._sent_packets:
            self._sent_packets = source.packets_sent
            ntp_time = round(now * 2**32) & 0xFFFFFFFFFFFFFFFF
            timestamp, packets = source.timestamp_at(now), source.packets_sent - self._sent_before
            octets = source.octets_sent - self._octets_before
            report = SenderReport(self._ssrc, ntp_time, timestamp, packets, octets, blocks)
        packets_to_send: list[RtcpPacket] = [report, self._description]
        if reception and reception.voip:
            packets_to_send.append(ExtendedReport(self._ssrc, (reception.voip,)))
        return packets_to_send

    def _build_block(self, reception: Reception, now: float) -> ReportBlock:
        statistics = reception.statistics
        since = self._counts if self._counted == reception.ssrc else Counts(0, 0)
        fraction = min(int(statistics.fraction_lost(since) * 256), 255)
        self._counts = statistics.counts
        self._counted = reception.ssrc
        last_sr, delay = 0, 0
        if self._last_sr is not None:
            last_sr, arrival = self._last_sr
            delay = _word(round((now - arrival) * 65536))
        jitter = _word(statistics.jitter * reception.clock_rate)
        return ReportBlock(
            reception.ssrc, fraction, statistics.cumulative_lost, statistics.highest, jitter, last_sr, delay
        )


def _word(number: float) -> int:
    """As near as 32 bits without a sign come to it."""
    return max(0, min(int(number), 0xFFFFFFFF))


def _ntp_middle(now: float) -> int:
    """The middle 32 bits of the NTP time of `now` (6.4.1)."""
    return round(now * 65536) & 0xFFFFFFFF
