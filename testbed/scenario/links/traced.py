"""The traces that a failure script names, whatever their format."""

from collections.abc import Iterator
from dataclasses import replace
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
        if use.form is not None and use.form not in FORMS:
            what = f"{name_of(place)}.form: {shown(use.form)} is no form that is known{hint(use.form, list(FORMS))}"
            raise BadScenarioError([tree.error((*place, "form"), what)])
        if use.direction is None:
            found += changes(place, use.link, use.at, traced_moments(path, use))
        else:
            opportunities.append(Opportunities(place, use.link, use.direction, use.at, traced_opportunities(path, use)))
    return found, opportunities


def traced_moments(path: Path, use: TraceUse) -> list[TracedMoment]:
    """What a script takes from a file about a link; raises BadScenarioError."""
    form = FORMS[use.form].form if use.form is not None else Form(use.columns, use.stamped) if use.columns else None
    told = read_csv(path) if form is None else PublishedTrace(path, replace(form, where=use.where)).moments()
    found = list(bounded(path, TraceExcerpt(use.skip, use.lasts).of(path, told)))
    if not any(one.values for one in found):
        raise bad(path, found[-1].line if found else 1, "it says nothing of the link; a row with a value is needed")
    return found


def traced_opportunities(path: Path, use: TraceUse) -> list[int]:
    """What a script takes from a Mahimahi trace, in ms; raises BadScenarioError."""
    return TraceExcerpt(use.skip, use.lasts).of_opportunities(path, read_opportunities(path))


def bounded(path: Path, moments: Iterator[TracedMoment]) -> Iterator[TracedMoment]:
    """The same; raises BadScenarioError where a run would have too many of them."""
    for count, one in enumerate(moments, 1):
        if count > MOST_ROWS:
            raise bad(path, one.line, f"a trace has at most {MOST_ROWS} rows; take a part of it, with 'skip' and 'for'")
        yield one
