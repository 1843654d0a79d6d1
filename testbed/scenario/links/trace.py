"""Traces of users: what a link is like over time (CSV), and when its packets can leave (Mahimahi).

A CSV has a row for each moment at which something is known anew:

    time [s], signal [dBm], delay [ms], down.loss [%]
    0,        -55,          3,          0
    0.5,      -61,          ,           2

The header names each column's quantity and unit. A quantity of one direction has it in front; an empty cell changes
nothing. Time goes on from row to row.

A trace of Mahimahi has a number in each line: a time in ms when 1500 bytes can leave. It is repeated after the last.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from testbed.scenario.kinds.failure import FIXED, SHAPED
from testbed.scenario.links.excerpt import WAYS, TracedMoment, Values, Way
from testbed.scenario.links.trace_lines import MOST_BYTES, lines
from testbed.scenario.reading.cells import rows
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.tree import Place, bad
from testbed.scenario.reading.units import (
    BURST,
    CORRELATION,
    LONG_TIME,
    POWER,
    SHARE,
    STOPPING_RATE,
    TIME,
    Quantity,
    shown,
)

HEADER = re.compile(r"(?:(down|up)\.)?(\w+)\s*\[\s*([^\]\s]+)\s*\]")
BYTES = {"B/s": Decimal(8), "kB/s": Decimal(8000), "MB/s": Decimal(8_000_000)}
KINDS: dict[str, Quantity] = {
    "time": LONG_TIME, "rate": replace(STOPPING_RATE, units=STOPPING_RATE.units | BYTES), "delay": TIME,
    "jitter": TIME, "jitter_correlation": CORRELATION, "loss": SHARE, "loss_burst": BURST, "duplicate": SHARE,
    "corrupt": SHARE, "signal": POWER,
}  # fmt: skip
MOST_DIGITS = 9


@dataclass(frozen=True)
class TraceColumn:
    """What stands below a heading."""

    way: Way
    name: str
    unit: str

    def parse(self, cell: str) -> float:
        """A cell's value in the base unit; raises ValueError."""
        return KINDS[self.name].parse(f"{cell} {self.unit}")


@dataclass(frozen=True)
class Opportunities:
    """When packets can leave one direction of a link: a trace of Mahimahi, from scenario time `at` on."""

    place: Place
    link: str
    direction: Literal["down", "up"]
    at: float
    times_ms: list[int]


def read_csv(path: Path) -> Iterator[TracedMoment]:
    """What a CSV tells of a link; raises BadScenarioError."""
    numbered = rows(path, lines(path, kind="a CSV file"))
    first = next(numbered, None)
    if first is None:
        raise bad(path, 1, "the trace is empty; it should begin with a header like: time [s], signal [dBm], delay [ms]")
    columns = header(path, *first)
    before = -1.0
    for line, row in numbered:
        time_s, values = row_values(path, line, columns, row)
        if time_s <= before:
            what = f"time goes back here, from {before:g} s to {time_s:g} s; sort the rows"
            if time_s == before:
                what = (
                    f"this is the second row of {time_s:g} s; leave one of them out, or see 'columns', which averages"
                )
            raise bad(path, line, what)
        before = time_s
        yield TracedMoment(line, time_s, values)


def header(path: Path, line: int, row: list[str]) -> list[TraceColumn]:
    """The columns; raises BadScenarioError."""
    columns = []
    for cell in row:
        match = HEADER.fullmatch(cell.strip())
        if match is None and cell.strip() in FIXED:
            raise bad(path, line, f"{shown(cell.strip())} {strangeness(cell.strip())}")
        if match is None:
            raise bad(path, line, f"{shown(cell.strip())} is no heading of a column; write it like: delay [ms]")
        way, name, unit = match.groups()
        if name not in KINDS:
            raise bad(path, line, f"{shown(name)} {strangeness(name)}")
        if unit not in KINDS[name].units:
            raise bad(path, line, f"{shown(unit)} is no unit of '{name}'; it is in {KINDS[name].unit_names}")
        if way and name not in SHAPED:
            raise bad(path, line, f"'{name}' has no direction; leave '{way}.' out")
        columns.append(TraceColumn(WAYS[way], name, unit))
    names = [(column.way, column.name) for column in columns]
    doubles = [name for (_, name), times in Counter(names).items() if times > 1]
    if doubles:
        raise bad(path, line, f"there are two columns '{doubles[0]}'; leave one of them out")
    if not columns or columns[0].name != "time":
        raise bad(path, line, "the first column is not the time; begin with: time [s]")
    if len(columns) == 1:
        raise bad(path, line, "there is nothing but time; add a column like: delay [ms]")
    return columns


def strangeness(name: str) -> str:
    """Why a trace does not tell that of a link."""
    return (
        f"is the profile's: {FIXED[name]}" if name in FIXED else f"is nothing that a link has{hint(name, list(KINDS))}"
    )


def row_values(path: Path, line: int, columns: list[TraceColumn], row: list[str]) -> tuple[float, Values]:
    """A row's time and what it says of the link; raises BadScenarioError."""
    if len(row) != len(columns):
        raise bad(path, line, f"{len(row)} cells where the header has {len(columns)}; write each row like the header")
    if not row[0]:
        raise bad(path, line, "a row without time; write when this was")
    found: Values = {}
    for column, cell in zip(columns, row, strict=True):
        if cell:
            try:
                found[column.way, column.name] = column.parse(cell)
            except ValueError as error:
                raise bad(path, line, f"{column.name}: {error}") from None
    return found.pop(("both", "time")), found


def read_opportunities(path: Path, most_bytes: int = MOST_BYTES) -> list[int]:
    """The times, in ms, of a trace of Mahimahi; raises BadScenarioError."""
    times: list[int] = []
    for line, content in enumerate(lines(path, kind="a Mahimahi trace", most_bytes=most_bytes), 1):
        text = content.strip()
        if not text.isdecimal() or not text.isascii() or len(text) > MOST_DIGITS:
            what = f"{shown(text)} is no time in ms; a Mahimahi trace has one whole number in each line"
            raise bad(path, line, what)
        if times and int(text) < times[-1]:
            raise bad(path, line, f"time goes back here, from {times[-1]} ms to {text} ms; sort the lines")
        times.append(int(text))
    if not times or not times[-1]:
        raise bad(path, max(1, len(times)), "the trace has no time after 0 ms; it is to last for a while")
    return times
