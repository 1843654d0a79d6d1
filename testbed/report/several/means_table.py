"""Several runs of each scheme as tables for a terminal: means with their intervals, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from testbed.report.estimates.intervals import estimate
from testbed.report.several import groups
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, PHASES, new_table, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from testbed.report.estimates.intervals import Estimate
    from testbed.report.several.groups import Condition, Metric, Series


COUNTS = ("packets", "messages", "bytes")
"""Units of numbers that are whole where they are no mean of different ones."""


def suffered_table(condition: Condition) -> Table:
    """A row for each scheme and direction: mean ± half the interval."""
    during = "during the handover" if condition.has_handover else "in the whole call"
    title = f"What the call suffered {during}: mean ±95 % confidence interval (times in ms{by_engine(condition)})"
    table = new_table(title, "scheme", "runs", "")
    for column in (
        "gap",
        "path step",
        "interruption",
        "lost in\nwindow",
        condition.mos.name.replace(" ", "\n"),
        "interrupted\nin runs",
    ):
        table.add_column(column, justify="right", vertical="bottom")
    for series in condition.series:
        for key, direction in DIRECTIONS.items():
            metrics = [
                one.of(key) for one in (condition.gap, groups.STEP, condition.interruption, groups.LOST, condition.mos)
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
    is_count = metric.unit in COUNTS and not found.half and found.mean.is_integer()
    return f"{number(int(found.mean) if is_count else found.mean, metric.digits)}{sure(found, metric.digits)}{few}"


def sure(found: Estimate, digits: int) -> str:
    """Half of the interval, or both halves where it is not symmetric."""
    if found.half is None or found.mean is None:
        return ""
    if not found.half:
        return " each"
    if found.bca is None:
        return f" ±{number(found.half, digits)}"
    low, high = found.bca
    above, below = number(high - found.mean, digits), number(found.mean - low, digits)
    return f" ±{above}" if above == below else f" +{above}/-{below}"


def mean(values: Iterable[float | None], digits: int = 2) -> str:
    """A mean and how sure it is; in brackets of how many runs, where not all have one."""
    found = estimate(values)
    if found.mean is None:
        return NOT_MEASURED
    few = f" ({len(found.values)} of {len(found.values) + found.missing})" if found.missing else ""
    return f"{number(found.mean, digits)}{sure(found, digits)}{few}"
