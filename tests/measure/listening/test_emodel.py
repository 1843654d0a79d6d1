"""The E-model against the Recommendation's own values and against parts that were worked out apart from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.measure.listening.emodel import (
    G711,
    G711_PLC,
    CodecImpairment,
    Parameters,
    doubt,
    loss_and_burst_ratio,
    mos,
    rate,
    rate_voip,
)

# G.729A with voice activity detection (G.113, appendix I).
G729A_VAD = CodecImpairment(ie=11, bpl=19)


def test_all_defaults_give_the_recommendations_rating() -> None:
    rating = rate(Parameters())
    assert round(rating.r, 1) == 93.2  # G.107, Table 2 and 7.7
    assert round(mos(rating.r), 2) == 4.41
    parts = (rating.no, rating.ro, rating.iolr, rating.ist, rating.iq, rating.idte, rating.idle, rating.idd)
    assert parts == pytest.approx((-61.179, 94.769, 0.440, -0.001, 0.974, 0, 0.149, 0), abs=5e-4)


@pytest.mark.parametrize(("r", "score"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_opinion_scores_are_those_of_annex_b(r: float, score: float) -> None:
    assert mos(r) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(("r", "score"), [(-5, 1), (0, 1), (3, 1), (100, 4.5), (120, 4.5)])
def test_opinion_scores_end_at_1_and_4_5(r: float, score: float) -> None:
    assert mos(r) == score


@pytest.mark.parametrize(
    ("codec", "ratings"),
    [(G711_PLC, (89.57, 86.20, 77.43)), (G711, (75.28, 63.05, 42.13)), (G729A_VAD, (78.01, 74.21, 64.71))],
)
def test_loss_of_1_2_and_5_percent(codec: CodecImpairment, ratings: tuple[float, ...]) -> None:
    found = [rate(Parameters(ie=codec.ie, bpl=codec.bpl, ppl=loss)).r for loss in (1, 2, 5)]
    assert found == pytest.approx(ratings, abs=0.005)


@pytest.mark.parametrize(
    ("ie", "bpl"),
    [(0, 4.3), (0, 25.1), (11, 19), (15, 16.1), (5, 10)],
    ids=["G.711", "G.711 with concealment", "G.729A + VAD", "G.723.1 6.3 kbit/s + VAD", "GSM-EFR"],
)
@pytest.mark.parametrize("loss", [0, 0.5, 1, 2, 5, 10, 20])
def test_planning_values_of_g_113_cost_what_g_107_says(ie: float, bpl: float, loss: float) -> None:
    """G.113, Appendix I; G.107, 7.5: all that codec and random loss take away from 93.2 is Ie,eff."""
    rating = rate(Parameters(ie=ie, bpl=bpl, ppl=loss))
    assert rating.r == pytest.approx(93.206 - ie - (95 - ie) * loss / (loss + bpl), abs=0.001)


@given(st.floats(0, 30), st.floats(0, 30), st.floats(1, 20), st.floats(10, 600), st.floats(10, 600))
def test_more_loss_or_delay_is_never_better(one: float, other: float, burst: float, early: float, late: float) -> None:
    few, many = sorted((one, other))
    short, long = sorted((early, late))
    best = rate_voip(loss_percent=few, burst_r=burst, mouth_to_ear_ms=short).r
    assert rate_voip(loss_percent=many, burst_r=burst, mouth_to_ear_ms=short).r <= best + 1e-9
    # From 10 ms on: without any delay there is no echo at all, and the formula for a little of it begins below 0 (7.4).
    assert rate_voip(loss_percent=few, burst_r=burst, mouth_to_ear_ms=long).r <= best + 1e-9
    assert rate_voip(loss_percent=few, burst_r=burst + 1, mouth_to_ear_ms=short).r <= best + 1e-9
    assert 1 <= mos(best) <= 4.5


@given(st.floats(-20, 120), st.floats(-20, 120))
def test_a_better_rating_is_never_a_worse_opinion(one: float, other: float) -> None:
    assert mos(min(one, other)) <= mos(max(one, other)) + 1e-9


@pytest.mark.parametrize(("delay_ms", "r"), [(100, 90.66), (150, 89.54), (200, 85.80), (300, 72.67), (400, 62.25)])
def test_delay_costs_what_it_should(delay_ms: float, r: float) -> None:
    assert rate_voip(loss_percent=0, burst_r=1, mouth_to_ear_ms=delay_ms).r == pytest.approx(r, abs=0.005)


def test_bursts_cost_more_than_random_loss() -> None:
    random, bursty = (rate_voip(loss_percent=3, burst_r=ratio, mouth_to_ear_ms=50).r for ratio in (1, 4))
    assert bursty < random


def test_loss_and_burst_ratio_of_known_patterns() -> None:
    assert loss_and_burst_ratio([]) is None
    assert loss_and_burst_ratio([True] * 10) == (0.0, 1.0)
    assert loss_and_burst_ratio([True] * 90 + [False] * 10) == (10.0, 9.0)  # one burst of 10, random would be 1/0.9
    assert loss_and_burst_ratio([True, False] * 50) == (50.0, 1.0)  # singles, random would be 2


def test_one_long_hole_makes_the_rating_doubtful() -> None:
    assert doubt(1.0, 50) is None
    assert doubt(20.0, 1.5) is None
    assert doubt(10.0, 117.2) == (
        "10.0 % concealed, in bursts 117 times as long as random ones: the E-model was not made for that; "
        "gap and interruption say what happened"
    )
