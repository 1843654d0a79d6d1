"""The traces that a failure script names, whatever their format."""

from collections.abc import Iterator
from pathlib import Path

from testbed.scenario.kinds.failure import FailureScript, TraceUse
from testbed.scenario.links.excerpt import TracedMoment, TraceExcerpt, changes
from testbed.scenario.links.forms import FORMS, Form
from testbed.scenario.links.history import Change
from testbed.scenario.links.published import PublishedTrace
from testbed.scenario.links.trace import Opportunities, read_csv, read_opportunities
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Place, Tree, bad, name_of
from testbed.scenario.reading.units import shown

MOST_ROWS = 20_000


def read_traces(tree: Tree, script: FailureScript) -> tuple[list[Change], list[Opportunities]]:
    """All the files that a script names, which lie where it says from its own folder; raises BadScenarioError."""
    found: list[Change] = []
    opportunities: list[Opportunities] = []
    for index, use in enumerate(script.traces):
        place: Place = ("traces", index)
        name, field = (use.csv, "csv") if use.csv is not None else (use.mahimahi or "", "mahimahi")
        path = tree.path.parent / name
        if not path.is_file():
            what = f"{name_of(place)}.{field}: there is no file {path}; name one, from this script's folder"
            raise BadScenarioError([tree.error((*place, field), what)])
        excerpt = TraceExcerpt(use.skip, use.lasts)
        if use.direction is None:
            moments = bounded(path, excerpt.of(path, read(path, form_of(tree, place, use))))
            found += changes(place, use.link, use.at, moments)
        else:
            times_ms = excerpt.of_opportunities(path, read_opportunities(path))
            opportunities.append(Opportunities(place, use.link, use.direction, use.at, times_ms))
    return found, opportunities


def form_of(tree: Tree, place: Place, use: TraceUse) -> Form | None:
    """The form that a script says a file has; None where it is our own. Raises BadScenarioError for an unknown one."""
    if use.form is None:
        return None if use.columns is None else Form(use.columns, use.stamped, use.where)
    if use.form not in FORMS:
        what = f"{name_of(place)}.form: {shown(use.form)} is no form that is known{hint(use.form, list(FORMS))}"
        raise BadScenarioError([tree.error((*place, "form"), what)])
    known = FORMS[use.form].form
    return Form(known.columns, known.stamped, use.where)


def read(path: Path, form: Form | None) -> Iterator[TracedMoment]:
    """What a file tells of a link; raises BadScenarioError."""
    return read_csv(path) if form is None else PublishedTrace(path, form).moments()


def bounded(path: Path, moments: Iterator[TracedMoment]) -> Iterator[TracedMoment]:
    """The same; raises BadScenarioError where a run would have too many of them."""
    for count, one in enumerate(moments, 1):
        if count > MOST_ROWS:
            raise bad(path, one.line, f"a trace has at most {MOST_ROWS} rows; take a part of it, with 'skip' and 'for'")
        yield one
