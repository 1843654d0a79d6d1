"""Bad moments follow from seed, link, direction and time, and are as many and as long as they are told to be."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from testbed.scenario.links.bad_moments import bad_moments

HOUR_S = 3600.0


@pytest.mark.parametrize(("share", "burst_s"), [(0.001, 0.1), (0.05, 0.08), (0.2, 0.16), (0.6, 0.02)])
def test_the_share_of_time_and_the_length_are_as_told(share: float, burst_s: float) -> None:
    found = bad_moments("1/wifi/down/losses", [(0.0, share, burst_s)], HOUR_S)
    lengths = [end - start for start, end in found]
    expected = HOUR_S * share / burst_s
    # Four standard errors: of an exponential length, and of a count of moments that come as a renewal process.
    assert sum(lengths) / len(lengths) == pytest.approx(burst_s, rel=4 / math.sqrt(expected))
    assert sum(lengths) / HOUR_S == pytest.approx(share, rel=4 * math.sqrt(2 / expected))
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_another_direction_or_seed_has_other_moments_and_the_same_one_the_same() -> None:
    losses = [(0.0, 0.05, 0.1)]
    names = ["1/wifi/down/losses", "1/wifi/up/losses", "2/wifi/down/losses"]
    assert len({tuple(bad_moments(name, losses, 60.0)) for name in names}) == 3
    assert bad_moments(names[0], losses, 60.0) == bad_moments(names[0], losses, 60.0)


def test_a_longer_run_has_the_same_ones_and_more() -> None:
    short, long = (bad_moments("1/wifi/up/losses", [(0.0, 0.1, 0.1)], end_s) for end_s in (30.0, 60.0))
    assert long[: len(short) - 1] == short[:-1]


def test_losses_of_a_time_are_in_that_time() -> None:
    found = bad_moments("1/wifi/down/losses", [(-0.1, 0.0, 0.02), (10.0, 0.5, 0.1), (12.0, 0.0, 0.1)], 60.0)
    assert found
    assert found[0][0] >= 10.0
    assert found[-1][1] <= 12.0
    assert bad_moments("1/wifi/down/losses", [(-0.1, 0.0, 0.02), (3.0, 1.0, 0.02), (4.0, 0.0, 0.02)], 60.0) == [
        (3.0, 4.0)
    ]


def test_a_share_that_grows_in_small_steps_changes_with_each_of_them() -> None:
    """A ramp is 0.1 s steps: each moment's life goes on at the new share, and does not begin anew."""
    steps = [(number / 10, 0.2, 0.16) for number in range(36_000)]
    ramped = bad_moments("3/wifi/down/losses", steps, HOUR_S)
    at_once = bad_moments("3/wifi/down/losses", [(0.0, 0.2, 0.16)], HOUR_S)
    assert len(ramped) == len(at_once)
    assert all(
        math.isclose(a, b, abs_tol=2e-6)
        for x, y in zip(ramped, at_once, strict=True)
        for a, b in zip(x, y, strict=True)
    )
