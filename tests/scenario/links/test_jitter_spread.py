"""Jitter's distributions are iproute2's, and what they make of a delay is known."""

from __future__ import annotations

from statistics import fmean, pstdev

import pytest

from testbed.scenario.links.jitter_spread import spread_of, table_of


@pytest.mark.parametrize(
    ("name", "first", "middle", "last", "mean", "deviation"),
    [
        # Read from iproute2's /usr/lib/tc/*.dist (6.1): numbers 0, 2000 and 4095, and what all of them make.
        ("normal", -32768, -240, 28858, -0.0008, 1.0001),
        ("pareto", -5461, -2728, 32767, -0.0335, 0.8197),
        ("paretonormal", -12305, -2106, 31789, -0.0253, 0.8339),
    ],
)
def test_tables_are_those_of_iproute2(
    name: str, first: int, middle: int, last: int, mean: float, deviation: float
) -> None:
    table = table_of(name)
    assert len(table) == 4096
    assert table == sorted(table)
    assert table[2000] == pytest.approx(middle, abs=20)
    # The ends of iproute2's own are drawn by a rougher integral.
    assert table[0] / 8192 == pytest.approx(first / 8192, abs=0.5)
    assert table[-1] / 8192 == pytest.approx(last / 8192, abs=0.5)
    assert fmean(table) / 8192 == pytest.approx(mean, abs=0.002)
    assert pstdev(table) / 8192 == pytest.approx(deviation, abs=0.003)


def test_an_even_spread_has_no_table() -> None:
    assert table_of("uniform") == []
    spread = spread_of(0.1, 0.03, "uniform")
    assert (spread.mean, spread.least, spread.most) == (0.0, -0.03, 0.03)
    assert spread.deviation == pytest.approx(0.0173205, abs=1e-6)


def test_a_delay_is_never_less_than_nothing() -> None:
    spread = spread_of(0.02, 0.02, "normal")
    assert spread.least == -0.02
    # Of a normal distribution one deviation below 0: pdf(1) - (1 - cdf(1)) of a deviation is cut off.
    assert spread.mean == pytest.approx(0.02 * 0.08332, abs=1e-4)
    assert spread_of(0.1, 0.02, "normal").mean == pytest.approx(0.0, abs=1e-5)
