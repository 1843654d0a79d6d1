"""What chance decides on a link at a time: the same for whoever sends then, whatever was sent before.

Numbers follow from a key, which the host makes of seed, link and direction, and from the number of a stretch of time:
both are mixed into 64 bits by splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
2014). That takes a few operations, in a guest in which Python's own Random would need hundreds to be seeded.
"""

import math
from typing import Literal, get_args

from testbed.lab.links.steps import Steps

# The constants of splitmix64.
GOLDEN, FIRST, SECOND, MASK = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 2**64 - 1
# So long one draw holds where nothing else is said. Packets that are further apart have nothing in common.
CELL_S = 0.001
# What has draws of its own in a direction.
Purpose = Literal["jitter", "duplicate", "corrupt", "bit", "queue"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
# The changes in a stretch of as many seconds as draws last on average are counted up to here: more come once in 10^17.
MOST_CHANGES = 17


def mixed(key: int, number: int) -> int:
    """64 bits in which both have a share: the `number`-th of the generator whose state is `key`."""
    bits = (key + (number + 1) * GOLDEN) & MASK
    bits = ((bits ^ bits >> 30) * FIRST) & MASK
    bits = ((bits ^ bits >> 27) * SECOND) & MASK
    return bits ^ bits >> 31


def share(key: int, number: int) -> float:
    """A number from 0 to 1, less than 1."""
    return (mixed(key, number) >> 11) * 2.0**-53


def cell(at_s: float) -> int:
    """The number of the stretch of time that a time is in."""
    return math.floor(at_s / CELL_S)


def key_for(key: int, purpose: Purpose) -> int:
    """A key of its own for each of them."""
    return mixed(key, PURPOSES.index(purpose))


class Chances:
    """What happens in a share of all stretches of `CELL_S`; the share changes at known times."""

    def __init__(self, pieces: list[tuple[float, float]], key: int) -> None:
        """`pieces`: from when on it is what, in the order of time."""
        self._shares, self._key = Steps(pieces), key

    def happens(self, at_s: float) -> bool:
        """Whether it does at a time."""
        probability = self._shares.value(at_s)
        return probability > 0 and share(self._key, cell(at_s)) < probability


class Draws:
    """A number from 0 to 1 for each time: drawn for each cell, or for stretches that are `lasts_s` long on average.

    Those are exponentially distributed: when one draw gives way to the next is a Poisson process. Its changes in one
    stretch of `lasts_s` after the other follow from the key, so that those around a time are found at once.
    """

    def __init__(self, key: int, lasts_s: float) -> None:
        self._key, self._lasts_s = key, lasts_s
        self._counts, self._places, self._values = (mixed(key, -one) for one in (2, 3, 4))
        # The draw that was asked for last: from when until when it holds, and what it is.
        self._last = (math.inf, math.inf, 0.0)

    def value(self, at_s: float) -> float:
        """What is drawn at a time."""
        if not self._lasts_s:
            return share(self._key, cell(at_s))
        start_s, end_s, value = self._last
        if not start_s <= at_s < end_s:
            self._last = start_s, end_s, value = self._around(at_s)
        return value

    def _around(self, at_s: float) -> tuple[float, float, float]:
        here = before = after = math.floor(at_s / self._lasts_s)
        changes = self._changes(here)
        while not changes or changes[0][0] > at_s:
            before -= 1
            changes = self._changes(before) + changes
        while changes[-1][0] <= at_s:
            after += 1
            changes += self._changes(after)
        number = sum(one <= at_s for one, _ in changes) - 1
        return changes[number][0], changes[number + 1][0], share(self._values, changes[number][1])

    def _changes(self, stretch: int) -> list[tuple[float, int]]:
        """When draws change in a stretch, and the number of each that begins there."""
        drawn, likely, count = share(self._counts, stretch), math.exp(-1), 0
        while drawn >= likely and count < MOST_CHANGES:
            drawn -= likely
            count += 1
            likely /= count
        first = stretch * (MOST_CHANGES + 1)
        places = sorted((share(self._places, first + one), first + one) for one in range(count))
        return [((stretch + place) * self._lasts_s, number) for place, number in places]
