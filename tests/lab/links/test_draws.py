"""Chance by time: the published generator, draws that last as long as they are told to, found in any order."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pytest

from testbed.lab.links.draws import Draws, cell, key_for, mixed

HOUR_S = 3600


def test_draws_are_those_of_splitmix64() -> None:
    """First outputs for the seed 1234567, as published: rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64."""
    assert [mixed(1234567, number) for number in range(3)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]
    assert [cell(at) for at in (-0.0005, 0.0, 0.00099, 0.0011)] == [-1, 0, 0, 1]


def test_each_purpose_has_draws_of_its_own() -> None:
    assert key_for(7, "jitter") != key_for(7, "duplicate")


@pytest.mark.parametrize("lasts_s", [0.0, 0.06, 2.0])
def test_a_draw_is_the_same_whatever_was_asked_before(lasts_s: float) -> None:
    times = [number * 0.0137 - 5.0 for number in range(2000)]
    in_order = Draws(99, lasts_s)
    drawn = {at: in_order.value(at) for at in times}
    Random(1).shuffle(times)
    shuffled = Draws(99, lasts_s)
    assert {at: shuffled.value(at) for at in times} == drawn
    other = Draws(98, lasts_s)
    assert {at: other.value(at) for at in times} != drawn


@pytest.mark.parametrize("lasts_s", [0.005, 0.06, 1.0])
def test_draws_last_as_long_as_they_are_told_and_are_spread_evenly(lasts_s: float) -> None:
    draws, step_s = Draws(5, lasts_s), lasts_s / 50
    found = [draws.value(number * step_s) for number in range(200_000)]
    changes = [number for number, (one, other) in enumerate(pairwise(found)) if one != other]
    lengths = [(after - before) * step_s for before, after in pairwise(changes)]
    count = len(lengths)
    assert sum(lengths) / count == pytest.approx(lasts_s, rel=4 / math.sqrt(count))
    # Of an exponential length e^-1 are longer than the mean.
    assert sum(one > lasts_s for one in lengths) / count == pytest.approx(math.exp(-1), abs=4 * 0.48 / math.sqrt(count))
    values = [found[number + 1] for number in changes]
    assert sum(values) / count == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / count))
    for part in (0.25, 0.75):
        share = sum(one < part for one in values) / count
        assert share == pytest.approx(part, abs=4 * math.sqrt(part * (1 - part) / count))


@pytest.mark.parametrize(("apart_s", "alike"), [(0.02, 0.25), (0.02, 0.9), (0.005, 0.5)])
def test_packets_that_far_apart_have_netems_correlation(apart_s: float, alike: float) -> None:
    draws = Draws(3, -apart_s / math.log(alike))
    found = [draws.value(number * apart_s) - 0.5 for number in range(40_000)]
    correlation = sum(one * other for one, other in pairwise(found)) / sum(one * one for one in found)
    assert correlation == pytest.approx(alike, abs=4 * math.sqrt((1 + alike) / (1 - alike) / 40_000))
