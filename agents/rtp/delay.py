"""How long packets are on their way, path by path.

Absolute one-way delay can't be known without a common clock, and playout doesn't need it: *transit*, the time of
arrival less the media time of the timestamp, is the delay plus a constant that is the same for all paths of a stream.
"""

from collections import deque


class PathDelay:
    """The recent transit times of one path, in seconds."""

    __slots__ = ("_peaks", "_window", "count", "heard")

    def __init__(self, window: float) -> None:
        """Remember `window` seconds."""
        self._window = window
        # Only what can still become the maximum, so transit falls from left to right; a few entries as a rule.
        self._peaks: deque[tuple[float, float]] = deque()
        self.count = 0
        """Packets so far, copies too."""
        self.heard = float("-inf")
        """When the newest of them came."""

    def receive(self, transit: float, *, now: float) -> None:
        """Take in the transit of a packet that arrived at `now`."""
        peaks = self._peaks
        while peaks and peaks[-1][1] <= transit:
            peaks.pop()
        peaks.append((now, transit))
        while peaks[0][0] <= now - self._window:
            peaks.popleft()
        self.heard = now
        self.count += 1

    def slowest(self, *, now: float) -> float | None:
        """Highest transit within the window up to `now`; None if nothing came in it."""
        since = now - self._window
        for at, transit in self._peaks:
            if at > since:
                return transit
        return None
