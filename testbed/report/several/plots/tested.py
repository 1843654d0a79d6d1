"""Which differences between schemes stand, as the table of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.pages.pages import PlainTable
from testbed.report.several.comparison_verdict import bracketed
from testbed.report.several.differences import WANTED_MS, differences
from testbed.report.several.differences_table import how_sure
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, number

if TYPE_CHECKING:
    from testbed.report.several.differences import SchemeDifference
    from testbed.report.several.groups import Condition

COLUMNS = ("scheme", "", "number", "pairs", "difference", "95 % from", "95 % to", "p", "p after Holm", "stands",
           f"runs to ±{WANTED_MS:.0f} ms")  # fmt: skip


def tested_table(condition: Condition) -> tuple[PlainTable, tuple[str, ...]] | None:
    """Return every comparison with the reference, and what is to be said of them; None where there is one scheme."""
    if len(condition.series) < 2:
        return None
    found = differences(condition)
    caption = f"Each scheme less {condition.reference.name}: which differences stand"
    return PlainTable(caption, COLUMNS, tuple(_row(one) for one in found)), tuple(how_sure(condition, found))


def _row(one: SchemeDifference) -> tuple[str, ...]:
    digits, (low, high) = one.metric.digits, one.found.interval or (None, None)
    wanted = one.pairs_for(WANTED_MS) if one.metric.unit == "ms" and one.found.deviation else None
    return (
        one.series.name,
        DIRECTIONS[one.direction],
        f"{one.metric.name}{bracketed(one.metric)}",
        f"{len(one.found.values)}",
        number(one.found.mean, digits),
        number(low, digits),
        number(high, digits),
        _p(one.p),
        _p(one.adjusted),
        "yes" if one.stands else NOT_MEASURED if one.p is None else "no",
        number(wanted),
    )


def _p(value: float | None) -> str:
    return "< 0.0001" if value is not None and value < 0.0001 else number(value, 4)
