"""All handovers of a campaign's calls, not the first of each alone: how many of them interrupted the call.

`python -m testbed.report.handovers_table CAMPAIGN` prints it, of its data.csv and the runs' result.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure.numbers.media_numbers import INTERRUPTION, LOST_IN_WINDOW
from testbed.report.estimates.intervals import share
from testbed.report.pairs_table import read as rows_of
from testbed.report.terminal import DIRECTIONS, console, new_table, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

DONE = "done"
COLUMNS = ("handovers", "not done", "interrupted", "at most of all, %", "most, ms", "lost")


class Group(NamedTuple):
    """Handovers that belong together: scheme, what else was varied, from where to where, what triggered."""

    scheme: str
    varied: str
    old: str
    new: str
    kind: str


def handovers_table(handovers: Iterable[tuple[Group, dict[str, Any]]]) -> Table:
    """In each direction: how many were interrupted, the 95 % bound by Clopper and Pearson, the longest, packets lost.

    `handovers` are their entries of result.json. One that was not done is counted, and is in no other column.
    """
    groups: dict[Group, list[dict[str, Any]]] = {}
    for group, handover in handovers:
        groups.setdefault(group, []).append(handover)
    table = new_table("All handovers of the calls: interruptions", "scheme", "links", "from", "to", "trigger", "")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    for group, found in sorted(groups.items()):
        done = [one for one in found if one["outcome"] == DONE]
        for place, (way, label) in enumerate(DIRECTIONS.items()):
            media = [one["media"][way] for one in done if one["media"][way][INTERRUPTION.key] is not None]
            missed = [one[INTERRUPTION.key] for one in media]
            hits = sum(value > 0 for value in missed)
            bound = share(hits, len(missed))
            table.add_row(
                *([""] * len(group) if place else group),
                label,
                "" if place else str(len(found)),
                "" if place else str(len(found) - len(done)),
                f"{hits} of {len(missed)}",
                "" if bound is None else number(100 * bound.high, 2),
                number(max(missed, default=None), 0),
                str(sum(one[LOST_IN_WINDOW.key] or 0 for one in media)),
            )
    return table


def read(folder: Path) -> Iterable[tuple[Group, dict[str, Any]]]:
    """All handovers of a campaign's runs, but of those that failed; OSError where there are no data."""
    for run, row in {row["run"]: row for row in rows_of(folder)}.items():
        varied = ", ".join(value for name, value in row.items() if name.startswith("vary_"))
        for one in json.loads((folder / "runs" / run / "result.json").read_text())["handovers"]:
            yield Group(row["scheme"], varied, one["old_path"] or "", one["new_path"] or "", one["kind"] or ""), one


if __name__ == "__main__":
    try:
        console().print(handovers_table(read(Path(sys.argv[1]))))
    except (OSError, IndexError) as error:
        sys.exit(f"error: {error}; give the folder of a campaign")
