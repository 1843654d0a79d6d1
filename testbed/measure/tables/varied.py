"""Columns of what a campaign varied: as it was written, or the number where all of them have one unit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from testbed.measure.tables.columns import Column

if TYPE_CHECKING:
    from collections.abc import Collection

    from testbed.measure.folder.records import Record

VARIED = "vary_"
"""What these columns begin with; the field's name follows, and its unit in brackets."""
_NUMBER = re.compile(r"([-+]?[0-9]+(?:\.[0-9]+)?)(?:\s*([^\s0-9.]+))?")


def varied_of(record: Record) -> dict[str, str]:
    """Return what was varied in the campaign of a run: field -> value as it was written; `RunFolderError`."""
    return {name: str((record.get("manifest.varied", "object") or {})[name]) for name in record.keys("manifest.varied")}


def varied_column(name: str, values: Collection[str]) -> Column:
    """Return the column of a field that has these values."""
    found = [_NUMBER.fullmatch(value) for value in values]
    units = {None if one is None else one[2] or "" for one in found}
    meaning = f"value that the campaign gave to {name}"
    if len(units) != 1 or None in units:
        return Column(f"{VARIED}{name}", "text", "", meaning)
    (unit,) = units
    return Column(f"{VARIED}{name} [{unit}]" if unit else f"{VARIED}{name}", "number", unit or "1", meaning)


def varied_value(record: Record, column: Column) -> str | float | None:
    """Return the value of such a column for a run; None where the field was not varied."""
    name = column.name.removeprefix(VARIED).removesuffix(f" [{column.unit}]")
    value = varied_of(record).get(name)
    if value is None or column.kind == "text":
        return value
    match = _NUMBER.fullmatch(value)
    return None if match is None else float(match[1])
