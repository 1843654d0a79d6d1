"""The table of triggers: early is positive, late negative, what was not measured a dash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from testbed.report.several.means_table import mean
from testbed.report.several.triggers_table import Triggered, mean_triggers_table, triggers_table
from testbed.report.terminal import console

if TYPE_CHECKING:
    import pytest

MEDIA = {"gap_ms": 100.04, "interruption_ms": 20.0, "lost_in_window": 1, "interruption_call_ms": 40.0, "lost": 2}
SILENT = dict.fromkeys(MEDIA)


def result(trigger_s: float | None, media: dict[str, Any]) -> dict[str, Any]:
    handover = None if trigger_s is None else {"trigger_s": trigger_s, "kind": "signal"}
    return {"handover": handover, "media": {"to_mn": media, "to_cn": media}}


def rows(capsys: pytest.CaptureFixture[str], *runs: Triggered) -> list[list[str]]:
    console().print(triggers_table("title", runs))
    return [line.split() for line in capsys.readouterr().out.splitlines()[3:]]


def test_a_row_for_each_direction(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = ["100.0", "20.0", "1", "40.0", "2"]
    assert rows(capsys, Triggered("early", result(12.5, MEDIA), 15.8, 3, 30.0)) == [
        ["early", "signal", "12.50", "15.80", "3.30", "3", "6.0", "to", "MN", *numbers],
        ["to", "CN", *numbers],
    ]


def test_too_late_is_less_than_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert rows(capsys, Triggered("late", result(19.73, MEDIA), 15.8, 1, 30.0))[0][4] == "-3.93"


def test_what_there_was_not(capsys: pytest.CaptureFixture[str]) -> None:
    (row, _) = rows(capsys, Triggered("never", result(None, SILENT), None, 0, 30.0))
    assert row == ["never", "–", "–", "–", "–", "0", "0.0", "to", "MN", *["–"] * 5]


def test_several_seeds_are_means_and_a_run_without_a_number_counts_in_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Student's t for two values, 10 and 30: 20 ±127.1. What was not measured is not what was not interrupted."""
    assert mean([10.0, None, 30.0], 1) == "20.0 ±127.1 (2 of 3)"
    assert mean([None]) == "–"
    media: list[dict[str, Any]] = [MEDIA, {**MEDIA, "interruption_call_ms": 0.0}, SILENT]
    runs = [Triggered("early", result(12.5, one), 15.8, 1, 30.0) for one in media]
    console().print(mean_triggers_table("title", runs))
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("1 of 2") == 2
    assert "…in call" in said
    assert said.count("…") == 1, "nothing is cut off"


def test_a_skewed_mean_has_two_halves_as_in_the_other_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """One run in twenty with a long gap: an interval that is symmetric would reach below what can be."""
    media = [{**MEDIA, "gap_ms": 1000.0 if seed == 1 else 10.0} for seed in range(20)]
    console().print(
        mean_triggers_table("title", [Triggered("early", result(12.5, one), 15.8, 1, 30.0) for one in media])
    )
    assert re.search(r"59\.5 \+[0-9.]+/-[0-9.]+ ", capsys.readouterr().out)
