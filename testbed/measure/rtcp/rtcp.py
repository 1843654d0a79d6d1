"""RTCP: what the receivers reported of a stream, beside what the capture shows of it (RFC 3550, section 6; RFC 3611).

Not done: reduced-size RTCP (RFC 5506), SRTCP, a report whose copies were seen by other interfaces at other times and
with the same bytes (its n-th sighting at each is taken to be the same packet).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.rtp.rtcp import Goodbye, ReceiverReport, RtcpPacket, SenderReport, SourceDescription, parse_compound
from agents.rtp.rtcp_xr import UNAVAILABLE, ExtendedReport, RtcpParseError
from testbed.measure import units
from testbed.measure.capture.capture import NO_TIME, windows
from testbed.measure.rtp.mirrored import WITHIN_NS
from testbed.measure.rtp.streams import clock_of, find_streams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from agents.rtp.rtcp import ReportBlock
    from agents.rtp.rtcp_xr import VoipMetrics
    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.rtp.streams import RtpPackets, Stream
    from testbed.measure.wire.packets import Datagrams, TransportAddress

_SHORTEST = 8
_TICK_NS = 1e9 / 65536
"""Unit of the delay since the last sender report (6.4.1)."""


@dataclass(frozen=True, slots=True)
class Compound:
    """One RTCP datagram; `seen` has when each capture interface that it passed saw it, in order of time."""

    source: TransportAddress
    destination: TransportAddress
    packets: tuple[RtcpPacket, ...]
    seen: dict[int, int]

    @property
    def sent_ns(self) -> int:
        """When it was seen first: nearest to who sent it."""
        return min(self.seen.values())


def find_rtcp(capture: Capture, datagrams: Datagrams) -> list[Compound]:
    """Return the RTCP datagrams of a capture in order of time, each once."""
    found: dict[tuple[object, ...], Compound] = {}
    times: dict[tuple[object, ...], int] = {}
    last: dict[tuple[object, ...], int] = {}
    for row, text in _candidates(capture, datagrams):
        packet = int(datagrams.packet[row])
        interface, time_ns = int(capture.interface[packet]), int(capture.time_ns[packet])
        what = (int(datagrams.source[row]), int(datagrams.destination[row]), text)
        before_ns = last.get((interface, *what))
        if before_ns is not None and 0 <= time_ns - before_ns <= WITHIN_NS:
            continue  # a copy of a mirror port: nobody reports the same so soon
        last[interface, *what] = time_ns
        turn = times[interface, *what] = times.get((interface, *what), 0) + 1
        known = found.get((turn, *what))
        if known is None:
            try:
                packets = tuple(parse_compound(text))
            except RtcpParseError:
                continue
            ends = (datagrams.endpoints[what[0]], datagrams.endpoints[what[1]])
            known = found[turn, *what] = Compound(*ends, packets, {})
        known.seen[interface] = time_ns
    return sorted(found.values(), key=lambda one: one.sent_ns)


def _candidates(capture: Capture, datagrams: Datagrams) -> Iterator[tuple[int, bytes]]:
    """Yield the datagrams that may be RTCP, and their bytes."""
    data, at = capture.data, datagrams.offset
    long_enough = np.flatnonzero((datagrams.captured >= _SHORTEST) & (capture.time_ns[datagrams.packet] != NO_TIME))
    for some in windows(data, at[long_enough]):
        # RFC 5761, 4: version 2, and a packet type that no RTP packet with a marker has.
        may = long_enough[some]
        kind = data[at[may] + 1]
        for row in may[(data[at[may]] >> 6 == 2) & (kind >= 192) & (kind <= 223)].tolist():
            start = int(at[row])
            yield row, data[start : start + int(datagrams.captured[row])].tobytes()


class ReceivedReports:
    """The RTCP datagrams of a capture, by the SSRCs that they speak of."""

    def __init__(self, compounds: Iterable[Compound]) -> None:
        self.compounds = tuple(compounds)
        self._by_ssrc: dict[int, list[Compound]] = {}
        for one in self.compounds:
            for ssrc in dict.fromkeys(_ssrcs(one)):
                self._by_ssrc.setdefault(ssrc, []).append(one)

    def on(self, ssrc: int) -> list[Compound]:
        """Return those that an SSRC sent or that report on it, in order of time."""
        return self._by_ssrc.get(ssrc, [])


def _ssrcs(one: Compound) -> Iterator[int]:
    for packet in one.packets:
        match packet:
            case Goodbye(ssrcs):
                yield from ssrcs
            case SourceDescription(chunks):
                yield from (ssrc for ssrc, _ in chunks)
            case ExtendedReport(ssrc, voip):
                yield from (ssrc, *(block.ssrc for block in voip))
            case SenderReport() | ReceiverReport():
                yield from (packet.ssrc, *(block.ssrc for block in packet.reports))


class StreamArrivals(NamedTuple):
    """What the capture saw of a stream, to set beside the reports: in order of time, numbers without wrap-around.

    `went` are the numbers, of 16 bits, that went onto a path which stood by: only these are expected there. None where
    all were to come.
    """

    time_ns: Ints
    extended: Ints
    went: Ints | None = None

    def lost_until(self, highest: int, until_ns: int) -> int | None:
        """Return expected less received (A.3: copies count as received) up to a number; None before any packet.

        `highest` is the receiver's extended number: of its cycles only those of the capture can be compared.
        """
        count = int(np.searchsorted(self.time_ns, until_ns, side="right"))
        if not count:
            return None
        numbers = self.extended[:count]
        newest = int(numbers.max())
        wanted = newest + (highest - newest + 0x8000) % 0x10000 - 0x8000
        expected = wanted - int(numbers.min()) + 1
        if self.went is not None:
            expected = int(np.isin(np.arange(int(numbers.min()), wanted + 1) & 0xFFFF, self.went).sum())
        return expected - int((numbers <= wanted).sum())


class Report(NamedTuple):
    """One report block on a stream: when it was sent, and the round trip at the interface nearest to the sender."""

    time_ns: int
    block: ReportBlock
    round_trip_ns: int | None


class Ends(NamedTuple):
    """Between which IP addresses a stream goes, and its SSRC; RTCP goes both ways."""

    sender: str
    receiver: str
    ssrc: int

    def forward(self, one: Compound) -> bool:
        """Whether a datagram goes the stream's way."""
        return (one.source.ip, one.destination.ip) == (self.sender, self.receiver)

    def back(self, one: Compound) -> bool:
        """Whether it goes the other way."""
        return (one.source.ip, one.destination.ip) == (self.receiver, self.sender)


