"""The last half second of speech, to be said again over another leg (paper, section 4.1, after its reference [15])."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

#: So much speech.
KEPT_S = 0.5
#: Packets of 10 ms, of which there are the most.
MOST_PACKETS = 50


class _Said:
    """A packet, when it was sent first, and on which legs it has been."""

    __slots__ = ("at", "data", "legs", "sequence")

    def __init__(self, at: float, sequence: int, data: bytes, legs: set[Hashable]) -> None:
        self.at = at
        self.sequence = sequence
        self.data = data
        self.legs = legs


class SpeechRing:
    """Packets in the order in which they were sent."""

    def __init__(self, interval_s: float) -> None:
        """A packet has `interval_s` of speech."""
        self._said: deque[_Said] = deque(maxlen=most_packets(interval_s))

    def add(self, data: bytes, legs: set[Hashable], *, now: float) -> None:
        """A packet that has been sent on these legs."""
        self._said.append(_Said(now, sequence_of(data), data, legs))

    def since(self, leg: Hashable, at: float) -> Iterator[bytes]:
        """What was sent from a time on and not on this leg, the oldest first: now it is sent there, once."""
        return self._taken(leg, [one for one in self._said if one.at >= at])

    def after(self, leg: Hashable, sequence: int) -> Iterator[bytes]:
        """The same for what follows a sequence number, not extended."""
        return self._taken(leg, [one for one in self._said if 0 < (one.sequence - sequence & 0xFFFF) < 0x8000])

    def clear(self) -> None:
        """What was said is of no use any more, as after hold, or when the stream is another one."""
        self._said.clear()

    @staticmethod
    def _taken(leg: Hashable, said: list[_Said]) -> Iterator[bytes]:
        for one in said:
            if leg not in one.legs:
                one.legs.add(leg)
                yield one.data


def most_packets(interval_s: float) -> int:
    """How many packets of so much speech are kept."""
    return round(KEPT_S / interval_s)


def sequence_of(data: bytes) -> int:
    """The sequence number of an RTP packet (RFC 3550 5.1)."""
    return int.from_bytes(data[2:4], "big")
