"""A direction whose queue decides about a packet when it is its turn: not before it is known what waits behind it."""

import math
from collections.abc import Iterator

from testbed.lab.links.codel import CoDel, Waiting
from testbed.lab.links.departures import DeparturesAtRate, Way
from testbed.lab.plan import CodelOrder, WayOrder


class ManagedWay(Way):
    """Packets wait for the rate in a CoDel; jitter comes behind it.

    A packet's turn is when the one before it has been sent. What is decided then leaves when it has been sent itself:
    that, and `ahead_s`, is the time that there is for it.
    """

    def __init__(self, order: WayOrder, codel: CodelOrder) -> None:
        """`order` is what the plan says of this direction, with the settings of its queue."""
        super().__init__(order)
        self._rate = DeparturesAtRate(order["rates"])
        self._queue = CoDel(codel["target_s"], codel["interval_s"])
        self._free_s = -math.inf

    @property
    def wakes_s(self) -> float:  # type: ignore[override]
        """When the next packet has its turn."""
        return self._free_s if self._queue else math.inf

    def arrive(self, arrival_s: float, frame: bytes, size: int, *, is_ip: bool) -> Iterator[tuple[bytes, float]]:
        """Whose turn was before comes first."""
        yield from self.wake(arrival_s)
        if not self._is_lost(arrival_s, is_ip=is_ip):
            for _ in range(self._copies(arrival_s)):
                if self._has_room(arrival_s, size, len(self._queue), self._queue.bytes):
                    self._queue.enqueue(Waiting(arrival_s, size, frame))
            yield from self.wake(arrival_s)

    def wake(self, now_s: float) -> Iterator[tuple[bytes, float]]:
        """Those whose turn has come."""
        while self._queue and self._free_s <= now_s:
            # Where nothing was being sent, it is a packet's turn when it comes.
            turn_s = max(self._free_s, self._queue.since_s)
            packet = self._queue.dequeue(turn_s)
            if packet is None:
                return
            self._free_s = self._rate.depart(turn_s, packet.size)
            if self._free_s < math.inf:
                at_s = self._in_order(self._free_s + self._waits.more(self._free_s))
                self._hold(at_s, packet.size)
                yield packet.frame, at_s


def way_of(order: WayOrder) -> Way:
    """The direction that the plan describes."""
    codel = order["codel"]
    return Way(order) if codel is None else ManagedWay(order, codel)