def describe(
    told: ReceivedReports, ends: Ends, clock_hz: int | None, arrivals: StreamArrivals, start_ns: int
) -> dict[str, Any] | None:
    """Return what RTCP says of a stream, ready for JSON; None where it says nothing. Times count from `start_ns`."""
    compounds = told.on(ends.ssrc)
    sent = [(one, packet) for one in compounds if ends.forward(one) for packet in one.packets]
    senders = [(one, each) for one, each in sent if isinstance(each, SenderReport) and each.ssrc == ends.ssrc]
    reports = _reports(compounds, ends, senders)
    gone = [one.sent_ns for one, each in sent if isinstance(each, Goodbye) and ends.ssrc in each.ssrcs]
    voip = _voip(compounds, ends)
    if not senders and not reports and not gone and voip is None:
        return None
    names = (each.cname(ends.ssrc) for _, each in sent if isinstance(each, SourceDescription))
    last = reports[-1].block if reports else None
    trips = [one.round_trip_ns for one in reports if one.round_trip_ns is not None]
    return {
        "reports": len(reports),
        "cumulative_lost": None if last is None else last.cumulative_lost,
        "highest_sequence": None if last is None else last.highest_sequence,
        "fraction_lost_max": max((_share(one.block) for one in reports), default=None),
        "jitter_ms": _statistics([_jitter_ns(one.block, clock_hz) for one in reports]),
        "round_trip_ms": _statistics(trips),
        "captured_lost": _captured(reports[-1], arrivals) if reports else None,
        "sender": None
        if not senders
        else {"reports": len(senders), "packets": senders[-1][1].packets, "octets": senders[-1][1].octets},
        "cname": next((name for name in names if name), None),
        "bye_s": units.seconds(min(gone) - start_ns) if gone else None,
        "voip_metrics": voip,
        "history": [
            {
                "at_s": units.seconds(one.time_ns - start_ns),
                "cumulative_lost": one.block.cumulative_lost,
                "captured_lost": _captured(one, arrivals),
                "fraction_lost": _share(one.block),
                "highest_sequence": one.block.highest_sequence,
                "jitter_ms": units.ms(_jitter_ns(one.block, clock_hz)),
                "round_trip_ms": units.ms(one.round_trip_ns),
            }
            for one in reports
        ],
    }


def of_stream(
    told: ReceivedReports,
    rtp: RtpPackets,
    stream: Stream,
    clock_hz: int | None,
    start_ns: int,
    went: Ints | None = None,
) -> dict[str, Any] | None:
    """Return what RTCP says of a stream, see `describe`; `went` as in `StreamArrivals`."""
    arrivals = StreamArrivals(rtp.time_ns[stream.rows], stream.extended, went)
    return describe(told, Ends(stream.source.ip, stream.destination.ip, stream.ssrc), clock_hz, arrivals, start_ns)


