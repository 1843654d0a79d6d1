"""What sets schemes apart: each less the reference, seed by seed, and which of these differences stand after Holm.

The comparisons of one condition are one family: every scheme, direction and number of the table that shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from testbed.report.estimates.paired_tests import LEVEL, holm, pairs_for, signed_rank
from testbed.report.several import groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testbed.report.estimates.intervals import Estimate
    from testbed.report.several.groups import Condition, Metric, Series

WANTED_MS = 5.0
"""To so much the tables say how many runs a difference would take to be known."""


class SchemeDifference(NamedTuple):
    """A number of `series` less that of the condition's reference, in one direction.

    `p` is that of the signed-rank test, `adjusted` the same after Holm's correction; both None without a pair.
    """

    series: Series
    direction: str
    metric: Metric
    found: Estimate
    p: float | None
    adjusted: float | None

    @property
    def stands(self) -> bool:
        """Whether it is told from 0 although so many others were tried."""
        return self.adjusted is not None and self.adjusted < LEVEL

    def pairs_for(self, half: float) -> int | None:
        """How many pairs would make its interval ±`half`, in its unit; None where fewer than two tell how it varies."""
        return None if self.found.deviation is None else pairs_for(half, self.found.deviation)


def compared(condition: Condition) -> tuple[Metric, ...]:
    """Return the numbers that schemes are compared in; each is one of a direction."""
    return (condition.gap, condition.interruption, groups.LOST, condition.mos)


def differences(condition: Condition) -> tuple[SchemeDifference, ...]:
    """Return all comparisons of a condition, scheme by scheme, each direction's numbers in the order of `compared`."""
    reference = condition.reference
    found = []
    for series in condition.series:
        if series is reference:
            continue
        for direction in groups.DIRECTIONS:
            for metric in compared(condition):
                less = condition.difference(series, reference, metric.of(direction))
                found.append(SchemeDifference(series, direction, metric, less, signed_rank(less.values), None))
    adjusted = iter(holm([one.p for one in found if one.p is not None]))
    return tuple(one if one.p is None else one._replace(adjusted=next(adjusted)) for one in found)


def most_varied(found: Sequence[SchemeDifference], metric: Metric) -> SchemeDifference | None:
    """Return the difference in a number that varies most from seed to seed; None where none is seen to vary."""
    known = [(deviation, place) for place, one in enumerate(found)
             if one.metric == metric and (deviation := one.found.deviation)]  # fmt: skip
    return found[max(known)[1]] if known else None
