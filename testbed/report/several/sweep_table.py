"""A campaign as a table for a terminal: a row for each scenario, values of what was varied, scheme and direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from testbed.report.several import groups
from testbed.report.several.means_table import counted, mean_cell
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from testbed.report.several.groups import Condition, Series

MOST_SAID = 20


def sweep_table(conditions: Sequence[Condition]) -> RenderableType:
    """What the listener missed, mean ± half the interval; below, what is to be known of runs that count in none."""
    varied = list(dict.fromkeys(name for one in conditions for name in one.varied))
    title = "What the calls suffered: mean ±95 % confidence interval (times in ms)"
    table = new_table(title, "scenario", *varied, "scheme", "runs", "")
    for column in ("gap", "interruption", "lost in\nwindow", "interrupted\nin runs"):
        table.add_column(column, justify="right", vertical="bottom")
    before: list[str] = []
    for condition in conditions:
        values = condition.varied
        for series in condition.series:
            names = [dict(condition.facts)["scenario"], *(values.get(name, NOT_MEASURED) for name in varied)]
            for key, direction in DIRECTIONS.items():
                first = key == "to_mn"
                shown = ["" if names == before else one for one in names] if first else [""] * len(names)
                table.add_row(
                    *shown,
                    *((series.name, counted(series)) if first else ("", "")),
                    direction,
                    *cells(condition, series, key),
                )
            before = names
    said = list(left_out(conditions))
    more = [f"and {len(said) - MOST_SAID} more"] if len(said) > MOST_SAID else []
    return Group(table, *(Text(line, style="yellow") for line in [*said[:MOST_SAID], *more]))


def cells(condition: Condition, series: Series, direction: str) -> Iterator[str | Text]:
    """The numbers of a series in a direction."""
    for metric in (condition.gap, condition.interruption, groups.LOST):
        one = metric.of(direction)
        yield mean_cell(series.estimate(one), one)
    share = series.interrupted([condition.interruption.of(direction)])
    if share is None:
        yield NOT_MEASURED
    else:
        yield Text(f"{share.hits} of {share.total}", style="bold red" if share.hits else "bold green")


def first_alone(conditions: Sequence[Condition]) -> Iterator[str]:
    """Says that numbers are about the first handover alone, where calls have several, and what the others brought."""
    entries = [entry for one in conditions for series in one.series for entry in series.counted]
    several = [one for one in entries if len(one.record.get("result.handovers", "object") or ()) > 1]
    if several:
        metrics = [groups.INTERRUPTION_CALL.of(direction) for direction in groups.DIRECTIONS]
        missed = sum(any(one.value(metric) for metric in metrics) for one in several)
        yield (
            f"warning: {len(several)} of {len(entries)} calls had several handovers; the table is about the first of"
            f" each. In the whole call the listener missed something in {missed} of them."
        )


def left_out(conditions: Sequence[Condition]) -> Iterator[str]:
    """Which runs count in no mean, and why; and why to doubt a comparison."""
    yield from first_alone(conditions)
    for condition in conditions:
        yield from (f"warning, {condition.name}: {doubt}" for doubt in condition.doubts)
        for series in condition.series:
            for entry in series.entries:
                if entry.left_out is not None:
                    yield f"not counted, {condition.name}, {series.name}, seed {entry.seed}: {entry.left_out}"
