"""What intervals hold, and what tests find, of values whose distribution is known: the tables of docs/statistics.md.

    python -m tests.bench.sureness [SAMPLES]

Each interval is made by what the reports use. In brackets: how often the truth lay below it, and above it.
"""

import sys
from collections.abc import Callable, Iterator
from math import exp

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ttest_1samp

from testbed.report.estimates.intervals import Estimate, bca, estimate
from testbed.report.estimates.paired_tests import LEVEL, signed_rank

SAMPLES = 1000
COUNTS = (5, 10, 20, 30, 50, 100)
PAIRS = (6, 10, 20)

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Values]


def with_zeros(part: float) -> Draw:
    """Exponential values of which so large a part is 0 instead."""
    return lambda random, shape: random.exponential(1, shape) * (random.random(shape) >= part)


KINDS: dict[str, tuple[Draw, float]] = {
    "normal": (lambda random, shape: random.normal(0, 1, shape), 0.0),
    "heavy tails (t, 3 degrees)": (lambda random, shape: random.standard_t(3, shape), 0.0),
    "exponential": (lambda random, shape: random.exponential(1, shape), 1.0),
    "log-normal": (lambda random, shape: random.lognormal(0, 1, shape), exp(0.5)),
    "half zeros, else exponential": (with_zeros(0.5), 0.5),
    "4 of 5 zeros, else exponential": (with_zeros(0.8), 0.2),
    "two kinds: 1 of 5 is 20 higher": (
        lambda random, shape: random.normal(0, 1, shape) + 20 * (random.random(shape) < 0.2),
        4.0,
    ),
}
"""How values are drawn, and their true mean."""


def held(intervals: list[tuple[float, float]], truth: float) -> str:
    """In how many of 100 cases the truth was held; lay below; lay above."""
    inside, below, above = (
        100 * sum(cases) / len(intervals)
        for cases in (
            [low <= truth <= high for low, high in intervals],
            [truth < low for low, _ in intervals],
            [high < truth for _, high in intervals],
        )
    )
    return f"{inside:.0f} ({below:.0f}, {above:.0f})"


def coverage(samples: int) -> Iterator[str]:
    """A row for each kind of values and number of runs: Student's interval, the bootstrap's, ours."""
    yield "| values | runs | Student | BCa | ours | of which BCa |\n|---|---|---|---|---|---|"
    for place, (name, (draw, truth)) in enumerate(KINDS.items()):
        for count in COUNTS:
            drawn = draw(np.random.default_rng([place, count]), (samples, count))
            found = [estimate(sample) for sample in drawn.tolist()]
            student = [ends(one._replace(bca=None)) for one in found]
            bootstrap = [bca(one.values) or ends(one._replace(bca=None)) for one in found]
            ours = [ends(one) for one in found]
            chosen = 100 * sum(one.bca is not None for one in found) / samples
            cells = " | ".join(held(intervals, truth) for intervals in (student, bootstrap, ours))
            yield f"| {name} | {count} | {cells} | {chosen:.0f} % |"


def ends(found: Estimate) -> tuple[float, float]:
    """The interval of two values and more."""
    assert found.interval is not None
    return found.interval


def tests(samples: int) -> Iterator[str]:
    """A row for each kind of values and number of pairs: how often either test finds a difference."""
    yield (
        "| values | pairs | no difference: t | Wilcoxon | one deviation higher: t | Wilcoxon |\n"
        "|---|---|---|---|---|---|"
    )
    for place, (name, (draw, _)) in enumerate(KINDS.items()):
        for pairs in PAIRS:
            random = np.random.default_rng([place, pairs])
            none = draw(random, (samples, pairs)) - draw(random, (samples, pairs))
            some = none + np.std(none)
            rates = [
                100 * sum(p < LEVEL for p in test(drawn)) / samples
                for drawn in (none, some)
                for test in (student, ranks)
            ]
            yield f"| {name} | {pairs} | " + " | ".join(f"{rate:.1f} %" for rate in rates) + " |"


def student(drawn: Values) -> list[float]:
    """The p-values of paired t tests; 1 where all pairs are equal."""
    return [float(ttest_1samp(sample, 0).pvalue) if np.ptp(sample) else 1.0 for sample in drawn]


def ranks(drawn: Values) -> list[float]:
    """Those of signed-rank tests."""
    return [signed_rank(sample.tolist()) or 0.0 for sample in drawn]


def main() -> None:
    """Print both tables."""
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES
    print(
        f"Of {samples} samples each, in how many of 100 the 95 % interval held the true mean"
        " (and, in brackets, the mean lay below it, above it):\n"
    )
    print(*coverage(samples), sep="\n", end="\n\n")
    print(f"Of {samples} sets of pairs each, how often p was below 0.05:\n")
    print(*tests(samples), sep="\n")


if __name__ == "__main__":
    main()
