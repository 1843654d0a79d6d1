"""The other triggers, one by one: carrier, received media, position, Source Quench, policy."""

from __future__ import annotations

from math import cos, radians
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.roles.mn.triggers.coverage import METRES_PER_DEGREE, Circle, Polygon
from agents.roles.mn.triggers.events import (
    AgentHeard,
    AgentLost,
    BatteryReport,
    LinkDown,
    LinkParametersReport,
    LinkUp,
    PositionReport,
    ReceptionReport,
    SourceQuench,
    StreamReport,
)

from .clock import Watch

QUALITY: dict[str, Any] = {"on": "quality", "window": 1.0, "loss": 0.05, "jitter": 0.030, "delay": 0.100}
QUENCH: dict[str, Any] = {"on": "source-quench", "count": 3, "within": 1.0}
OSLO = (59.9139, 10.7522)
POSITION: dict[str, Any] = {"on": "position", "areas": [[*OSLO, 40.0]], "margin": 5.0, "hysteresis": 10.0}
POLICY: dict[str, Any] = {
    "on": "policy", "prefer": ["wifi", "umts"], "there_from": {"wifi": -70.0, "umts": -100.0}, "hysteresis": 5.0,
    "time_to_trigger": 0.0, "save_below": 0.2,
}  # fmt: skip
NETWORKS: dict[str, dict[str, Any]] = {"wifi": {"cost": 0.0, "power": 1.2}, "umts": {"cost": 5.0, "power": 0.8}}


# -- link-down --------------------------------------------------------------------------------------------------------


def test_a_link_that_is_lost_is_left_and_one_that_never_was_there_is_not() -> None:
    watch = Watch({"on": "link-down"})
    watch.tell(1.0, LinkUp("wifi"))
    assert watch.went == []
    watch.tell(2.0, LinkDown("wifi"))
    assert watch.went == [(2.0, "umts", "link-down")]


def test_nobody_goes_back_because_a_carrier_is_there() -> None:
    watch = Watch({"on": "link-down"})
    watch.tell(1.0, LinkUp("wifi"), LinkUp("umts"), LinkDown("wifi"), LinkUp("wifi"))
    assert watch.on == "umts"
    watch.tell(2.0, LinkDown("umts"))
    assert watch.on == "wifi"


def test_a_link_whose_agent_is_lost_is_left_and_not_gone_back_to_before_there_is_one() -> None:
    """RFC 5944 2.4.2.1; with whatever trigger, and though the carrier is there."""
    watch = Watch({"on": "signal", "below": -60.0})
    watch.tell(1.0, LinkUp("wifi"), LinkUp("umts"), AgentLost("wifi"))
    assert watch.went == [(1.0, "umts", "agent-lost")]
    watch.tell(2.0, LinkParametersReport("wifi", -40.0))
    assert watch.on == "umts"
    watch.tell(3.0, AgentHeard("wifi"), LinkParametersReport("wifi", -70.0), LinkParametersReport("wifi", -40.0))
    assert watch.on == "wifi"


# -- quality ----------------------------------------------------------------------------------------------------------


class Stream:
    """50 packets a second over WiFi, looked at every 100 ms."""

    def __init__(self, config: dict[str, Any] = QUALITY) -> None:
        self.watch = Watch(config)
        self.now, self.expected, self.received = 0.0, 0, 0

    def go_on(self, seconds: float, *, loss: float = 0.0, jitter: float = 0.0, delay: float | None = 0.0) -> None:
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            if loss < 1:
                self.expected += 5
                self.received += 5
            self.received -= round(5 * loss) if loss < 1 else 0
            self.watch.tell(self.now, StreamReport("wifi", self.expected, self.received, jitter, delay))


def test_a_stream_that_nobody_told_of_for_a_time_has_lost_nothing() -> None:
    """A call on hold has none, and is looked at again before the first packet has come (RFC 3264 8.4)."""
    stream = Stream({**QUALITY, "window": 3.0})
    stream.go_on(5.0)
    stream.now += 2.0
    stream.watch.tell(stream.now, StreamReport("wifi", stream.expected, stream.received, 0.0, 0.0))
    stream.go_on(5.0)
    assert stream.watch.went == []


def test_a_good_stream_is_no_reason() -> None:
    stream = Stream()
    stream.go_on(10.0, jitter=0.030, delay=0.100)
    assert stream.watch.went == []


def test_loss_counts_over_the_window() -> None:
    """One in five: after 300 ms it is 3 of 50."""
    stream = Stream()
    stream.go_on(2.0)
    stream.go_on(1.0, loss=0.2)
    assert stream.watch.went == [(2.3, "umts", "quality")]
    assert stream.watch.because == {"kind": "quality", "loss": 0.06}


