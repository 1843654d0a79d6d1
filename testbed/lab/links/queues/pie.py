"""PIE (RFC 8033): drops as packets come, with a probability that follows from how long packets wait."""

from collections import deque

from testbed.lab.links.draws import share
from testbed.lab.links.queues.discipline import MOST_BYTES, Waiting

# RFC 8033, 4.2 and 4.3; A.
ALPHA, BETA = 0.125, 1.25
MAX_BURST_S = 0.15
DECAY = 0.98
MOST_GROWTH, FROM = 0.02, 0.1
# The smaller the probability, the smaller its steps (4.2): below what by how much.
STEPS = ((1e-6, 2048), (1e-5, 512), (1e-4, 128), (1e-3, 32), (1e-2, 8), (1e-1, 2))
# Drops are neither close to each other nor far apart, in sums of probabilities (5.4).
LEAST_SUM, MOST_SUM = 0.85, 8.5
SMALL = 0.2
# Chance is drawn for each of these.
DRAW_S = 1e-6


class Pie:
    """RFC 8033, A: names as there. Chance follows from `key` and the time. The delay is what the first has waited."""

    def __init__(self, target_s: float, interval_s: float, key: int) -> None:
        """`target_s` is QDELAY_REF, `interval_s` T_UPDATE."""
        self._target_s, self._update_s, self._key = target_s, interval_s, key
        self._queue: deque[Waiting] = deque()
        self.backlog = 0
        """The bytes at IP of all that waits."""
        self._drop_prob = self._accu_prob = self._qdelay_old_s = 0.0
        self._burst_allowance_s = MAX_BURST_S
        self._next_s: float | None = None

    def __len__(self) -> int:
        """How many packets wait."""
        return len(self._queue)

    def enqueue(self, packet: Waiting) -> None:
        """Adds one, or drops it early."""
        self._update(packet.since_s)
        is_calm = not self._drop_prob and max(self._qdelay_s(packet.since_s), self._qdelay_old_s) < self._target_s / 2
        if is_calm:
            self._burst_allowance_s = MAX_BURST_S
        if self._burst_allowance_s > 0 or not self._drops_early(packet.since_s):
            self._queue.append(packet)
            self.backlog += packet.size

    def dequeue(self, now_s: float) -> Waiting | None:
        """The oldest."""
        self._update(now_s)
        if not self._queue:
            return None
        packet = self._queue.popleft()
        self.backlog -= packet.size
        return packet

    def shed(self) -> None:
        """Drops the newest."""
        self.backlog -= self._queue.pop().size

    def _qdelay_s(self, now_s: float) -> float:
        return now_s - self._queue[0].since_s if self._queue else 0.0

    def _drops_early(self, now_s: float) -> bool:
        """5.1: never of a queue that is short; 5.4: not by chance alone."""
        is_short = self._qdelay_old_s < self._target_s / 2 and self._drop_prob < SMALL
        if is_short or self.backlog <= 2 * MOST_BYTES:
            return False
        self._accu_prob = self._accu_prob + self._drop_prob if self._drop_prob else 0.0
        if self._accu_prob < LEAST_SUM:
            return False
        drops = self._accu_prob >= MOST_SUM or share(self._key, round(now_s / DRAW_S)) < self._drop_prob
        if drops:
            self._accu_prob = 0.0
        return drops

    def _update(self, now_s: float) -> None:
        """All the updates that were due until now: nothing has come or gone in between."""
        if self._next_s is None:
            self._next_s = now_s + self._update_s
        while self._next_s <= now_s:
            self._calculate(self._qdelay_s(self._next_s))
            self._next_s += self._update_s
            if not self._queue and not self._drop_prob and not self._burst_allowance_s:
                # Nothing changes any more.
                self._next_s += max(0.0, (now_s - self._next_s) // self._update_s) * self._update_s

    def _calculate(self, qdelay_s: float) -> None:
        """4.2: the new probability."""
        more = ALPHA * (qdelay_s - self._target_s) + BETA * (qdelay_s - self._qdelay_old_s)
        more /= next((part for below, part in STEPS if self._drop_prob < below), 1)
        if self._drop_prob >= FROM:
            more = min(more, MOST_GROWTH)
        decay = DECAY if not qdelay_s and not self._qdelay_old_s else 1.0
        self._drop_prob = min(1.0, max(0.0, (self._drop_prob + more) * decay))
        self._qdelay_old_s = qdelay_s
        self._burst_allowance_s = max(0.0, self._burst_allowance_s - self._update_s)
