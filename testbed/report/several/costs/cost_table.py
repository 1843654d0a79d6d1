"""What calls cost beside each other, as a table for a terminal: bytes and joules of each radio, alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.cost_numbers import EXTRA_PERCENT, JOULES, RADIOS, SIGNALLING_BYTES, TUNNEL_BYTES
from testbed.measure.numbers.media_numbers import COPIES, PROBES, SAID_AGAIN
from testbed.measure.numbers.signalling_numbers import MOBILITY
from testbed.measure.numbers.standby_numbers import STANDBY
from testbed.report.terminal import DIRECTIONS, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

BYTES_PER_KB = 1000


def cost_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table | None:
    """One row for each run and radio; None where in none of them a dialog stood by, and for results of captures."""
    if not any(result.get("standby") for _, result in results):
        return None
    table = new_table("What it cost (of the whole call; extra: than a call over one path)", "scheme", "radio")
    of_radio, of_call = ("kB\ndown", "kB\nup", "J"), ("extra\n%", "SIP\nkB", "J\nin all")
    for head in (*of_radio, *of_call, "cop-\nies", "said\nagain", "probes", "alarms", "false"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, result in results:
        cost = result.get("cost") or {}
        for place, (link, radio) in enumerate(cost.get("radios", {}).items()):
            table.add_row(
                "" if place else name,
                link,
                *(_kb(RADIOS[f"{way}.bytes"].read(radio)) for way in ("down", "up")),
                number(RADIOS["joules"].read(radio)),
                *(() if place else _of_call(result, cost)),
            )
    return table


def mobility_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table | None:
    """What moved the MN beside SIP, and what tunnels add; None where in none of them anything did."""
    moved = [(name, one) for name, one in results if (one.get("signalling") or {}).get("mobility")]
    if not moved:
        return None
    table = new_table("What moved the phone, or its media, beside SIP (of the whole call)", "scheme", "protocol")
    for head in ("mes-\nsages", "bytes", "tunnel bytes\na packet"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, result in moved:
        protocol, *counts = (one.read(result["signalling"]) for one in MOBILITY)
        tunnel = TUNNEL_BYTES.read(result.get("cost") or {})
        table.add_row(name, str(protocol), *(number(one) for one in counts), number(tunnel))
    return table


def _of_call(result: dict[str, Any], cost: dict[str, Any]) -> list[str]:
    counts = [[one.read(result["media"][way]) for way in DIRECTIONS] for one in (COPIES, SAID_AGAIN, PROBES)]
    sums = [None if None in both else sum(both) for both in counts]
    standby = result.get("standby") or {}
    return [
        number(EXTRA_PERCENT.read(cost)),
        _kb(SIGNALLING_BYTES.read(cost)),
        number(JOULES.read(cost)),
        *(number(one) for one in sums),
        *(number(STANDBY[key].read(standby)) for key in ("alarms", "false_alarms")),
    ]


def _kb(count: int | None) -> str:
    return number(None if count is None else count / BYTES_PER_KB)
