"""The decision: several triggers, their weights, and the guard against going to and fro."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.roles.mn.triggers.events import LinkDown, LinkParametersReport, LinkUp, PositionReport, SourceQuench

from .clock import Watch

SIGNAL: dict[str, Any] = {"on": "signal", "below": -60.0}
POSITION: dict[str, Any] = {"on": "position", "areas": [[0.0, 0.0, 1000.0]], "margin": 0.0, "hysteresis": 0.0}
QUENCH: dict[str, Any] = {"on": "source-quench", "count": 1, "within": 5.0}
OUTSIDE, INSIDE = PositionReport(1.0, 0.0), PositionReport(0.0, 0.0)
EVENTS = st.sampled_from([
    *(LinkParametersReport("wifi", dbm) for dbm in (-50.0, -59.0, -61.0, -80.0)),
    OUTSIDE, INSIDE, SourceQuench("wifi"), LinkDown("wifi"), LinkUp("wifi"), LinkDown("umts"), LinkUp("umts"),
])  # fmt: skip
TIMED = st.lists(st.tuples(st.floats(0.01, 3.0), EVENTS), max_size=60)


def wifi(dbm: float) -> LinkParametersReport:
    return LinkParametersReport("wifi", dbm)


def any_of(*triggers: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"on": "any", "of": list(triggers), **more}


def weighted(at_least: float, *triggers: tuple[float, dict[str, Any]]) -> dict[str, Any]:
    of = [{"weight": weight, "trigger": trigger} for weight, trigger in triggers]
    return {"on": "weighted", "at_least": at_least, "of": of}


def test_any_of_them_is_enough() -> None:
    watch = Watch(any_of(SIGNAL, POSITION))
    watch.tell(1.0, wifi(-50.0))
    watch.tell(2.0, OUTSIDE)
    assert watch.went == [(2.0, "umts", "position")]


def test_nobody_goes_back_to_what_another_one_would_leave() -> None:
    watch = Watch(any_of(SIGNAL, POSITION))
    watch.tell(1.0, wifi(-70.0), OUTSIDE)
    watch.tell(2.0, wifi(-50.0))
    assert watch.on == "umts"
    watch.tell(3.0, INSIDE)
    assert watch.on == "wifi"


def test_weights_have_to_reach_the_threshold_together() -> None:
    watch = Watch(weighted(0.6, (0.4, SIGNAL), (0.3, POSITION), (0.3, QUENCH)))
    watch.tell(1.0, wifi(-70.0))
    assert watch.went == []
    watch.tell(2.0, SourceQuench("wifi"))
    assert watch.went == [(2.0, "umts", "signal")]
    assert watch.because == {"kind": "signal", "signal_dbm": -70.0, "also": ["source-quench"]}


def test_tenths_add_up() -> None:
    """0.1 + 0.2 is more than 0.3 for a computer, and 0.7 + 0.2 less than 0.9."""
    for first, second in ((0.1, 0.2), (0.7, 0.2)):
        watch = Watch(weighted(round(first + second, 1), (first, SIGNAL), (second, POSITION)))
        watch.tell(1.0, wifi(-70.0), OUTSIDE)
        assert watch.on == "umts"


def test_a_link_that_is_lost_is_left_whatever_the_weights() -> None:
    watch = Watch(weighted(1.0, (0.5, SIGNAL), (0.5, POSITION)))
    watch.tell(1.0, LinkUp("wifi"))
    watch.tell(2.0, LinkDown("wifi"))
    assert watch.went == [(2.0, "umts", "link-down")]


def test_nobody_goes_to_a_link_that_is_lost_but_from_one_that_is_lost_too() -> None:
    watch = Watch(SIGNAL)
    watch.tell(1.0, LinkUp("umts"), LinkDown("umts"))
    watch.tell(2.0, wifi(-70.0))
    assert watch.went == []
    watch.tell(3.0, LinkDown("wifi"))
    assert watch.went[:1] == [(3.0, "umts", "link-down")]


def test_after_a_handover_one_stays_for_a_while_and_then_goes() -> None:
    watch = Watch({**SIGNAL, "stay": 10.0})
    watch.tell(1.0, wifi(-61.0))
    watch.tell(2.0, wifi(-50.0))
    assert watch.on == "umts"
    watch.tell(20.0)
    assert watch.went == [(1.0, "umts", "signal"), (11.0, "wifi", "signal")]


def test_what_has_passed_meanwhile_is_no_reason_any_more() -> None:
    watch = Watch({**SIGNAL, "stay": 10.0})
    for at, dbm in ((1.0, -61.0), (2.0, -50.0), (3.0, -61.0)):
        watch.tell(at, wifi(dbm))
    watch.tell(20.0)
    assert watch.went == [(1.0, "umts", "signal")]


def test_a_lost_link_does_not_wait_for_the_guard() -> None:
    watch = Watch({**SIGNAL, "stay": 10.0})
    watch.tell(0.0, LinkUp("umts"), LinkUp("wifi"))
    watch.tell(1.0, wifi(-61.0))
    watch.tell(2.0, LinkDown("umts"))
    assert [(at, to) for at, to, _ in watch.went] == [(1.0, "umts"), (2.0, "wifi")]


@given(TIMED, st.floats(0.0, 10.0))
def test_the_guard_keeps_its_distance_but_for_lost_links(timed: list[tuple[float, Any]], stay: float) -> None:
    watch = Watch(any_of(SIGNAL, POSITION, QUENCH, stay=stay))
    now = 0.0
    for wait, event in timed:
        now += wait
        watch.tell(now, event)
    for (before, *_), (after, _, kind) in pairwise(watch.went):
        assert kind == "link-down" or after - before >= stay - 1e-5


@given(TIMED)
def test_a_guard_never_makes_more_handovers_when_no_link_is_lost(timed: list[tuple[float, Any]]) -> None:
    """So many fit in at most: one, and one more for each time that the guard has run out."""
    watch, now = Watch({**SIGNAL, "stay": 5.0}), 0.0
    for wait, event in timed:
        if not isinstance(event, LinkDown):
            now += wait
            watch.tell(now, event)
    assert len(watch.went) <= 1 + now / 5.0
