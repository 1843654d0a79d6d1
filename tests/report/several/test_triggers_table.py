"""The table of triggers: early is positive, late negative, what was not measured a dash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.several.triggers_table import Triggered, triggers_table
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