@pytest.mark.parametrize(("name", "value"), [("jitter", 0.031), ("delay", 0.101)])
def test_jitter_and_delay(name: str, value: float) -> None:
    stream = Stream()
    stream.go_on(2.0)
    stream.go_on(0.1, **{name: value})
    assert stream.watch.went == [(2.1, "umts", "quality")]
    assert stream.watch.because == {"kind": "quality", name: value}


def test_what_the_other_side_reports_of_our_packets() -> None:
    """RTCP: the report before last does not count, and neither does one from before the call came back."""
    stream = Stream({"on": "quality", "window": 1.0, "uplink_loss": 0.05})
    stream.go_on(2.0)
    stream.watch.tell(2.0, ReceptionReport("wifi", 0.04))
    stream.go_on(1.0)
    assert stream.watch.went == []
    stream.watch.tell(3.0, ReceptionReport("wifi", 0.06))
    stream.go_on(0.1)
    assert stream.watch.because == {"kind": "quality", "uplink_loss": 0.06}


def test_what_has_no_limit_is_not_looked_at() -> None:
    stream = Stream({"on": "quality", "window": 1.0, "loss": 0.05, "jitter": None, "delay": None})
    stream.go_on(2.0, jitter=9.0, delay=9.0)
    assert stream.watch.went == []


def test_silence_is_loss() -> None:
    """Nothing comes, so no number is missing; but 120 ms are more than jitter, and 3 of 50 more than 5 %."""
    stream = Stream()
    stream.go_on(2.0)
    stream.go_on(0.5, loss=1.0, delay=None)
    assert stream.watch.went == [(2.2, "umts", "quality")]


def test_a_stream_that_has_just_begun_is_not_judged() -> None:
    stream = Stream()
    stream.go_on(0.8, loss=0.6)
    assert stream.watch.went == []


def test_a_stream_that_begins_anew_brings_no_old_losses() -> None:
    stream = Stream()
    stream.go_on(2.0)
    stream.expected = stream.received = 0
    stream.go_on(2.0)
    assert stream.watch.went == []


# -- position ---------------------------------------------------------------------------------------------------------


def north(metres: float) -> PositionReport:
    return PositionReport(OSLO[0] + metres / METRES_PER_DEGREE, OSLO[1])


def test_coverage_ends_its_margin_before_its_edge() -> None:
    watch = Watch(POSITION)
    watch.tell(1.0, north(34.9))
    assert watch.went == []
    watch.tell(2.0, north(35.1))
    assert watch.went == [(2.0, "umts", "position")]
    assert watch.because == {"kind": "position", "to_edge_m": 4.9}


def test_one_has_to_come_some_way_inside_to_go_back() -> None:
    watch = Watch(POSITION)
    for at, metres in enumerate([40.0, 30.0, 25.1, 24.9]):
        watch.tell(float(at), north(metres))
    assert [(at, to) for at, to, _ in watch.went] == [(0.0, "umts"), (3.0, "wifi")]


def test_of_several_areas_the_deepest_counts() -> None:
    second = [OSLO[0] + 60.0 / METRES_PER_DEGREE, OSLO[1], 40.0]
    watch = Watch({**POSITION, "areas": [*POSITION["areas"], second]})
    for metres in range(90):
        watch.tell(float(metres), north(float(metres)))
    assert watch.went == []
    watch.tell(99.0, north(96.0))
    assert watch.on == "umts"


SQUARE = Polygon(tuple(
    (OSLO[0] + y / METRES_PER_DEGREE, OSLO[1] + x / METRES_PER_DEGREE / cos(radians(OSLO[0])))
    for x, y in ((-50, -50), (50, -50), (50, 50), (-50, 50))
))  # fmt: skip


