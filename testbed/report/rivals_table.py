"""Schemes of all layers beside each other: what the call suffered, and what moving it took in messages and in bytes.

`python -m testbed.report.rivals_table CAMPAIGN…` prints it, of their data.csv.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from testbed.measure.numbers.cost_numbers import TUNNEL_BYTES
from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, INTERRUPTION_CALL, LOST, PATH_STEP
from testbed.measure.numbers.signalling_numbers import MOBILITY, PARTS
from testbed.measure.tables.varied import VARIED
from testbed.report.estimates.intervals import estimate
from testbed.report.pairs_table import read
from testbed.report.several.means_table import sure
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from testbed.measure.numbers.number import Number

Row = dict[str, str]
SUFFERED = (GAP, PATH_STEP, INTERRUPTION, INTERRUPTION_CALL, LOST)
_HANDOVER_MESSAGES, _HANDOVER_BYTES = PARTS[:2]
_MOBILITY_MESSAGES, _MOBILITY_BYTES = MOBILITY[1:]
#: Of the whole call: SIP of its handovers, and all that moves the MN below it.
MESSAGES = (_HANDOVER_MESSAGES, _MOBILITY_MESSAGES)
BYTES = (_HANDOVER_BYTES, _MOBILITY_BYTES)


def rivals_table(rows: Iterable[Row]) -> Table:
    """A row for each scenario, failure and scheme, and each direction: mean and 95 % interval.

    And for each value of whatever else the campaign varied. What was done to the links stands together; schemes are in
    the order in which they come.
    """
    rows = [*rows]
    where = ("scenario", "failure", *varied_in(rows))
    groups: dict[tuple[str, ...], dict[str, list[Row]]] = {}
    for row in rows:
        key = (*(row[name] for name in where), row["scheme"])
        groups.setdefault(key, {}).setdefault(row["direction"], []).append(row)
    table = new_table(
        "What the call suffered and what moving it took: mean ±95 % confidence interval (times in ms)",
        *(escape(name.removeprefix(VARIED)) for name in where), "scheme", "runs", "",
    )  # fmt: skip
    for column in ("gap", "path step", "interruption", "in the\ncall", "lost", "mes-\nsages", "bytes", "tunnel\nbytes"):
        table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    before = ("",) * len(where)
    places = {name: place for place, name in enumerate(dict.fromkeys(key[:-1] for key in groups))}
    for key, ways in sorted(groups.items(), key=lambda one: places[one[0][:-1]]):
        names = tuple("" if one == other else one for one, other in zip(key[:-1], before, strict=True))
        before = key[:-1]
        for place, (way, label) in enumerate(DIRECTIONS.items()):
            found = ways.get(way, [])
            runs = str(len(found))
            first = (*names, key[-1], runs) if not place else ("",) * (len(key) + 1)
            took = () if place else (summed(found, MESSAGES), summed(found, BYTES), cell(found, TUNNEL_BYTES))
            table.add_row(*first, label, *(cell(found, one) for one in SUFFERED), *took)
    return table


def varied_in(rows: Sequence[Row]) -> list[str]:
    """The columns of what a campaign varied, but for what has one value in all rows, or a column of its own."""
    found = [name for name in rows[0] if name.startswith(VARIED)] if rows else []
    return [name for name in found if name.removeprefix(VARIED) not in rows[0] and len({one[name] for one in rows}) > 1]


def cell(rows: Sequence[Row], what: Number[Any]) -> str:
    """Mean and half its interval; what was not measured in a run counts in neither."""
    return written([float(row[what.column or ""]) for row in rows if row[what.column or ""]])


def summed(rows: Sequence[Row], parts: Sequence[Number[Any]]) -> str:
    """The same of a sum of which parts may not be there."""
    return written([sum(float(row[one.column or ""] or 0) for one in parts) for row in rows])


def written(values: Sequence[float]) -> str:
    """As tables have it."""
    one = estimate(values)
    if one.mean is None:
        return NOT_MEASURED
    return number(one.mean) if not one.half else f"{number(one.mean)}{sure(one, 1)}"


if __name__ == "__main__":
    try:
        rows = [row for word in sys.argv[1:] for row in read(Path(word))]
        wide_console().print(rivals_table(rows))
    except OSError as error:
        sys.exit(f"error: {error}")
