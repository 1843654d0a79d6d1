"""Which cells of a published file are what, as a form says, and what a row of it then says of a link."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from testbed.scenario.kinds.failure import SHAPED
from testbed.scenario.links.excerpt import WAYS, Values, Way
from testbed.scenario.links.forms import Form
from testbed.scenario.links.trace import KINDS, strangeness
from testbed.scenario.reading.cells import number
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import bad
from testbed.scenario.reading.units import TIME, Quantity, shown

QUANTITY = re.compile(r"(?:(down|up)\.)?(\w+)")
SOURCE = re.compile(r"(.+?)\s*\[\s*([^\[\]]+?)\s*\]")
SHARE = re.compile(rf"{SOURCE.pattern}\s*/\s*{SOURCE.pattern}")
EVERY = re.compile(r"every\s+(.+)")
PLACE = re.compile(r"#([1-9][0-9]{0,3})")
# How published files write that something was not measured.
NOTHING = {"", "-", "--", "?", "nan", "null", "none", "n/a", "#n/a", "na", "n.a.", "<na>", "unknown"}
# What loggers of phones write for a cell that they did not hear.
NO_SIGNAL_DBM = -200.0
# Seconds and bits that one may come across: 30 000 years, and 100 TB.
MOST = Decimal(10**15)
DATE = "date"
AMOUNTS = {unit: Decimal(bits) for unit, bits in
           {"bit": 1, "kbit": 1000, "Mbit": 10**6, "B": 8, "kB": 8000, "MB": 8 * 10**6}.items()}  # fmt: skip
STAMPS = TIME.units | {"ns": Decimal("1e-9")}

Cells = list[str]
Parse = Callable[[str], float]


@dataclass(frozen=True)
class PublishedColumn:
    """Where something is to be read, and how a cell's text becomes a value in the base unit."""

    heading: str
    index: int
    parse: Parse
    is_signal: bool = False


@dataclass(frozen=True)
class PublishedRow:
    """What a row says: `time_s` counts from whenever the file does; `lasts_s` where the row says how long it was so."""

    line: int
    time_s: float
    lasts_s: float | None
    values: Values


class ColumnLayout:
    """A file's columns. Raises BadScenarioError for what does not fit, with the line of the file."""

    def __init__(self, path: Path, line: int, top: Cells, form: Form) -> None:
        """`top` is the file's first row, which stands on this line."""
        self._path, self._line, self._top = path, line, top
        sources = [*form.columns.values(), *form.where]
        self.has_head = not all(EVERY.fullmatch(one) or PLACE.match(one) for one in sources)
        self._where = {self._index(f"where.{name}", name): value for name, value in form.where.items()}
        self._every_s: float | None = None
        self._time: PublishedColumn | None = None
        self._values: dict[tuple[Way, str], PublishedColumn] = {}
        self._durations: dict[tuple[Way, str], PublishedColumn] = {}
        for quantity, source in form.columns.items():
            self._add(quantity, f"columns.{quantity}", source)
        self._count = 0

    def _add(self, quantity: str, name: str, source: str) -> None:
        """One entry of `columns`; `name` is how to call it."""
        parts = QUANTITY.fullmatch(quantity)
        if parts is None or parts[2] not in KINDS or (parts[1] and parts[2] not in SHAPED):
            raise self._bad(f"columns: {shown(quantity)} {strangeness(parts[2] if parts else quantity)}")
        place = WAYS[parts[1]], parts[2]
        every, share, simple = EVERY.fullmatch(source), SHARE.fullmatch(source), SOURCE.fullmatch(source)
        if quantity == "time" and every:
            self._every_s = self._interval(name, every[1])
        elif parts[2] == "rate" and share:
            self._values[place] = self._column(name, share[1], share[2], amounts)
            self._durations[place] = self._column(name, share[3], share[4], durations)
        elif simple is None:
            raise self._bad(f"{name}: {shown(source)} has no unit; write it like: 'DL_bitrate [kbit/s]'")
        elif quantity == "time":
            self._time = self._column(name, simple[1], simple[2], stamps)
        else:
            self._values[place] = self._column(name, simple[1], simple[2], quantities(KINDS[parts[2]]))

    def _column(self, name: str, heading: str, unit: str, parser: Callable[[str], Parse]) -> PublishedColumn:
        index = self._index(name, heading)
        try:
            return PublishedColumn(heading, index, parser(unit), is_signal=unit == "dBm")
        except ValueError as error:
            raise self._bad(f"{name}: {error}") from None

    def _index(self, name: str, heading: str) -> int:
        """Which cell is meant by a heading, or by a number."""
        place = PLACE.fullmatch(heading)
        if place and int(place[1]) > len(self._top):
            raise self._bad(f"{name}: there is no column {heading} here, but {len(self._top)} of them")
        if place:
            return int(place[1]) - 1
        if heading not in self._top:
            raise self._bad(f"{name}: there is no column {shown(heading)} here{hint(heading, self._top)}")
        if self._top.count(heading) > 1:
            what = f"{name}: there are {self._top.count(heading)} columns {shown(heading)} here"
            raise self._bad(f"{what}; say which one: '#{self._top.index(heading) + 1}'")
        return self._top.index(heading)

    def _interval(self, name: str, text: str) -> float:
        try:
            found = TIME.parse(text)
        except ValueError as error:
            raise self._bad(f"{name}: {error}") from None
        if not found:
            raise self._bad(f"{name}: {shown(text)} is no time from row to row; write it like: every 1 s")
        return found

    def read(self, line: int, row: Cells) -> PublishedRow | None:
        """What a row says; None where it is of those that are not meant."""
        if len(row) < len(self._top) or any(row[len(self._top) :]):
            like = "header" if self.has_head else "first row"
            what = f"{len(row)} cells where the {like} has {len(self._top)}; write each row like the {like}"
            raise bad(self._path, line, what)
        if any(row[index] != value for index, value in self._where.items()):
            return None
        time_s = self._stamp(line, row)
        values = {
            place: value for place, one in self._values.items() if (value := self._cell(line, row, one)) is not None
        }
        return PublishedRow(line, time_s, self._shares(line, row, values), values)

    def _stamp(self, line: int, row: Cells) -> float:
        if self._time is None:
            self._count += 1
            return (self._count - 1) * (self._every_s or 0.0)
        time_s = self._cell(line, row, self._time)
        if time_s is None:
            raise bad(self._path, line, "a row without time; leave it out, or write when this was")
        return time_s

    def _shares(self, line: int, row: Cells, values: Values) -> float | None:
        """Amounts among the values become rates; how long they took."""
        longest_s: float | None = None
        for place, one in self._durations.items():
            lasts_s = self._cell(line, row, one)
            if lasts_s and place in values:
                values[place] /= lasts_s
                if values[place] > KINDS["rate"].most:
                    raise bad(self._path, line, f"{one.heading}: {values[place]:g} bit/s is {KINDS['rate'].reason}")
                longest_s = max(lasts_s, longest_s or 0.0)
            elif values.pop(place, 0.0):
                raise bad(self._path, line, f"{one.heading}: something came in no time; leave this row out")
        return longest_s

    def _cell(self, line: int, row: Cells, one: PublishedColumn) -> float | None:
        cell = row[one.index]
        if cell.lower() in NOTHING:
            return None
        try:
            value = one.parse(cell)
        except ValueError as error:
            is_head = line == self._line and not self.has_head
            advice = "; is this a header? then name columns as they are there" if is_head else ""
            raise bad(self._path, line, f"{one.heading}: {error}{advice}") from None
        return None if one.is_signal and value == NO_SIGNAL_DBM else value

    def _bad(self, what: str) -> BadScenarioError:
        return bad(self._path, self._line, what)


