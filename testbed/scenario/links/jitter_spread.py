"""How jitter can be spread around a delay: evenly, or as one of the tables that iproute2 has for netem.

A table has 4096 numbers, all equally likely, in 1/8192 of the jitter: so there the jitter is their unit, which of
`normal` is the standard deviation. Formulas: iproute2, netem/normal.c, pareto.c and paretonormal.c.
"""

import math
from functools import cache
from statistics import NormalDist, fmean
from typing import NamedTuple

from testbed.lab.links.jitter import SCALE

UNIFORM = "uniform"
SIZE, MOST = 4096, 32767


@cache
def table_of(distribution: str) -> list[int]:
    """The numbers in order; none for an even spread."""
    return [] if distribution == UNIFORM else [round(TABLES[distribution](number)) for number in range(SIZE)]


def normal(number: int) -> float:
    """Cut at four standard deviations: there the table ends."""
    return max(-MOST - 1.0, min(MOST, SCALE * NormalDist().inv_cdf((number + 0.5) / SIZE)))


def pareto(number: int) -> float:
    """Pareto's with a = 3, whose mean is 1.5; cut at four times the jitter."""
    return min(MOST, SCALE * 4 / 3 * (math.pow(1 - number / SIZE, -1 / 3) - 1.5))


def pareto_normal(number: int) -> float:
    """A quarter of the one and three of the other."""
    return normal(number) / 4 + pareto(number) * 3 / 4


TABLES = {"normal": normal, "pareto": pareto, "paretonormal": pareto_normal}


class JitterSpread(NamedTuple):
    """How delays are spread around the one that is said, in s: their mean and deviation, how pointed, how far."""

    mean: float
    deviation: float
    kurtosis: float
    least: float
    most: float


def spread_of(delay: float, jitter: float, distribution: str) -> JitterSpread:
    """What a jitter makes of a delay, neither of which is less than nothing."""
    table = table_of(distribution)
    if not table or not jitter:
        return JitterSpread(0.0, jitter / math.sqrt(3), 1.8, -jitter, jitter)
    parts = [max(-delay, jitter * number / SCALE) for number in table]
    mean = fmean(parts)
    moments = [fmean((one - mean) ** power for one in parts) for power in (2, 4)]
    return JitterSpread(mean, math.sqrt(moments[0]), moments[1] / moments[0] ** 2, parts[0], parts[-1])