def of_paths(
    told: ReceivedReports,
    rtp: RtpPackets,
    links: dict[str, str],
    start_ns: int,
    stood: Mapping[tuple[str, str], Ints],
) -> dict[str, dict[str, dict[str, Any] | None]]:
    """Return what RTCP says of the streams to and from a node's addresses (address -> link), by direction and link.

    Of several streams over one link in one direction the longest counts. `stood` says of the paths that stood by, by
    direction and link, which numbers went onto them.
    """
    longest: dict[tuple[str, str], Stream] = {}
    for stream in find_streams(rtp):
        for direction, ip in (("to_mn", stream.destination.ip), ("to_cn", stream.source.ip)):
            if ip in links:
                key = (direction, links[ip])
                known = longest.get(key)
                if known is None or len(stream.rows) > len(known.rows):
                    longest[key] = stream
    found: dict[str, dict[str, dict[str, Any] | None]] = {"to_mn": {}, "to_cn": {}}
    for (direction, link), stream in sorted(longest.items()):
        found[direction][link] = of_stream(
            told, rtp, stream, clock_of(rtp, stream), start_ns, stood.get((direction, link))
        )
    return found


def _reports(compounds: Iterable[Compound], ends: Ends, senders: list[tuple[Compound, SenderReport]]) -> list[Report]:
    """Return the report blocks on the stream, in order of time."""
    sent = {(each.ssrc, each.ntp_time >> 16 & 0xFFFFFFFF): one for one, each in senders}
    return [
        Report(one.sent_ns, block, _round_trip_ns(one, block, sent.get((block.ssrc, block.last_sr))))
        for one in compounds
        if ends.back(one)
        for packet in one.packets
        if isinstance(packet, SenderReport | ReceiverReport)
        for block in packet.reports
        if block.ssrc == ends.ssrc
    ]


def _round_trip_ns(report: Compound, block: ReportBlock, sender_report: Compound | None) -> int | None:
    """Return A - LSR - DLSR (6.4.1) at the interface that saw the sender report first; None where that saw no report.

    LSR names the sender report; when it left is taken from the capture, not from the sender's clock. A little below 0,
    down to the unit of DLSR, is 0.
    """
    if sender_report is None or not block.last_sr:
        return None
    interface = min(sender_report.seen, key=lambda one: (sender_report.seen[one], one))
    if interface not in report.seen:
        return None
    trip_ns = report.seen[interface] - sender_report.seen[interface] - round(block.delay_since_last_sr * _TICK_NS)
    return max(trip_ns, 0) if trip_ns > -2 * _TICK_NS else None


def _share(block: ReportBlock) -> float:
    return round(block.fraction_lost / 256, 4)


def _jitter_ns(block: ReportBlock, clock_hz: int | None) -> float | None:
    return block.jitter * 1e9 / clock_hz if clock_hz else None


def _captured(report: Report, arrivals: StreamArrivals) -> int | None:
    return arrivals.lost_until(report.block.highest_sequence, report.time_ns)


def _statistics(values: list[Any]) -> dict[str, float | None]:
    known = [one for one in values if one is not None]
    if not known:
        return dict.fromkeys(("mean", "min", "max"))
    return {
        "mean": units.ms(sum(known) / len(known)),
        "min": units.ms(min(known)),
        "max": units.ms(max(known)),
    }


def _voip(compounds: Iterable[Compound], ends: Ends) -> dict[str, Any] | None:
    """Return the last VoIP metrics block on the stream (RFC 3611, 4.7): shares, ms, R, MOS; None of what it lacks."""
    blocks: list[VoipMetrics] = [
        block
        for one in compounds
        if ends.back(one)
        for packet in one.packets
        if isinstance(packet, ExtendedReport)
        for block in packet.voip
        if block.ssrc == ends.ssrc
    ]
    if not blocks:
        return None
    last = blocks[-1]
    rated = {"r_factor": last.r_factor, "mos_listening": last.mos_listening, "mos_conversation": last.mos_conversation}
    return {
        "loss_rate": round(last.loss_rate / 256, 4),
        "discard_rate": round(last.discard_rate / 256, 4),
        "round_trip_ms": last.round_trip_delay,
        "jitter_buffer_nominal_ms": last.nominal_delay,
        "jitter_buffer_maximum_ms": last.maximum_delay,
        **{
            name: None if value == UNAVAILABLE else (value if name == "r_factor" else value / 10)
            for name, value in rated.items()
        },
    }
