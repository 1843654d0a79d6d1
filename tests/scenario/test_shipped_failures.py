"""What failure scripts that we ship promise in words, whatever the seed is."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.badness import is_bad
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.timeline import LinkState, changes_of, link_states
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import PROFILE

if TYPE_CHECKING:
    from testbed.scenario.links.history import Change

SEEDS = range(50)


def experiment(failure: str, seed: int = 1) -> Experiment:
    return load_experiment("wifi-to-umts", failure=failure, seed=seed)


def states(one: Experiment, link: str) -> list[LinkState]:
    return list(link_states(one.profiles[link], changes_of(one.changes, link)))


def spans(changes: list[Change]) -> list[tuple[float, float]]:
    """From when until when, in the order of time."""
    return sorted((one.at, one.back) for one in changes if one.back is not None)


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_random_breaks_lie_apart_in_an_hour_and_the_radio_notices_each(seed: int) -> None:
    hour = load_experiment("random-breaks", seed=seed)
    breaks = spans(hour.changes)
    assert len(breaks) == len(hour.changes) == 10
    assert all(before[1] < after[0] for before, after in pairwise(breaks))
    assert breaks[0][1] < experiment("random-breaks").scenario.call.duration
    assert breaks[-1][1] < 3600
    assert all(back - at > hour.profiles["wifi"].loss_noticed_after for at, back in breaks)


def test_another_seed_has_its_breaks_at_other_times() -> None:
    assert spans(experiment("random-breaks", 1).changes) != spans(experiment("random-breaks", 2).changes)


@pytest.mark.parametrize(
    ("failure", "dies", "lives"), [("wifi-up-dies", "up", "down"), ("wifi-down-dies", "down", "up")]
)
def test_a_wifi_that_dies_in_one_direction_keeps_carrier_signal_and_the_other_one(
    failure: str, dies: str, lives: str
) -> None:
    one = experiment(failure)
    before, *_, after = states(one, "wifi")
    losses = {way: direction.loss for way, direction in after.directions.items()}
    assert losses == {dies: 1.0, lives: 0.0}
    assert (after.signal, after.gone) == (before.signal, False)
    plan = compile_plan(one)
    assert not [step for step in plan["timeline"] if step["do"] == "carrier"]
    (gate,) = [gate["config"]["ways"] for gate in plan["gates"] if gate["air"] == "wifi-air"]
    ((begin_s, end_s),) = gate[dies]["bad_moments"]
    assert begin_s == 15.0
    assert end_s > one.scenario.call.start + one.scenario.call.duration
    assert gate[lives]["bad_moments"] == []


def test_a_wifi_whose_line_dies_keeps_carrier_and_signal_and_nothing_gets_through() -> None:
    one = experiment("wifi-line-dies")
    before, *_, after = states(one, "wifi")
    assert {way: direction.loss for way, direction in after.directions.items()} == {"up": 1.0, "down": 1.0}
    assert (after.signal, after.gone) == (before.signal, False)


@pytest.mark.parametrize("seed", SEEDS)
def test_short_silences_are_shorter_than_any_radio_that_waits_needs_to_notice(seed: int) -> None:
    one = experiment("short-silences", seed)
    silences = spans(one.changes)
    profiles = [load(PROFILE.find(name), LinkProfile) for name in PROFILE.shipped()]
    noticed = min(profile.loss_noticed_after for profile in profiles if profile.loss_noticed_after)
    assert len(silences) == 4
    assert all(0.1 <= back - at <= 1.0 < noticed for at, back in silences)
    assert {state.signal for state in states(one, "wifi")} == {one.profiles["wifi"].signal}
    assert silences[-1][1] < one.scenario.call.start + one.scenario.call.duration


def test_links_are_bad_in_turn_and_never_both() -> None:
    one = experiment("bad-in-turn")
    bad = [(state.at, link, is_bad(state.directions)) for link in one.links for state in states(one, link)]
    now = {"wifi": False, "umts": False}
    turns: list[str] = []
    for _, link, is_it in sorted(bad):
        if is_it and not now[link]:
            turns.append(link)
        now[link] = is_it
        assert sum(now.values()) < 2
    assert turns == ["wifi", "umts"] * 3


def test_umts_is_worse_than_promised_when_the_fade_begins_and_its_signal_says_nothing() -> None:
    one = experiment("umts-worse-than-promised")
    fade = next(change for change in one.changes if change.link == "wifi")
    promised, worse = states(one, "umts")
    assert worse.at == fade.at
    assert worse.signal == promised.signal
    for way, now in worse.directions.items():
        before = promised.directions[way]
        assert now.delay > 3 * before.delay
        assert now.jitter > 3 * before.jitter
        assert now.loss > before.loss


def test_the_wifi_fades_as_in_wifi_fade_where_umts_is_worse_than_promised() -> None:
    worse, fade = experiment("umts-worse-than-promised"), experiment("wifi-fade")
    assert states(worse, "wifi") == states(fade, "wifi")
