"""Which links a program carries, and what its chances follow from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from testbed.lab.links.queues.register import QUEUES
from testbed.lab.network import AccessLink, Interface
from testbed.lab.plan import Aqm
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.gating import gate_orders
from testbed.scenario.links.history import history
from testbed.scenario.links.shaping import DirectionState, shapes

if TYPE_CHECKING:
    from testbed.lab.plan import GateOrder, WayOrder

LINK = AccessLink("wifi", Interface("mn", "mn-wifi", "10.1.0.2/24"), Interface("gw", "gw-air", "10.1.0.1/24"))
STEADY = {"rate": "1 Mbit/s", "delay": "10 ms", "queue": "50 packets"}


def profile(**down: str) -> LinkProfile:
    """A steady link, but for what is said of its downlink."""
    return LinkProfile.model_validate(
        {"name": "p", "about": "p", "signal": "-50 dBm", "down": {**STEADY, **down}, "up": STEADY}
    )


def orders(one: LinkProfile, link: AccessLink = LINK, seed: int = 1) -> dict[str, GateOrder]:
    """What is told to whom."""
    return gate_orders([(link, one)], [], [], seed=seed, end_s=60.0)


@pytest.mark.parametrize(
    ("trouble", "gated"),
    [
        ({}, False),
        ({"jitter": "5 ms"}, True),
        ({"loss": "1 %"}, True),
        ({"duplicate": "1 %"}, True),
        ({"corrupt": "1 %"}, True),
        ({"queue": "64 kB"}, True),
        ({"aqm": "codel"}, True),
        ({"aqm": "fq_codel"}, True),
        ({"aqm": "pie"}, True),
    ],
)
def test_a_program_carries_what_depends_on_time(trouble: dict[str, str], gated: bool) -> None:
    assert bool(orders(profile(**trouble))) is gated
    assert not orders(profile(**trouble), replace(LINK, is_wireless=True))


def test_netem_has_the_least_delay_and_the_program_jitter_and_rate() -> None:
    one = profile(jitter="5 ms")
    ways = orders(one)["wifi"]["config"]["ways"]
    assert (ways["down"]["jitters"], ways["down"]["is_paced"]) == ([(-0.1, 0.005)], True)
    assert (ways["up"]["jitters"], ways["up"]["is_paced"]) == ([(-0.1, 0.0)], False)
    (shape,) = shapes(LINK.node_port, DirectionState.of(one.directions["down"]), verb="replace", order=ways["down"])
    assert " delay 4500us 0us " in shape["command"]
    (steady,) = shapes(LINK.router_port, DirectionState.of(one.directions["up"]), verb="replace", order=ways["up"])
    assert steady["command"].endswith(" delay 9500us 0us loss 0% rate 1000000bit -14")


def test_a_distribution_is_told_as_its_table_and_netem_delays_by_its_least() -> None:
    one = profile(jitter="2 ms", distribution="normal", jitter_correlation="60 ms", queue="64 kB")
    down = orders(one)["wifi"]["config"]["ways"]["down"]
    assert (len(down["table"]), down["correlations"]) == (4096, [(-0.1, 0.06)])
    assert (down["queue_bytes"], down["queue"]) == (64_000, 10**9)
    (shape,) = shapes(LINK.node_port, DirectionState.of(one.directions["down"]), verb="replace", order=down)
    # The table goes down to 3.67 standard deviations; and half a millisecond less.
    assert " limit 1000000000 delay 2163us 0us " in shape["command"]


def changed(one: LinkProfile, *steps: dict[str, str]) -> WayOrder:
    """What is told to the downlink's program of a script's steps."""
    script = {"name": "s", "about": "s", "steps": [{"link": "wifi", **step} for step in steps]}
    changes = history(FailureScript.model_validate(script), 1)
    gates = gate_orders([(LINK, one)], changes, [], seed=1, end_s=60.0)
    return gates["wifi"]["config"]["ways"]["down"]


def test_bit_errors_copies_and_what_jitter_has_in_common_change_at_their_times() -> None:
    order = changed(
        profile(),
        {"at": "2 s", "for": "1 s", "corrupt": "5 %"},
        {"at": "4 s", "over": "200 ms", "duplicate": "10 %"},
        {"at": "6 s", "for": "2 s", "jitter": "3 ms", "jitter_correlation": "60 ms"},
    )
    assert order["corrupts"] == [(-0.1, 0.0), (2.0, 0.05), (3.0, 0.0)]
    assert order["duplicates"] == [(-0.1, 0.0), (4.1, pytest.approx(0.05)), (4.2, 0.1)]
    assert order["correlations"] == [(-0.1, 0.0), (6.0, 0.06), (8.0, 0.0)]


def test_a_steady_link_has_a_program_once_something_of_it_is_to_be_damaged() -> None:
    assert changed(profile(), {"at": "2 s", "corrupt": "5 %"})["is_paced"] is False


@pytest.mark.parametrize(
    ("settings", "order"),
    [
        ({"aqm": "codel"}, {"kind": "codel", "target_s": 0.005, "interval_s": 0.1}),
        ({"aqm": "fq_codel", "target": "20 ms"}, {"kind": "fq_codel", "target_s": 0.02, "interval_s": 0.1}),
        ({"aqm": "pie"}, {"kind": "pie", "target_s": 0.015, "interval_s": 0.015}),
        ({"aqm": "pie", "target": "30 ms"}, {"kind": "pie", "target_s": 0.03, "interval_s": 0.015}),
    ],
)
def test_a_queue_has_the_rfc_s_times_where_nothing_is_said(settings: dict[str, str], order: dict[str, object]) -> None:
    assert orders(profile(**settings))["wifi"]["config"]["ways"]["down"]["aqm"] == order


def test_each_queue_that_a_profile_can_have_has_a_row() -> None:
    assert tuple(QUEUES) == get_args(Aqm)


def test_each_seed_link_and_direction_has_chances_of_its_own() -> None:
    jittery = profile(jitter="5 ms")
    keys = {
        order["key"]
        for link in (LINK, replace(LINK, name="umts"))
        for seed in (1, 2)
        for gate in orders(jittery, link, seed).values()
        for order in gate["config"]["ways"].values()
    }
    assert len(keys) == 8
    assert all(0 < key < 2**64 for key in keys)