def quantities(kind: Quantity) -> Callable[[str], Parse]:
    """How cells of a quantity are read, by their unit; raises ValueError for one that it has not."""

    def in_unit(unit: str) -> Parse:
        size = size_of(unit, kind.units)

        def parse(cell: str) -> float:
            base = exactly(cell) * size
            if not kind.least <= base <= kind.most:
                raise ValueError(f"{shown(f'{cell} {unit}')} is {kind.reason}")
            return float(base)

        return parse

    return in_unit


def scaled(units: Mapping[str, Decimal]) -> Callable[[str], Parse]:
    """How cells of anything that is not negative are read, by their unit."""

    def in_unit(unit: str) -> Parse:
        size = size_of(unit, units)

        def parse(cell: str) -> float:
            base = exactly(cell) * size
            if not 0 <= base <= MOST:
                raise ValueError(f"{shown(cell)} is less than nothing, or far too much")
            return float(base)

        return parse

    return in_unit


amounts, durations = scaled(AMOUNTS), scaled(STAMPS)


def stamps(unit: str) -> Parse:
    """How stamps are read: numbers of a unit, dates of ISO 8601, or of a form of strptime's; in seconds.

    Where nothing is said of a zone it is taken as UTC: the machine's own is nobody's business.
    """
    if "%Z" in unit:
        raise ValueError("%Z is read differently by each machine; write the zone's name as it stands there")
    if unit == DATE:
        return lambda cell: seconds(datetime.fromisoformat(cell))
    if "%" in unit:
        return lambda cell: seconds(datetime.strptime(cell, unit))  # noqa: DTZ007 - no zone means the same in each row
    dates = ", or date, or a form like %Y-%m-%d %H:%M:%S"
    size = size_of(unit, STAMPS, dates)

    def parse(cell: str) -> float:
        if abs(base := exactly(cell) * size) > MOST:
            raise ValueError(f"{shown(cell)} is no time")
        return float(base)

    return parse


def seconds(date: datetime) -> float:
    """Since 1970."""
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def size_of(unit: str, units: Mapping[str, Decimal], more: str = "") -> Decimal:
    """A unit in terms of the base unit; raises ValueError."""
    if unit not in units:
        names = ", ".join(one for one in units if one.isascii())
        raise ValueError(f"{shown(unit)} is no unit of it; it is in {names}{more}")
    return units[unit]


def exactly(cell: str) -> Decimal:
    """A number, as it is written; raises ValueError."""
    number(cell)
    return Decimal(cell)
