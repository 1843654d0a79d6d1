"""Traffic beside calls as a table for a terminal: what it got, how long it waited, and what speech waited meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.flow_numbers import FLOWS
from testbed.report.terminal import NOT_MEASURED, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

HEADS = {
    "throughput_kbit_s": "kbit/s",
    "lost": "lost",
    "retransmitted": "sent\nagain",
    "queue_delay_ms.mean": "waited\nmean",
    "queue_delay_ms.p99": "99 %",
    "speech_delay_ms.mean": "speech's\ndelay",
    "speech_delay_ms.p99": "99 %",
}
"""What the terminal shows of a flow, by the register's keys."""


def flows_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table | None:
    """One row for each run and flow; None where nothing went beside any call."""
    if not any(result.get("traffic") for _, result in results):
        return None
    table = new_table("Traffic beside the call (waited: above the least delay; times in ms)", "scheme", "flow")
    for head in HEADS.values():
        table.add_column(head, justify="right", no_wrap=True)
    for name, result in results:
        for place, flow in enumerate(result.get("traffic") or ()):
            table.add_row("" if place else name, told(flow), *(number(FLOWS[key].read(flow)) for key in HEADS))
    return table


def told(flow: dict[str, Any]) -> str:
    """How a flow is called: what it is, from where to where, over which link."""
    kind = FLOWS["congestion"].read(flow) or FLOWS["kind"].read(flow)
    link = FLOWS["link"].read(flow)
    ends = f"{flow.get('from', NOT_MEASURED)} to {flow.get('to', NOT_MEASURED)}"
    return f"{kind}, {ends}" + (f", {link}" if link else "")
