"""The timeline as it happened: order, times, and what is an event."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from testbed.lab.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

ZERO_NS = 1_767_225_613_000_000_000
MS = 1_000_000


class Listener:
    """Whom the lab reports to."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def say(self, line: str) -> None:
        self.heard.append(json.loads(line))


def journal_from_zero() -> tuple[Journal, Listener]:
    listener = Listener()
    journal = Journal(listener.say)
    journal.start(ZERO_NS)
    return journal, listener


def written(journal: Journal, folder: Path) -> list[dict[str, Any]]:
    journal.write(folder / "events.jsonl")
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def test_event_has_both_times_and_its_facts(tmp_path: Path) -> None:
    journal, listener = journal_from_zero()
    journal.add("mn", "trigger", time_ns=ZERO_NS + 1500 * MS + 7, link="wifi")
    event = {"time_ns": ZERO_NS + 1500 * MS + 7, "t_s": 1.5, "source": "mn", "event": "trigger", "link": "wifi"}
    assert listener.heard == [event]
    assert written(journal, tmp_path) == [event]


def test_event_happens_now_where_nobody_says_when() -> None:
    journal, listener = journal_from_zero()
    before = time.clock_gettime_ns(time.CLOCK_REALTIME)
    journal.add("lab", "attached")
    assert before <= listener.heard[0]["time_ns"] <= time.clock_gettime_ns(time.CLOCK_REALTIME)


def test_events_are_written_in_the_order_of_time_and_told_in_the_order_of_telling(tmp_path: Path) -> None:
    journal, listener = journal_from_zero()
    for name, after_ms in (("late", 30), ("early", 10), ("same", 30)):
        journal.add("mn", name, time_ns=ZERO_NS + after_ms * MS)
    assert [event["event"] for event in listener.heard] == ["late", "early", "same"]
    assert [event["event"] for event in written(journal, tmp_path)] == ["early", "late", "same"]


def test_what_happened_before_zero_is_neither_told_nor_part_of_the_run(tmp_path: Path) -> None:
    listener = Listener()
    journal = Journal(listener.say)
    journal.add("lab", "attached", link="wifi")
    journal.start(ZERO_NS)
    journal.add("mn", "trigger", time_ns=ZERO_NS)
    assert journal.zero_ns == ZERO_NS
    assert listener.heard == written(journal, tmp_path)
    assert [event["event"] for event in listener.heard] == ["trigger"]


def test_where_there_never_is_a_zero_all_that_happened_is_told_at_the_end(tmp_path: Path) -> None:
    listener = Listener()
    journal = Journal(listener.say)
    journal.add("lab", "attached", link="wifi")
    journal.add("lab", "failed", reason="not ready")
    assert listener.heard == []
    assert written(journal, tmp_path) == listener.heard
    assert [event["event"] for event in listener.heard] == ["attached", "failed"]


def test_stages_and_ticks_are_no_events(tmp_path: Path) -> None:
    journal, listener = journal_from_zero()
    journal.stage("shaping links")
    journal.tick(3)
    assert listener.heard[0]["stage"] == "shaping links"
    assert listener.heard[1] == {"t_s": 3}
    assert written(journal, tmp_path) == []


def test_times_before_zero_are_negative() -> None:
    journal, listener = journal_from_zero()
    journal.add("cn", "ready", time_ns=ZERO_NS - 250 * MS)
    assert listener.heard[0]["t_s"] == -0.25


def test_text_of_any_language_is_one_line(tmp_path: Path) -> None:
    journal, _ = journal_from_zero()
    journal.add("mn", "failed", time_ns=ZERO_NS, reason="größer\u2028als\nerlaubt")
    assert written(journal, tmp_path)[0]["reason"] == "größer\u2028als\nerlaubt"
