"""CoDel (RFC 8289): a queue that drops a packet now and then when packets have waited in it for too long."""

import math
from collections import deque

from testbed.lab.links.queues.discipline import MOST_BYTES, Waiting

# Whether the last drop rate is a good one to begin with (RFC 8289, 5.5).
SOON = 16


class CoDel:
    """RFC 8289, 5: names as there. Times come from outside, in seconds, and do not go back."""

    def __init__(self, target_s: float, interval_s: float) -> None:
        self._target_s, self._interval_s = target_s, interval_s
        self._queue: deque[Waiting] = deque()
        self.backlog = 0
        """The bytes at IP of all that waits."""
        self._first_above_s: float | None = None
        self._drop_next_s = -math.inf
        self._count = self._last_count = 0
        self._is_dropping = False

    def __len__(self) -> int:
        """How many packets wait."""
        return len(self._queue)

    def enqueue(self, packet: Waiting) -> None:
        """Adds one behind all others."""
        self._queue.append(packet)
        self.backlog += packet.size

    def shed(self) -> None:
        """Drops the newest."""
        self.backlog -= self._queue.pop().size

    def drop_first(self) -> None:
        """Drops the oldest."""
        self.backlog -= self._queue.popleft().size

    def dequeue(self, now_s: float) -> Waiting | None:
        """The packet that is sent now, after those that are dropped; None where none is left (5.5)."""
        packet, may_drop = self._next(now_s)
        if self._is_dropping:
            self._is_dropping = may_drop
            while self._is_dropping and now_s >= self._drop_next_s:
                self._count += 1
                packet, self._is_dropping = self._next(now_s)
                if self._is_dropping:
                    self._drop_next_s = self._law(self._drop_next_s)
        elif may_drop:
            packet, _ = self._next(now_s)
            self._is_dropping = True
            more = self._count - self._last_count
            is_soon = now_s - self._drop_next_s < SOON * self._interval_s
            self._count = self._last_count = more if more > 1 and is_soon else 1
            self._drop_next_s = self._law(now_s)
        return packet

    def _law(self, at_s: float) -> float:
        return at_s + self._interval_s / math.sqrt(self._count)

    def _next(self, now_s: float) -> tuple[Waiting | None, bool]:
        """The first packet, and whether it may be dropped: for an interval none has waited for less than the target."""
        if not self._queue:
            self._first_above_s = None
            return None, False
        packet = self._queue.popleft()
        self.backlog -= packet.size
        if now_s - packet.since_s < self._target_s or self.backlog <= MOST_BYTES:
            self._first_above_s = None
        elif self._first_above_s is None:
            self._first_above_s = now_s + self._interval_s
        else:
            return packet, now_s >= self._first_above_s
        return packet, False
