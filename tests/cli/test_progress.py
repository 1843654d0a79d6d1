"""Progress where it is piped: one line for what a reader wants to know, each whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.cli.runs.progress import Progress

if TYPE_CHECKING:
    import pytest


def test_events_that_matter_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.say("building [the] guest")
        progress.begin("reinvite")
        progress.report("reinvite", {"stage": "shaping links", "clock_s": 3.0})
        progress.report("reinvite", {"t_s": 1})
        progress.report("reinvite", {"t_s": 1.0105, "event": "call_established", "source": "mn"})
        progress.report("reinvite", {"t_s": 1.2, "event": "rtp_statistics", "source": "mn"})
        progress.report("reinvite", {"t_s": 18.0, "event": "link_gone", "link": "wifi", "source": "lab"})
        progress.report("reinvite", {"t_s": 19.0, "event": "failed", "reason": "mn [1] is dead", "source": "lab"})
        progress.end("reinvite", "FAILED: mn [1] is dead")
    assert capsys.readouterr().err.splitlines() == [
        "building [the] guest",
        "reinvite:    1.010 s  the call is up",
        "reinvite:   18.000 s  the link is gone wifi",
        "reinvite:   19.000 s  FAILED: mn [1] is dead",
        "reinvite: FAILED: mn [1] is dead",
    ]


def test_long_lines_are_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.say("a " * 200 + "b")
    assert capsys.readouterr().err == "a " * 200 + "b\n"


def test_nothing_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.begin("a")
        progress.end("a", "done")
    assert capsys.readouterr().out == ""
