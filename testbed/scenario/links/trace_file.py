"""Any file of a trace: what it is, and what it says, however long it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from testbed.scenario.links.excerpt import WAYS, TracedMoment, TraceExcerpt, Values, Way
from testbed.scenario.links.forms import FORMS, LOOKED_AT, Form, recognised
from testbed.scenario.links.published import PublishedTrace
from testbed.scenario.links.trace import HEADER, read_csv, read_opportunities
from testbed.scenario.links.trace_lines import first_lines
from testbed.scenario.reading.tree import bad

MAHIMAHI, OWN, OTHER = "mahimahi", "csv", "columns"
MOST_BYTES = 1024**3
"""What is read of a file that is not replayed, but looked at, or cut."""

Place = tuple[Way, str]
WHOLE = TraceExcerpt()


@dataclass(frozen=True)
class Stretch:
    """Between two times of a trace, in seconds, a link is like this."""

    start: float
    end: float
    values: Values


@dataclass(frozen=True)
class TraceFile:
    """A file, `form` being how it is to be read, `name` what that is called; None: as what it looks like.

    Raises BadScenarioError.
    """

    path: Path
    form: Form | None = None
    excerpt: TraceExcerpt = WHOLE
    sort: bool = False
    name: str = OTHER

    @cached_property
    def kind(self) -> str:
        """What it is: 'mahimahi', 'csv' (our own), 'columns' (as was said), or the name of a form."""
        if self.form is not None:
            return self.name
        first = first_lines(self.path, LOOKED_AT)
        if first and first[0].strip().isdecimal():
            return MAHIMAHI
        if first and all(HEADER.fullmatch(cell.strip()) for cell in first[0].split(",")):
            return OWN
        name = recognised(first)
        if name is None:
            what = "looks like no trace that is known; say which column is what"
            raise bad(self.path, 1, f"{what}: --column time='Timestamp [s]' --column rate='DL_bitrate [kbit/s]'")
        return name

    @cached_property
    def published(self) -> PublishedTrace | None:
        """Its reader, where it is of a published form."""
        form = self.form or (FORMS[self.kind].form if self.kind in FORMS else None)
        return None if form is None else PublishedTrace(self.path, form, most_bytes=MOST_BYTES, sort=self.sort)

    def moments(self) -> Iterator[TracedMoment]:
        """What a link is like over time; not of a Mahimahi trace."""
        return self.excerpt.of(self.path, read_csv(self.path) if self.published is None else self.published.moments())

    def opportunities(self) -> list[int]:
        """The times, in ms, of a Mahimahi trace."""
        return self.excerpt.of_opportunities(self.path, read_opportunities(self.path, MOST_BYTES))

    def stretches(self) -> Iterator[Stretch]:
        """The same without a gap. The last row of a trace that does not say its end holds as long as the one before."""
        known: Values = {}
        since_s: float | None = None
        step_s, has_end = 0.0, False
        for one in self.moments():
            if since_s is not None and one.at > since_s:
                yield Stretch(since_s, one.at, known)
                step_s = one.at - since_s
            known, since_s, has_end = known | one.values, one.at, not one.values
        if since_s is not None and step_s and not has_end:
            yield Stretch(since_s, since_s + step_s, known)


def published_form(path: Path) -> str | None:
    """The name of the form in which a file was published; None where that is not known. Raises BadScenarioError."""
    return recognised(first_lines(path, LOOKED_AT))


def named(place: Place) -> str:
    """A quantity of a link as columns name it."""
    words = {way: word for word, way in WAYS.items() if word}
    return f"{words[place[0]]}.{place[1]}" if place[0] in words else place[1]
