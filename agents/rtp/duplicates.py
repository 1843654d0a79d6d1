"""The first copy of each packet, whichever path brought it.

During a soft handover the same packets come over two paths (the paper, section 4.3). A packet is known by its SSRC and
its extended sequence number, never by the address it came from: a relay, a NAT or the handover itself may change that
(RFC 3550, 8.2, asks us to accept it from a mobile source).

Who sends copies under an SSRC of their own, as RFC 7198, section 5, wants it for two sessions, has to say so:
`add_copy`. Sequence numbers and timestamps of the two are the same by that RFC.
"""

from typing import TYPE_CHECKING, NamedTuple

from agents.rtp.sequence import SequenceExtender

if TYPE_CHECKING:
    from collections.abc import Container

    from agents.rtp.packet import RtpPacket

WINDOW = 2048
"""Packets that a copy may be behind and still be known as one; a power of two, not below MAX_MISORDER."""

MAX_RUNS = 4
"""Runs kept. A call has one; a B2BUA that steps in, or a phone that starts over, brings another."""

MAX_CANDIDATES = 8
"""SSRCs heard once and not believed yet."""

NEAR_PACKETS = 50
"""How far apart two paths may be that bring a stream's first packets: a second of speech."""

STREAM_SILENCE = 0.2
"""Seconds of silence after which an SSRC heard earlier may take over again. Ten packet intervals: copies of two live
streams arrive interleaved and must not take turns, "flip-flop" in the words of RFC 3550, 8.2."""


class Arrival(NamedTuple):
    """What became of a packet."""

    packet: "RtpPacket"
    path: str
    at: float
    """When it arrived, in seconds."""
    stream: int
    """Counts up when another SSRC, or a restarted source, takes over. Lower than before: a straggler of an old one."""
    sequence: int
    """Extended sequence number; across streams, a newer one's is always higher."""
    timestamp: int
    """Extended timestamp."""
    duplicate: bool
    """A copy of it came before."""


class PathCount(NamedTuple):
    """Packets of one path: all that were accepted, and how many of them were the first or a later copy."""

    first: int
    duplicate: int

    @property
    def received(self) -> int:
        """Packets of the stream that this path brought."""
        return self.first + self.duplicate


class _Run:
    """What is remembered of one SSRC, from its first packet to its restart."""

    __slots__ = ("extender", "heard", "seen", "ssrc", "stream")

    def __init__(self, ssrc: int, stream: int, extender: SequenceExtender) -> None:
        self.ssrc = ssrc
        self.stream = stream
        self.extender = extender
        self.heard = 0.0
        # A ring: slot n mod WINDOW holds the last extended number that fell into it. Never shifted, never swept.
        self.seen = [-1] * WINDOW


