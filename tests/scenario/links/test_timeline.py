"""Failure scripts to timelines: what happens when, exactly."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.network import AccessLink, Interface
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.history import history
from testbed.scenario.links.timeline import TICK_S, LinkState, changes_of, link_states, timeline

if TYPE_CHECKING:
    from testbed.lab.plan import Step

LINK = AccessLink("wifi", Interface("mn", "mn-wifi", "10.1.0.2/24"), Interface("gw", "gw-air", "10.1.0.1/24"))
DIRECTION = {"rate": "10 Mbit/s", "delay": "10 ms", "jitter": "1 ms", "loss": "1 %", "queue": "100 packets"}
SHAPED = LinkProfile.model_validate(
    {
        "name": "p",
        "about": "p",
        "signal": "-50 dBm",
        "down": DIRECTION,
        "up": DIRECTION,
        "loss_noticed_after": "1500 ms",
    }
)
UNSHAPED = LinkProfile.model_validate({"name": "p", "about": "p", "signal": "-50 dBm"})


def script(*steps: dict[str, Any]) -> FailureScript:
    named = [step if {"kill", "hang_up"} & set(step) else {"link": "wifi", **step} for step in steps]
    return FailureScript.model_validate({"name": "s", "about": "s", "steps": named})


def compiled(*steps: dict[str, Any], profile: LinkProfile = SHAPED) -> list[Step]:
    """The timeline without the signal that every link reports at the beginning."""
    found = timeline(history(script(*steps), 1), {"wifi": (LINK, profile)}, {})
    assert found[0] == {"at_s": 0.0, "do": "signal", "link": "wifi", "signal_dbm": -50.0}
    return found[1:]


def states(*steps: dict[str, Any]) -> list[LinkState]:
    return list(link_states(SHAPED, changes_of(history(script(*steps), 1), "wifi")))[1:]


def chart(steps: list[Step]) -> list[tuple[object, ...]]:
    """Each step as one row: time, what, and of shapes only the devices with delay and loss."""
    rows: list[tuple[object, ...]] = []
    for step in steps:
        match step["do"]:
            case "shape":
                rows += [
                    (step["at_s"], one["device"], one["command"].split(" delay ")[1].partition(" rate ")[0])
                    for one in step["shapes"]
                ]
            case "signal":
                rows.append((step["at_s"], "signal", step["signal_dbm"]))
            case "carrier":
                rows.append((step["at_s"], "carrier", step["up"]))
            case "note":
                rows.append((step["at_s"], step["event"], step["link"]))
            case "kill" | "hang_up":
                rows.append((step["at_s"], step["do"], step["agent"]))
    return rows


def test_step_without_time_happens_at_once() -> None:
    assert chart(compiled({"at": "5 s", "delay": "40 ms"})) == [
        (5.0, "wifi-air-dn", "40000us 1000us loss 1%"),
        (5.0, "wifi-air-up", "40000us 1000us loss 1%"),
    ]


def test_ramp_is_a_straight_line_in_ticks_and_exact_at_its_ends() -> None:
    found = states({"at": "5 s", "over": "1 s", "delay": "40 ms"})
    assert [state.at for state in found] == [5.0, 5.1, 5.2, 5.3, 5.4, 5.5, 5.6, 5.7, 5.8, 5.9, 6.0]
    delays = [state.directions["down"].delay for state in found]
    assert delays == pytest.approx([0.010 + 0.003 * tick for tick in range(11)])
    assert (delays[0], delays[-1]) == (0.010, 0.040)


def test_nothing_is_said_where_nothing_changes() -> None:
    assert [row[0] for row in chart(compiled({"at": "5 s", "over": "300 ms", "signal": "-53 dBm"}))] == [5.1, 5.2, 5.3]


@pytest.mark.parametrize(
    ("over", "times"),
    [
        ("40 ms", [5.0, 5.04]),
        ("100 ms", [5.0, 5.1]),
        ("250 ms", [5.0, 5.1, 5.2, 5.25]),
        ("0.3 s", [5.0, 5.1, 5.2, 5.3]),
    ],
)
def test_ramp_of_any_length_reaches_its_end(over: str, times: list[float]) -> None:
    found = states({"at": "5 s", "over": over, "delay": "40 ms"})
    assert [state.at for state in found] == times
    assert found[-1].directions["up"].delay == 0.040


def test_steps_at_the_same_time_are_applied_together() -> None:
    (step,) = compiled({"at": "5 s", "delay": "40 ms"}, {"at": "5 s", "loss": "20 %", "direction": "up"})
    assert chart([step]) == [
        (5.0, "wifi-air-dn", "40000us 1000us loss 1%"),
        (5.0, "wifi-air-up", "40000us 1000us loss 20%"),
    ]


def test_overlapping_ramps_of_different_quantities_do_not_disturb_each_other() -> None:
    found = states({"at": "5 s", "over": "1 s", "delay": "30 ms"}, {"at": "5.55 s", "over": "1 s", "rate": "1 Mbit/s"})
    by_time = {state.at: state.directions["down"] for state in found}
    assert by_time[5.55].delay == pytest.approx(0.021)
    assert by_time[5.55].rate == 10e6
    assert by_time[6.0].delay == 0.030
    assert by_time[6.0].rate == pytest.approx(10e6 - 9e6 * 0.45)
    assert (by_time[6.55].delay, by_time[6.55].rate) == (0.030, 1e6)


def test_one_direction_leaves_the_other_alone() -> None:
    found = compiled({"at": "5 s", "over": "200 ms", "delay": "30 ms", "direction": "up"})
    assert chart(found) == [
        (5.1, "wifi-air-up", "20000us 1000us loss 1%"),
        (5.2, "wifi-air-up", "30000us 1000us loss 1%"),
    ]


def test_ramp_begins_where_the_one_before_has_ended() -> None:
    found = states(
        {"at": "5 s", "over": "200 ms", "delay": "30 ms"},
        {"at": "5.2 s", "over": "200 ms", "delay": "10 ms"},
        {"at": "5.2 s", "loss": "5 %"},
    )
    assert [round(state.directions["down"].delay * 1e3, 6) for state in found] == [10, 20, 30, 20, 10]


def test_what_happens_at_once_comes_before_a_ramp_that_begins_then() -> None:
    order = ({"at": "5 s", "over": "200 ms", "delay": "30 ms"}, {"at": "5 s", "delay": "20 ms"})
    for steps in (order, order[::-1]):
        assert [round(state.directions["down"].delay * 1e3, 6) for state in states(*steps)] == [20, 25, 30]


def test_a_step_soon_after_a_ramp_is_not_undone_by_it() -> None:
    found = states({"at": "5.23 s", "delay": "15 ms"}, {"at": "5 s", "over": "200 ms", "delay": "30 ms"})
    assert found[-1].directions["down"].delay == 0.015


def test_gone_loses_everything_at_once_and_the_carrier_when_the_radio_notices() -> None:
    assert chart(compiled({"at": "7 s", "gone": True})) == [
        (7.0, "wifi-air-dn", "10000us 1000us loss 100%"),
        (7.0, "wifi-air-up", "10000us 1000us loss 100%"),
        (7.0, "link_gone", "wifi"),
        (8.5, "carrier", False),
    ]


def test_ramps_that_end_with_the_link_are_at_their_ends_then() -> None:
    found = chart(compiled({"at": "6.9 s", "over": "100 ms", "signal": "-90 dBm"}, {"at": "7 s", "gone": True}))
    assert found[2:] == [(7.0, "signal", -90.0), (7.0, "link_gone", "wifi"), (8.5, "carrier", False)]


def test_gone_only_drops_the_carrier_of_a_link_without_shape() -> None:
    found = compiled({"at": "6.9 s", "signal": "-90 dBm"}, {"at": "7 s", "gone": True}, profile=UNSHAPED)
    assert chart(found) == [(6.9, "signal", -90.0), (7.0, "link_gone", "wifi"), (7.0, "carrier", False)]


def test_kill_ends_an_agent() -> None:
    assert chart(compiled({"at": "7 s", "kill": "cn"}, {"at": "3 s", "signal": "-60 dBm"})) == [
        (3.0, "signal", -60.0),
        (7.0, "kill", "cn"),
    ]


def test_user_of_an_agent_hangs_up() -> None:
    assert chart(compiled({"at": "7 s", "hang_up": "cn"})) == [(7.0, "hang_up", "cn")]


def test_steps_of_another_link_are_none_of_its_business() -> None:
    other = AccessLink("umts", Interface("mn", "mn-umts", "10.2.0.2/24"), Interface("gw", "gw2-air", "10.2.0.1/24"))
    found = timeline(
        history(script({"at": "7 s", "link": "umts", "gone": True}), 1),
        {"wifi": (LINK, SHAPED), "umts": (other, SHAPED)},
        {},
    )
    later = [step for step in found if step["at_s"] > 0]
    assert {(step["do"], step.get("link")) for step in later} == {
        ("shape", "umts"),
        ("note", "umts"),
        ("carrier", "umts"),
    }


times = st.integers(0, 20_000_000).map(lambda us: us / 1e6)


@given(times, st.integers(1, 5_000_000).map(lambda us: us / 1e6), st.floats(0.001, 3.0))
def test_every_ramp_begins_and_ends_exactly_with_ticks_no_further_apart(at: float, over: float, delay: float) -> None:
    found = states({"at": f"{at:f} s", "over": f"{over:f} s", "delay": f"{delay:.20f} s"})
    values = [state.directions["up"].delay for state in found]
    assert (found[0].at, found[-1].at) == (at, round(at + over, 6))
    assert values[0] == 0.010
    assert values[-1] == pytest.approx(delay, abs=1e-15)
    gaps = [after.at - before.at for before, after in pairwise(found)]
    assert max(gaps) <= TICK_S + 1e-6
    rising = [round(value, 15) for value in values]  # but for the crumbs of binary fractions
    assert sorted(rising, reverse=delay < 0.010) == rising
