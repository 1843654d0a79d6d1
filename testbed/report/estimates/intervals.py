"""How sure a mean over several runs is: confidence intervals for few runs, for skewed values, and for many zeros.

The mean has Student's t interval, mean ± t(n − 1) · s / √n. It is exact for normal values from two runs on, and holds
what it says for symmetric ones. Where values are skewed it misses on one side; then Efron's bootstrap that is corrected
for bias and acceleration (BCa, 1987) does better, if there are enough of them: the bootstrap never leaves the range of
what was seen, and of five normal values its 95 % interval holds the mean in 86 % of all cases only. So it is taken from
`BCA_RUNS` values on, and only where the mean is more than `SKEWED` standard deviations away from the median. An outlier
or two does not move these apart, and with heavy tails alike on both sides Student's is the better one. What
each holds, and this choice among them, is measured in docs/statistics.md (`make statistics`).

Where most runs are 0 and a few are not, no interval for the mean does what it says: a run in five that is bad is seldom
among three. So what must be zero has a second number, which is exact whatever the values: in how many of the runs it
was not, with the interval of Clopper and Pearson (1934) for that share in all runs. For n equal values the first
interval has no width, the second still says how little n runs can promise: 0 of 5 is up to 52 %.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Key = TypeVar("Key")

CONFIDENCE = 0.95
BCA_RUNS = 20
SKEWED = 0.2
RESAMPLES, FEWEST_RESAMPLES, MOST_DRAWS = 9_999, 1_999, 10_000_000
"""So many, but fewer of thousands of values, so that an interval takes no longer than a second."""
SEED = 1
"""Of the bootstrap: the same values, in whatever order, have the same interval."""


class Estimate(NamedTuple):
    """A mean and how sure it is.

    `values` are those that were measured, in the order given, and `missing` how many were not. `mean` is None without
    any; `half`, half the width of Student's interval, is None with fewer than two. `bca` is the bootstrap's interval,
    where that is the one to trust.
    """

    values: tuple[float, ...]
    missing: int
    mean: float | None
    half: float | None
    bca: tuple[float, float] | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The two ends, None where there is no interval."""
        if self.bca is not None:
            return self.bca
        return None if self.mean is None or self.half is None else (self.mean - self.half, self.mean + self.half)

    @property
    def method(self) -> str | None:
        """Whose interval it is: `Student` or `BCa`; None where there is none."""
        return None if self.interval is None else "Student" if self.bca is None else "BCa"

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the values (n − 1); None with fewer than two."""
        if self.mean is None or len(self.values) < 2:
            return None
        return 0.0 if self.half == 0 else _deviation(self.values, self.mean)


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
    half = _quantile(count - 1) * _deviation(known, mean) / count**0.5
    return Estimate(known, missing, mean, half, bca(known) if is_skewed(known) and count >= BCA_RUNS else None)


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


def is_skewed(values: tuple[float, ...]) -> bool:
    """Say whether the mean of two values and more is away from their median by more than `SKEWED` deviations."""
    ordered, count = sorted(values), len(values)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    mean = sum(values) / count
    return abs(mean - median) > SKEWED * _deviation(values, mean)


def bca(values: tuple[float, ...]) -> tuple[float, float] | None:
    """Return the bootstrap's interval for the mean (BCa); None where the resamples do not yield one."""
    return _bca(tuple(sorted(values)))


@lru_cache(maxsize=4096)
def _bca(values: tuple[float, ...]) -> tuple[float, float] | None:
    """Return the same of sorted values. A page and its tables ask several times for one."""
    import numpy as np  # noqa: PLC0415 - as in `share`
    from scipy.stats import bootstrap  # noqa: PLC0415 - as in `share`

    if values[0] == values[-1]:
        return None
    count = len(values)
    with np.errstate(all="ignore"):
        found = bootstrap(
            (np.array(values),),
            np.mean,
            n_resamples=max(FEWEST_RESAMPLES, min(RESAMPLES, MOST_DRAWS // count)),
            batch=max(1, MOST_DRAWS // 10 // count),
            vectorized=True,
            confidence_level=CONFIDENCE,
            method="BCa",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return (low, high) if low <= high else None  # not where one is NaN


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _deviation(values: tuple[float, ...], mean: float) -> float:
    return float((sum((one - mean) ** 2 for one in values) / (len(values) - 1)) ** 0.5)


@cache
def _quantile(freedom: int) -> float:
    """Return the number of standard errors to each side, for so many degrees of freedom."""
    from scipy.stats import t  # noqa: PLC0415 - as in `share`

    return float(t.ppf((1 + CONFIDENCE) / 2, freedom))
