"""Which differences stand: published values, what can't be known of few pairs, and how many would do."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.report.estimates.paired_tests import LEVEL, holm, least_pairs, pairs_for, signed_rank


def test_depression_scale_of_hollander_and_wolfe() -> None:
    # R, ?wilcox.test: V = 40, p = 0.01953 one-sided
    before = (1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30)
    after = (0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
    found = signed_rank([one - other for one, other in zip(before, after, strict=True)])
    assert found == pytest.approx(2 * 0.01953125)


def test_darwins_plants() -> None:
    # Fisher, The Design of Experiments, 1935: crossed less self-fertilised maize, eighths of an inch. In R: V = 96,
    # p-value = 0.04126.
    darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert signed_rank(darwin) == pytest.approx(0.04126, abs=5e-6)


def every_choice_of_signs(differences: list[int]) -> float:
    """The definition, in integers: twice the rarer tail of the rank sum under all choices of signs."""
    sizes = sorted(abs(one) for one in differences if one)
    twice_ranks = {size: 2 * sizes.index(size) + 1 + sizes.count(size) for size in sizes}
    ranks = [twice_ranks[abs(one)] for one in differences if one]
    seen = sum(rank for rank, one in zip(ranks, [one for one in differences if one], strict=True) if one > 0)
    sums = [
        sum(rank for rank, sign in zip(ranks, signs, strict=True) if sign)
        for signs in product((0, 1), repeat=len(ranks))
    ]
    tail = min(sum(one <= seen for one in sums), sum(one >= seen for one in sums))
    return min(1.0, 2 * tail / len(sums))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_equal_differences_and_zeros_are_counted_exactly(differences: list[int]) -> None:
    assert signed_rank(differences) == pytest.approx(every_choice_of_signs(differences))


@pytest.mark.parametrize(("pairs", "p"), [(1, 1.0), (5, 0.0625), (6, 0.03125), (10, 2 / 1024)])
def test_few_pairs_prove_nothing_however_far_apart_they_are(pairs: int, p: float) -> None:
    assert signed_rank([-3500.0] * pairs) == pytest.approx(p)


def test_no_difference_is_none() -> None:
    assert signed_rank([]) is None
    assert signed_rank([0.0] * 10) == 1.0
    assert signed_rank([0.1 + 0.2 - 0.3, 0.0]) == 1.0  # floats


def test_it_cries_wolf_as_often_as_it_says_where_values_are_skewed() -> None:
    random = np.random.default_rng(1)
    pairs = random.exponential(1, (2000, 12)) - random.exponential(1, (2000, 12))
    alarms = sum((signed_rank(one.tolist()) or 0) < LEVEL for one in pairs)
    assert 0.035 < alarms / 2000 < 0.06


def test_holm_as_r_does_it() -> None:
    # p.adjust(c(0.01, 0.02, 0.03, 0.04), "holm"); and the order is the caller's
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])
    assert holm([0.9, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_lies_between_none_and_bonferroni(values: list[float]) -> None:
    for one, adjusted in zip(values, holm(values), strict=True):
        assert one <= adjusted <= min(1.0, len(values) * one) + 1e-12


@pytest.mark.parametrize(("comparisons", "pairs"), [(1, 6), (8, 9), (40, 11)])
def test_with_so_many_pairs_one_can_stand_and_with_one_less_none(comparisons: int, pairs: int) -> None:
    assert least_pairs(comparisons) == pairs
    assert max(holm([signed_rank([1.0] * pairs) or 0] * comparisons)) < LEVEL
    assert min(holm([signed_rank([1.0] * (pairs - 1)) or 0] * comparisons)) >= LEVEL


# t(17) = 2.110 and t(16) = 2.120: 2.110 · 10 / √18 = 4.97, 2.120 · 10 / √17 = 5.14
@pytest.mark.parametrize(("half", "deviation", "pairs"), [(5.0, 10.0, 18), (5.0, 0.0, 2), (1.0, 100.0, 38418)])
def test_how_many_pairs_a_width_takes(half: float, deviation: float, pairs: int) -> None:
    assert pairs_for(half, deviation) == pairs
