"""The media of one bridged call: from the peer to every leg of the MN, from any of them to the peer once.

Packets pass with the SSRC and numbers of who sent them: so the peer hears one stream whatever leg brought it, and the
MN knows copies by their numbers (paper, section 4.3). Their payload is left alone too, unless the other side has
another codec. Taken is only what comes from where the other side wants to be sent to, in a format that was agreed on
with it; the rest is counted and dropped.

RTCP is passed on too, on the next port up (RFC 3550 11), to and from one of the MN's legs only: the peer, which has one
stream, gets reports of one path at a time, and what it reports itself tells nothing of others. While media go over more
than one of them we report of each ourselves (`PathReports`).

That is the MN's oldest leg. Where another one stands ready, media of the peer go where `ReadyLegs` says, and reports to
and from the leg that the call is on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.leg import Leg
from agents.media.reports import LAST_PORT, control_of
from agents.roles.b2bua.pacing import Pacing
from agents.roles.b2bua.path_reports import PathReports
from agents.roles.b2bua.ready_legs import notice_in
from agents.roles.b2bua.transcoding import Transcoding, with_octets
from agents.roles.role import Splice
from agents.rtp.duplicates import DuplicateFilter
from agents.rtp.packet import RtpPacket, RtpParseError
from agents.rtp.rtcp import is_rtcp
from agents.sdp.audio import PTIME_MS
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from random import Random

    from agents.media.leg import Agreed
    from agents.roles.b2bua.ready_legs import ReadyLegs
    from agents.sdp.audio import AudioFormat, Numbering


class _Port:
    """A socket of ours, and who may send to it: the present end of its leg and the ones before (RFC 3264 8.3.1)."""

    __slots__ = ("ends", "is_peer")

    def __init__(self, *, is_peer: bool) -> None:
        self.is_peer = is_peer
        self.ends: set[Address] = set()


class Relay:
    """One call. Each leg has a local address of its own, for as long as the call lasts."""

    def __init__(self, out: list[Datagram], cname: str, random: Random, *, ptime_ms: int = PTIME_MS) -> None:
        """What is to be sent is added to `out`. Reports of our own have the name `cname`, and numbers from `random`.

        A packet has `ptime_ms` of speech.
        """
        self._ptime_ms, interval_s = ptime_ms, ptime_ms / 1000
        # What payload types mean that come from the peer, and from the MN; also those of earlier descriptions.
        self._from_peer: dict[int, AudioFormat] = {}
        self._from_mn: dict[int, AudioFormat] = {}
        self._up, self._down = Transcoding(), Transcoding()
        self._uplink = DuplicateFilter(self._from_mn)
        self._pacing = Pacing(interval_s)
        self._reports = PathReports(cname, random, self._pacing, out, interval_s=interval_s)
        # What is held back: when it is due, its number, extended, and itself. A few packets.
        self._held: list[tuple[float, int, bytes]] = []
        self._peer: tuple[Leg, Numbering] | None = None
        self._is_peer_heard = True
        # Whether the MN's packets may still be copies of earlier ones, though it has only one leg left.
        self._may_be_copies = False
        self._legs: dict[Hashable, tuple[Leg, Numbering]] = {}
        self._ports: dict[Address, _Port] = {}
        self._ready: ReadyLegs | None = None
        self._out = out
        self.dropped = 0
        """Packets from strangers, and what is no RTP of this call."""

    @property
    def legs(self) -> dict[Hashable, Leg]:
        """The legs that the peer's media are copied to."""
        return {name: leg for name, (leg, _) in self._legs.items()}

    @property
    def untranslatable(self) -> int:
        """Packets whose payload could not be turned into the other side's format."""
        return self._up.failed + self._down.failed

    def set_peer(self, agreed: Agreed, *, now: float) -> None:
        """Where the peer is now, and what it speaks; on hold it is sent nothing."""
        leg, may_send, numbering, self._is_peer_heard = agreed
        self._port(leg.local, is_peer=True).ends.add(leg.remote)
        if self._ready is not None:
            self._ready.expect_peer(is_heard=self._is_peer_heard, now=now)
            self._say()
        self._from_peer |= numbering.receives
        self._peer = (leg, numbering) if may_send else None

    @property
    def standing(self) -> int:
        """How many legs there are beside the one that carries the call, where any stands ready."""
        return 0 if self._ready is None else len(self._ready.readiness.legs) - 1

    def get_ready(
        self, name: Hashable, make: Callable[[], ReadyLegs], *, beside: Iterable[Hashable], now: float
    ) -> None:
        """A leg that is about to be set stands ready `beside` others, which may be on hold.

        Who looks after such legs is made for the first of them.
        """
        if self._ready is None:
            self._ready = make()
            self._ready.expect_peer(is_heard=self._is_peer_heard, now=now)
            for other in beside:
                self._ready.readiness.add(other, is_ready=False, now=now)
                if other in self._legs:
                    self._ready.silences.expect(other, self._legs[other][0])
        self._ready.readiness.add(name, is_ready=True, now=now)
        self._say()

    def set_leg(self, name: Hashable, agreed: Agreed, *, now: float) -> None:
        """Where the MN is with this leg now, and what it speaks."""
        leg, may_send, numbering, is_heard = agreed
        self._port(leg.local, is_peer=False).ends.add(leg.remote)
        self._from_mn |= numbering.receives
        if may_send:
            self._pacing.clock_hz = next(iter(numbering.sends)).rate_hz  # what is transcoded has the same
            self._legs[name] = leg, numbering
            self._may_be_copies = self._may_be_copies or len(self._legs) > 1
        else:
            self._legs.pop(name, None)
        if self._ready is not None:
            self._ready.readiness.add(name, is_ready=False, now=now)
            if may_send and is_heard:
                self._ready.silences.expect(name, leg)
            else:
                self._ready.silences.forget(name)
            self._say()

    def drop(self, name: Hashable, *, now: float) -> None:
        """Send no longer on this leg; what is still on its way from it is taken."""
        self._legs.pop(name, None)
        if self._ready is not None:
            self._ready.readiness.drop(name, now=now)
            self._ready.silences.forget(name)
            if len(self._ready.readiness.legs) < 2:  # as before: nothing needs to be looked at
                self._ready = None
            self._say()

    def drop_peer(self) -> None:
        """Send the peer nothing until it says where to; what is still on its way from it is taken."""
        self._peer = None

    def splices(self) -> dict[Address, Splice]:
        """What can be passed on without looking at it, by address of ours.

        From the peer that is everything that needs no transcoding. From the MN it is that while it has one leg: with
        more of them there are copies, of which the peer gets one. A slow leg that is left alone brings some for a while
        yet, of what another one has brought already: until it brings the newest packet itself. Nothing is while a leg
        stands ready: who does not see the packets hears no silence, and has nothing to say again.
        """
        legs = list(self._legs.values())
        found = {local: Splice(local, local, ()) for local in self._ports}
        if self._peer is None or self._ready is not None:
            return found
        peer, numbering = self._peer
        if all(_passes(self._from_peer, taken) for _, taken in legs):
            found[peer.local] = Splice(peer.local, peer.remote, tuple((leg.local, leg.remote) for leg, _ in legs))
        is_seen = self._may_be_copies or self._held or self._pacing.is_on
        if len(legs) == 1 and not is_seen and _passes(self._from_mn, numbering):
            leg = legs[0][0]
            found[leg.local] = Splice(leg.local, leg.remote, ((peer.local, peer.remote),))
        return found

    def let_pass(self, local: Address) -> None:
        """What comes to this address of ours is passed on unseen from now on."""
        if not self._ports[local].is_peer:
            self._pacing.let_pass()

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """Pass on what came to one of our addresses; `came` as `Role` has it."""
        if local.port % 2:
            media = Leg(local._replace(port=local.port - 1), remote._replace(port=remote.port - 1))
            self._receive_report(data, media, now if came is None else came)
            return
        port = self._ports.get(local)
        if port is None or remote not in port.ends:
            self.dropped += 1
            return
        try:
            packet = RtpPacket.parse(data)
        except RtpParseError:
            self.dropped += 1
            return
        came = now if came is None else came
        if port.is_peer:
            if self._ready is not None:
                self._ready.hear_peer(came=came)
            self._send_down(data, packet.payload_type, now)
            return
        if self._ready is not None:
            self._ready.silences.heard(self._name_at(local), data, came=came)
        for arrival in self._uplink.receive(packet, path=remote.ip, now=came):
            self._pacing.learn(arrival)
            self._reports.learn(arrival)
            self._reports.follow(self._on, now=arrival.at)
            if not arrival.duplicate:
                if arrival.packet.sequence == self._uplink.highest and self._is_left_alone(local):
                    self._may_be_copies = False
                self._held.append((self._pacing.due(arrival), arrival.sequence, arrival.packet.data))
        self._send_due(now)

    def get_timer(self) -> float | None:
        """When a packet that is held back is due, or a report of ours, or a leg that stands ready wants something."""
        held = min((due for due, *_ in self._held), default=None)
        ready = self._ready.get_timer() if self._ready is not None else None
        return min((timer for timer in (held, ready, self._reports.get_timer()) if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        if self._ready is not None:
            self._ready.handle_timer(now=now)
            self._say()
        if len(on := self._on) < 2:  # of two it is told from their next packet on: so it is known how large they are
            self._reports.follow(on, now=now)
        self._reports.handle_timer(now=now)
        self._send_due(now)

    def _send_due(self, now: float) -> None:
        """To the peer; what comes while it is on hold is not kept.

        What is held back is overtaken by nothing: it leaves with what follows it.
        """
        newest = max((sequence for due, sequence, _ in self._held if due <= now), default=None)
        if newest is None:
            return
        leaving = sorted((sequence, data) for _, sequence, data in self._held if sequence <= newest)
        self._held = [one for one in self._held if one[1] > newest]
        for _, data in leaving:
            if self._peer is not None:
                leg, numbering = self._peer
                (turned,) = self._up.for_each(data, self._from_mn[data[1] & 0x7F], [numbering])
                if turned is not None:
                    self._out.append(Datagram(leg.local, leg.remote, turned))

    @property
    def _on(self) -> dict[Hashable, Leg]:
        """The legs that media go over."""
        return self.legs if self._ready is None else self._ready.on(self.legs)

    def _send_down(self, data: bytes, payload_type: int, now: float) -> None:
        """To every leg; what is in a format that was not agreed on is dropped (RFC 3550 5.1)."""
        if payload_type not in self._from_peer:
            self.dropped += 1
            return
        self._send_to(self._legs if self._ready is None else self._ready.readiness.sent(data, now=now), data)
        self._say()

    def _send_to(self, names: Iterable[Hashable], data: bytes) -> None:
        """To these legs; made for all of them, so that codecs remember what was said, wherever it went."""
        legs = list(self._legs.values())
        turned = self._down.for_each(data, self._from_peer[data[1] & 0x7F], [numbering for _, numbering in legs])
        made = dict(zip(self._legs, turned, strict=True))
        for name in names:
            if (one := made.get(name)) is not None:
                leg, _ = self._legs[name]
                self._out.append(Datagram(leg.local, leg.remote, one))

    def _say(self) -> None:
        """What is to be said again to the MN, and what we want of it."""
        if self._ready is not None:
            for name, data in self._ready.readiness.again():
                self._send_to([name], data)
            notices = self._ready.notices(self.legs, self._uplink.highest)
            self._reports.make_room(notices)
            self._out += notices

    def _is_left_alone(self, local: Address) -> bool:
        """Whether this is our address of the one leg of the MN that there is."""
        return [leg.local for leg, _ in self._legs.values()] == [local]

    def _name_at(self, local: Address) -> Hashable:
        """Of the MN's leg that has this address of ours."""
        return next((name for name, (leg, _) in self._legs.items() if leg.local == local), None)

    def _receive_report(self, data: bytes, media: Leg, now: float) -> None:
        """RTCP; `media` has the addresses of the media beside it."""
        port, name = self._ports.get(media.local), self._name_at(media.local)
        if port is None or media.remote not in port.ends or not is_rtcp(data):
            self.dropped += 1
        elif port.is_peer:
            if self._reporting in self._legs:
                self._pass_report(data, *self._legs[self._reporting], self._from_peer)
        elif (notice := notice_in(data)) is not None:  # never the peer's
            if self._ready is not None:
                self._ready.readiness.take(name, notice, now=now)
                self._say()
        else:
            self._reports.receive_datagram(data, media, now=now)
            if self._peer is not None and name is not None and name == self._reporting:
                self._pass_report(data, *self._peer, self._from_mn)

    @property
    def _reporting(self) -> Hashable:
        """The leg that the peer's reports are about, and that it gets reports from; None if there is none."""
        return next(iter(self._legs), None) if self._ready is None else self._ready.readiness.main

    def _pass_report(self, data: bytes, leg: Leg, taken: Numbering, spoken: dict[int, AudioFormat]) -> None:
        if leg.remote.port == LAST_PORT:
            return
        if not _passes(spoken, taken):
            data = with_octets(data, next(iter(taken.sends)), self._ptime_ms)
        self._out.append(Datagram(control_of(leg.local), control_of(leg.remote), data))

    def _port(self, local: Address, *, is_peer: bool) -> _Port:
        return self._ports.setdefault(local, _Port(is_peer=is_peer))


def _passes(spoken: dict[int, AudioFormat], taken: Numbering) -> bool:
    """Whether all that one side may say can go to the other as it is."""
    return all(taken.sends.get(one) == number for number, one in spoken.items())
