"""Means of several runs and how sure they are: published values, and what holds for all of them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.report.estimates.intervals import BCA_RUNS, Estimate, bca, estimate, is_skewed, paired, share

# Student, "The probable error of a mean", Biometrika 6 (1908): hours of sleep gained with two drugs, ten patients.
ONE = (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0)
OTHER = (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4)

measured = st.floats(min_value=-1e6, max_value=1e6).map(lambda value: round(value, 3))


def test_students_own_example() -> None:
    found = paired(dict(enumerate(OTHER)), dict(enumerate(ONE)))
    # As R prints it: t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE)
    assert found.mean == pytest.approx(1.58)
    assert found.interval == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


@pytest.mark.parametrize(
    ("count", "quantile"), [(2, 12.706), (3, 4.303), (4, 3.182), (5, 2.776), (10, 2.262), (31, 2.042)]
)
def test_the_table_of_t(count: int, quantile: float) -> None:
    # Of 0 and 2, alternating: the standard error is s / √n, so half / that is the quantile, in any textbook's table.
    values = [float(2 * (number % 2)) for number in range(count)]
    error = float(np.std(values, ddof=1)) / count**0.5
    assert (estimate(values).half or 0) / error == pytest.approx(quantile, abs=5e-4)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (682, 925, 0.7076683, 0.7654066),  # R, binom.test: Conover (1971), p. 97
        (0, 10, 0.0, 0.3084971),  # 1 − 0.025^(1/10)
        (0, 5, 0.0, 0.5218238),
        (5, 5, 0.4781762, 1.0),
        (0, 1, 0.0, 0.975),
        (1, 10, 0.0025286, 0.4450161),
    ],
)
def test_clopper_and_pearson(count: int, total: int, low: float, high: float) -> None:
    found = share(count, total)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-8)


def test_nothing_is_no_share_of_nothing() -> None:
    assert share(0, 0) is None


@given(st.lists(measured, min_size=2, max_size=20))
def test_the_interval_contains_the_mean_and_the_mean_lies_among_the_values(values: list[float]) -> None:
    found = estimate(values)
    assert found.mean is not None
    assert found.interval is not None
    low, high = found.interval
    assert low <= found.mean <= high
    assert min(values) - 1e-6 <= found.mean <= max(values) + 1e-6


@given(st.lists(measured, min_size=2, max_size=20), st.integers(2, 5))
def test_more_of_the_same_makes_it_narrower(values: list[float], times: int) -> None:
    once, often = estimate(values).half, estimate(values * times).half
    assert once is not None
    assert often is not None
    assert often < once if once > 1e-6 else often <= 1e-6


@given(st.lists(measured, min_size=1), measured)
def test_where_the_values_lie_does_not_matter(values: list[float], by: float) -> None:
    there, here = estimate(value + by for value in values), estimate(values)
    assert there.mean == pytest.approx((here.mean or 0) + by, abs=1e-6)
    assert there.half == pytest.approx(here.half, abs=1e-6)


@given(measured)
def test_one_run_has_no_interval(value: float) -> None:
    assert estimate([value]) == Estimate((value,), 0, value, None)
    assert estimate([value]).interval is None


@given(measured, st.integers(2, 30))
def test_equal_runs_have_exactly_their_value(value: float, count: int) -> None:
    assert estimate([value] * count) == Estimate((value,) * count, 0, value, 0.0)


@given(st.lists(st.none() | measured))
def test_what_was_not_measured_counts_in_neither_and_is_told(values: list[float | None]) -> None:
    known = [one for one in values if one is not None]
    assert estimate(values) == estimate(known)._replace(missing=len(values) - len(known))


def test_nothing_measured() -> None:
    assert estimate([]) == Estimate((), 0, None, None)
    assert estimate([None, None]) == Estimate((), 2, None, None)


def test_pairs_are_of_the_same_key() -> None:
    found = paired({1: 5.0, 2: 7.0, 3: None, 4: 1.0}, {2: 4.0, 1: 1.0, 3: 2.0, 9: 0.0})
    assert found == estimate([4.0, 3.0])._replace(missing=3)


def test_pairing_takes_out_what_the_runs_have_in_common() -> None:
    one, other = {1: 100.0, 2: 900.0, 3: 500.0}, {1: 80.0, 2: 880.0, 3: 480.0}
    assert paired(one, other) == Estimate((20.0, 20.0, 20.0), 0, 20.0, 0.0)


def test_the_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    for count in (2, 3, 5, 10):
        held = 0
        for sample in random.normal(7, 3, (2000, count)):
            low, high = estimate(sample.tolist()).interval or (0, 0)
            held += low <= 7 <= high
        assert 0.935 < held / 2000 < 0.965, count


def test_bca_moves_the_percentile_interval_to_where_the_tail_is() -> None:
    mice = (94.0, 197.0, 16.0, 38.0, 99.0, 141.0, 23.0)  # Efron and Tibshirani, An Introduction to the Bootstrap, 1993
    low, high = bca(mice) or (0.0, 0.0)
    percentiles = np.percentile(np.random.default_rng(2).choice(mice, (20000, 7)).mean(axis=1), [2.5, 97.5])
    assert percentiles[0] + 1 < low < percentiles[0] + 10
    assert percentiles[1] + 1 < high < percentiles[1] + 10


def test_skewed_values_have_the_bootstraps_interval_from_some_number_on() -> None:
    skewed = [float(2**place) for place in range(BCA_RUNS)]
    found = estimate(skewed)
    assert found.method == "BCa"
    assert found.interval == found.bca
    low, high = found.interval or (0.0, 0.0)
    assert found.mean is not None
    assert high - found.mean > found.mean - low > 0
    assert estimate(skewed[1:]).method == "Student"


def test_symmetric_values_have_students_interval_however_many_there_are() -> None:
    for values in (np.linspace(-1, 1, 101), np.random.default_rng(1).standard_t(3, 200)):
        assert estimate(values.tolist()).method == "Student"


def test_the_same_values_in_any_order_have_the_same_interval() -> None:
    skewed = [float(2**place) for place in range(BCA_RUNS)]
    assert estimate(skewed).bca == estimate(skewed[::-1]).bca


@pytest.mark.parametrize("zeros", [1, 19, 49, 199])
def test_a_single_value_among_zeros_neither_warns_nor_is_nan(zeros: int) -> None:
    found = estimate([0.0] * zeros + [20.0])
    assert found.interval is not None
    low, high = found.interval
    assert low <= 20.0 / (zeros + 1) <= high


def test_equal_values_have_no_bootstrap_and_are_not_skewed() -> None:
    assert bca((3.0,) * 30) is None
    assert not is_skewed((3.0,) * 30)


def test_no_command_pays_for_what_it_does_not_use() -> None:
    loaded = (
        "import sys, testbed.cli.main; print([name for name in ('scipy', 'polars', 'bokeh') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
