"""When the new path is good enough to let the old one go: "the new media stream is of a certain quality" (paper 4.3).

Two things, in both directions: the path delivers, and the playout is deep enough for its delay, so that the listener
does not notice when the faster path falls silent. What arrives here can be seen. What arrives at the peer it says in
its reports (RTCP XR, RFC 3611 4.7), each path's for itself: how long a packet of that path waits to be played. They
come every half a second while there are two paths. Where none comes, it is enough to wait as long as a playout needs
that follows copies by its usual steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.rtp.source import PACKET_INTERVAL

if TYPE_CHECKING:
    from agents.rtp.receiver import StreamReceiver
    from agents.rtp.rtcp_session import RtcpSession

# So much speech must have come, and one packet in 25 may be missing.
ENOUGH_S = 0.5
TOLERATED_LOSS = 0.04
# A playout that stretches speech by 1/8 becomes deeper by 2.5 ms every 22.5 ms (agents.rtp.playout).
DEEPENING_PER_S = 2.5 / 22.5
# How long the peer's playout must hold a packet of the path for the next one, which may be slower, to be in time.
ENOUGH_WAIT_S = 0.010
# The peer's playout also covers its path's jitter, which a round trip does not show: that of UMTS, there and back.
JITTER_ALLOWANCE_S = 0.040
# An INVITE is sent again after T1, then after twice as long, and so on (RFC 3261 17.1.1.2).
T1_S = 0.5
# A peer whose last report was this old reports no longer: twice the longest interval of a GSM call's reports.
REPORTS_OVER_AFTER_S = 2.0


class PathProof:
    """Watches a new path until it can carry the call alone."""

    def __init__(
        self,
        receiver: StreamReceiver,
        path: str,
        *,
        since: float,
        answered_after_s: float,
        reports: RtcpSession | None = None,
        interval_s: float = PACKET_INTERVAL,
    ) -> None:
        """We send on the new path `since` then, when an INVITE over it was answered after so many seconds.

        `reports` are the peer's on that path; a packet has `interval_s` of speech.
        """
        self._receiver = receiver
        self._path = path
        self._since = since
        self._reports = reports
        self._round_trips_s = possible_round_trips(answered_after_s)
        self._enough_packets = round(ENOUGH_S / interval_s)

    def is_good(self, now: float) -> bool:
        """Whether the old path can go."""
        statistics = self._receiver.statistics(self._path)
        downlink_s = self._receiver.playout.required_depth(self._path)
        if statistics is None or downlink_s is None:
            return False
        counts = statistics.counts
        delivers = counts.received >= self._enough_packets and counts.lost <= TOLERATED_LOSS * counts.expected
        return delivers and self._receiver.playout.covers(self._path) and now >= self._peer_covers_at(downlink_s)

    def _peer_covers_at(self, downlink_s: float) -> float:
        """When the peer's playout is deep enough: as it says, or as can be concluded.

        What it lacks by a report it makes up for at its pace; where the path's packets were late or just in time, it
        will say so when they no longer are. If it falls silent, it has to have had the time for it all.
        Concluded: what is in the round trip and not in the downlink is uplink. The old path's delay is not subtracted:
        it is not known, the call's set-up may hold lost INVITEs and ringing.
        """
        possible = [seconds for seconds in self._round_trips_s if seconds >= downlink_s]
        round_trip_s = min(possible, default=self._round_trips_s[0])
        uplink_s = max(0.0, round_trip_s - downlink_s) + JITTER_ALLOWANCE_S
        deepening_s = uplink_s / DEEPENING_PER_S
        # What was said before is of other copies, or of the probes to a leg that stood by.
        if self._reports is None or self._reports.remote_voip is None or self._reports.remote_voip_at < self._since:
            return self._since + uplink_s + deepening_s
        at, wait_s = self._reports.remote_voip_at, self._reports.remote_voip.nominal_delay / 1000
        if wait_s:
            return at + max(0.0, ENOUGH_WAIT_S - wait_s) / DEEPENING_PER_S
        return at + max(deepening_s, REPORTS_OVER_AFTER_S)


def possible_round_trips(answered_after_s: float) -> list[float]:
    """How long the round trip took, by which of the tries of the INVITE was answered; the first one first.

    It is the last one that can have been: T1 is an estimate of the round trip (RFC 3261 17.1.1.1).
    """
    tries, interval = [0.0], T1_S
    while tries[-1] + interval <= answered_after_s:
        tries.append(tries[-1] + interval)
        interval *= 2
    return [answered_after_s - sent for sent in tries]
