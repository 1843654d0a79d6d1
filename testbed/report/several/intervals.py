"""How sure a mean over several runs is: confidence intervals for few runs, and for many zeros.

The mean has Student's t interval, mean ± t(n − 1) · s / √n. It is exact for normal values from two runs on. A bootstrap
is not used: it never leaves the range of what was seen, and of three normal values its 95 % interval holds the mean in
75 % of all cases only (of five in 84 %, of ten in 91 %).

Where most runs are 0 and a few are not, no interval for the mean does what it says: a run in five that is bad is seldom
among three. So what must be zero has a second number, which is exact whatever the values: in how many of the runs it
was not, with the interval of Clopper and Pearson (1934) for that share in all runs. For n equal values the first
interval has no width, the second still says how little n runs can promise: 0 of 5 is up to 52 %.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Key = TypeVar("Key")

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A mean and how sure it is.

    `values` are those that were measured, in the order given, and `missing` how many were not. `mean` is None without
    any; `half`, half the width of the interval, is None with fewer than two.
    """

    values: tuple[float, ...]
    missing: int
    mean: float | None
    half: float | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The two ends, None where there is no interval."""
        return None if self.mean is None or self.half is None else (self.mean - self.half, self.mean + self.half)


class Share(NamedTuple):
    """`hits` of `total` runs; `low` and `high` enclose the share in all runs that there could be (0 to 1)."""

    hits: int
    total: int
    low: float
    high: float


def estimate(values: Iterable[float | None]) -> Estimate:
    """Return mean and interval of independent values; None is one that was not measured, and counts in neither."""
    every = list(values)
    known = tuple(one for one in every if one is not None)
    missing = len(every) - len(known)
    if not known:
        return Estimate((), missing, None, None)
    count = len(known)
    # Exactly the common value when all are equal: a sum of floats can be off in its last digit.
    if min(known) == max(known):
        return Estimate(known, missing, known[0], 0.0 if count > 1 else None)
    mean = sum(known) / count
    deviation = (sum((one - mean) ** 2 for one in known) / (count - 1)) ** 0.5
    return Estimate(known, missing, mean, _quantile(count - 1) * deviation / count**0.5)


def paired(one: Mapping[Key, float | None], other: Mapping[Key, float | None]) -> Estimate:
    """Return the estimate of `one` less `other`, pair by pair of the same key (a seed); `missing` are other keys."""
    keys = [*one, *(key for key in other if key not in one)]
    return estimate(_less(one.get(key), other.get(key)) for key in keys)


def share(hits: int, total: int) -> Share | None:
    """Return the interval of Clopper and Pearson for `hits` of `total`; None of nothing."""
    from scipy.stats import binomtest  # noqa: PLC0415 - half a second that other commands don't need

    if not total:
        return None
    found = binomtest(hits, total).proportion_ci(CONFIDENCE, method="exact")
    return Share(hits, total, float(found.low), float(found.high))


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


@cache
def _quantile(freedom: int) -> float:
    """Return the number of standard errors to each side, for so many degrees of freedom."""
    from scipy.stats import t  # noqa: PLC0415 - as above

    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))
