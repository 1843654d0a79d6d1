"""Schemes behind kinds of NAT, of campaigns that vary `nat.umts`: what was missed when a call went there.

`python -m testbed.report.nat_table CAMPAIGN…` prints it, of their data.csv.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION
from testbed.report.pairs_table import Row, read
from testbed.report.terminal import DIRECTIONS, new_table, number, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

KIND = "vary_nat.umts"
NO_CALL, SILENT = "no call", "silent"


def nat_table(rows: Iterable[Row]) -> Table:
    """One row for each kind of NAT and direction, a column for each scheme."""
    groups: dict[str, dict[str, dict[str, list[Row]]]] = defaultdict(lambda: defaultdict(dict))
    schemes: dict[str, None] = {}
    for row in rows:
        groups[row[KIND]][row["direction"]].setdefault(row["scheme"], []).append(row)
        schemes.setdefault(row["scheme"])
    title = f"Missed in the window, mean (ms). {SILENT}: heard no more over the new link; {NO_CALL}: never heard"
    table = new_table(title, "NAT of the new link", "runs", "")
    for scheme in schemes:
        table.add_column(scheme.replace("-", "-\n", 1), justify="right", no_wrap=True, vertical="bottom")
    for kind, ways in groups.items():
        for place, (way, label) in enumerate(DIRECTIONS.items()):
            found = ways.get(way, {})
            runs = str(max((len(one) for one in found.values()), default=0))
            names = ("", "") if place else (kind, runs)
            table.add_row(*names, label, *(cell(found.get(scheme, ())) for scheme in schemes))
    return table


def cell(rows: Sequence[Row]) -> str:
    """What was missed; or how many of the runs had no sound, and of which kind, if any had none."""
    bad = [NO_CALL if row["packets_received"] in {"", "0"} else SILENT for row in rows if not row[GAP.key]]
    if bad:
        word = max(bad, key=bad.count)
        return word if len(bad) == len(rows) else f"{word} {len(bad)}/{len(rows)}"
    return number(mean(float(row[INTERRUPTION.key]) for row in rows), 0) if rows else NO_CALL


if __name__ == "__main__":
    try:
        wide_console().print(nat_table([row for word in sys.argv[1:] for row in read(Path(word))]))
    except OSError as error:
        sys.exit(f"error: {error}")
