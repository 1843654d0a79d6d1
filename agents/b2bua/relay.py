"""The media of one bridged call: from the peer to every leg of the MN, from any of them to the peer once.

Packets pass as they are, with the SSRC and numbers of who sent them: so the peer hears one stream whatever leg brought
it, and the MN knows copies by their numbers (paper, section 4.3). Taken is only what comes from where the other side
wants to be sent to; the rest is counted and dropped.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

from agents.b2bua.pacing import Pacing
from agents.role import Splice
from agents.rtp.duplicates import DuplicateFilter
from agents.rtp.packet import RtpPacket, RtpParseError
from agents.sip.address import Address, Datagram

if TYPE_CHECKING:
    from collections.abc import Container, Hashable

    from agents.legs import Leg


class _Port:
    """A socket of ours, and who may send to it: the present end of its leg and the ones before (RFC 3264 8.3.1)."""

    __slots__ = ("ends", "is_peer")

    def __init__(self, *, is_peer: bool) -> None:
        self.is_peer = is_peer
        self.ends: set[Address] = set()


class Relay:
    """One call. Each leg has a local address of its own, for as long as the call lasts."""

    def __init__(self, payload_types: Container[int], out: list[Datagram], *, clock_hz: int = 8000) -> None:
        """Pass on these payload types; what is to be sent is added to `out`."""
        self._payload_types = payload_types
        self._uplink = DuplicateFilter(payload_types)
        self._pacing = Pacing(clock_hz)
        self._held: list[tuple[float, int, bytes]] = []
        self._peer: Leg | None = None
        self._legs: dict[Hashable, Leg] = {}
        self._ports: dict[Address, _Port] = {}
        self._out = out
        self.dropped = 0
        """Packets from strangers, and what is no RTP of this call."""

    @property
    def legs(self) -> dict[Hashable, Leg]:
        """The legs that the peer's media are copied to."""
        return dict(self._legs)

    def set_peer(self, leg: Leg, *, may_send: bool = True) -> None:
        """Where the peer is now; on hold it is sent nothing."""
        self._port(leg.local, is_peer=True).ends.add(leg.remote)
        self._peer = leg if may_send else None

    def set_leg(self, name: Hashable, leg: Leg, *, may_send: bool = True) -> None:
        """Where the MN is with this leg now."""
        self._port(leg.local, is_peer=False).ends.add(leg.remote)
        if may_send:
            self._legs[name] = leg
        else:
            self._legs.pop(name, None)

    def drop(self, name: Hashable) -> None:
        """Send no longer on this leg; what is still on its way from it is taken."""
        self._legs.pop(name, None)

    def splices(self) -> dict[Address, Splice]:
        """What can be passed on without looking at it, by address of ours.

        From the peer that is everything. From the MN it is what comes while it has one leg: with more of them there are
        copies, of which the peer gets one.
        """
        peer, legs = self._peer, list(self._legs.values())
        found = {local: Splice(local, local, ()) for local in self._ports}
        if peer is None:
            return found
        found[peer.local] = Splice(peer.local, peer.remote, tuple((leg.local, leg.remote) for leg in legs))
        if len(legs) == 1 and not self._held and not self._pacing.is_on:
            found[legs[0].local] = Splice(legs[0].local, legs[0].remote, ((peer.local, peer.remote),))
        return found

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, now: float) -> None:
        """Pass on what came to one of our addresses."""
        port = self._ports.get(local)
        if port is None or remote not in port.ends:
            self.dropped += 1
            return
        try:
            packet = RtpPacket.parse(data)
        except RtpParseError:
            self.dropped += 1
            return
        if port.is_peer:
            if packet.payload_type in self._payload_types:
                self._out += [Datagram(leg.local, leg.remote, data) for leg in self._legs.values()]
            return
        for arrival in self._uplink.receive(packet, path=remote.ip, now=now):
            self._pacing.learn(arrival)
            if not arrival.duplicate:
                heappush(self._held, (self._pacing.due(arrival), arrival.sequence, arrival.packet.data))
        self.handle_timer(now=now)

    def get_timer(self) -> float | None:
        """When the next packet that is held back is due."""
        return self._held[0][0] if self._held else None

    def handle_timer(self, *, now: float) -> None:
        """Send what is due to the peer; what comes while it is on hold is not kept."""
        while self._held and self._held[0][0] <= now:
            data = heappop(self._held)[2]
            if self._peer is not None:
                self._out.append(Datagram(self._peer.local, self._peer.remote, data))

    def _port(self, local: Address, *, is_peer: bool) -> _Port:
        return self._ports.setdefault(local, _Port(is_peer=is_peer))
