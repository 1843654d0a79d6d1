"""When packets leave a link whose rate changes, or on which chance has its times. Pure: times come from outside, in s.

netem gives a packet its time when it is queued, and a rate that comes later does not touch it. Here a packet leaves at
the rate that the link has while it is sent. That is known beforehand, so its departure follows from its arrival.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Protocol

from testbed.lab.links.draws import Chances, cell, key_for, mixed
from testbed.lab.links.frames import is_large, with_bit_error
from testbed.lab.links.jitter import Waits
from testbed.lab.plan import WayOrder

OPPORTUNITY_BYTES = 1500
# Two packets never leave at the same time: their order would be the kernel's choice.
APART_S = 1e-9


class Departures(Protocol):
    """What packets pass one after the other."""

    def depart(self, arrival_s: float, size: int) -> float:
        """When a packet of so many IP bytes has left; `inf` when it never does. Arrivals are in order."""


class DeparturesAtRate:
    """A rate that changes: what waits is sent at the rate of that moment, and at 0 nothing is."""

    def __init__(self, pieces: list[tuple[float, float]]) -> None:
        """`pieces`: from when on it is how many bit/s, in the order of time; the first one counts before that too."""
        self._from = [at_s for at_s, _ in pieces]
        self._rates = [rate for _, rate in pieces]
        self._free_s = -math.inf

    def depart(self, arrival_s: float, size: int) -> float:
        """The end of its last bit."""
        at_s, bits = max(arrival_s, self._free_s), size * 8.0
        piece = max(0, bisect_right(self._from, at_s) - 1)
        while True:
            rate = self._rates[piece]
            until_s = self._from[piece + 1] if piece + 1 < len(self._from) else math.inf
            if bits <= rate * (until_s - at_s) if rate else until_s == math.inf:
                break
            bits -= rate * (until_s - at_s)
            at_s, piece = until_s, piece + 1
        self._free_s = at_s + bits / rate if rate else math.inf
        return self._free_s


class DeparturesByTrace:
    """The semantics of Mahimahi (Netravali et al., USENIX ATC 2015).

    A trace is a list of times, in ms, at each of which the link can deliver 1500 bytes, over and over. What no packet
    uses is lost; a packet may take several of them, and several packets one.
    """

    def __init__(self, times_ms: list[int], begins_s: float = 0.0) -> None:
        """`times_ms` are sorted; after the last they begin again. Before `begins_s` packets pass at once."""
        self._begins_s = begins_s
        self._times = times_ms
        self._period = times_ms[-1]
        # The opportunity that was used last, counted from the first one ever, and what is left of it.
        self._index, self._left = -1, 0

    def depart(self, arrival_s: float, size: int) -> float:
        """The opportunity that takes the packet's last byte."""
        if arrival_s < self._begins_s:
            return arrival_s
        if self._index < 0 or arrival_s > self._time(self._index):
            self._index, self._left = max(self._index + 1, self._first_after(arrival_s)), OPPORTUNITY_BYTES
        while size > self._left:
            size -= self._left
            self._index, self._left = self._index + 1, OPPORTUNITY_BYTES
        self._left -= size
        return self._time(self._index)

    def _time(self, index: int) -> float:
        rounds, place = divmod(index, len(self._times))
        return self._begins_s + (rounds * self._period + self._times[place]) / 1000

    def _first_after(self, arrival_s: float) -> int:
        rounds, rest_ms = divmod((arrival_s - self._begins_s) * 1000, self._period)
        return int(rounds) * len(self._times) + bisect_left(self._times, rest_ms)


Leaving = Iterable[tuple[bytes, float]]
"""Frames, and when each of them leaves for its delay."""


