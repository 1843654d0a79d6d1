"""Calls that go to a link with traffic on it, of campaigns: what was missed, what waited, what the traffic got.

`python -m testbed.report.traffic_table CAMPAIGN` prints it, of its data.csv and the runs' result.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.flow_numbers import FLOWS
from testbed.measure.numbers.media_numbers import GAP, INTERRUPTION, INTERRUPTION_CALL, LOST, UNAVOIDABLE
from testbed.report.pairs_table import Row
from testbed.report.pairs_table import read as rows_of
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number, wide_console

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

VARIED = "vary_"
MEDIA = (GAP, INTERRUPTION, UNAVOIDABLE, INTERRUPTION_CALL, LOST)
MEDIA_HEADS = ("gap", "missed in\nwindow", "unavoid-\nable", "in call", "lost")
FLOW = ("throughput_kbit_s", "retransmitted", "queue_delay_ms.mean", "queue_delay_ms.p99", "speech_delay_ms.mean")
FLOW_HEADS = ("kbit/s", "sent\nagain", "waited\nmean", "99 %", "speech's\ndelay")
Found = tuple[Row, list[dict[str, Any]]]


def traffic_table(found: Iterable[Found]) -> Table:
    """A row for each combination of what was varied, scheme and direction: means over the seeds.

    `found` are rows of data.csv with the flows of their runs' result.json; the first flow is shown, beside the
    direction that it goes in.
    """
    groups: dict[tuple[str, ...], dict[str, list[Found]]] = {}
    varied: list[str] = []
    for row, flows in found:
        varied = [name for name in row if name.startswith(VARIED)]
        key = (*(row[name] for name in varied), row["scheme"])
        groups.setdefault(key, {}).setdefault(row["direction"], []).append((row, flows))
    names = [name.removeprefix(VARIED).rpartition(".")[2] for name in varied]
    table = new_table("Means over the seeds (ms; waited: above the flow's least delay)", *names, "scheme", "runs", "")
    for head in (*MEDIA_HEADS, *FLOW_HEADS):
        table.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    for key, ways in groups.items():
        for place, (way, label) in enumerate(DIRECTIONS.items()):
            here = ways.get(way, [])
            first = [flows[0] for _, flows in here if flows and goes(flows[0], way)]
            table.add_row(
                *([""] * (len(key) + 1) if place else [*key, str(len(here))]),
                label,
                *(average(row[one.column or one.key] for row, _ in here) for one in MEDIA),
                *(average(FLOWS[one].read(flow) for flow in first) if first else "" for one in FLOW),
            )
    return table


def goes(flow: dict[str, Any], way: str) -> bool:
    """Whether a flow goes in this direction of the call."""
    return way == f"to_{flow.get('to')}"


def average(values: Iterable[str | float | None]) -> str:
    """The mean of those that were measured."""
    known = [float(one) for one in values if one not in {None, ""}]
    return number(mean(known)) if known else NOT_MEASURED


def read(folder: Path) -> Iterable[Found]:
    """A campaign's rows, each with its run's flows; OSError where there are none."""
    for row in rows_of(folder):
        yield row, json.loads((folder / "runs" / row["run"] / "result.json").read_text()).get("traffic") or []


if __name__ == "__main__":
    try:
        wide_console().print(traffic_table(read(Path(sys.argv[1]))))
    except (OSError, IndexError) as error:
        sys.exit(f"error: {error}; give the folder of a campaign")
