"""Link profiles to netem: the formula, the values, one command a direction, and what the kernel must answer."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.network import AccessLink, Interface
from testbed.scenario.kinds.profile import LinkDirection
from testbed.scenario.links.shaping import DirectionState, netem_options, netem_values, shapes

if TYPE_CHECKING:
    from testbed.lab.plan import WayOrder

LINK = AccessLink("wifi", Interface("mn", "mn-wifi", "10.1.0.2/24"), Interface("gw", "gw-air", "10.1.0.1/24"))
PLAIN = DirectionState(rate=384_000.0, delay=0.11, jitter=0.02, loss=0.0, loss_burst=0.02, queue=100)

PACED: WayOrder = {
    "rates": [(0.0, 384_000.0), (1.0, 10_000.0)], "delays": [(0.0, 0.11)], "jitters": [(0.0, 0.02)],
    "losses": [(0.0, 0.2)], "bad_moments": [], "pattern": "", "corrupts": [], "duplicates": [],
    "table": [], "correlations": [],
    "is_paced": True, "is_reordering": False, "key": 1, "queue_bytes": 10**9, "aqm": None,
    "queue": 100, "opportunities": None, "ahead_s": 0.0005,
}  # fmt: skip

directions = st.builds(
    lambda rate, delay, jitter, loss, burst, queue: DirectionState(rate, delay, delay * jitter, loss, burst, queue),
    st.floats(100, 1e11), st.floats(0, 3600), st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 3600),
    st.integers(1, 10**6),
)  # fmt: skip


def gilbert_elliott(enter: float, leave: float, packets: int, random: Random) -> list[bool]:
    """Which packets are lost, as the kernel's loss_gilb_ell decides with h = 0 and k = 1 (net/sched/sch_netem.c)."""
    bad, lost = False, []
    for _ in range(packets):
        lost.append(bad)
        bad = random.random() >= leave if bad else random.random() < enter
    return lost


def bursts(lost: list[bool]) -> list[int]:
    return [len(run) for run in re.findall("1+", "".join("1" if one else "0" for one in lost))]


@pytest.mark.parametrize(("loss", "burst"), [(0.001, 1.5), (0.001, 5), (0.01, 2), (0.05, 4), (0.2, 8), (0.5, 2)])
def test_mean_loss_and_mean_burst_come_out_as_the_profile_says(loss: float, burst: float) -> None:
    values = netem_values(replace(PLAIN, loss=loss, loss_burst=burst * 0.02))
    enter, leave = (float(values[name]) / 100 for name in ("loss_enter", "loss_leave"))
    packets = min(int(20_000 * burst / loss), 3_000_000)
    lost = gilbert_elliott(enter, leave, packets, Random(1))
    runs = bursts(lost)
    # Three standard errors; those of the loss are larger than with independent losses, by the burst's length.
    assert sum(lost) / packets == pytest.approx(loss, abs=3 * (2 * burst * loss / packets) ** 0.5)
    assert sum(runs) / len(runs) == pytest.approx(burst, abs=3 * burst / len(runs) ** 0.5)


@given(directions)
def test_every_possible_direction_gives_possible_probabilities(state: DirectionState) -> None:
    values = netem_values(state)
    for name in ("loss", "loss_enter", "loss_leave"):
        assert values[name] is None or 0 <= float(values[name]) <= 100
        assert values[name] is None or re.fullmatch(r"\d+(\.\d+)?", values[name])
    assert 0 <= values["jitter_us"] <= values["delay_us"]


@given(directions, st.sampled_from(["replace", "change"]))
def test_template_gives_exactly_one_line(state: DirectionState, verb: str) -> None:
    command = shapes(LINK.node_port, state, verb=verb)[0]["command"]
    assert command == " ".join(command.split())
    assert re.fullmatch(
        rf"qdisc {verb} dev wifi-air-dn root handle 1: netem limit \d+ delay \d+us \d+us"
        r" loss (gemodel [\d.]+% [\d.]+% 100% 0%|[\d.]+%) rate \d+bit -14",
        command,
    )


def test_values_in_the_units_of_netem() -> None:
    state = DirectionState(rate=384_000.0, delay=0.11, jitter=0.02, loss=0.001, loss_burst=0.1, queue=100)
    assert netem_values(state) == {
        "limit": 100,
        "delay_us": 110_000,
        "jitter_us": 20_000,
        "loss": "0.1",
        "loss_enter": "0.02002002",
        "loss_leave": "20",
        "rate_bit": 384_000,
    }


