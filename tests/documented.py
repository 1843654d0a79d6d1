"""The tables of docs/metrics.md and docs/results.md, as the register has them.

    python -m tests.documented

writes them anew; a test fails where a page has another.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.measure.numbers.cost_numbers import COST, RADIOS
from testbed.measure.numbers.flow_numbers import FLOWS
from testbed.measure.numbers.handover_numbers import HANDOVER, WINDOW_S
from testbed.measure.numbers.media_numbers import MEDIA
from testbed.measure.numbers.nat_numbers import NATS
from testbed.measure.numbers.path_numbers import PATHS
from testbed.measure.numbers.signalling_numbers import HANDOVER_SIGNALLING, SIGNALLING
from testbed.measure.numbers.standby_numbers import SILENCES, STANDBY, SWITCHES
from testbed.measure.tables.columns_captures import OF_CAPTURES
from testbed.measure.tables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testbed.measure.numbers.number import Number
    from testbed.measure.tables.columns import TableSchema

OF = "Of captures: "
DOCS = Path(__file__).parents[1] / "docs"
KEYS = ("| key | unit | what |", "|---|---|---|")
COLUMNS = ("| column | type | unit | what |", "|---|---|---|---|")
REGISTER: dict[str, Mapping[str, Number[Any]]] = {
    "media.….": MEDIA,
    "media.….paths.….": PATHS,
    "handover.": HANDOVER,
    "handover.window_s.….": WINDOW_S,
    "signalling.": SIGNALLING,
    "handovers.….signalling.": HANDOVER_SIGNALLING,
    "cost.": COST,
    "cost.radios.….": RADIOS,
    "nats.….": NATS,
    "traffic.….": FLOWS,
    "standby.": STANDBY,
    "standby.switches.….": SWITCHES,
    "standby.silences.….": SILENCES,
}
"""Where in result.json -> the rows there; docs/metrics.md has a table of each."""


def keys(where: str) -> str:
    """The table of docs/metrics.md about a place of result.json."""
    head = (KEYS[0].replace("key", f"key in `{where.removesuffix('.')}`"), KEYS[1])
    return _lines(*head, *(f"| `{one.key}` | {one.unit or '–'} | {_said(one)} |" for one in REGISTER[where].values()))


def columns(table: TableSchema, of: str = "") -> str:
    """The section of docs/results.md about a table of the export."""
    rows = (f"| `{one.name}` | {one.kind} | {one.unit or '–'} | {one.meaning} |" for one in table.columns)
    return _lines(f"## {of}`--table {table.name}`", "", table.rows, "", *COLUMNS, *rows)


def _said(one: Number[Any]) -> str:
    return f"{one.about}. {one.more}" if one.more else one.about


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _write(name: str, sections: Mapping[str, str]) -> None:
    """Put sections into a page, each in place of what begins as it does and ends with a table."""
    text = (DOCS / name).read_text()
    for begin, section in sections.items():
        old = re.compile(rf"^{re.escape(begin)}\n(?:(?!\|)[^\n]*\n)*(?:\|[^\n]*\n)+", re.MULTILINE)
        text = old.sub(lambda _, new=section: new, text)  # type: ignore[misc]
    (DOCS / name).write_text(text)


if __name__ == "__main__":
    _write("results.md", {f"## `--table {name}`": columns(table) for name, table in TABLES.items()})
    _write("results.md", {f"## {OF}`--table {name}`": columns(table, OF) for name, table in OF_CAPTURES.items()})
    _write("metrics.md", {keys(where).partition("\n")[0]: keys(where) for where in REGISTER})
