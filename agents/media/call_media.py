"""The media of one call over any number of legs: one source, copied to all; one receiver, fed by all.

A leg is one SIP session's media: an address of ours and one of the peer's. During a handover there are two, and what is
sent on both are the same bytes (paper, section 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agents.media.leg import Leg, agreed_leg, is_emptied, media_address
from agents.media.readiness import Copies, LegReadiness
from agents.media.reports import Reports
from agents.media.silences import SILENCE, SILENCE_S, Silences
from agents.media.sources import Sources, groups_of
from agents.rtp.packet import with_ssrc
from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.receiver import StreamReceiver
from agents.rtp.source import MediaSource
from agents.sdp.audio import FORMATS, PCMU, PTIME_MS, AudioFormat, Endpoint
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from random import Random

    from agents.sdp.description import SessionDescription


SAME_SSRC, RFC_7198 = "same-ssrc", "rfc7198"


class MediaSettings(NamedTuple):
    """What a role's descriptions offer, the preferred first; and whether copies have an SSRC of their own.

    `copies`: when media go to a leg that stands ready, by who asks for one. `ptime_ms`: how much speech is in a packet,
    ours and those that we ask for (RFC 8866 6.4). `recorded` is what is said, as payloads of that length, in the
    formats that are not encoded while it is said, by their names in `FORMATS`.
    """

    formats: tuple[AudioFormat, ...] = (PCMU,)
    duplication: str = SAME_SSRC
    copies: Copies = Copies.ON_SILENCE
    ptime_ms: int = PTIME_MS
    recorded: Mapping[str, Sequence[bytes]] = {}

    @property
    def interval_s(self) -> float:
        """`ptime_ms` in seconds."""
        return self.ptime_ms / 1000

    def end(self, at: Address, session_id: int) -> Endpoint:
        """What a description of ours says of media that are taken there."""
        return Endpoint(at.ip, at.port, session_id, self.formats, self.ptime_ms)

    @classmethod
    def of(cls, config: dict[str, Any]) -> MediaSettings:
        """Those of a role's configuration, `codecs` and those of the other names here; each has a default."""
        formats = tuple(FORMATS[name] for name in config.get("codecs", ("PCMU",)))
        copies, ptime_ms = Copies(config.get("copies", Copies.ON_SILENCE)), config.get("ptime_ms", PTIME_MS)
        return cls(formats, config.get("duplication", SAME_SSRC), copies, ptime_ms, config.get("recorded", {}))


