"""All that a terminal shows of several runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from testbed.report.several.differences import differences
from testbed.report.several.differences_table import differences_table, how_sure
from testbed.report.several.means_table import suffered_table, time_table
from testbed.report.several.medians_table import has_medians, medians_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from testbed.report.several.groups import Condition


def tables_of_many(conditions: Sequence[Condition]) -> RenderableType:
    """All that is shown of several runs: for each condition means, medians, phases, differences, what to doubt."""
    parts: list[RenderableType] = []
    for condition in conditions:
        parts += [Text()] if parts else []
        parts += [Text(condition.name, style="bold")] if len(conditions) > 1 else []
        parts += [suffered_table(condition), Text()]
        parts += [medians_table(condition), Text()] if has_medians(condition) else []
        parts += [time_table(condition)]
        parts += [Text(), *_differences(condition)] if len(condition.series) > 1 else []
        said = [Text(line, style="yellow") for line in doubts(condition)]
        parts += [Text(), *said] if said else []
    return Group(*parts)


def doubts(condition: Condition) -> Iterator[str]:
    """What doesn't count, and why; what there is to look at twice. All of it."""
    yield from (f"warning: {doubt}" for doubt in condition.doubts)
    for series in condition.series:
        for entry in series.entries:
            if entry.left_out is not None:
                yield f"not counted, {entry.record.name}: {entry.left_out}"
            yield from (f"warning, {entry.record.name}: {warning}" for warning in entry.record.warnings)


def _differences(condition: Condition) -> Iterator[RenderableType]:
    found = differences(condition)
    yield differences_table(condition, found)
    yield from (Text(line) for line in how_sure(condition, found))
