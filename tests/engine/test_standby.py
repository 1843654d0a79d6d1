"""A break without warning in the lab, with a dialog that stands by: what the result says of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .command import call

if TYPE_CHECKING:
    from pathlib import Path

BREAK_S = 15.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run."""
    place = tmp_path_factory.mktemp("standby") / "run"
    arguments = ("--scheme", "handover-standby", "--failure", "wifi-break", "--out", place)
    done = call("run", "wifi-to-umts", *arguments)
    assert done.returncode == 0, done.stderr
    assert "What it cost" in done.stdout
    return place


@pytest.fixture(scope="module")
def result(folder: Path) -> dict[str, Any]:
    """Its result.json."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found


def test_the_interruption_is_in_the_window_though_the_trigger_came_late(result: dict[str, Any]) -> None:
    (handover,) = result["handovers"]
    assert (handover["outcome"], handover["old_path"], handover["new_path"]) == ("done", "wifi", "umts")
    assert handover["trigger_s"] - BREAK_S > 1.5
    for way in ("to_mn", "to_cn"):
        assert handover["window_s"][way]["open"] == pytest.approx(BREAK_S, abs=0.03)
        assert handover["window_s"][way]["released"]
        media = result["media"][way]
        assert (media["lost"], media["reordered"]) == (0, 0)
        assert media["gap_ms"] == media["gap_call_ms"] > 100
        # The old dialog's BYE, two seconds later, takes 35 to 45 ms of UMTS's uplink: what is behind it may be late.
        assert 0 <= media["interruption_call_ms"] - media["interruption_ms"] <= 40
        assert media["interruption_ms"] > 100
    phases = handover["phases_ms"]
    assert phases["detect"] + phases["media"] == pytest.approx(result["media"]["to_mn"]["gap_ms"], abs=0.01)
    assert result["warnings"] == []


def test_each_end_heard_it_and_switched_on_its_own(result: dict[str, Any]) -> None:
    standby = result["standby"]
    assert (standby["policy"], standby["alarms"], standby["false_alarms"]) == ("at-risk", 2, 0)
    assert {one["end"]: one["because"] for one in standby["switches"]} == {"mn": "silence", "cn": "silence"}
    for one in standby["switches"]:
        assert BREAK_S < one["new_s"] < BREAK_S + 0.2
    assert all(one["said_again"] > 0 and one["handover"] == 0 for one in standby["silences"])


def test_reports_on_the_leg_that_stood_by_say_what_the_captures_show(result: dict[str, Any]) -> None:
    for way in ("to_mn", "to_cn"):
        for link in ("wifi", "umts"):
            history = result["media"][way]["rtcp"][link]["history"]
            assert history
            assert all(one["captured_lost"] == one["cumulative_lost"] == 0 for one in history)


def test_it_costs_probes_and_copies_and_a_radio_that_talks(result: dict[str, Any]) -> None:
    cost = result["cost"]
    # Three seconds of copies at the begin of thirty, while the WiFi has to prove itself, and probes.
    assert 10 < cost["extra_percent"] < 18
    assert cost["radios"]["umts"]["talks_s"] > 28
    assert 12 < cost["radios"]["wifi"]["talks_s"] < 20
    assert all(result["media"][way]["probes"] >= 9 for way in ("to_mn", "to_cn"))