class Way:
    """One direction of a link: packets in, and when which of them leave."""

    wakes_s = math.inf
    """When something is to be decided that could not be before."""

    def __init__(self, order: WayOrder) -> None:
        """`order` is what the plan says of this direction."""
        trace = order["opportunities"]
        self._stages: list[Departures] = [DeparturesAtRate(order["rates"])] if order["is_paced"] else []
        if trace is not None:
            self._stages.append(DeparturesByTrace(trace["times_ms"], trace["begins_s"]))
        self._waits = Waits(order)
        self._is_reordering = order["is_reordering"]
        # As netem has it where packets stay in order. A trace of opportunities is kept to, and then comes the delay.
        self._is_jitter_first = not self._is_reordering and trace is None
        self._most_packets, self._most_bytes = order["queue"], order["queue_bytes"]
        self._bad_from = [start_s for start_s, _ in order["bad_moments"]]
        self._bad_until = [end_s for _, end_s in order["bad_moments"]]
        self._pattern = order["pattern"]
        self._count = 0
        self._corrupt = Chances(order["corrupts"], key_for(order["key"], "corrupt"))
        self._duplicate = Chances(order["duplicates"], key_for(order["key"], "duplicate"))
        self._bit_key = key_for(order["key"], "bit")
        # When those leave the link's end that are on their way or wait, with their bytes; the first one first.
        self._holds: list[tuple[float, int]] = []
        self._held_bytes = 0
        self._last_s = -math.inf

    def departures(self, arrival_s: float, size: int, *, is_ip: bool = True) -> list[float]:
        """When a packet that arrives leaves for its delay, once or twice; never when it is lost, or dropped."""
        if self._is_lost(arrival_s, is_ip=is_ip):
            return []
        left = [self._departure(arrival_s, size) for _ in range(self._copies(arrival_s))]
        return [at_s for at_s in left if at_s < math.inf]

    def arrive(self, arrival_s: float, frame: bytes, size: int, *, is_ip: bool) -> Leaving:
        """A frame with so many IP bytes comes in; what is decided by that about it and others."""
        left = self.departures(arrival_s, size, is_ip=is_ip)
        received = self._received(arrival_s, frame, is_ip=is_ip)
        return [] if received is None else [(received, at_s) for at_s in left]

    def wake(self, now_s: float) -> Leaving:
        """What is decided by the time alone, when all has been told that came before."""
        return []

    def _received(self, arrival_s: float, frame: bytes, *, is_ip: bool) -> bytes | None:
        """What becomes of a frame, with or without a bit error; one that is large is lost with one."""
        if not is_ip or not self._corrupt.happens(arrival_s):
            return frame
        return None if is_large(frame) else with_bit_error(frame, mixed(self._bit_key, cell(arrival_s)))

    def _copies(self, arrival_s: float) -> int:
        return 2 if self._duplicate.happens(arrival_s) else 1

    def _departure(self, arrival_s: float, size: int) -> float:
        """When one that is not lost leaves; `inf` when it is dropped, or never does."""
        if not self._has_room(arrival_s, size):
            return math.inf
        at_s = self._sent(arrival_s, size)
        self._hold(at_s, size)
        return at_s

    def _has_room(self, now_s: float, size: int, packets: int = 0, held: int = 0) -> bool:
        """Whether another one fits beside those that wait to be decided about, and those that have not left."""
        while self._holds and self._holds[0][0] <= now_s:
            self._held_bytes -= heappop(self._holds)[1]
        return len(self._holds) + packets < self._most_packets and self._held_bytes + held + size <= self._most_bytes

    def _hold(self, at_s: float, size: int) -> None:
        heappush(self._holds, (at_s + self._waits.least(at_s), size))
        self._held_bytes += size

    def _sent(self, arrival_s: float, size: int) -> float:
        """When it is over the rate, and whatever else lets it pass, with its jitter before that or behind."""
        at_s = arrival_s + self._waits.more(arrival_s) if self._is_jitter_first else arrival_s
        for stage in self._stages:
            at_s = stage.depart(at_s, size) if at_s < math.inf else at_s
        if at_s < math.inf:
            at_s = self._in_order(at_s if self._is_jitter_first else at_s + self._waits.more(at_s))
        return at_s

    def _in_order(self, at_s: float) -> float:
        if not self._is_reordering:
            self._last_s = at_s = max(at_s, self._last_s + APART_S)
        return at_s

    def _is_lost(self, arrival_s: float, *, is_ip: bool) -> bool:
        return self._is_bad(arrival_s) or (is_ip and self._is_marked())

    def _is_bad(self, at_s: float) -> bool:
        number = bisect_right(self._bad_from, at_s) - 1
        return number >= 0 and at_s < self._bad_until[number]

    def _is_marked(self) -> bool:
        if not self._pattern:
            return False
        self._count += 1
        return bool(self._pattern[(self._count - 1) % len(self._pattern)] == "x")
