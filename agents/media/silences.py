"""Which legs of a call have fallen silent: a watch for each one that the peer is to speak on.

There is none for a leg that is on hold (RFC 3264 8.4), or where the peer has said that it does not send. Nothing is
expected after comfort noise (RFC 3389), and none of a stream that has said BYE in RTCP (RFC 3550 6.3.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.rtp.silence import SilenceWatch
from agents.rtp.source import PACKET_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Hashable

    from agents.media.leg import Leg

#: What is told of a leg that has fallen silent, and why media go over all legs then.
SILENCE = "silence"
#: How long one has to be for an end to act: two packets are missing, and the third one is due.
SILENCE_S = 0.060
#: Payload type of a packet that says "now I am silent" (RFC 3389 4, RFC 3551 6).
COMFORT_NOISE = 13
_HEADER = 12
#: A pause that is worth a thought; and a timestamp that is further on is another stream's (a minute, at 8 kHz).
PAUSE_S = 0.060
_LONGEST_STEP = 60 * 8000


class _Watched:
    """One leg: the way that it goes, the stream that came last, and those that are over."""

    def __init__(self, path: str, least_s: float, interval_s: float) -> None:
        self.path = path
        self.watch = SilenceWatch(least_s=least_s, interval_s=interval_s)
        self.ssrc: int | None = None
        self.ended: frozenset[int] = frozenset()
        # The number and the timestamp of the last packet, and how far apart two were of which none was missing between.
        self._last = (0, 0)
        self._step = 0

    def has_paused(self, data: bytes) -> bool:
        """Whether the talker itself has paused before this packet: none is missing, but its time has gone on.

        So does one that detects silence and sends no comfort noise (RFC 3551 4.1).
        """
        number, timestamp = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
        is_next = (number - self._last[0]) & 0xFFFF == 1
        step = (timestamp - self._last[1]) & 0xFFFFFFFF if is_next else 0
        self._last = number, timestamp
        if 0 < self._step < step / 2 and step < _LONGEST_STEP:
            return True
        self._step = step or self._step
        return False


class Silences:
    """Of one call at one end. Nothing is heard before `listen`: few want it, and each packet would cost."""

    def __init__(self, interval_s: float = PACKET_INTERVAL) -> None:
        """A packet has `interval_s` of speech."""
        self._interval_s = interval_s
        self._pause_s = max(PAUSE_S, interval_s * PAUSE_S / PACKET_INTERVAL)
        self._watched: dict[Hashable, _Watched] = {}
        self._least_s = float("inf")
        self.is_on = False
        # Whether the talker has never paused without a word.
        self._is_steady = True

    def listen(self, *, least_s: float) -> None:
        """From now on. Silences shorter than the least that anybody wants to know of are none."""
        self.is_on = True
        self._least_s = min(self._least_s, least_s)
        for one in self._watched.values():
            one.watch.least_s = self._least_s

    def expect(self, name: Hashable, leg: Leg) -> None:
        """The peer is to speak on this leg; over another way than before it begins anew."""
        known = self._watched.get(name)
        if known is None or known.path != leg.path:
            watched = self._watched[name] = _Watched(leg.path, self._least_s, self._interval_s)
            if not self._is_steady:
                watched.watch.give_up()

    def forget(self, name: Hashable) -> None:
        """It is not, or the leg is gone."""
        self._watched.pop(name, None)

    def watch(self, name: Hashable) -> SilenceWatch | None:
        """What hears whether this leg has fallen silent; None where nobody is to speak."""
        watched = self._watched.get(name)
        return None if watched is None else watched.watch

    def heard(self, name: Hashable, data: bytes, *, came: float) -> None:
        """A datagram has come on this leg."""
        watched = self._watched.get(name)
        if watched is None or len(data) < _HEADER or data[0] >> 6 != 2:
            return
        ssrc = int.from_bytes(data[8:12], "big")
        is_late = watched.watch.heard_at is not None and came - watched.watch.heard_at >= self._pause_s
        if watched.has_paused(data) and is_late and ssrc == watched.ssrc:
            self._is_steady = False
            for one in self._watched.values():
                one.watch.give_up()
        watched.ssrc = ssrc
        if data[1] & 0x7F == COMFORT_NOISE:
            watched.watch.pause()
        elif watched.ssrc not in watched.ended:  # what a BYE has overtaken
            watched.watch.heard(now=came)

    def ended(self, name: Hashable, sources: frozenset[int]) -> None:
        """So many sources have said BYE on this leg so far; it is over if it was theirs."""
        watched = self._watched.get(name)
        if watched is None or watched.ended == sources:
            return
        watched.ended = sources
        if watched.ssrc in sources:
            watched.watch.pause()

    def get_timer(self) -> float | None:
        """When a leg is silent, if nothing comes until then."""
        timers = [at for one in self._watched.values() if (at := one.watch.get_timer()) is not None]
        return min(timers, default=None)

    def handle_timer(self, *, now: float) -> list[Hashable]:
        """Take note of silences; the legs of which it is news."""
        return [name for name, one in self._watched.items() if one.watch.handle_timer(now=now)]
