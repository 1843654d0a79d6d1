"""The comparison of triggers as tables: when each fired, when the link became bad, and what the call suffered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, INTERRUPTION_CALL, LOST, LOST_IN_WINDOW
from testbed.report.several.means_table import mean
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, good_or_bad, new_table, number

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

    @property
    def fired_s(self) -> float | None:
        """When it fired, for the first handover; None where it never did."""
        handover = self.result["handover"]
        return handover["trigger_s"] if handover else None

    @property
    def ahead_s(self) -> float | None:
        """How long before the link became bad that was."""
        return None if self.fired_s is None or self.bad_s is None else self.bad_s - self.fired_s

    @property
    def kind(self) -> str:
        """Of which kind what fired was."""
        handover = self.result["handover"]
        return str(handover["kind"]) if handover else NOT_MEASURED


def triggers_table(title: str, runs: Sequence[Triggered]) -> Table:
    """One row for each trigger and direction. Times in seconds count from the start of the scenario."""
    table = new_table(title, "trigger", "why it fired")
    for column in ("fired\nat s", "link bad\nfrom s", "ahead\ns", "hand-\novers", "a\nmin"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, vertical="bottom")
    for column in ("gap\nms", "interrup-\ntion ms", "lost in\nwindow", "…in call\nms", "lost\nin call"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        for key, direction in DIRECTIONS.items():
            media = run.result["media"][key]
            first = key == "to_mn"
            about = [
                run.name, run.kind, number(run.fired_s, 2), number(run.bad_s, 2),
                number(run.ahead_s, 2), str(run.handovers), number(run.handovers * 60 / run.call_s),
            ]  # fmt: skip
            table.add_row(
                *(about if first else [""] * len(about)),
                direction,
                *(number(one.read(media)) for one in (GAP, INTERRUPTION, LOST_IN_WINDOW)),
                good_or_bad(INTERRUPTION_CALL.read(media)),
                number(LOST.read(media)),
            )
    return table


def mean_triggers_table(title: str, runs: Sequence[Triggered]) -> Table:
    """The same of several seeds: means with half their 95 % confidence intervals, a row a trigger and direction."""
    table = new_table(f"{title}; means ±95 % confidence interval", "trigger", "why it fired")
    for column in ("runs", "ahead\ns", "a\nmin"):
        table.add_column(column, justify="right", vertical="bottom")
    table.add_column("", no_wrap=True, vertical="bottom")
    for column in (
        "gap\nms",
        "interrup-\ntion ms",
        "lost in\nwindow",
        "…in call\nms",
        "lost\nin call",
        "inter-\nrupted",
    ):
        table.add_column(column, justify="right", vertical="bottom")
    for name in dict.fromkeys(run.name for run in runs):
        mine = [run for run in runs if run.name == name]
        about = [
            name, ", ".join(dict.fromkeys(run.kind for run in mine)), str(len(mine)),
            mean(run.ahead_s for run in mine), mean((run.handovers * 60 / run.call_s for run in mine), 1),
        ]  # fmt: skip
        for key, direction in DIRECTIONS.items():
            media = [run.result["media"][key] for run in mine]
            known = [found for one in media if (found := INTERRUPTION_CALL.read(one)) is not None]
            table.add_row(
                *(about if key == "to_mn" else [""] * len(about)),
                direction,
                *(mean((one.read(of_run) for of_run in media), 1)
                  for one in (GAP, INTERRUPTION, LOST_IN_WINDOW, INTERRUPTION_CALL, LOST)),
                f"{sum(found > 0 for found in known)} of {len(known)}",
            )  # fmt: skip
    return table
