"""Several runs of each scheme as tables for a terminal: means with their intervals, and differences seed by seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from testbed.report.several import groups
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, PHASES, new_table, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from testbed.report.several.groups import Condition, Metric, Series
    from testbed.report.several.intervals import Estimate


COUNTS = ("packets", "messages", "bytes")
"""Units of numbers that are whole where they are no mean of different ones."""


def tables_of_many(conditions: Sequence[Condition]) -> RenderableType:
    """All that is shown of several runs: for each condition its means, phases, differences, and what to doubt."""
    parts: list[RenderableType] = []
    for condition in conditions:
        parts += [Text()] if parts else []
        parts += [Text(condition.name, style="bold")] if len(conditions) > 1 else []
        parts += [suffered_table(condition), Text(), time_table(condition)]
        parts += [Text(), differences_table(condition)] if len(condition.series) > 1 else []
        said = [Text(line, style="yellow") for line in doubts(condition)]
        parts += [Text(), *said] if said else []
    return Group(*parts)


def suffered_table(condition: Condition) -> Table:
    """A row for each scheme and direction: mean ± half the interval."""
    during = "during the handover" if condition.has_handover else "in the whole call"
    title = f"What the call suffered {during}: mean ±95 % confidence interval (times in ms{by_engine(condition)})"
    table = new_table(title, "scheme", "runs", "")
    for column in ("gap", "path step", "interruption", "lost in\nwindow", "MOS", "interrupted\nin runs"):
        table.add_column(column, justify="right", vertical="bottom")
    for series in condition.series:
        for key, direction in DIRECTIONS.items():
            metrics = [
                one.of(key) for one in (condition.gap, groups.STEP, condition.interruption, groups.LOST, groups.MOS)
            ]
            share = series.interrupted([condition.interruption.of(key)])
            is_good = share is not None and not share.hits
            table.add_row(
                *((series.name, counted(series)) if key == "to_mn" else ("", "")),
                direction,
                *(mean_cell(series.estimate(metric), metric) for metric in metrics),
                Text(
                    NOT_MEASURED if share is None else f"{share.hits} of {share.total}",
                    style="" if share is None else "bold green" if is_good else "bold red",
                ),
            )
    return table


def time_table(condition: Condition) -> Table:
    """Where the time went, on average."""
    title = "Where the time went: means (ms; the delay runs from the trigger to media on the new path)"
    table = new_table(title, "scheme")
    for column in (
        *(name.replace("signalling", "signal-\nling") for name in PHASES),
        "delay",
        "SIP messages",
        "SIP bytes",
    ):
        table.add_column(column, justify="right", vertical="bottom")
    for series in condition.series:
        table.add_row(
            series.name,
            *(number(series.estimate(groups.PHASE[name]).mean) for name in PHASES),
            *(mean_cell(series.estimate(metric), metric) for metric in (groups.DELAY, groups.MESSAGES, groups.BYTES)),
        )
    return table


def differences_table(condition: Condition) -> Table:
    """Each scheme less the reference, seed by seed."""
    reference = condition.reference
    table = new_table(f"Difference to {reference.name}, seed by seed: mean ±95 % confidence interval (times in ms)",
                      "scheme", "pairs", "")  # fmt: skip
    for column in ("gap", "interruption", "lost in\nwindow", "MOS"):
        table.add_column(column, justify="right", vertical="bottom")
    for series in condition.series:
        if series is reference:
            continue
        for key, direction in DIRECTIONS.items():
            metrics = [one.of(key) for one in (condition.gap, condition.interruption, groups.LOST, groups.MOS)]
            found = [condition.difference(series, reference, metric) for metric in metrics]
            pairs = len(series.by_seed(metrics[0]).keys() & reference.by_seed(metrics[0]).keys())
            table.add_row(
                *((series.name, str(pairs)) if key == "to_mn" else ("", "")),
                direction,
                *(mean_cell(one, metric, whole=pairs) for one, metric in zip(found, metrics, strict=True)),
            )
    return table


def doubts(condition: Condition) -> Iterator[str]:
    """What doesn't count, and why; what there is to look at twice. All of it."""
    yield from (f"warning: {doubt}" for doubt in condition.doubts)
    for series in condition.series:
        for entry in series.entries:
            if entry.left_out is not None:
                yield f"not counted, {entry.record.name}: {entry.left_out}"
            yield from (f"warning, {entry.record.name}: {warning}" for warning in entry.record.warnings)


def by_engine(condition: Condition) -> str:
    """Who made these runs, for a title."""
    engine = dict(condition.facts).get("engine")
    return f"; engine: {engine}" if engine else ""


def counted(series: Series) -> str:
    """How many runs count, and of how many where not all do."""
    here, there = len(series.counted), len(series.entries)
    return str(here) if here == there else f"{here} of {there}"


def mean_cell(found: Estimate, metric: Metric, whole: int | None = None) -> str:
    """A mean and half its interval, or that each run had it; in brackets how many runs, where not all were measured."""
    if found.mean is None:
        return NOT_MEASURED
    total = len(found.values) + found.missing if whole is None else whole
    few = f" ({len(found.values)} of {total})" if len(found.values) < total else ""
    half = "" if found.half is None else f" ±{number(found.half, metric.digits)}" if found.half else " each"
    is_count = metric.unit in COUNTS and not found.half and found.mean.is_integer()
    return f"{number(int(found.mean) if is_count else found.mean, metric.digits)}{half}{few}"
