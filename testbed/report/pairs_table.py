"""Handovers between pairs of links, of campaigns of the scenario `pairs`: what was missed, and what of it had to be.

`python -m testbed.report.pairs_table CAMPAIGN…` prints it, of their data.csv.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from testbed.measure.numbers.media_numbers import INTERRUPTION, INTERRUPTION_CALL, UNAVOIDABLE
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

Row = dict[str, str]
OLD, NEW, CODEC = "vary_links.wifi", "vary_links.umts", "vary_call.codec"


def pairs_table(rows: Iterable[Row]) -> Table:
    """One row for each pair of links and codec; in each direction, for each scheme: mean, and the most in brackets."""
    groups: dict[tuple[str, ...], dict[str, dict[str, list[Row]]]] = defaultdict(lambda: defaultdict(dict))
    schemes: dict[str, None] = {}
    for row in rows:
        groups[row[OLD], row[NEW], row[CODEC]][row["direction"]].setdefault(row["scheme"], []).append(row)
        schemes.setdefault(row["scheme"])
    table = new_table("Interruption in the window, what of it could have been avoided, in the call: mean, most (ms)",
                      "from", "to", "codec", "runs", "")  # fmt: skip
    for scheme in schemes:
        table.add_column(scheme, justify="right", no_wrap=True, vertical="bottom")
    names: tuple[str, ...]
    for key, ways in groups.items():
        for place, (way, label) in enumerate(DIRECTIONS.items()):
            found = ways.get(way, {})
            runs = str(max((len(one) for one in found.values()), default=0))
            names = ("", "", "", "") if place else (*key, runs)
            table.add_row(*names, label, *(cell(found.get(scheme, ())) for scheme in schemes))
    return table


def cell(rows: Sequence[Row]) -> str:
    """Missed, avoidable, in the call; runs that failed count in none."""
    done = [row for row in rows if row[INTERRUPTION.key]]
    if not done:
        return NOT_MEASURED
    missed = [float(row[INTERRUPTION.key]) for row in done]
    avoidable = [all_ms - float(row[UNAVOIDABLE.key]) for all_ms, row in zip(missed, done, strict=True)]
    call = [float(row[INTERRUPTION_CALL.key]) for row in done]
    return "  ".join(f"{number(mean(values), 0)} ({number(max(values), 0)})" for values in (missed, avoidable, call))


def read(folder: Path) -> list[Row]:
    """The rows of a campaign's data.csv; OSError where there is none."""
    with (folder / "data.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["direction"]]


if __name__ == "__main__":
    try:
        rows = [row for word in sys.argv[1:] for row in read(Path(word))]
        wide_console().print(pairs_table(rows))
    except OSError as error:
        sys.exit(f"error: {error}")
