"""Legs of the MN of which one stands ready: what the B2BUA does for an unmodified phone, as a CN does for itself.

Which legs the peer's media go to is said by `LegReadiness`. The MN leads, and what it wants it says in RTCP on each
leg; what we want we say there too, under an SSRC and a name of our own. The peer hears nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.readiness import LegReadiness
from agents.media.reports import LAST_PORT, control_of
from agents.media.silences import SILENCE, SILENCE_S, Silences
from agents.rtp.leg_notice import LegNotice
from agents.rtp.rtcp import CNAME, ReceiverReport, SourceDescription, build_compound, parse_compound
from agents.rtp.rtcp_xr import RtcpParseError
from agents.rtp.silence import SilenceWatch
from agents.rtp.source import PACKET_INTERVAL
from agents.sip.message.address import Datagram

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from agents.media.leg import Leg
    from agents.media.readiness import Copies


class ReadyLegs:
    """Of one call. Not done: an RTCP BYE when a leg is left (RFC 3550 6.6), the MN knows by SIP."""

    def __init__(
        self, copies: Copies, tell: Callable[..., None], *, ssrc: int, cname: str, interval_s: float = PACKET_INTERVAL
    ) -> None:
        """`copies`: when the MN wants media on all legs; `tell` and `interval_s` as `LegReadiness` has them."""
        self._tell = tell
        self.silences = Silences(interval_s)
        self.silences.listen(least_s=SILENCE_S)
        self.readiness = LegReadiness(copies, self.silences, tell, leads=False, interval_s=interval_s)
        self._peer = SilenceWatch(interval_s=interval_s)
        self._is_peer_heard = True
        self._is_quiet = False
        self._ssrc = ssrc
        self._description = SourceDescription(((ssrc, ((CNAME, cname),)),))

    def expect_peer(self, *, is_heard: bool, now: float) -> None:
        """Whether the peer is to speak, or is on hold."""
        self._is_peer_heard = is_heard
        self._mind_quiet(now)

    def hear_peer(self, *, came: float) -> None:
        """It has spoken."""
        self._peer.heard(now=came)
        self._mind_quiet(came)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self.readiness.get_timer(), self.silences.get_timer(), self._peer.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Notes silences of either side."""
        if self._peer.handle_timer(now=now):
            self._mind_quiet(now)
        for name in self.silences.handle_timer(now=now):
            if self.readiness.is_missed(name, now=now):
                watch = self.silences.watch(name)
                self._tell(SILENCE, name, **({} if watch is None else {"limit_s": round(watch.limit_s, 3)}))
        self.readiness.handle_timer(now=now)

    def _mind_quiet(self, now: float) -> None:
        """The MN hears at once that the peer says nothing: it would take it for a break of its own link."""
        is_quiet = self._peer.is_silent or not self._is_peer_heard
        if is_quiet != self._is_quiet:
            self._is_quiet = is_quiet
            self.readiness.say_anew(now=now)

    def on(self, legs: dict[Hashable, Leg]) -> dict[Hashable, Leg]:
        """Those of the legs that media go over."""
        return {name: leg for name, leg in legs.items() if self.readiness.is_on(name)}

    def notices(self, legs: dict[Hashable, Leg], highest: int | None) -> list[Datagram]:
        """What is to be said on which leg; `highest` is the highest number that has come from the MN."""
        out = []
        for name, is_wanted, is_silent in self.readiness.notices():
            leg = legs.get(name)
            if leg is None or leg.remote.port == LAST_PORT:
                continue
            notice = LegNotice(self._ssrc, is_wanted, is_silent, highest, self._is_quiet)
            data = build_compound([ReceiverReport(self._ssrc), self._description, notice])
            out.append(Datagram(control_of(leg.local), control_of(leg.remote), data))
        return out


def notice_in(report: bytes) -> LegNotice | None:
    """The notice in a datagram of RTCP, which is then for us alone; None where there is none."""
    try:
        packets = parse_compound(report)
    except RtcpParseError:
        return None
    return next((packet for packet in packets if isinstance(packet, LegNotice)), None)
