"""A direction whose queue decides about a packet when it is its turn: not before it is known what waits behind it."""

import math
from collections.abc import Iterator

from testbed.lab.links.departures import DeparturesAtRate, Way
from testbed.lab.links.draws import key_for
from testbed.lab.links.queues.discipline import Waiting
from testbed.lab.links.queues.register import QUEUES
from testbed.lab.plan import QueueOrder, WayOrder


class ManagedWay(Way):
    """Packets wait for the rate in a queue that is managed; jitter comes behind it.

    A packet's turn is when the one before it has been sent. What is decided then leaves when it has been sent itself:
    that, and `ahead_s`, is the time that there is for it.
    """

    def __init__(self, order: WayOrder, aqm: QueueOrder) -> None:
        """`order` is what the plan says of this direction, with the settings of its queue."""
        super().__init__(order)
        self._rate = DeparturesAtRate(order["rates"])
        make = QUEUES[aqm["kind"]].make
        self._queue = make(aqm["target_s"], aqm["interval_s"], key_for(order["key"], "queue"))
        self._free_s = -math.inf
        # When the last one came that found nothing waiting.
        self._came_s = -math.inf

    @property
    def wakes_s(self) -> float:  # type: ignore[override]
        """When the next packet has its turn."""
        return self._free_s if self._queue else math.inf

    def arrive(self, arrival_s: float, frame: bytes, size: int, *, is_ip: bool) -> Iterator[tuple[bytes, float]]:
        """Whose turn was before comes first."""
        yield from self.wake(arrival_s)
        received = self._received(arrival_s, frame, is_ip=is_ip)
        if not self._is_lost(arrival_s, is_ip=is_ip) and received is not None:
            for _ in range(self._copies(arrival_s)):
                self._enqueue(Waiting(arrival_s, size, received))
            yield from self.wake(arrival_s)

    def wake(self, now_s: float) -> Iterator[tuple[bytes, float]]:
        """Those whose turn has come."""
        while self._queue and self._free_s <= now_s:
            # Where nothing was being sent, it is a packet's turn when it comes.
            turn_s = max(self._free_s, self._came_s)
            packet = self._queue.dequeue(turn_s)
            if packet is None:
                return
            self._free_s = self._rate.depart(turn_s, packet.size)
            if self._free_s < math.inf:
                at_s = self._in_order(self._free_s + self._waits.more(self._free_s))
                self._hold(at_s, packet.size)
                yield packet.frame, at_s

    def _enqueue(self, packet: Waiting) -> None:
        if not self._queue:
            self._came_s = packet.since_s
        self._queue.enqueue(packet)
        while self._queue and not self._has_room(packet.since_s, 0, len(self._queue) - 1, self._queue.backlog):
            self._queue.shed()


def way_of(order: WayOrder) -> Way:
    """The direction that the plan describes."""
    aqm = order["aqm"]
    return Way(order) if aqm is None else ManagedWay(order, aqm)
