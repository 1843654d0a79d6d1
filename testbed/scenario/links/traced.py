"""The traces that a failure script names, whatever their format."""

from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.links.history import Change
from testbed.scenario.links.published import read_columns
from testbed.scenario.links.trace import Opportunities, read_csv, read_opportunities
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Place, Tree, name_of


def read_traces(tree: Tree, script: FailureScript) -> tuple[list[Change], list[Opportunities]]:
    """All the files that a script names, which lie where it says from its own folder; raises BadScenarioError."""
    changes: list[Change] = []
    opportunities: list[Opportunities] = []
    for index, use in enumerate(script.traces):
        place: Place = ("traces", index)
        name, field = (use.csv, "csv") if use.csv is not None else (use.mahimahi or "", "mahimahi")
        path = tree.path.parent / name
        if not path.is_file():
            what = f"{name_of(place)}.{field}: there is no file {path}; name one, from this script's folder"
            raise BadScenarioError([tree.error((*place, field), what)])
        if use.direction is None:
            changes += (
                read_csv(path, place, use.link, use.at)
                if use.columns is None
                else read_columns(path, place, use.link, use.at, use.columns, use.skip)
            )
        else:
            opportunities.append(Opportunities(place, use.link, use.direction, use.at, read_opportunities(path)))
    return changes, opportunities