def test_so_many_losses_that_short_bursts_cannot_hold_them_come_in_longer_ones() -> None:
    values = netem_values(replace(PLAIN, loss=0.9, loss_burst=0.04))
    assert (values["loss_enter"], values["loss_leave"]) == ("100", "11.11111111")


def test_what_a_program_does_is_not_done_by_netem_too() -> None:
    lossy = replace(PLAIN, loss=0.2, loss_burst=0.16)
    (shape,) = shapes(LINK.node_port, lossy, verb="change", order=PACED)
    assert shape["command"] == (
        "qdisc change dev wifi-air-dn root handle 1: netem limit 100 delay 89500us 0us loss 0% rate 100000000000bit -14"
    )
    steady = replace(lossy, jitter=0.0)
    (rated,) = shapes(LINK.node_port, steady, verb="change", order={**PACED, "is_paced": False})
    assert rated["command"].endswith(" delay 109500us 0us loss 0% rate 384000bit -14")
    (gone,) = shapes(LINK.node_port, replace(lossy, loss=1.0), verb="change", order=PACED)
    assert " loss 100% " in gone["command"]
    (spread,) = shapes(LINK.node_port, replace(lossy, reordering=True), verb="change", order=PACED)
    assert "rate" not in spread["command"]


def test_shape_names_air_and_device() -> None:
    assert shapes(LINK.router_port, PLAIN, verb="replace") == [
        {
            "air": "wifi-air",
            "device": "wifi-air-up",
            "handle": "1:",
            "command": "qdisc replace dev wifi-air-up root handle 1: netem limit 100 delay 110000us 20000us loss 0%"
            " rate 384000bit -14",
            "expected": netem_options(netem_values(PLAIN)),
        }
    ]


def test_where_packets_may_overtake_each_other_the_rate_is_inside() -> None:
    spread, pace = shapes(LINK.router_port, replace(PLAIN, reordering=True), verb="replace")
    assert spread["command"] == (
        "qdisc replace dev wifi-air-up root handle 1: netem limit 100 delay 110000us 20000us loss 0%"
    )
    assert "rate" not in spread["expected"]
    assert pace["command"] == (
        "qdisc replace dev wifi-air-up parent 1:1 handle 2: netem limit 100 delay 0us 0us loss 0% rate 384000bit -14"
    )
    assert "delay" not in pace["expected"]


@pytest.mark.parametrize(
    ("state", "loss_options"),
    [
        pytest.param(PLAIN, {}, id="no loss"),
        pytest.param(replace(PLAIN, loss=1e-12, loss_burst=0.1), {}, id="less than netem can tell"),
        pytest.param(
            replace(PLAIN, loss=0.05), {"loss-random": {"loss": 0.05, "correlation": 0}}, id="independent losses"
        ),
        pytest.param(
            replace(PLAIN, loss=0.2, loss_burst=0.16),
            {"loss-gemodel": {"p": 0.03125, "r": 0.125, "1-h": 1, "1-k": 0}},
            id="bursts",
        ),
        pytest.param(
            replace(PLAIN, loss=1.0, loss_burst=0.16), {"loss-random": {"loss": 1.0, "correlation": 0}}, id="gone"
        ),
    ],
)
def test_what_the_kernel_must_answer(state: DirectionState, loss_options: dict[str, object]) -> None:
    assert netem_options(netem_values(state)) == {
        "limit": 100,
        "delay": {"delay": 0.11, "jitter": 0.02, "correlation": 0},
        "rate": {"rate": 48_000, "packetoverhead": -14, "cellsize": 0, "celloverhead": 0},
        "ecn": False,
        "gap": 0,
        **loss_options,
    }


def test_kernel_does_not_name_a_delay_of_nothing() -> None:
    assert "delay" not in netem_options(netem_values(replace(PLAIN, delay=0.0, jitter=0.0)))


def test_state_of_a_profile_is_what_the_profile_says() -> None:
    direction = LinkDirection.model_validate({"rate": "1 Mbit/s", "delay": "10 ms", "queue": "50 packets"})
    assert DirectionState.of(direction) == DirectionState(1e6, 0.01, 0.0, 0.0, 0.02, 50)
