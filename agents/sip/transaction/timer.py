"""One queue for every timer of a user agent: none can live on without its owner being found in it."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    class TimerOwner(Protocol):
        """Who is told that a timer ran out."""

        def on_timer(self, name: str, now: float) -> None:
            """`name` is the one it was started under."""


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

    __slots__ = ("_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = 0

    def start(self, owner: TimerOwner, name: str, at: float) -> Timer:
        """`at` is absolute, in the seconds of `now`."""
        self._order += 1
        timer = Timer(owner, name)
        heappush(self._heap, (at, self._order, timer))
        return timer

    def next_at(self) -> float | None:
        """When the first timer is due."""
        heap = self._heap
        while heap and heap[0][2].owner is None:
            heappop(heap)
        return heap[0][0] if heap else None

    def fire(self, now: float) -> None:
        """Run every timer that is due, also those that this starts with no delay."""
        while (at := self.next_at()) is not None and at <= now:
            _, _, timer = heappop(self._heap)
            owner = timer.owner
            timer.cancel()
            if owner is not None:
                owner.on_timer(timer.name, now)

    def running(self) -> list[tuple[TimerOwner, str]]:
        """Every live timer, for tests."""
        timers = [timer for _, _, timer in sorted(self._heap)]
        return [(timer.owner, timer.name) for timer in timers if timer.owner is not None]
