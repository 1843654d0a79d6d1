"""Everything that happens to a received datagram, in the right order: parse, sort out copies, count, play."""

from typing import TYPE_CHECKING

from agents.rtp.duplicates import Arrival, DuplicateFilter
from agents.rtp.packet import RtpPacket, RtpParseError
from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout import PlayoutBuffer
from agents.rtp.rtcp_xr import VoipMetrics
from agents.rtp.statistics import ReceptionStatistics

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

# An agent does not take the events of its playout, so it keeps only those of the last minute or so.
MOST_EVENTS = 4096


class StreamReceiver:
    """The receiving end of one call: one stream at a time, over any number of paths."""

    def __init__(
        self,
        payload_types: "Container[int]",
        settings: PlayoutSettings | None = None,
        *,
        clocks: "Mapping[int, int] | None" = None,
    ) -> None:
        """Accept `payload_types`, those of the SDP answer, with the clock rate of `settings`, or that of `clocks`.

        A stream has one, that of its first packet (RFC 7160, 4.1).
        """
        settings = settings or PlayoutSettings()
        self._clocks = {} if clocks is None else clocks
        self.filter = DuplicateFilter(payload_types)
        self.playout = PlayoutBuffer(settings, most_events=MOST_EVENTS)
        self.malformed = 0
        """Datagrams that were no RTP."""
        self._settings = settings
        self._stream = 0
        self._statistics: dict[str, ReceptionStatistics] = {}
        self._sources: dict[str, int] = {}
        # Of paths that stand ready the highest sequence number that does not count, extended.
        self._uncounted: dict[str, int] = {}
        self.ready: frozenset[str] = frozenset()
        """Paths of legs that stand ready. Probes there are no stream with losses; what is said again is not late."""
        self.highest: int | None = None
        """The highest sequence number of the present stream, as packets have it; None before the first."""

    def receive_datagram(self, datagram: bytes, *, path: str, now: float) -> tuple[Arrival, ...]:
        """Take in a datagram that arrived at `now`, in seconds; return what became of it, as `DuplicateFilter` does."""
        try:
            packet = RtpPacket.parse(datagram)
        except RtpParseError:
            self.malformed += 1
            return ()
        arrivals = self.filter.receive(packet, path=path, now=now)
        for arrival in arrivals:
            self._receive_arrival(arrival)
        return arrivals

    def statistics(self, path: str) -> ReceptionStatistics | None:
        """Statistics of the present stream over one path; None if it brought nothing of it."""
        return self._statistics.get(path)

    def source(self, path: str) -> int | None:
        """SSRC of the newest packet of the present stream over one path: copies may have one of their own."""
        return self._sources.get(path)

    def voip_metrics(self, path: str, *, round_trip: float | None) -> VoipMetrics | None:
        """How the present stream is heard over a path, and played (RFC 3611 4.7); None if that brought nothing lately.

        Discards are those of the playout, whichever path was late. Not done: bursts and gaps (4.7.2), which are 0, and
        levels and ratings (4.7.4, 4.7.5), which are unavailable.
        """
        statistics, ssrc, wait = self._statistics.get(path), self._sources.get(path), self.playout.wait(path)
        if statistics is None or ssrc is None or wait is None:
            return None
        expected = max(statistics.counts.expected, 1)
        nominal = _milliseconds(max(wait, 0.0))
        return VoipMetrics(
            ssrc,
            loss_rate=min(int(statistics.fraction_lost() * 256), 255),
            discard_rate=min(self.playout.discarded * 256 // expected, 255),
            round_trip_delay=_milliseconds(round_trip or 0.0),
            end_system_delay=_milliseconds(max(wait, 0.0) + self._settings.interval),
            nominal_delay=nominal,
            maximum_delay=_milliseconds(self.playout.depth),
            absolute_maximum_delay=_milliseconds(self._settings.max_depth),
        )

    def forget(self, path: str) -> None:
        """Begin the statistics of a path anew: what it lost long ago, or while it was not used, is no loss of now."""
        self._statistics.pop(path, None)

    @property
    def clock_rate(self) -> int:
        """That of the present stream."""
        return self._settings.clock_rate

    def _begin(self, clock_rate: int) -> None:
        if clock_rate != self._settings.clock_rate:
            self._settings = self._settings._replace(clock_rate=clock_rate)
            self.playout = PlayoutBuffer(self._settings, most_events=MOST_EVENTS)

    def _receive_arrival(self, arrival: Arrival) -> None:
        stream = arrival.stream
        if stream > self._stream:
            self._stream = stream
            self._statistics.clear()
            self._sources.clear()
            self._uncounted.clear()
            self.highest = None
            self.playout.reset()
        if self.highest is None and stream == self._stream and self._clocks:
            self._begin(self._clocks.get(arrival.packet.payload_type, self._settings.clock_rate))
        if stream == self._stream:
            self._count(arrival)
        elif stream < self._stream - 1:
            return
        # The playout knows stragglers of the stream before by their lower numbers: they may still be in time.
        self.playout.receive(
            arrival.sequence, arrival.timestamp, path=arrival.path, now=arrival.at, duplicate=arrival.duplicate
        )

    def _count(self, arrival: Arrival) -> None:
        path, sequence = arrival.path, arrival.packet.sequence
        if self.highest is None or sequence.distance_from(self.highest) > 0:
            self.highest = int(sequence)
        statistics = self._statistics.get(path)
        if path in self.ready:
            uncounted = self._uncounted.get(path, -1)
            if not self.playout.is_settled(path, now=arrival.at):
                self._statistics.pop(path, None)
                self._uncounted[path] = max(uncounted, arrival.sequence)
                return
            if arrival.sequence < (uncounted if statistics is None else statistics.first):
                return  # overtaken by what was not counted, or by what is
        if statistics is None:
            statistics = self._statistics[path] = ReceptionStatistics(clock_rate=self._settings.clock_rate)
        statistics.receive(arrival.sequence, arrival.timestamp, now=arrival.at)
        self._sources[path] = arrival.packet.ssrc


def _milliseconds(seconds: float) -> int:
    """As they stand in 16 bits; rounded down, so that no playout is said to be deeper than it is."""
    return min(int(seconds * 1000), 0xFFFF)
