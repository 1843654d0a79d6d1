"""One queue for every timer of a user agent: none can live on without its owner being found in it."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    class TimerOwner(Protocol):
        """Who is told that a timer ran out."""

        def on_timer(self, name: str, now: float) -> None:
            """`name` is the one it was started under."""


#: With thousands of transactions, so many timers run before others have their turn; those that are left stay due.
MOST_AT_ONCE = 50
#: So many timers are kept at least before those that were cancelled are looked for.
SWEEP_FROM = 256


class Timings(NamedTuple):
    """Seconds; RFC 3261 appendix A, table 4."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0

    @property
    def give_up(self) -> float:
        """64*T1: how long timers B, F, H, J, L and M run."""
        return 64 * self.t1


class Timer:
    """A running timer."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: TimerOwner, name: str) -> None:
        self.owner: TimerOwner | None = owner
        self.name = name

    def cancel(self) -> None:
        """It will not fire; a second call does nothing."""
        self.owner = None


class TimerQueue:
    """Timers by due time, then by the order of starting, so that a run can be repeated."""

    __slots__ = ("_heap", "_order", "_sweep_at")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0
        self._sweep_at = SWEEP_FROM

    def start(self, owner: TimerOwner, name: str, at: float) -> Timer:
        """`at` is absolute, in the seconds of `now`."""
        self._order += 1
        timer = Timer(owner, name)
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        heappush(self._heap, (at, self._order, timer))
        return timer

    def next_at(self) -> float | None:
        """When the first timer is due."""
        heap = self._heap
        while heap and heap[0][2].owner is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def fire(self, now: float) -> None:
        """Run the timers that are due, also those that this starts with no delay; no more than `MOST_AT_ONCE`."""
        for _ in range(MOST_AT_ONCE):
            at = self.next_at()
            if at is None or at > now:
                return
            _, _, timer = heappop(self._heap)
            owner = timer.owner
            timer.cancel()
            if owner is not None:
                owner.on_timer(timer.name, now)

    def _sweep(self) -> None:
        """Drop those that were cancelled: an Expires of years would keep its timer for as long."""
        self._heap = [entry for entry in self._heap if entry[2].owner is not None]
        heapify(self._heap)
        self._sweep_at = max(SWEEP_FROM, 2 * len(self._heap))

    def running(self) -> list[tuple[TimerOwner, str]]:
        """Every live timer, for tests."""
        timers = [timer for _, _, timer in sorted(self._heap)]
        return [(timer.owner, timer.name) for timer in timers if timer.owner is not None]
