"""What a failure script becomes in one run: ranges drawn from the seed, repetitions, and the way back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.links.history import Change, history

from .test_timeline import SHAPED, compiled, states


def script(*steps: dict[str, Any]) -> FailureScript:
    named = [{"link": "wifi", **step} for step in steps]
    return FailureScript.model_validate({"name": "s", "about": "s", "steps": named})


def test_repeated_steps_happen_one_by_one() -> None:
    step = {"at": "2 s", "for": "1 s", "every": "3 s", "times": 3, "gone": True}
    assert [(one.at, one.back) for one in history(script(step), 1)] == [(2.0, 3.0), (5.0, 6.0), (8.0, 9.0)]


RANDOM = {"at": "1 s to 3 s", "for": "100 ms to 1 s", "every": "2 s to 9 s", "times": 50, "loss": "10 % to 30 %"}


@given(st.integers(0, 2**32 - 1))
def test_what_is_drawn_is_within_its_range_and_the_seed_s(seed: int) -> None:
    drawn = history(script(RANDOM), seed)
    assert drawn == history(script(RANDOM), seed)
    assert 1 <= drawn[0].at <= 3
    assert all(0.1 <= (one.stays or 0) <= 1 and 0.1 <= one.values["loss"] <= 0.3 for one in drawn)
    gaps = [after.at - before.at for before, after in pairwise(drawn)]
    assert all(2 <= round(gap, 6) <= 9 for gap in gaps)


def test_another_seed_draws_others_and_another_step_changes_none() -> None:
    def times(found: list[Change]) -> list[float]:
        return [one.at for one in found if one.values]

    assert times(history(script(RANDOM), 1)) != times(history(script(RANDOM), 2))
    with_another = script(RANDOM, {"at": "500 s", "gone": True})
    assert times(history(with_another, 1)) == times(history(script(RANDOM), 1))


def test_after_its_time_a_link_goes_back_the_way_it_came() -> None:
    found = states({"at": "1 s", "over": "200 ms", "for": "1 s", "delay": "30 ms"})
    assert [(one.at, round(1e3 * one.directions["down"].delay, 6)) for one in found] == [
        (1.0, 10.0), (1.1, 20.0), (1.2, 30.0), (2.2, 30.0), (2.3, 20.0), (2.4, 10.0),
    ]  # fmt: skip


def test_it_goes_back_to_what_it_was_before_and_not_to_the_profile() -> None:
    found = states({"at": "1 s", "delay": "20 ms"}, {"at": "2 s", "for": "1 s", "delay": "50 ms"})
    assert [one.directions["up"].delay for one in found] == [0.02, 0.05, 0.02]


def test_an_outage_that_the_radio_does_not_notice_costs_packets_alone() -> None:
    steps = compiled({"at": "5 s", "for": "1 s", "gone": True})
    assert [(step["at_s"], step["do"]) for step in steps] == [
        (5.0, "shape"), (5.0, "note"), (6.0, "shape"), (6.0, "note"),
    ]  # fmt: skip


def test_after_a_longer_one_it_attaches_anew() -> None:
    attaching = SHAPED.model_validate(
        {
            "name": "p", "about": "p", "signal": "-50 dBm", "loss_noticed_after": "1500 ms",
            "attach": [{"phase": "scan", "time": "700 ms"}, {"phase": "association", "time": "50 ms"}],
            "down": {"rate": "10 Mbit/s", "delay": "10 ms", "queue": "100 packets"},
            "up": {"rate": "10 Mbit/s", "delay": "10 ms", "queue": "100 packets"},
        }
    )  # fmt: skip
    steps = compiled({"at": "5 s", "for": "4 s", "gone": True}, profile=attaching)
    assert [(one["at_s"], one["up"]) for one in steps if one["do"] == "carrier"] == [(6.5, False), (9.75, True)]
    # Gone again before it was on: then only the second way back counts.
    steps = compiled({"at": "5 s", "for": "4 s", "every": "4.5 s", "times": 2, "gone": True}, profile=attaching)
    assert [(one["at_s"], one["up"]) for one in steps if one["do"] == "carrier"] == [(6.5, False), (14.25, True)]


@pytest.mark.parametrize("what", ["gone", "back"])
def test_nothing_passes_while_it_is_gone(what: str) -> None:
    found = {one.at: one for one in states({"at": "5 s", "for": "1 s", "gone": True})}
    assert found[5.0 if what == "gone" else 6.0].gone is (what == "gone")
