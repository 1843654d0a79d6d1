"""Which differences between paired runs stand, and how many pairs would be needed.

The test is Wilcoxon's signed-rank test (1945), two-sided. If a scheme made no difference, the two numbers of a pair
could be exchanged, and their difference would be as likely below 0 as above it by as much: that is all that this test
asks for, while the t test wants normal differences. It is exact for up to 50 pairs (up to 13 where differences are
equal), and beyond that the normal approximation with its correction for continuity. Pairs without a difference are left
out, as Wilcoxon did.

Exact means also that few pairs prove nothing: n pairs that all differ in one direction have p = 2 · 0.5^n, so five can
never reach 0.05. Of many comparisons some are below 0.05 by chance; Holm's correction (1979) keeps the chance that any
of those that are said to stand is such a one below 5 %, whatever they have to do with each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.estimates.intervals import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

LEVEL = 1 - CONFIDENCE
ENUMERATED = 13
"""Differences of which each choice of signs is looked at, where some are equal: 8192 choices."""
DIGITS = 9
"""Differences that agree to so many decimals are equal: the rest is how floats are subtracted."""


def signed_rank(differences: Sequence[float]) -> float | None:
    """Return the p-value of paired differences; 1 where none is different from 0, None of nothing."""
    import numpy as np  # noqa: PLC0415 - half a second that other commands don't need
    from scipy.stats import permutation_test, rankdata, wilcoxon  # noqa: PLC0415 - as above

    found: NDArray[np.float64] = np.round(np.asarray(differences, dtype=float), DIGITS)
    if not found.size:
        return None
    found = found[found != 0]
    if not found.size:
        return 1.0
    if found.size > ENUMERATED or np.unique(np.abs(found)).size == found.size:
        return float(wilcoxon(found, correction=True).pvalue)
    # The same statistic under every choice of signs; `wilcoxon` would do it one by one, in a second.
    ranks = np.sign(found) * rankdata(np.abs(found))
    return float(permutation_test((ranks,), np.sum, permutation_type="samples", vectorized=True).pvalue)


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values as they are after Holm's correction for their number, in the same order."""
    adjusted = [0.0] * len(values)
    highest = 0.0
    for place, number in enumerate(sorted(range(len(values)), key=lambda one: values[one])):
        highest = max(highest, min(1.0, (len(values) - place) * values[number]))
        adjusted[number] = highest
    return adjusted


def least_pairs(comparisons: int) -> int:
    """Return with how many pairs one of so many comparisons can stand at all."""
    pairs = 1
    while comparisons * 2 * 0.5**pairs >= LEVEL:
        pairs += 1
    return pairs


def pairs_for(half: float, deviation: float) -> int:
    """Return how many pairs make Student's interval ±`half`, if they go on with this standard deviation; at least 2.

    Both have one unit. `half` is above 0.
    """
    from scipy.stats import norm, t  # noqa: PLC0415 - as above

    probability = (1 + CONFIDENCE) / 2
    pairs = max(2, int((norm.ppf(probability) * deviation / half) ** 2))  # t's quantiles are above the normal one
    while t.ppf(probability, pairs - 1) * deviation / pairs**0.5 > half:
        pairs += 1
    return pairs
