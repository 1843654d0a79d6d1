"""Traces as they are published: CSV files with columns of their own names, epoch or date stamps, any separator.

The failure script says which column is what:

    columns: {time: 'Timestamp [%Y.%m.%d_%H.%M.%S]', down.rate: 'DL_bitrate [kbit/s]', signal: 'RSRP [dBm]'}

Time counts from the first row. Rows of one time are averaged: many loggers stamp by the second.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from statistics import fmean

from testbed.scenario.kinds.failure import SHAPED
from testbed.scenario.links.history import Change, moment
from testbed.scenario.links.trace import KINDS, MOST_BYTES, MOST_ROWS, WAYS, Way
from testbed.scenario.reading.cells import number, rows
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.tree import Place, bad, read_text
from testbed.scenario.reading.units import TIME, shown

QUANTITY = re.compile(r"(?:(down|up)\.)?(\w+)")
SOURCE = re.compile(r"(.+?)\s*\[\s*(.+?)\s*\]")
SEPARATORS = ",;\t"
# How published files write that something was not measured.
NOTHING = {"", "-", "nan", "null", "none", "n/a", "na"}
DATE = "date"


@dataclass(frozen=True)
class PublishedColumn:
    """Where a quantity of a link is to be read: the column's number, and its unit, or the form of its date stamps."""

    way: Way
    name: str
    index: int
    unit: str


def read_columns(path: Path, place: Place, link: str, at: float, columns: dict[str, str], skip: float) -> list[Change]:
    """The changes of a link that the file tells of, the first of them at `at`, from `skip` seconds of it on.

    Raises BadScenarioError, with the line of the file.
    """
    text = read_text(path, kind="a CSV file", most_bytes=MOST_BYTES)
    first = text.partition("\n")[0]
    numbered = rows(path, text, max(SEPARATORS, key=first.count))
    head = next(numbered, None)
    if head is None:
        raise bad(path, 1, "the trace is empty; it should begin with the names of its columns")
    sources = [source(path, *head, quantity, where) for quantity, where in columns.items()]
    body = list(islice(numbered, MOST_ROWS + 1))
    if len(body) > MOST_ROWS:
        raise bad(path, body[-1][0], f"a trace has at most {MOST_ROWS} rows; thin it out")
    return list(changes(path, place, link, at - skip, skip, list(stamped(path, head[1], body, sources))))


def source(path: Path, line: int, head: list[str], quantity: str, where: str) -> PublishedColumn:
    """Where a quantity stands; raises BadScenarioError for one that there is not, or that no link has."""
    named, found = QUANTITY.fullmatch(quantity), SOURCE.fullmatch(where)
    if named is None or named[2] not in KINDS or (named[1] and named[2] not in SHAPED):
        raise bad(path, line, f"columns: {shown(quantity)} is nothing that a link has{hint(quantity, list(KINDS))}")
    if found is None:
        raise bad(path, line, f"columns.{quantity}: {shown(where)} has no unit; write it like: 'DL_bitrate [kbit/s]'")
    heading, unit = found.groups()
    if heading not in head:
        raise bad(path, line, f"columns.{quantity}: there is no column {shown(heading)} here{hint(heading, head)}")
    is_date = quantity == "time" and (unit == DATE or "%" in unit)
    if unit not in KINDS[named[2]].units and not is_date:
        dates = ", or date, or a form like %Y-%m-%d %H:%M:%S" if quantity == "time" else ""
        what = f"columns.{quantity}: {shown(unit)} is no unit of it; it is in {KINDS[named[2]].unit_names}{dates}"
        raise bad(path, line, what)
    return PublishedColumn(WAYS[named[1]], named[2], head.index(heading), unit)


Row = tuple[int, float, dict[tuple[Way, str], float]]
"""Line, seconds, and what the link is like."""


def stamped(
    path: Path, head: list[str], body: list[tuple[int, list[str]]], sources: list[PublishedColumn]
) -> Iterator[Row]:
    """The rows with their time; raises BadScenarioError for what is no number of its unit."""
    for line, row in body:
        if len(row) != len(head):
            raise bad(path, line, f"{len(row)} cells where the header has {len(head)}; write each row like the header")
        values: dict[tuple[Way, str], float] = {}
        time_s = None
        for one in sources:
            cell = row[one.index]
            if cell.lower() in NOTHING:
                continue
            try:
                if one.name == "time":
                    time_s = stamp(cell, one.unit)
                else:
                    values[one.way, one.name] = KINDS[one.name].parse(f"{number(cell):.9f} {one.unit}")
            except ValueError as error:
                raise bad(path, line, f"{head[one.index]}: {error}") from None
        if time_s is None:
            raise bad(path, line, "a row without time; leave it out, or write when this was")
        yield line, time_s, values


def stamp(cell: str, unit: str) -> float:
    """A time in seconds, since whenever the file counts from; raises ValueError."""
    if unit == DATE:
        date = datetime.fromisoformat(cell)
    elif "%" in unit:
        date = datetime.strptime(cell, unit)  # noqa: DTZ007 - no zone means the same one in each row
    else:
        return number(cell) * float(TIME.units[unit])
    # Where nothing is said of a zone it is taken as UTC: the machine's own is nobody's business.
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def changes(path: Path, place: Place, link: str, at: float, skip: float, found: list[Row]) -> Iterator[Change]:
    """What becomes of the link, rows of one time averaged."""
    before = None
    for time_s, group in groupby(found, key=itemgetter(1)):
        same = list(group)
        if before is not None and time_s < before:
            raise bad(path, same[0][0], f"time goes back here, by {before - time_s:g} s; sort the rows")
        before = time_s
        since_s = time_s - found[0][1]
        if since_s < skip:
            continue
        for way in WAYS.values():
            names = dict.fromkeys(name for _, _, values in same for side, name in values if side == way)
            means = {name: fmean(values[way, name] for _, _, values in same if (way, name) in values) for name in names}
            if means:
                yield Change(place, moment(at + since_s), link=link, direction=way, values=means)
