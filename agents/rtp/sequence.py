"""Sequence numbers and timestamps without their wrap (RFC 3550, sections 5.1 and A.1).

A 16-bit sequence number has no order: 65535 comes before 0. `SequenceNumber` therefore has a distance and refuses `<`;
`SequenceExtender` turns it, with the 32-bit timestamp beside it, into plain integers that can be compared, counted and
used as keys.

Where we leave A.1, and why: it was written for one path, and takes a packet more than 100 places behind the highest for
a restart of the source. Here copies of one stream come over two paths, and the slow one may be seconds behind.
"""

from typing import NoReturn

SEQUENCE_CYCLE = 1 << 16
TIMESTAMP_CYCLE = 1 << 32

MAX_DROPOUT = 3000
"""Packets ahead that are still the same run: one minute at 50 packets a second (A.1)."""

MAX_MISORDER = 2000
"""Packets behind that are still the same run. A.1 says 100, two seconds at 50 packets a second: too few for a slow link
that hands out its queue after an outage while the other path went on. 2000 is 40 s, longer than any queue of ours."""

MAX_TICKS_PER_PACKET = 5760
"""120 ms at 48 kHz, the longest frame of RFC 7587; one of G.711 at 20 ms has 160. With MAX_MISORDER this wide, a source
that restarts would hit the window of its earlier numbers by chance in 3 % of all cases; its timestamp gives it away."""


class SequenceNumber(int):
    """A sequence number as it stands in a packet: 16 bits, a circle. Has a distance and equality, but no order."""

    __slots__ = ()

    def distance_from(self, other: int) -> int:
        """Return how many packets this one is ahead of `other`, the short way round: -32768 to 32767."""
        return ((int(self) - other + 0x8000) & 0xFFFF) - 0x8000

    def __lt__(self, other: object) -> NoReturn:
        raise TypeError("sequence numbers wrap and have no order: use distance_from() or an extended one")

    __le__ = __gt__ = __ge__ = __lt__


class SequenceExtender:
    """Extends the numbers of one run: one SSRC, as long as its source doesn't restart."""

    __slots__ = ("first", "highest", "highest_timestamp")

    def __init__(self, sequence: int, timestamp: int, *, cycle: int = 1) -> None:
        """Begin a run with a packet.

        Extended numbers start in `cycle`, in units of 65536: who gives each run a higher one has numbers that are
        unique across runs. Not below 1, so that a packet from before the first doesn't become negative.
        """
        self.first = cycle * SEQUENCE_CYCLE + sequence
        """Extended number of the packet that began the run; lower ones may still come."""
        self.highest = self.first
        """Highest extended number so far."""
        self.highest_timestamp = cycle * TIMESTAMP_CYCLE + timestamp
        """Extended timestamp of that packet."""

    def extend(self, sequence: int, timestamp: int) -> tuple[int, int] | None:
        """Return the extended sequence number and timestamp, or None for a packet that can't be part of this run.

        Such a packet is a stray, or the source has restarted: which, the next packet tells (A.1), and `DuplicateFilter`
        waits for it.
        """
        highest = self.highest
        ahead = ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000
        # The short way round the 32 bits.
        ticks = ((timestamp - self.highest_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        if 0 < ahead < MAX_DROPOUT:
            # No look at the timestamp: a talk spurt after silence, or a call off hold, may be anywhere ahead.
            self.highest = highest + ahead
            self.highest_timestamp += ticks
            return self.highest, self.highest_timestamp
        if -MAX_MISORDER < ahead <= 0 and ahead * MAX_TICKS_PER_PACKET <= ticks <= 0:
            return highest + ahead, self.highest_timestamp + ticks
        return None
