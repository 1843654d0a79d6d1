"""Traces as they are published: text with columns of their own, epoch or date stamps, any separator.

The failure script says which column is what:

    columns: {time: 'Timestamp [%Y.%m.%d_%H.%M.%S]', down.rate: 'DL_bitrate [kbit/s]', signal: 'RSRP [dBm]'}

or names a form that is known (testbed.scenario.links.forms). Time counts from the first row. Rows of one time are
averaged: many loggers stamp by the second.
"""

import re
from collections.abc import Iterator
from itertools import chain, groupby
from operator import attrgetter
from pathlib import Path

from testbed.scenario.links.excerpt import TracedMoment, Values
from testbed.scenario.links.forms import Form
from testbed.scenario.links.history import moment
from testbed.scenario.links.layout import Cells, ColumnLayout, PublishedRow
from testbed.scenario.links.trace_lines import MOST_BYTES, lines
from testbed.scenario.reading.cells import rows
from testbed.scenario.reading.tree import bad
from testbed.scenario.reading.units import LONG_TIME

SEPARATORS = "\t;,"
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


class PublishedTrace:
    """A file in a form, read while it is iterated. Raises BadScenarioError then, with the line of the file."""

    def __init__(self, path: Path, form: Form, *, most_bytes: int = MOST_BYTES, sort: bool = False) -> None:
        """`sort`: all its rows are put in the order of time first, which takes memory for all of them."""
        self._path = path
        self._form = form
        self._most_bytes = most_bytes
        self._sort = sort
        self.row_count = 0

    def moments(self) -> Iterator[TracedMoment]:
        """What a link is like from when on, in the order of time; the first is at 0 s."""
        before_s = begins_s = line = None
        ends = self._form.stamped == "end"
        for row in self.averaged():
            since_s = since(row, before_s, self._form.stamped)
            begins_s = (row.time_s if since_s is None else since_s) if begins_s is None else begins_s
            # Of what was measured up to the first row nobody knows since when.
            if since_s is not None:
                self._check_length(row.line, since_s - begins_s)
                yield TracedMoment(row.line, moment(since_s - begins_s), row.values)
            before_s, line, ends = row.time_s, row.line, ends or row.lasts_s is not None
        if ends and line is not None and before_s is not None and begins_s is not None:
            yield TracedMoment(line, moment(before_s - begins_s), {})

    def _check_length(self, line: int, since_s: float) -> None:
        if since_s > LONG_TIME.most:
            what = f"this is {since_s:g} s after the first row; a trace has at most {LONG_TIME.most} s"
            raise bad(self._path, line, f"{what}: is the time's unit another one?")

    def averaged(self) -> Iterator[PublishedRow]:
        """The rows, those of one time as one."""
        before_s = None
        for time_s, group in groupby(self.rows(), key=attrgetter("time_s")):
            one = mean(list(group))
            if before_s is not None and time_s < before_s:
                what = f"time goes back here, by {before_s - time_s:g} s; sort the rows"
                raise bad(self._path, one.line, f"{what}, with testbed trace convert … --sort")
            yield one
            before_s = time_s

    def rows(self) -> Iterator[PublishedRow]:
        """The rows that are meant, as they stand there."""
        found = self._rows()
        return iter(sorted(found, key=attrgetter("time_s"))) if self._sort else found

    def _rows(self) -> Iterator[PublishedRow]:
        numbered = separated(self._path, lines(self._path, kind="a trace", most_bytes=self._most_bytes))
        top = next(numbered, None)
        if top is None:
            raise bad(self._path, 1, "the trace is empty; it should begin with the names of its columns")
        layout = ColumnLayout(self._path, *top, self._form)
        body = numbered if layout.has_head else chain([top], numbered)
        for line, row in body:
            found = layout.read(line, row)
            if found is not None:
                self.row_count += 1
                yield found


def since(row: PublishedRow, before_s: float | None, stamped: str) -> float | None:
    """From when on it was as a row says, `before_s` being the row before it; None where nobody knows."""
    if row.lasts_s is not None:
        begins_s = row.time_s - row.lasts_s
        return begins_s if before_s is None else max(before_s, begins_s)
    return row.time_s if stamped == "begin" else before_s


def mean(same: list[PublishedRow]) -> PublishedRow:
    """Rows of one time as one: the means of what they say, weighted by how long it was so where they say that."""
    if len(same) == 1:
        return same[0]
    weights = [1.0 if one.lasts_s is None else one.lasts_s for one in same]
    values: Values = {}
    for place in dict.fromkeys(place for one in same for place in one.values):
        told = [(weight, one.values[place]) for weight, one in zip(weights, same, strict=True) if place in one.values]
        values[place] = sum(weight * value for weight, value in told) / sum(weight for weight, _ in told)
    durations = [one.lasts_s for one in same if one.lasts_s is not None]
    return PublishedRow(same[0].line, same[0].time_s, sum(durations) if durations else None, values)


def separated(path: Path, content: Iterator[str]) -> Iterator[tuple[int, Cells]]:
    """The rows of a text, by the separator that its first two lines have alike: spaces where they have none."""
    first: list[str] = []
    filled: list[str] = []
    while len(filled) < 2 and (text := next(content, None)) is not None:
        first.append(text)
        filled += [text] if text.strip() else []
    everything = chain(first, content)
    separator = separator_of(filled)
    if separator is None:
        yield from ((line, text.split()) for line, text in enumerate(everything, 1) if text.strip())
    elif separator == ",":
        yield from rows(path, everything)
    else:
        for line, row in rows(path, everything, separator):
            yield line, [cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell for cell in row]


def separator_of(first: list[str]) -> str | None:
    """What separates the cells of these lines; None: spaces."""
    counts = {one: [line.count(one) for line in first] for one in SEPARATORS}
    alike = [one for one, found in counts.items() if found and found[0] and len(set(found)) == 1]
    # Of two lines of different lengths the first one counts: it is a header, and the second is complained of.
    most = max(SEPARATORS, key=lambda one: counts[one][0] if counts[one] else 0)
    return next(iter(alike), most if any(map(any, counts.values())) else None)
