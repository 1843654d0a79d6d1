"""Schemes against each other as a table for a terminal: differences seed by seed, and which of them stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.report.estimates.paired_tests import LEVEL, least_pairs
from testbed.report.several.differences import WANTED_MS, compared, most_varied
from testbed.report.several.means_table import mean_cell
from testbed.report.terminal import DIRECTIONS, new_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from testbed.report.several.differences import SchemeDifference
    from testbed.report.several.groups import Condition

STANDS = "*"


def differences_table(condition: Condition, found: Sequence[SchemeDifference]) -> Table:
    """Each scheme less the reference, seed by seed; marked where that stands."""
    reference, metrics = condition.reference, compared(condition)
    table = new_table(f"Difference to {reference.name}, seed by seed: mean ±95 % confidence interval (times in ms)",
                      "scheme", "pairs", "")  # fmt: skip
    for metric in metrics:
        table.add_column(metric.name.replace("lost in ", "lost in\n"), justify="right", vertical="bottom")
    for series in condition.series:
        pairs = len(series.seeds.keys() & reference.seeds.keys())
        for way, direction in DIRECTIONS.items():
            mine = [one for one in found if one.series is series and one.direction == way]
            if mine:
                table.add_row(
                    *((series.name, str(pairs)) if way == "to_mn" else ("", "")),
                    direction,
                    *(f"{STANDS} " * one.stands + mean_cell(one.found, one.metric, whole=pairs) for one in mine),
                )
    return table


def how_sure(condition: Condition, found: Sequence[SchemeDifference]) -> Iterator[str]:
    """Yield what the marks mean, or why there can be none, and how many runs it would take to know more."""
    tested = [one for one in found if one.p is not None]
    if not tested:
        return
    pairs, needed = max(len(one.found.values) for one in tested), least_pairs(len(tested))
    if pairs < needed:
        yield (
            f"None of these {len(tested)} comparisons can stand with {pairs} {'pair' if pairs == 1 else 'pairs'}"
            f" (Wilcoxon's signed-rank test, Holm's correction): it takes {needed}."
        )
    else:
        yield (
            f"{STANDS} stands among these {len(tested)} comparisons: Wilcoxon's signed-rank test, p < {LEVEL:.2f} after"
            " Holm's correction."
        )
    sizes = [
        f"{metric.name} {worst.pairs_for(WANTED_MS)}"
        for metric in compared(condition)
        if metric.unit == "ms" and (worst := most_varied(found, metric)) is not None
    ]
    if sizes:
        yield f"Runs to know a difference to ±{WANTED_MS:.0f} ms, by the pair that varies most: {', '.join(sizes)}."
