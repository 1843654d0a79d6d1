"""RTCP of one call: a session for each leg, beside its media, on the next port up (RFC 3550 11).

Each path of a call is reported on for itself, so that copies make up for no losses (RFC 7198 5.1). Not done: `a=rtcp`
with another port (RFC 3605), RTCP on the port of the media (RFC 5761).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.rtp.rtcp_session import IP_UDP, SESSION_BANDWIDTH, Reception, RtcpSession
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from collections.abc import Hashable
    from random import Random

    from agents.media.leg import Leg
    from agents.rtp.receiver import StreamReceiver
    from agents.rtp.source import MediaSource

LAST_PORT = 65535
_RTP_HEADER = 12


def control_of(media: Address) -> Address:
    """Where the RTCP of a stream goes that is taken here."""
    return media._replace(port=media.port + 1)


def session_bandwidth(source: MediaSource | None) -> float:
    """What media take in both directions, in bit/s with IP and UDP (RFC 3550 6.2): as much as ours, twice."""
    if source is None or not source.packets_sent:
        return SESSION_BANDWIDTH
    octets = source.octets_sent / source.packets_sent + _RTP_HEADER + IP_UDP
    return 2 * 8 * octets / source.interval


class _Joined(NamedTuple):
    leg: Leg
    ssrc: int
    session: RtcpSession


class Reports:
    """Our part in it. `cname` is our name in every session (RFC 3550 6.5.1)."""

    def __init__(self, cname: str, random: Random) -> None:
        self._cname = cname
        self._random = random
        self._joined: dict[Hashable, _Joined] = {}
        self._out: list[Datagram] = []

    @property
    def sessions(self) -> dict[Hashable, RtcpSession]:
        """What is known of each leg from RTCP."""
        return {name: joined.session for name, joined in self._joined.items()}

    def on_path(self, path: str) -> RtcpSession | None:
        """What is known of the leg over this path; None if there is none."""
        return next((joined.session for joined in self._joined.values() if joined.leg.path == path), None)

    def arrived(self, name: Hashable) -> tuple[int, int]:
        """How often the peer has reported on a leg of ours, and the highest packet that had come by the last report."""
        joined = self._joined.get(name)
        block = None if joined is None else joined.session.remote_report
        return (0, 0) if joined is None or block is None else (joined.session.reports_heard, block.highest_sequence)

    def join(self, name: Hashable, leg: Leg, ssrc: int, source: MediaSource, *, now: float) -> None:
        """A leg is sent on, or has moved: another path, or another source of ours, is another session."""
        before = self._joined.get(name)
        if before is not None and (before.leg.path, before.ssrc) == (leg.path, ssrc):
            self._joined[name] = before._replace(leg=leg)
            return
        session = RtcpSession(
            ssrc=ssrc,
            cname=self._cname,
            now=now,
            random=self._random,
            sent_before=source.packets_sent,
            octets_before=source.octets_sent,
        )
        self._joined[name] = _Joined(leg, ssrc, session)

    def notice(self, name: Hashable, *, is_wanted: bool, is_silent: bool, highest: int | None) -> None:
        """Say at once on a leg whether media are wanted there, and the rest of a `LegNotice`."""
        joined = self._joined.get(name)
        if joined is not None:
            self._send(joined.leg, joined.session.notice(is_wanted=is_wanted, is_silent=is_silent, highest=highest))

    def leave(self, name: Hashable, source: MediaSource | None, receiver: StreamReceiver, *, now: float) -> None:
        """A leg is left: its session ends with a BYE (6.3.7)."""
        joined = self._joined.pop(name, None)
        if joined is not None:
            data = joined.session.goodbye(now=now, source=source, reception=_reception(receiver, joined))
            self._send(joined.leg, data)

    def hurry(self, source: MediaSource | None, *, is_wanted: bool, now: float) -> None:
        """While media go over more than one leg, who is to let go of one has to know how the others are heard."""
        bandwidth = session_bandwidth(source)
        for joined in self._joined.values():
            joined.session.hurry(now=now, is_wanted=is_wanted, bandwidth=bandwidth)

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, came: float) -> bool:
        """Take in what came at a time; False when it is from nobody that a leg goes to."""
        for joined in self._joined.values():
            if control_of(joined.leg.local) == local and joined.leg.remote.ip == remote.ip:
                joined.session.receive_datagram(data, now=came)
                return True
        return False

    def get_timer(self) -> float | None:
        """When a report is due."""
        return min((joined.session.get_timer() for joined in self._joined.values()), default=None)

    def handle_timer(self, source: MediaSource | None, receiver: StreamReceiver, *, now: float) -> None:
        """Send the reports that are due."""
        for joined in self._joined.values():
            if now < joined.session.get_timer():  # asked at each packet: what is heard is counted up for a report alone
                continue
            data = joined.session.report(now=now, source=source, reception=_reception(receiver, joined))
            if data is not None:
                self._send(joined.leg, data)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        waiting, self._out = self._out, []
        return waiting

    def _send(self, leg: Leg, data: bytes) -> None:
        if leg.remote.port == LAST_PORT:  # nothing is behind it
            return
        self._out.append(Datagram(control_of(leg.local), control_of(leg.remote), data))


def _reception(receiver: StreamReceiver, joined: _Joined) -> Reception | None:
    path = joined.leg.path
    statistics, ssrc = receiver.statistics(path), receiver.source(path)
    if statistics is None or ssrc is None:
        return None
    metrics = receiver.voip_metrics(path, round_trip=joined.session.round_trip)
    return Reception(ssrc, statistics, receiver.clock_rate, metrics)
