"""Which links a program carries, and what its chances follow from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from testbed.lab.network import AccessLink, Interface
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.gating import gate_orders
from testbed.scenario.links.shaping import DirectionState, shapes

if TYPE_CHECKING:
    from testbed.lab.plan import GateOrder

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
        ({"queue": "64 kB"}, True),
        ({"aqm": "codel"}, True),
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
    (shape,) = shapes(
        LINK, LINK.node_port, DirectionState.of(one.directions["down"]), verb="replace", order=ways["down"]
    )
    assert " delay 4500us 0us " in shape["command"]
    (steady,) = shapes(
        LINK, LINK.router_port, DirectionState.of(one.directions["up"]), verb="replace", order=ways["up"]
    )
    assert steady["command"].endswith(" delay 9500us 0us loss 0% rate 1000000bit -14")


def test_a_distribution_is_told_as_its_table_and_netem_delays_by_its_least() -> None:
    one = profile(jitter="2 ms", distribution="normal", jitter_correlation="60 ms", queue="64 kB")
    down = orders(one)["wifi"]["config"]["ways"]["down"]
    assert (len(down["table"]), down["correlation_s"]) == (4096, 0.06)
    assert (down["queue_bytes"], down["queue"]) == (64_000, 10**9)
    (shape,) = shapes(LINK, LINK.node_port, DirectionState.of(one.directions["down"]), verb="replace", order=down)
    # The table goes down to 3.67 standard deviations; and half a millisecond less.
    assert " limit 1000000000 delay 2163us 0us " in shape["command"]


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
