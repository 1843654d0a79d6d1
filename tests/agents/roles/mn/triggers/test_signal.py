"""`signal` with hysteresis and time-to-trigger, and `link-going-down`, which looks at its slope."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.roles.mn.triggers.events import LinkDown, LinkParametersReport, LinkUp

from .clock import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

PLAIN = {"on": "signal", "below": -60.0}
CALM = {**PLAIN, "hysteresis": 8.0}
PATIENT = {**PLAIN, "time_to_trigger": 2.0}
GOING = {"on": "link-going-down", "floor": -85.0, "within": 2.0, "window": 1.0, "hysteresis": 6.0}
SIGNALS = st.lists(st.floats(-90.0, -30.0), max_size=60)


def wifi(dbm: float) -> LinkParametersReport:
    return LinkParametersReport("wifi", dbm)


def told(config: dict[str, object], *signals: float, every: float = 1.0) -> Watch:
    """A call whose WiFi has these signals, one after the other."""
    watch = Watch(dict(config))
    for number, dbm in enumerate(signals):
        watch.tell(number * every, wifi(dbm))
    return watch


def test_it_fires_below_the_threshold_and_not_at_it() -> None:
    assert told(PLAIN, -50.0, -60.0, -60.5).went == [(2.0, "umts", "signal")]


def test_it_says_why() -> None:
    assert told(PLAIN, -60.5).because == {"kind": "signal", "signal_dbm": -60.5}


def test_it_goes_back_at_the_threshold_where_there_is_no_hysteresis() -> None:
    assert told(PLAIN, -61.0, -59.0, -61.0).went == [
        (0.0, "umts", "signal"), (1.0, "wifi", "signal"), (2.0, "umts", "signal"),
    ]  # fmt: skip


def test_within_the_hysteresis_nothing_changes() -> None:
    assert told(CALM, -61.0, -59.0, -53.0, -61.0, -52.0).went == [(0.0, "umts", "signal"), (4.0, "wifi", "signal")]


def test_the_other_link_s_signal_is_not_looked_at() -> None:
    watch = Watch(PLAIN)
    watch.tell(1.0, LinkParametersReport("umts", -99.0))
    assert watch.went == []


def test_a_weak_moment_is_none() -> None:
    assert told(PATIENT, -61.0, -59.0, -61.0, -60.0).went == []


def test_time_to_trigger_runs_by_itself() -> None:
    watch = told(PATIENT, -61.0)
    watch.tell(1.9)
    assert watch.went == []
    watch.tell(5.0)
    assert watch.went == [(2.0, "umts", "signal")]


def test_reports_within_the_time_to_trigger_do_not_begin_it_anew() -> None:
    assert told(PATIENT, -61.0, -62.0, -63.0, -64.0).went == [(2.0, "umts", "signal")]


def test_a_link_that_is_back_is_gone_back_to_when_its_signal_is_known() -> None:
    watch = told(PLAIN, -50.0)
    watch.tell(1.0, LinkUp("wifi"))
    watch.tell(2.0, LinkDown("wifi"))
    watch.tell(3.0, LinkUp("wifi"))
    assert watch.went == [(2.0, "umts", "link-down")]
    watch.tell(4.0, wifi(-50.0))
    assert watch.went[1:] == [(4.0, "wifi", "signal")]


@given(SIGNALS, st.floats(0.0, 20.0))
def test_between_two_handovers_the_signal_has_moved_by_the_hysteresis(signals: list[float], hysteresis: float) -> None:
    watch = told({**PLAIN, "hysteresis": hysteresis}, *signals)
    levels = [signals[int(at)] for at, *_ in watch.went]
    assert [to for _, to, _ in watch.went] == (["umts", "wifi"] * len(levels))[: len(levels)]  # never the same twice
    for before, after in pairwise(levels):
        assert abs(after - before) >= hysteresis
        assert (before < -60.0) != (after < -60.0)


@given(SIGNALS, st.integers(1, 5))
def test_whoever_is_sent_away_was_weak_for_the_whole_time_to_trigger(signals: list[float], seconds: int) -> None:
    watch = told({**PLAIN, "time_to_trigger": float(seconds)}, *signals)
    for at, to, _ in watch.went:
        held = signals[max(0, int(at) - seconds) : int(at)]
        assert len(held) == seconds
        assert all((dbm < -60.0) == (to == "umts") for dbm in held)


@given(SIGNALS)
def test_more_hysteresis_is_never_more_handovers(signals: list[float]) -> None:
    counts = [len(told({**PLAIN, "hysteresis": hysteresis}, *signals).went) for hysteresis in (0.0, 4.0, 8.0, 16.0)]
    assert counts == sorted(counts, reverse=True)


# -- the slope --------------------------------------------------------------------------------------------------------


def ramped(level: Callable[[float], float], *, until: float) -> Watch:
    watch = Watch(GOING)
    for tick in range(round(until * 10) + 1):
        watch.tell(tick / 10, wifi(level(tick / 10)))
    return watch


@pytest.mark.parametrize("per_s", [2.0, 5.0, 10.0])
def test_it_fires_so_long_before_the_floor_is_reached(per_s: float) -> None:
    watch = ramped(lambda at: -50.0 - per_s * at, until=20.0)
    floor_at = 35.0 / per_s
    ((at, to, kind),) = watch.went[:1]
    assert (to, kind) == ("umts", "link-going-down")
    assert at == pytest.approx(floor_at - 2.0, abs=0.11)
    assert watch.because["in_s"] == pytest.approx(2.0, abs=0.11)


def test_a_steady_or_rising_signal_is_not_going_down() -> None:
    assert ramped(lambda _: -84.0, until=5.0).went == []
    assert ramped(lambda at: -84.0 + at, until=5.0).went == []


def test_two_points_are_no_line() -> None:
    assert told(GOING, -50.0, -80.0, every=0.1).went == []


def test_it_goes_back_when_the_signal_has_recovered() -> None:
    """From -50 dBm down by 5 dB/s for 6 s, and up again."""
    watch = ramped(lambda at: -50.0 - 5.0 * (at if at < 6.0 else 12.0 - at), until=14.0)
    assert [to for _, to, _ in watch.went] == ["umts", "wifi"]
    left_at = -50.0 - 5.0 * watch.went[0][0]
    assert -50.0 - 5.0 * (12.0 - watch.went[1][0]) >= left_at + 6.0


@given(st.lists(st.floats(-84.0, -30.0), max_size=40))
def test_whatever_the_signal_it_has_a_verdict(signals: list[float]) -> None:
    """Never the same way twice, and never an exception: two reports at one time are no line either."""
    watch = Watch(GOING)
    for number, dbm in enumerate(signals):
        watch.tell(number // 2 * 0.1, wifi(dbm))
    went = [to for _, to, _ in watch.went]
    assert went == (["umts", "wifi"] * len(went))[: len(went)]
