"""Reception statistics of one stream over one path (RFC 3550, sections 6.4.1, A.3 and A.8).

Each path is an RTP session of its own, with reports of its own; so a handover can ask how good the new path is before
it lets the old one go. Sequence numbers and timestamps are extended ones. Reading changes nothing: who wants the loss
since the last report keeps the `Counts` of that time.
"""

from typing import NamedTuple

_LARGEST_LOST = 0x7FFFFF
_SMALLEST_LOST = -0x800000


class Counts(NamedTuple):
    """Packets up to some moment."""

    expected: int
    received: int

    @property
    def lost(self) -> int:
        """Expected less received; negative if copies outnumber the losses."""
        return self.expected - self.received


class ReceptionStatistics:
    """Counts what came, and what should have come."""

    __slots__ = ("_clock_rate", "_cycles_before", "_first", "_highest", "_jitter", "_received", "_transit")

    def __init__(self, *, clock_rate: int) -> None:
        """Begin with nothing; `clock_rate` is that of the timestamps, in Hz."""
        self._clock_rate = clock_rate
        self._cycles_before = 0
        self._first = 0
        self._highest = 0
        self._received = 0
        self._transit = 0.0
        self._jitter = 0.0

    def receive(self, sequence: int, timestamp: int, *, now: float) -> None:
        """Count a packet that arrived at `now`; late ones and copies count too (6.4.1)."""
        transit = now * self._clock_rate - timestamp
        if self._received:
            change = transit - self._transit
            self._jitter += ((change if change >= 0 else -change) - self._jitter) / 16
            if sequence > self._highest:
                self._highest = sequence
            elif sequence < self._first:
                # A.3 lets only the highest move. But then a stream whose first two packets were swapped has lost -1.
                self._first = sequence
        else:
            self._first = self._highest = sequence
            self._cycles_before = sequence & ~0xFFFF
        self._transit = transit
        self._received += 1

    @property
    def counts(self) -> Counts:
        """Packets so far; to be kept, and handed to `fraction_lost` later."""
        return Counts(self._highest - self._first + 1 if self._received else 0, self._received)

    @property
    def first(self) -> int:
        """Lowest sequence number that was counted, extended; 0 before the first packet."""
        return self._first

    @property
    def highest(self) -> int:
        """Highest sequence number, extended with the wraps since the first packet (6.4.1); 0 before that one."""
        return self._highest - self._cycles_before

    @property
    def cumulative_lost(self) -> int:
        """Packets lost, as a report block carries it: signed, and clamped to 24 bits (A.3)."""
        return max(_SMALLEST_LOST, min(self.counts.lost, _LARGEST_LOST))

    @property
    def jitter(self) -> float:
        """Interarrival jitter in seconds (A.8). Times the clock rate it is what a report block carries."""
        return self._jitter / self._clock_rate

    def fraction_lost(self, since: Counts = Counts(0, 0)) -> float:  # noqa: B008 - immutable
        """Share of the packets expected after `since` that did not come: 0 to 1; 0 if copies made up for them."""
        expected, received = self.counts
        expected -= since.expected
        lost = expected - (received - since.received)
        return lost / expected if expected > 0 and lost > 0 else 0.0
