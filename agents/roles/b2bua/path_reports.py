"""What we report of the MN's paths while media go over more than one: RTCP of ours, beside the peer's that we pass on.

The peer gets one stream, so its reports tell nothing of paths. But we see what each of them brings, and hold packets
back for the slower one (`Pacing`): how long that one's latest packet waits here for its turn we say as the jitter
buffer's nominal delay (RFC 3611 4.7.7), as a playout that hears both paths would. So the MN knows when it can let go
of the faster one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.reports import LAST_PORT, control_of
from agents.rtp.rtcp_session import IP_UDP, Reception, RtcpSession
from agents.rtp.rtcp_xr import VoipMetrics
from agents.rtp.source import PACKET_INTERVAL
from agents.rtp.statistics import ReceptionStatistics
from agents.sip.message.address import Datagram

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from random import Random

    from agents.media.leg import Leg
    from agents.roles.b2bua.pacing import Pacing
    from agents.rtp.duplicates import Arrival


class PathReports:
    """Of one call. `cname` is our name, the SSRC of our reports is drawn from `random`."""

    def __init__(
        self, cname: str, random: Random, pacing: Pacing, out: list[Datagram], *, interval_s: float = PACKET_INTERVAL
    ) -> None:
        """What is to be sent is added to `out`; a packet has `interval_s` of speech."""
        self._interval_s = interval_s
        self._cname = cname
        self._random = random
        self._pacing = pacing
        self._out = out
        self._ssrc: int | None = None
        self._octets = 0
        self._stream = -1
        self._heard: dict[str, tuple[ReceptionStatistics, int]] = {}
        self._sessions: dict[Hashable, tuple[Leg, RtcpSession]] = {}

    def follow(self, legs: Mapping[Hashable, Leg], *, now: float) -> None:
        """Media go over these legs from now on; with fewer than two there is nothing to tell of."""
        wanted = legs if len(legs) > 1 else {}
        for name in self._sessions.keys() - wanted.keys():
            leg, session = self._sessions.pop(name)
            self._send(leg, session.goodbye(now=now, source=None, reception=None))
        for name, leg in wanted.items():
            if name in self._sessions:
                self._sessions[name] = leg, self._sessions[name][1]
                continue
            if self._ssrc is None:
                self._ssrc = self._random.getrandbits(32)
            session = RtcpSession(ssrc=self._ssrc, cname=self._cname, now=now, random=self._random)
            session.hurry(now=now, is_wanted=True, bandwidth=2 * 8 * self._octets / self._interval_s)
            self._sessions[name] = leg, session
        if not wanted:
            self._heard.clear()
            self._ssrc = None  # it has said BYE, and next time we are another member (RFC 3550 6.3.7)

    def learn(self, arrival: Arrival) -> None:
        """Counts a packet of the MN, the first copy or a later one."""
        self._octets = len(arrival.packet.data) + IP_UDP
        if not self._sessions or arrival.stream < self._stream:
            return
        if arrival.stream > self._stream:
            self._stream = arrival.stream
            self._heard.clear()
        known = self._heard.get(arrival.path)
        statistics = ReceptionStatistics(clock_rate=self._pacing.clock_hz) if known is None else known[0]
        statistics.receive(arrival.sequence, arrival.timestamp, now=arrival.at)
        self._heard[arrival.path] = statistics, arrival.packet.ssrc

    def receive_datagram(self, data: bytes, leg: Leg, *, now: float) -> None:
        """Takes in the MN's reports on a leg: when its sender reports were sent is told in ours (RFC 3550 6.4.1)."""
        for known, session in self._sessions.values():
            if known == leg:
                session.receive_datagram(data, now=now)

    def make_room(self, notices: list[Datagram]) -> None:
        """These are sent beside our reports, see `RtcpSession.make_room`."""
        for notice in notices:
            for leg, session in self._sessions.values():
                if control_of(leg.local) == notice.local:
                    session.make_room(notice.data)

    def get_timer(self) -> float | None:
        """When a report is due."""
        return min((session.get_timer() for _, session in self._sessions.values()), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Sends the reports that are due."""
        for leg, session in self._sessions.values():
            if now >= session.get_timer():
                data = session.report(now=now, source=None, reception=self._reception(leg.remote.ip, now))
                if data is not None:
                    self._send(leg, data)

    def _reception(self, path: str, now: float) -> Reception | None:
        known, wait_s = self._heard.get(path), self._pacing.wait_s(path, now=now)
        if known is None:
            return None
        statistics, ssrc = known
        voip = None
        if wait_s is not None:
            loss = min(int(statistics.fraction_lost() * 256), 255)
            wait_ms = int(max(wait_s, 0.0) * 1000)
            voip = VoipMetrics(ssrc, loss_rate=loss, nominal_delay=wait_ms, maximum_delay=wait_ms)
        return Reception(ssrc, statistics, self._pacing.clock_hz, voip)

    def _send(self, leg: Leg, data: bytes) -> None:
        if leg.remote.port != LAST_PORT:
            self._out.append(Datagram(control_of(leg.local), control_of(leg.remote), data))
