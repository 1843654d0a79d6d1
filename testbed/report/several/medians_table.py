"""Several runs of each scheme as a table for a terminal: the run in the middle, and between which nine of ten lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.estimates.order_statistics import HIGH, LOW, quantiles
from testbed.report.several import groups
from testbed.report.several.means_table import COUNTS
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number

if TYPE_CHECKING:
    from rich.table import Table

    from testbed.report.estimates.order_statistics import Quantiles
    from testbed.report.several.groups import Condition, Metric

FEWEST = 6
"""Of fewer runs nothing can be said of the median at 95 %."""
BETWEEN = f"{100 * LOW:.0f}–{100 * HIGH:.0f} %"


def has_medians(condition: Condition) -> bool:
    """Whether any scheme has enough runs for a median to say something."""
    return any(len(series.counted) >= FEWEST for series in condition.series)


def medians_table(condition: Condition) -> Table:
    """A row for each scheme and direction: the median, and the quantiles around it."""
    metrics = (condition.gap, condition.interruption, groups.LOST, condition.mos)
    table = new_table(
        f"Medians, and between what nine runs of ten lie ({BETWEEN} quantiles; times in ms)", "scheme", ""
    )
    for metric in metrics:
        name = (
            metric.name.replace("lost in ", "lost in\n")
            .replace("interruption", "interrup-\ntion")
            .replace("MOS ", "MOS\n")
        )
        table.add_column(name, justify="right", vertical="bottom", no_wrap=True)
        table.add_column(BETWEEN, justify="right", vertical="bottom", no_wrap=True)
    for series in condition.series:
        for way, direction in DIRECTIONS.items():
            found = [(quantiles(entry.value(metric.of(way)) for entry in series.counted), metric) for metric in metrics]
            cells = (cell for some, metric in found for cell in (median_cell(some, metric), between_cell(some, metric)))
            table.add_row(series.name if way == "to_mn" else "", direction, *cells)
    return table


def median_cell(found: Quantiles, metric: Metric) -> str:
    """The median; in brackets how many runs have it, where not all were measured."""
    few = f" ({found.measured} of {found.measured + found.missing})" if found.missing and found.measured else ""
    return NOT_MEASURED if found.median is None else f"{_value(found.median.value, metric)}{few}"


def between_cell(found: Quantiles, metric: Metric) -> str:
    """The quantiles around it, or that each run had it."""
    if found.low is None or found.high is None:
        return NOT_MEASURED
    if found.least == found.most:
        return "each" if found.measured > 1 else ""
    return f"{_value(found.low.value, metric)}–{_value(found.high.value, metric)}"


def _value(value: float, metric: Metric) -> str:
    return number(int(value) if metric.unit in COUNTS and value.is_integer() else value, metric.digits)
