"""When a stream that should go on has fallen silent: long before any kernel notices that its link is gone.

A talker sends a packet each interval. Nothing for a few intervals, more than this path has ever been late of late, is a
break. How long a pause was that soon ended is remembered: the next one has to be longer. So a path that loses packets
in bursts, or brings them late and all at once, alarms seldom; and one that is gone for half a second, again and again,
does so each time, because words are lost each time.
"""

from __future__ import annotations

from collections import deque

from agents.rtp.delay import SPARSE_S
from agents.rtp.source import PACKET_INTERVAL

#: The shortest silence that counts: two packets are missing, and the third one is due.
LEAST_S = 0.060
#: Of packets that hold more speech than usual it is as many as of those.
LEAST_MISSED = 3
#: A pause that was longer was a break, and no reason for more patience with the next one.
LONGEST_PAUSE_S = 0.200
#: Or as many packets, where they hold more.
LONGEST_MISSED = 10
#: How long a shorter one is remembered: by who makes up for what is lost, for whom a false alarm costs little, and by
#: who leaves the path.
MEMORY_S, LONG_MEMORY_S = 60.0, 600.0
#: A path says nothing of itself before it has brought so many packets in a row.
LEAST_PACKETS = 25
#: What lies in a socket is handed over when its owner wakes (`agents.roles.role.Open`, `is_patient`), and that is now.
HANDED_OVER_S = 0.001


class SilenceWatch:
    """Of one stream over one path. Times in seconds of one clock."""

    def __init__(self, *, least_s: float = LEAST_S, interval_s: float = PACKET_INTERVAL) -> None:
        """A silence shorter than `least_s` is none, whatever the path is like; a packet comes each `interval_s`."""
        self.least_s = least_s
        self._interval_s = interval_s
        self._least_missed_s = LEAST_MISSED * interval_s if interval_s > PACKET_INTERVAL else 0.0
        self._longest_pause_s = max(LONGEST_PAUSE_S, LONGEST_MISSED * interval_s)
        # Pauses that were no breaks, (when, how long): only what can still become the longest.
        self._pauses: deque[tuple[float, float]] = deque()
        self._packets = 0
        self.heard_at: float | None = None
        """When the last packet came; None before the first one, and while nothing is expected."""
        self.heard_since = 0.0
        """Since when packets have come without a silence."""
        self.is_silent = False
        self._is_asked = False
        self._is_expected = True
        self._is_steady = True

    def heard(self, *, now: float) -> None:
        """A packet of the stream has come."""
        last = self.heard_at
        self.heard_at = now
        self._is_asked = False
        if last is None or now - last > SPARSE_S:
            self._packets = 1
            self.is_silent = False
            self.heard_since = now
            return
        self._packets += 1
        if self._interval_s < now - last <= self._longest_pause_s:
            self._remember(now - last, now)
        if self.is_silent:
            self.is_silent = False
            self.heard_since = now

    def pause(self) -> None:
        """Nothing is expected until the next packet: comfort noise, hold, or the other side stops on purpose."""
        self.heard_at = None
        self.is_silent = False
        self._packets = 0

    def give_up(self) -> None:
        """The talker pauses as it likes: nothing is a silence any more."""
        self._is_steady = self.is_silent = False

    def expect(self, *, is_so: bool) -> None:
        """From now on a stream is expected, or no more than probes: then nothing is a silence, whatever comes."""
        if is_so != self._is_expected:
            self._is_expected = is_so
            self.is_silent = False
            self._packets = 0

    @property
    def is_stream(self) -> bool:
        """Whether there is a stream to fall silent: enough packets have come, one after the other."""
        is_due = self._is_expected and self._is_steady and self.heard_at is not None
        return is_due and self._packets >= LEAST_PACKETS

    def is_heard(self, *, now: float) -> bool:
        """Whether packets come, be it too few yet to be missed; a stream does until it is silent."""
        if self.heard_at is None or self.is_silent or self._packets < 2:
            return False
        return self.is_stream or now - self.heard_at < self.limit_s

    @property
    def limit_s(self) -> float:
        """How long a silence is news."""
        return self._more_than(MEMORY_S)

    @property
    def unusual_s(self) -> float:
        """How long one is that this path hardly ever has; not below `limit_s`."""
        return self._more_than(LONG_MEMORY_S)

    def get_timer(self) -> float | None:
        """When it is silent, if nothing comes until then; None if it can't become so."""
        if self.is_silent or not self.is_stream or self.heard_at is None:
            return None
        return self.heard_at + self.limit_s + (HANDED_OVER_S if self._is_asked else 0.0)

    def handle_timer(self, *, now: float) -> bool:
        """Take note of a silence; say whether it is news.

        Only when asked twice: what has come in time may still lie in a socket, and is handed over in between.
        """
        timer = self.get_timer()
        if timer is None or now < timer:
            return False
        self.is_silent, self._is_asked = self._is_asked, True
        return self.is_silent

    def _more_than(self, memory_s: float) -> float:
        """More than any pause of so long."""
        since = (self.heard_at or 0.0) - memory_s
        longest = next((pause_s for at, pause_s in self._pauses if at > since), 0.0)
        # What was late by a little needs no more patience than what is never late: a packet is missed as such.
        needed = longest + self._interval_s if longest >= 2 * self._interval_s else 0.0
        return max(self.least_s, self._least_missed_s, needed)

    def _remember(self, pause_s: float, now: float) -> None:
        pauses = self._pauses
        while pauses and pauses[-1][1] <= pause_s:
            pauses.pop()
        pauses.append((now, pause_s))
        while pauses[0][0] <= now - LONG_MEMORY_S:
            pauses.popleft()
