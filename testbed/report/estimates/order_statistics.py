"""Medians and quantiles of several runs, with intervals that ask nothing of how the values are distributed.

A quantile is the mean of the two values that it may be (Hyndman and Fan's definition 2, 1996: R's type 2). So the
median is the usual one, and the 5 % quantile of fewer than 20 values is the least of them. Its interval lies between
two of the ordered values, chosen by the binomial distribution (Conover, Practical Nonparametric Statistics, 3.2), and
holds the quantile in at least as many cases as it says. That of the median begins with 6 values, those of the 5 % and
95 % quantiles with 72: for fewer, nothing can be said without an assumption, and there is none.
"""

from __future__ import annotations

from functools import lru_cache
from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from testbed.report.estimates.intervals import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Iterable

LOW, HIGH = 0.05, 0.95
"""The quantiles between which nine values of ten lie."""


class Quantile(NamedTuple):
    """A quantile, and the interval that encloses it; None where there are too few values for one."""

    value: float
    interval: tuple[float, float] | None


class Quantiles(NamedTuple):
    """How the values of several runs lie: median, 5 % and 95 % quantile, None without any; `missing` were not measured.

    `measured` is how many were, `least` and `most` their ends.
    """

    measured: int
    missing: int
    median: Quantile | None
    low: Quantile | None
    high: Quantile | None
    least: float | None
    most: float | None


def quantiles(values: Iterable[float | None]) -> Quantiles:
    """Return how values lie; None is one that was not measured."""
    every = list(values)
    known = tuple(sorted(one for one in every if one is not None))
    missing = len(every) - len(known)
    if not known:
        return Quantiles(0, missing, None, None, None, None, None)
    middle, low, high = (_quantile(known, share) for share in (0.5, LOW, HIGH))
    return Quantiles(len(known), missing, middle, low, high, known[0], known[-1])


@lru_cache(maxsize=4096)
def _quantile(values: tuple[float, ...], share: float) -> Quantile:
    """Return the value below which `share` (0 to 1) of all lie, of one value and more."""
    import numpy as np  # noqa: PLC0415 - what other commands don't need
    from scipy.stats import quantile_test  # noqa: PLC0415 - as above

    value = float(np.quantile(values, share, method="averaged_inverted_cdf"))
    found = quantile_test(values, q=value, p=share).confidence_interval(CONFIDENCE)
    low, high = float(found.low), float(found.high)
    return Quantile(value, None if isnan(low) or isnan(high) else (low, high))