class CallMedia:
    """Talks and listens, on all legs at once."""

    def __init__(
        self, samples: bytes, random: Random, cname: str, settings: MediaSettings, tell: Callable[..., None]
    ) -> None:
        """`samples` is the speech, µ-law at 8 kHz; the stream's numbers are drawn from `random`.

        `cname` is our name in RTCP; `tell` takes an event and its facts for the timeline.
        """
        self._tell = tell
        self._readiness: LegReadiness | None = None
        self.interval_s = settings.interval_s
        """Speech in a packet."""
        self.silences = Silences(self.interval_s)
        formats = settings.formats
        self._sources = Sources(cname, random) if settings.duplication == RFC_7198 else None
        self._speakers: dict[Hashable, int] = {}
        # Where copies may come from before the answer has said whose: they would pass for a new stream.
        self._awaiting_group: set[Address] = set()
        self.early = 0
        """Copies that came too early, see there."""
        self.reports = Reports(cname, random)
        self._recorded = settings.recorded
        self._clocks = {one.payload_type: one.rate_hz for one in formats}
        self.receiver = self._new_receiver()
        self.stray = 0
        """Datagrams that came to an address of no leg, or from somewhere that no peer has named."""
        self._samples = samples
        self._random = random
        self._source: MediaSource | None = None
        self._speaks: tuple[AudioFormat, int] | None = None
        self._legs: dict[Hashable, Leg] = {}
        # Where we listen, and the hosts that may send there before their peer has answered.
        self._listening: dict[Address, frozenset[str]] = {}
        # Where media for these addresses come from: the present end of the leg, and those before (RFC 3264 8.3.1).
        self._ends: dict[Address, set[Address]] = {}
        self._paths: dict[tuple[Address, Address], str] = {}
        self._out: list[Datagram] = []
        self._is_over = False
        # The legs on which nothing may be sent (RFC 3264 8.4).
        self._held: set[Hashable] = set()

    @property
    def _is_on_hold(self) -> bool:
        return bool(self._held) and not self._legs

    @property
    def legs(self) -> dict[Hashable, Leg]:
        """The legs that are sent on, by what the role calls them."""
        return dict(self._legs)

    def agree(self, name: Hashable, ours: bytes | None, theirs: bytes | None, *, now: float) -> Leg | None:
        """Talk from now on as two session descriptions say, on the leg that the role calls `name`.

        None when they have no stream in common, which leaves everything as it was; or no stream any more, and then
        nothing is sent. A leg that is on hold is given back, but nothing is sent on it (RFC 3264 8.4).
        """
        agreed = agreed_leg(ours, theirs)
        if agreed is None:
            if is_emptied(ours):
                self.drop(name, now=now)
            return None
        leg, may_send, numbering, is_heard = agreed
        self._clocks |= {number: one.rate_hz for number, one in numbering.receives.items()}
        for original, *copies in groups_of(theirs) if self._sources is not None else ():
            for copy in copies:
                self.receiver.filter.add_copy(copy, of=original)
        self._ends.setdefault(leg.local, set()).add(leg.remote)
        if may_send:
            self._legs[name] = leg
            wanted, number = next(iter(numbering.sends.items()))
            source = self._source_of(wanted, now=now)
            self._speak(source, wanted, number)
            speaker = self._sources.speaker(leg.local, ours, theirs) if self._sources is not None else None
            self._speakers[name] = source.ssrc if speaker is None else speaker
            self.reports.join(name, leg, self._speakers[name], source, now=now)
            self._held.discard(name)
        else:
            self._legs.pop(name, None)  # its RTCP goes on (RFC 3264 8.4)
            self._held.add(name)
        if may_send and is_heard:
            self.silences.expect(name, leg)
        else:
            self.silences.forget(name)
        if self._readiness is not None:
            self._readiness.add(name, is_ready=False, now=now)
        return leg

    def get_ready(self, name: Hashable, copies: Copies, *, leads: bool, now: float) -> None:
        """A leg that is about to be agreed on stands ready; `LegReadiness` says what goes on which leg from now on."""
        if self._readiness is None:
            self.silences.listen(least_s=SILENCE_S)
            self._readiness = LegReadiness(
                copies, self.silences, self._tell_of_leg, leads=leads, interval_s=self.interval_s
            )
            for other in self._legs:
                self._readiness.add(other, is_ready=False, now=now)
        self._readiness.add(name, is_ready=True, now=now)

    @property
    def readiness(self) -> LegReadiness | None:
        """Which legs media go on, where one stands ready or has done so; None: on all."""
        return self._readiness

    def flows(self, name: Hashable) -> bool:
        """Whether media are to go both ways on this leg; not on hold."""
        return self.silences.watch(name) is not None

    def move(self, name: Hashable, local: Address) -> Leg | None:
        """Talk to the same end from another address of ours; None when nothing is sent on this leg."""
        if name not in self._legs:
            return None
        leg = self._legs[name] = self._legs[name]._replace(local=local)
        self._ends[local] = {leg.remote}
        if self.silences.watch(name) is not None:
            self.silences.expect(name, leg)
        return leg

    def declare(
        self, ours: SessionDescription, *, moved_from: Address | None = None, offer: bytes | None = None
    ) -> None:
        """Complete a description of ours: where copies have SSRCs of their own it says which; see `Sources`."""
        if self._sources is None:
            return
        media = next((media for media in ours.media if media.port), None)
        if media is None:
            return
        at = media_address(ours)
        live = [leg.local for leg in self._legs.values()]
        is_copy = self._sources.declare(media, at, live=live, moved_from=moved_from, offer=offer)
        if is_copy and offer is None:
            self._awaiting_group.add(at)

    def drop(self, name: Hashable, *, now: float) -> None:
        """Send no longer on this leg. Packets that are still on their way to it are taken (RFC 3264 8.3.1)."""
        self._legs.pop(name, None)
        self._held.discard(name)
        self._speakers.pop(name, None)
        self.silences.forget(name)
        if self._readiness is not None:
            self._readiness.drop(name, now=now)
        self.reports.leave(name, self._source, self.receiver, now=now)

    def stop(self, *, now: float) -> None:
        """Fall silent on every leg."""
        for name in [*self._legs, *self.reports.sessions]:
            self.drop(name, now=now)
        self._held.clear()
        self._source = None
        self._readiness = None
        self._is_over = True
        if self._sources is not None:
            self._sources.forget()

    def forget(self, local: Address) -> None:
        """No call of ours has media at this address any more: what still comes is of nobody."""
        self._listening.pop(local, None)
        self._awaiting_group.discard(local)
        for remote in self._ends.pop(local, ()):
            self._paths.pop((local, remote), None)

    def listen(self, local: Address, *hosts: str) -> None:
        """Take packets that come to this address, from now on (RFC 3264 5.1: as soon as an offer is out).

        Until the answer says where they come from, all from these hosts (IP addresses) are taken; then only those from
        there. Who talks from another address than the one it has named is not heard (RFC 4961 wants it to be one).
        """
        if self._is_over:  # another call: nothing that was heard in the last one counts
            self._is_over = False
            self.receiver = self._new_receiver()
        self._listening[local] = frozenset(hosts)

    def forget_paths_to(self, ip: str) -> None:
        """The ways to this host of ours are to be judged anew."""
        for local, remote in self._paths:
            if local.ip == ip:
                self.receiver.forget(Leg(local, remote).path)

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, came: float) -> None:
        """Take in what came at a time."""
        path = self._paths.get((local, remote))
        if path is None:
            if local.port % 2:  # a port for RTCP: our media ports are even (RFC 3550 11)
                self.stray += not self.reports.receive_datagram(data, local=local, remote=remote, came=came)
                self._take_notices(came)
                return
            if not self._is_expected(local, remote):
                self.stray += 1
                return
            if local in self._awaiting_group and local not in self._ends:
                self.early += 1
                return
            path = Leg(local, remote).path
            if local in self._ends:
                self._paths[local, remote] = path
        self.receiver.receive_datagram(data, path=path, now=came)
        if self.silences.is_on:
            name = next((name for name, leg in self._legs.items() if leg.local == local), None)
            self.silences.heard(name, data, came=came)

    def get_timer(self) -> float | None:
        """When the next packet, or report, is due."""
        timers = (
            self._source.get_timer() if self._source else None,
            self.reports.get_timer(),
            self.silences.get_timer(),
            self._readiness.get_timer() if self._readiness is not None else None,
        )
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Send what is due, on every leg."""
        copied_to = [name for name in self._legs if self._readiness is None or self._readiness.is_on(name)]
        self.reports.hurry(self._source, is_wanted=len(copied_to) > 1, now=now)
        self.reports.handle_timer(self._source, self.receiver, now=now)
        for name in self.silences.handle_timer(now=now):
            if self._readiness is None or self._readiness.is_missed(name, now=now):
                self._tell_silence(name)
        if self._readiness is not None:
            self._readiness.handle_timer(now=now)
            self._take_from(self._readiness)  # what is said again comes before what is said now
        if self._source is not None and self._is_on_hold:
            self._source.pass_over(now=now)
        elif self._source is not None:
            for packet in self._source.packets_to_send(now=now):
                on = self._legs if self._readiness is None else self._readiness.sent(packet.data, now=now)
                self._out.extend(self._to_leg(name, packet.data) for name in on if name in self._legs)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        if self._readiness is not None:
            self._take_from(self._readiness)
        waiting, self._out = self._out + self.reports.datagrams_to_send(), []
        return waiting

    def _new_source(self, now: float) -> MediaSource:
        return MediaSource(self._samples, start=now, random=self._random, interval=self.interval_s)

    def _new_receiver(self) -> StreamReceiver:
        return StreamReceiver(self._clocks, PlayoutSettings.of(interval=self.interval_s), clocks=self._clocks)

    def _to_leg(self, name: Hashable, data: bytes) -> Datagram:
        leg = self._legs[name]
        return Datagram(leg.local, leg.remote, with_ssrc(data, self._speakers[name]))

    def _take_from(self, readiness: LegReadiness) -> None:
        self.receiver.ready = frozenset(leg.path for name, leg in self._legs.items() if name != readiness.main)
        for name, is_wanted, is_silent in readiness.notices():
            self.reports.notice(name, is_wanted=is_wanted, is_silent=is_silent, highest=self.receiver.highest)
        self._out.extend(self._to_leg(name, data) for name, data in readiness.again() if name in self._legs)

    def _tell_silence(self, name: Hashable) -> None:
        watches = {leg: watch for leg in self._legs if (watch := self.silences.watch(leg)) is not None}
        heard = [self._legs[leg].remote.ip for leg, watch in watches.items() if watch.is_stream and not watch.is_silent]
        facts = {"heard_on": heard} if heard else {}
        self._tell_of_leg(SILENCE, name, limit_s=round(watches[name].limit_s, 3), **facts)

    def _take_notices(self, now: float) -> None:
        for name, session in self.reports.sessions.items():
            self.silences.ended(name, session.ended)
            if self._readiness is None:
                continue
            if session.round_trip is not None:
                self._readiness.learn(name, round_trip_s=session.round_trip)
            if session.heard is not None:
                self._readiness.take(name, session.heard, now=now)
                session.heard = None

    def _tell_of_leg(self, event: str, name: Hashable, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        leg = self._legs.get(name)
        where = {} if leg is None else {"local": leg.local.ip, "remote": leg.remote.ip}
        self._tell(event, **where, **facts)

    def _source_of(self, wanted: AudioFormat, *, now: float) -> MediaSource:
        """The stream that goes on, or a new one, on all legs: under one SSRC there is one clock (RFC 7160 4.1)."""
        source = self._source
        if source is None or (source.packets_sent and source.clock_rate != wanted.rate_hz):
            source, self._speaks = self._new_source(now), None
            if self._source is not None:
                for name, leg in self._legs.items():
                    self._speakers[name] = source.ssrc
                    self.reports.join(name, leg, source.ssrc, source, now=now)
            self._source = source
        return source

    def _speak(self, source: MediaSource, wanted: AudioFormat, number: int) -> None:
        """In the format that the peer prefers; every leg gets the same bytes, so it is that of the newest leg."""
        if self._speaks == (wanted, number):
            return
        self._speaks = wanted, number
        if wanted == PCMU:
            source.speak(number)
            return
        if (recorded := self._recorded.get(wanted.name.upper())) is not None:
            source.play(number, recorded, wanted.rate_hz)
            return
        from agents.rtp.coding.codec import Transcoder  # noqa: PLC0415 - who speaks µ-law, as the samples are, needs none

        source.speak(number, Transcoder(PCMU.payload_type, wanted.payload_type).transcode)

    def _is_expected(self, local: Address, remote: Address) -> bool:
        hosts = self._listening.get(local)
        if hosts is None:
            return False
        ends = self._ends.get(local)
        return remote.ip in hosts if ends is None else remote in ends
