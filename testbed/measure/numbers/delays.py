"""Statistics of one-way delays, in ms; None where no delay is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure import units
from testbed.measure.call.direction import NO_DELAY
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Ints

MOST_UNKNOWN = 0.01
"""The share of packets whose sending may be unknown, such as those that crossed the beginning of the captures."""


def known_delays(direction: Direction) -> Ints:
    """Return the one-way delays of the new packets; none where more than a few are not known.

    What is left where a sender's interface was not captured would be the delays of the other path alone.
    """
    delay_ns = delays_of_new(direction)
    unknown = int((delay_ns == NO_DELAY).sum())
    return delay_ns if unknown <= MOST_UNKNOWN * len(delay_ns) else delay_ns[:0]


def delays_of_new(direction: Direction) -> Ints:
    """Return the one-way delay of each new packet, or `NO_DELAY`."""
    return direction.delay_ns[stream_numbers.first_arrivals(direction.received.key)]


class Delays:
    """One-way delays in ns, those that are `NO_DELAY` left out, and what is told of them."""

    def __init__(self, delay_ns: Ints) -> None:
        self._sorted = [int(one) for one in np.sort(delay_ns[delay_ns != NO_DELAY])]

    @property
    def mean(self) -> float | None:
        """Their mean."""
        return units.ms(sum(self._sorted) / len(self._sorted)) if self._sorted else None

    @property
    def p99(self) -> float | None:
        """The smallest that 99 % don't exceed."""
        return units.ms(self._sorted[-(-99 * len(self._sorted) // 100) - 1]) if self._sorted else None

    @property
    def least(self) -> float | None:
        """The least."""
        return units.ms(self._sorted[0]) if self._sorted else None

    @property
    def most(self) -> float | None:
        """The greatest."""
        return units.ms(self._sorted[-1]) if self._sorted else None

    @property
    def sd(self) -> float | None:
        """The standard deviation of a sample; None of fewer than two."""
        count = len(self._sorted)
        if count < 2:
            return None
        total, squares = sum(self._sorted), sum(one * one for one in self._sorted)
        return units.ms(((count * squares - total * total) / (count * (count - 1))) ** 0.5)