@pytest.mark.parametrize(
    ("metres", "depth"), [(0.0, 50.0), (40.0, 10.0), (-49.0, 1.0), (60.0, -10.0), (-200.0, -150.0)]
)
def test_depth_in_a_square(metres: float, depth: float) -> None:
    assert SQUARE.depth_m(OSLO[0] + metres / METRES_PER_DEGREE, OSLO[1]) == pytest.approx(depth, abs=0.01)


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(-500, 500), st.floats(-500, 500))
def test_depth_in_a_circle_is_its_radius_less_the_distance(lat: float, lon: float, x: float, y: float) -> None:
    """Everywhere on earth, also where longitudes begin anew; a fraction of a metre is lost to the plane."""
    circle = Circle(lat, lon, 100.0)
    there = lat + y / METRES_PER_DEGREE, lon + x / METRES_PER_DEGREE / cos(radians(lat))
    assert circle.depth_m(*there) == pytest.approx(100.0 - (x * x + y * y) ** 0.5, abs=0.5)


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_a_polygon_is_inside_out_nowhere(x: float, y: float) -> None:
    there = OSLO[0] + y / METRES_PER_DEGREE, OSLO[1] + x / METRES_PER_DEGREE / cos(radians(OSLO[0]))
    inside = 50 - max(abs(x), abs(y))
    depth = SQUARE.depth_m(*there)
    assert abs(inside) < 0.01 or (depth > 0) == (inside > 0)
    assert inside < 0 or depth == pytest.approx(inside, abs=0.05)


# -- source-quench ----------------------------------------------------------------------------------------------------


def quenched(*times: float) -> Watch:
    watch = Watch(QUENCH)
    for at in times:
        watch.tell(at, SourceQuench("wifi"))
    return watch


def test_so_many_within_so_long() -> None:
    assert quenched(1.0, 1.5, 1.9).went == [(1.9, "umts", "source-quench")]
    assert quenched(1.0, 1.5, 2.0).went == []


def test_one_that_is_about_another_link_does_not_count() -> None:
    watch = quenched(1.0, 1.1)
    watch.tell(1.2, SourceQuench("umts"))
    assert watch.went == []


@given(st.lists(st.floats(0.001, 2.0), max_size=30))
def test_it_fires_with_the_third_in_a_second_and_never_before(gaps: list[float]) -> None:
    times = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    fitting = [third for first, third in zip(times, times[2:], strict=False) if third < first + 1.0]
    assert [at for at, *_ in quenched(*times).went] == pytest.approx(fitting[:1], abs=1e-5)


# -- policy -----------------------------------------------------------------------------------------------------------


def wifi(dbm: float) -> LinkParametersReport:
    return LinkParametersReport("wifi", dbm)


def walked(config: dict[str, Any] = POLICY) -> Watch:
    """UMTS is there all the time, and WiFi at first."""
    watch = Watch(config, NETWORKS)
    watch.tell(0.0, wifi(-50.0))
    watch.tell(0.0, LinkParametersReport("umts", -60.0))
    return watch


def test_wlan_as_soon_as_there_is_one() -> None:
    watch = walked()
    watch.tell(1.0, wifi(-75.0))
    assert watch.went == []
    watch.tell(2.0, wifi(-75.1))
    watch.tell(3.0, wifi(-71.0))
    watch.tell(4.0, wifi(-70.0))
    assert watch.went == [(2.0, "umts", "policy"), (4.0, "wifi", "policy")]
    assert watch.because == {"kind": "policy", "wants": "wifi", "there": ["wifi", "umts"]}


def test_a_network_without_a_threshold_is_there_with_any_signal() -> None:
    watch = walked({**POLICY, "there_from": {"umts": -100.0}})
    watch.tell(1.0, wifi(-120.0))
    assert watch.went == []


def test_where_nothing_is_there_one_stays() -> None:
    watch = walked()
    watch.tell(1.0, LinkParametersReport("umts", -110.0))
    watch.tell(2.0, wifi(-100.0))
    assert watch.went == []


def test_the_cheapest_comes_before_the_one_that_is_named_first() -> None:
    watch = walked({**POLICY, "prefer": ["umts", "wifi"]})
    assert watch.on == "wifi"


def test_what_costs_the_same_is_taken_by_name() -> None:
    watch = Watch({**POLICY, "prefer": ["umts", "wifi"]})
    watch.tell(0.0, wifi(-50.0))
    watch.tell(1.0, LinkParametersReport("umts", -60.0))
    assert watch.went == [(1.0, "umts", "policy")]


def test_a_battery_that_runs_low_wants_the_least_power() -> None:
    watch = walked()
    watch.tell(1.0, BatteryReport(0.2))
    assert watch.went == []
    watch.tell(2.0, BatteryReport(0.19))
    assert watch.went == [(2.0, "umts", "policy")]
    watch.tell(3.0, BatteryReport(0.9))
    assert watch.on == "wifi"


def test_a_network_has_to_be_there_for_a_while() -> None:
    watch = walked({**POLICY, "time_to_trigger": 2.0})
    watch.tell(5.0, wifi(-90.0))
    watch.tell(7.5, wifi(-60.0))
    watch.tell(8.0, wifi(-90.0))
    watch.tell(20.0)
    assert watch.went == [(7.0, "umts", "policy")]