class DuplicateFilter:
    """Sorts arrivals into first copies and duplicates.

    Wants two packets in sequence before it believes a new SSRC or a restart (RFC 3550, A.1, MIN_SEQUENTIAL): a stray,
    such as the two packets with which some phones open a NAT, changes nothing. Packets that had to wait are handed out
    with the next: of two paths each may have brought one. What a slow path still carries from before a restart is found
    in the run before, and makes no new restart.
    """

    def __init__(self, payload_types: "Container[int]") -> None:
        """Accept `payload_types`, those of the SDP answer; all others are dropped unseen (RFC 3550, 5.1)."""
        self._payload_types = payload_types
        self._runs: list[_Run] = []  # the newest is the last, and the current one
        # By SSRC and path: of two paths that bring different parts of a stream neither interrupts the other's sequence.
        self._candidates: dict[tuple[int, str], Arrival] = {}
        self._copies: dict[int, int] = {}
        self._counts: dict[str, list[int]] = {}
        self.refused = 0
        """Packets of no stream: another payload type, an SSRC that was not believed, a number that fits nothing."""

    def add_copy(self, ssrc: int, *, of: int) -> None:
        """Take packets of `ssrc` for copies of those of the SSRC `of` (RFC 7198: same sequence numbers, other SSRC)."""
        self._copies[ssrc] = self._copies.get(of, of)  # of may be a copy itself: of a source that has gone since

    def count(self, path: str) -> PathCount:
        """How many packets came over `path`."""
        first, duplicate = self._counts.get(path, (0, 0))
        return PathCount(first, duplicate)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths that have brought a packet of a stream, in the order of their first one."""
        return tuple(self._counts)

    @property
    def highest(self) -> int | None:
        """The highest sequence number of the present stream, as packets have it; None before the first."""
        return self._runs[-1].extender.highest & 0xFFFF if self._runs else None

    def receive(self, packet: "RtpPacket", *, path: str, now: float) -> tuple[Arrival, ...]:
        """Take in a packet that arrived at `now`; return what can be handed on.

        One arrival as a rule; more when packets were held back until their SSRC was believed; none for a stray.
        """
        if packet.payload_type not in self._payload_types:
            self.refused += 1
            return ()
        ssrc = packet.ssrc
        if self._copies:
            ssrc = self._copies.get(ssrc, ssrc)
        for run in reversed(self._runs):
            if run.ssrc != ssrc or (place := run.extender.extend(packet.sequence, packet.timestamp)) is None:
                continue
            if run is not self._runs[-1] and self._takes_over(run, place[0], now):
                run = self._begin_run(ssrc, packet)  # noqa: PLW2901
                place = run.extender.highest, run.extender.highest_timestamp
            return (self._accept(run, packet, path, now, place),)
        return self._receive_unknown(ssrc, packet, path, now)

    def _accept(self, run: _Run, packet: "RtpPacket", path: str, at: float, place: tuple[int, int]) -> Arrival:
        sequence, timestamp = place
        slot = sequence & (WINDOW - 1)
        duplicate = run.seen[slot] == sequence
        run.seen[slot] = sequence
        run.heard = at
        counts = self._counts.get(path)
        if counts is None:
            counts = self._counts[path] = [0, 0]
        counts[duplicate] += 1
        return Arrival(packet, path, at, run.stream, sequence, timestamp, duplicate)

    def _receive_unknown(self, ssrc: int, packet: "RtpPacket", path: str, now: float) -> tuple[Arrival, ...]:
        """Hold back the first packet of what may become a stream, or hand it out with this one, which follows it."""
        mine = {source: one for source, one in self._candidates.items() if source[0] == ssrc}
        ahead = {packet.sequence.distance_from(one.packet.sequence): one for one in mine.values()}
        held = ahead.get(1)
        if held is None:
            if 0 in ahead:
                self.refused += 1  # its own copy over the other path: no news
            else:
                self._hold((ssrc, path), Arrival(packet, path, now, -1, -1, -1, duplicate=False))
            return ()
        for source in mine:
            del self._candidates[source]
        run = self._begin_run(ssrc, held.packet)
        found = [
            self._accept(run, held.packet, held.path, held.at, (run.extender.highest, run.extender.highest_timestamp))
        ]
        # What another path brought meanwhile is of the stream too, if its number is near.
        for distance, one in ahead.items():
            place = None
            if one is not held and abs(distance) <= NEAR_PACKETS:
                place = run.extender.extend(one.packet.sequence, one.packet.timestamp)
            if place is not None:
                found.append(self._accept(run, one.packet, one.path, one.at, place))
            else:
                self.refused += one is not held
        place = run.extender.extend(packet.sequence, packet.timestamp)
        if place is not None:  # one ahead always fits
            found.append(self._accept(run, packet, path, now, place))
        return tuple(found)

    def _hold(self, source: tuple[int, str], arrival: Arrival) -> None:
        """Keep a packet until its SSRC is believed; the one that has waited longest goes when there are too many."""
        if source not in self._candidates and len(self._candidates) == MAX_CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
            self.refused += 1
        self.refused += source in self._candidates
        self._candidates[source] = arrival

    def _takes_over(self, run: _Run, sequence: int, now: float) -> bool:
        """Say whether an SSRC heard earlier is the talking one again: it has news, and the current one is silent.

        A late copy of its last packet is none.
        """
        is_news = sequence == run.extender.highest and run.seen[sequence & (WINDOW - 1)] != sequence
        return is_news and now - self._runs[-1].heard > STREAM_SILENCE

    def _begin_run(self, ssrc: int, packet: "RtpPacket") -> _Run:
        # Two cycles above all others: packets of earlier runs, still on their way, can't reach into the new numbers.
        cycle = max((run.extender.highest >> 16 for run in self._runs), default=-1) + 2
        stream = self._runs[-1].stream + 1 if self._runs else 0
        run = _Run(ssrc, stream, SequenceExtender(packet.sequence, packet.timestamp, cycle=cycle))
        self._runs.append(run)
        del self._runs[:-MAX_RUNS]
        return run
