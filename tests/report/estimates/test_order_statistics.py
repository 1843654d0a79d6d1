"""Medians and quantiles: published values, how few runs say nothing, and that the intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from testbed.report.estimates.order_statistics import Quantile, Quantiles, quantiles


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(6, 1, 6), (9, 2, 8), (10, 2, 9), (20, 6, 15), (30, 10, 21), (50, 18, 33)],
)
def test_the_table_of_the_sign_test(count: int, low: int, high: int) -> None:
    # Which of the ordered values enclose the median at 95 %, in any textbook; in R: qbinom(0.025, n, 0.5).
    found = quantiles(range(count, 0, -1)).median
    assert found is not None
    assert found.interval == (low, high)


@pytest.mark.parametrize(("count", "has_interval"), [(5, False), (6, True)])
def test_five_runs_say_nothing_of_the_median(count: int, *, has_interval: bool) -> None:
    found = quantiles(range(count)).median
    assert found is not None
    assert (found.interval is not None) == has_interval


@pytest.mark.parametrize(("count", "has_interval"), [(71, False), (72, True)])  # 0.95 ** 72 is below 0.025
def test_71_runs_say_nothing_of_the_outermost_twentieth(count: int, *, has_interval: bool) -> None:
    found = quantiles(range(count))
    assert found.low is not None
    assert found.high is not None
    assert [one.interval is not None for one in (found.low, found.high)] == [has_interval] * 2


def test_quantiles_are_values_that_there_were_or_lie_between_two() -> None:
    # R: quantile(c(0, 20, 20, 40, …), c(.5, .05, .95), type = 2)
    values = [0.0, 20.0, 20.0, 40.0, *([60.0] * 15), 500.0]
    found = quantiles([*values, None])
    assert [one and one.value for one in (found.median, found.low, found.high)] == [60.0, 10.0, 280.0]
    assert (found.measured, found.missing, found.least, found.most) == (20, 1, 0.0, 500.0)


def test_nothing_measured_has_no_quantiles() -> None:
    assert quantiles([None, None]) == Quantiles(0, 2, None, None, None, None, None)


def test_equal_values_have_an_interval_without_width() -> None:
    assert quantiles([5.0] * 8).median == Quantile(5.0, (5.0, 5.0))


def test_an_interval_holds_the_median_as_often_as_the_binomial_distribution_says() -> None:
    held = 0
    for sample in np.random.default_rng(1).exponential(1, (1000, 10)):
        found = quantiles(sample.tolist()).median
        assert found is not None
        assert found.interval is not None
        held += found.interval[0] <= np.log(2) <= found.interval[1]
    expected = binom.cdf(8, 10, 0.5) - binom.cdf(1, 10, 0.5)  # 97.9 %: between the second value and the ninth
    assert held / 1000 == pytest.approx(expected, abs=0.015)
