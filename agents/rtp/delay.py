"""How long packets are on their way, path by path.

Absolute one-way delay can't be known without a common clock, and playout doesn't need it: *transit*, the time of
arrival less the media time of the timestamp, is the delay plus a constant that is the same for all paths of a stream.

A path that comes in beside another one may begin with what was said before (`agents.media.ring`): it comes faster than
it was spoken, later than the path makes it. So at first only the quickest packet counts, until they get no quicker.
"""

from collections import deque

SPARSE_S = 0.250
"""Packets that are further apart are no stream: a probe now and then, or what comes after a pause."""
SETTLED_AFTER = 5
"""So many packets that are no quicker than those before: it is the path that takes so long."""


class PathDelay:
    """The recent transit times of one path, in seconds."""

    __slots__ = ("_peaks", "_quickest", "_unsettled", "_window", "count", "heard", "is_stream")

    def __init__(self, window: float) -> None:
        """Remember `window` seconds."""
        self._window = window
        # Only what can still become the maximum, so transit falls from left to right; a few entries as a rule.
        self._peaks: deque[tuple[float, float]] = deque()
        self._unsettled = 0
        self._quickest = 0.0
        self.count = 0
        """Packets so far, copies too."""
        self.heard = float("-inf")
        """When the newest of them came."""
        self.is_stream = False
        """Whether that was soon after the one before."""

    def receive(self, transit: float, *, now: float, is_beside: bool = False) -> None:
        """Take in the transit of a packet that arrived at `now`; `is_beside`: while another path brought packets."""
        peaks = self._peaks
        self.is_stream = now - self.heard <= SPARSE_S
        if is_beside and not self.is_stream:
            self._unsettled, self._quickest = SETTLED_AFTER, transit
        if self._unsettled:
            self._unsettled -= 1
            if transit < self._quickest:
                self._unsettled, self._quickest = SETTLED_AFTER, transit
                peaks.clear()
        while peaks and peaks[-1][1] <= transit:
            peaks.pop()
        peaks.append((now, transit))
        while peaks[0][0] <= now - self._window:
            peaks.popleft()
        self.heard = now
        self.count += 1

    def is_settled(self, *, now: float) -> bool:
        """Whether a packet that comes now is one of a stream, behind what may have been said before."""
        return now - self.heard <= SPARSE_S and not self._unsettled

    def slowest(self, *, now: float) -> float | None:
        """Highest transit within the window up to `now`; None if nothing came in it."""
        since = now - self._window
        for at, transit in self._peaks:
            if at > since:
                return transit
        return None


def learn_delay(paths: dict[str, PathDelay], path: str, transit: float, *, window: float, now: float) -> None:
    """Take in what a packet that arrived at `now` says of its path; a new one remembers `window` seconds."""
    delay = paths.get(path)
    if delay is None:
        delay = paths[path] = PathDelay(window)
    is_beside = any(other.heard > now - SPARSE_S for other in paths.values() if other is not delay)
    delay.receive(transit, now=now, is_beside=is_beside)
