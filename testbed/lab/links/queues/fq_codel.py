"""FQ-CoDel (RFC 8290): a CoDel for each flow, and a turn for each of them; names as there."""

from collections import deque
from collections.abc import Iterator
from itertools import chain

from testbed.lab.links.draws import mixed
from testbed.lab.links.frames import flow_of
from testbed.lab.links.queues.codel import CoDel
from testbed.lab.links.queues.discipline import Waiting

# RFC 8290, 5.2.3 and 5.2.4.
QUEUES, QUANTUM_BYTES = 1024, 1514
WORD_BYTES = 8


class FlowQueue:
    """What hashes to one number: its queue, and how many bytes it may send before another one has its turn."""

    def __init__(self, target_s: float, interval_s: float) -> None:
        self.queue = CoDel(target_s, interval_s)
        self.credits = 0
        self.is_listed = False


class FqCoDel:
    """Flows that have just begun come first, then all others in turn (4.2). `key` perturbs the hash (4.1.1)."""

    def __init__(self, target_s: float, interval_s: float, key: int) -> None:
        self._target_s, self._interval_s, self._key = target_s, interval_s, key
        self._flows: dict[int, FlowQueue] = {}
        self._new: deque[FlowQueue] = deque()
        self._old: deque[FlowQueue] = deque()

    @property
    def backlog(self) -> int:
        """The bytes at IP of all that waits."""
        return sum(one.queue.backlog for one in self._listed())

    def __len__(self) -> int:
        """How many packets wait."""
        return sum(len(one.queue) for one in self._listed())

    def enqueue(self, packet: Waiting) -> None:
        """Behind those of its flow; a flow that had nothing waiting is a new one (4.1)."""
        number = self._number(flow_of(packet.frame))
        if number not in self._flows:
            self._flows[number] = FlowQueue(self._target_s, self._interval_s)
        flow = self._flows[number]
        flow.queue.enqueue(packet)
        if not flow.is_listed:
            flow.is_listed, flow.credits = True, QUANTUM_BYTES
            self._new.append(flow)

    def dequeue(self, now_s: float) -> Waiting | None:
        """The first packet of the flow whose turn it is (4.2)."""
        while flows := self._new or self._old:
            flow = flows[0]
            if flow.credits <= 0:
                flow.credits += QUANTUM_BYTES
                self._old.append(flows.popleft())
                continue
            packet = flow.queue.dequeue(now_s)
            if packet is not None:
                flow.credits -= packet.size
                return packet
            flows.popleft()
            # One that has been new has to wait for all others once, lest it be new again and again.
            flow.is_listed = flows is self._new and bool(self._old)
            if flow.is_listed:
                self._old.append(flow)
        return None

    def shed(self) -> None:
        """Drops the oldest of the flow that has the most bytes waiting (4.1.2)."""
        max(self._listed(), key=lambda one: one.queue.backlog).queue.drop_first()

    def _listed(self) -> Iterator[FlowQueue]:
        """All that may have something waiting: few of those that ever had."""
        return chain(self._new, self._old)

    def _number(self, flow: bytes) -> int:
        bits = self._key
        for at in range(0, len(flow), WORD_BYTES):
            bits = mixed(bits, int.from_bytes(flow[at : at + WORD_BYTES]))
        return bits % QUEUES
