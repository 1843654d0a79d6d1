"""Everything that happens to a received datagram, in the right order: parse, sort out copies, count, play."""

from typing import TYPE_CHECKING

from agents.rtp.duplicates import Arrival, DuplicateFilter
from agents.rtp.packet import RtpPacket, RtpParseError
from agents.rtp.playout import PlayoutBuffer, PlayoutSettings
from agents.rtp.statistics import ReceptionStatistics

if TYPE_CHECKING:
    from collections.abc import Container


class StreamReceiver:
    """The receiving end of one call: one stream at a time, over any number of paths."""

    def __init__(self, payload_types: "Container[int]", settings: PlayoutSettings | None = None) -> None:
        """Accept `payload_types`, those of the SDP answer, all with the clock rate of `settings`."""
        settings = settings or PlayoutSettings()
        self.filter = DuplicateFilter(payload_types)
        self.playout = PlayoutBuffer(settings)
        self.malformed = 0
        """Datagrams that were no RTP."""
        self._clock_rate = settings.clock_rate
        self._stream = 0
        self._statistics: dict[str, ReceptionStatistics] = {}
        self._sources: dict[str, int] = {}

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

    def forget(self, path: str) -> None:
        """Begin the statistics of a path anew: what it lost long ago, or while it was not used, is no loss of now."""
        self._statistics.pop(path, None)

    def _receive_arrival(self, arrival: Arrival) -> None:
        stream = arrival.stream
        if stream > self._stream:
            self._stream = stream
            self._statistics.clear()
            self._sources.clear()
            self.playout.reset()
        if stream == self._stream:
            statistics = self._statistics.get(arrival.path)
            if statistics is None:
                statistics = self._statistics[arrival.path] = ReceptionStatistics(clock_rate=self._clock_rate)
            statistics.receive(arrival.sequence, arrival.timestamp, now=arrival.at)
            self._sources[arrival.path] = arrival.packet.ssrc
        elif stream < self._stream - 1:
            return
        # The playout knows stragglers of the stream before by their lower numbers: they may still be in time.
        self.playout.receive(
            arrival.sequence, arrival.timestamp, path=arrival.path, now=arrival.at, duplicate=arrival.duplicate
        )
