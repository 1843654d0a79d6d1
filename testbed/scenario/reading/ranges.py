"""Quantities that the seed chooses: "10 ms", or "10 ms to 40 ms"."""

import re
from collections.abc import Callable
from random import Random
from typing import Annotated, NamedTuple

from pydantic import PlainValidator

from testbed.scenario.reading.units import BURST, CORRELATION, POWER, SHARE, STOPPING_RATE, TIME, Quantity, shown

BETWEEN = re.compile(r"(.+?)\s+to\s+(.+)")
# Drawn numbers are rounded to this many digits, so that they can be written down and read again.
DIGITS = 9


class Range(NamedTuple):
    """From `least` to `most`, both in the base unit; the same where nothing is to be chosen."""

    least: float
    most: float

    def draw(self, random: Random) -> float:
        """One of them, all equally likely."""
        return self.least if self.least == self.most else round(random.uniform(self.least, self.most), DIGITS)


def ranged(kind: Quantity) -> Callable[[object], Range]:
    """Reads a quantity of that kind, or two with "to" between them; raises ValueError that says what would be right."""

    def parse(value: object) -> Range:
        match = BETWEEN.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            return Range(*[kind.parse(value)] * 2)
        least, most = (kind.parse(text) for text in match.groups())
        if least > most:
            raise ValueError(f"{shown(value)} goes down; write the smaller one first: '{match[2]} to {match[1]}'")
        return Range(least, most)

    return parse


SecondsRange = Annotated[Range, PlainValidator(ranged(TIME))]
BitsPerSecondRange = Annotated[Range, PlainValidator(ranged(STOPPING_RATE))]
ShareRange = Annotated[Range, PlainValidator(ranged(SHARE))]
DbmRange = Annotated[Range, PlainValidator(ranged(POWER))]
CorrelationRange = Annotated[Range, PlainValidator(ranged(CORRELATION))]
BurstRange = Annotated[Range, PlainValidator(ranged(BURST))]
