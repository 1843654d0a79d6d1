"""The comparison of triggers as a table: when each fired, when the link became bad, and what the call suffered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, INTERRUPTION_CALL, LOST, LOST_IN_WINDOW
from testbed.report.terminal import DIRECTIONS, good_or_bad, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table


class Triggered(NamedTuple):
    """A run under a trigger: its result.json, when its link became bad by the script, its handovers, its length (s)."""

    name: str
    result: dict[str, Any]
    bad_s: float | None
    handovers: int
    call_s: float


def triggers_table(title: str, runs: Sequence[Triggered]) -> Table:
    """One row for each trigger and direction. Times in seconds count from the start of the scenario."""
    table = new_table(title, "trigger", "why it fired")
    for column in ("fired\nat s", "link bad\nfrom s", "ahead\ns", "hand-\novers", "a\nmin"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, vertical="bottom")
    for column in ("gap\nms", "interrup-\ntion ms", "lost in\nwindow", "…in call\nms", "lost\nin call"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        handover = run.result["handover"]
        fired = handover["trigger_s"] if handover else None
        ahead = None if fired is None or run.bad_s is None else run.bad_s - fired
        for key, direction in DIRECTIONS.items():
            media = run.result["media"][key]
            first = key == "to_mn"
            about = [
                run.name, str(handover["kind"]) if handover else "–", number(fired, 2), number(run.bad_s, 2),
                number(ahead, 2), str(run.handovers), number(run.handovers * 60 / run.call_s),
            ]  # fmt: skip
            table.add_row(
                *(about if first else [""] * len(about)),
                direction,
                *(number(one.read(media)) for one in (GAP, INTERRUPTION, LOST_IN_WINDOW)),
                good_or_bad(INTERRUPTION_CALL.read(media)),
                number(LOST.read(media)),
            )
    return table
