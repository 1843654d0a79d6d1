"""The cells of a campaign: a scenario under a scheme with one value for each field that is varied; its seeds differ."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from testbed.campaign.campaign_file import Campaign
from testbed.campaign.design import Point, points
from testbed.engine.cache import digest
from testbed.scenario.experiment.experiment import Experiment, load_experiment
from testbed.scenario.kinds.chosen_scheme import find_scheme
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.document import MOST_ERRORS
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.places import SCENARIO
from testbed.scenario.reading.tree import named_in


@dataclass(frozen=True)
class Cell:
    """Runs that differ by their seeds alone; `scenario` and `scheme` are words as options have them."""

    scenario: str
    scheme: str
    point: Point

    def experiment(self, seed: int) -> Experiment:
        """What one of its runs is made of; raises BadScenarioError."""
        return load_experiment(self.scenario, scheme=self.scheme, seed=seed, varied=self.point)


@dataclass(frozen=True)
class CellLayout:
    """All cells of a campaign, in the file's order, each of which can be carried out; `doubts` are about what to ask.

    `call_s` is how long the calls of one seed last, all cells together.
    """

    cells: tuple[Cell, ...]
    doubts: tuple[str, ...]
    call_s: float


def lay_out_cells(campaign: Campaign) -> CellLayout:
    """Loads each cell with the first seed; raises BadScenarioError for all that is wrong, in the campaign's lines."""
    errors: dict[str, ScenarioError] = {}
    cells, doubts, call_s = list[Cell](), list[str](), 0.0
    every = points(campaign)
    for scenario, scheme in _unvaried(campaign):
        plans: dict[str, str] = {}
        for point in every:
            cell = Cell(scenario, scheme, point)
            try:
                experiment = cell.experiment(campaign.seeds.start)
            except BadScenarioError as found:
                errors |= {str(one): one for one in (_ours(campaign, point, one) for one in found.errors)}
                if len(errors) >= MOST_ERRORS:
                    raise BadScenarioError(list(errors.values())[:MOST_ERRORS]) from None
                continue
            cells.append(cell)
            call_s += experiment.scenario.call.duration
            plans.setdefault(digest(json.dumps(compile_plan(experiment), sort_keys=True)), words_of(point))
        if not errors and len(plans) < len(every):
            what = f"of {len(every)} combinations of what is varied, {len(plans)} differ: the others are the same run"
            doubts.append(f"under {scheme}, {what}")
    if errors:
        raise BadScenarioError(sorted(errors.values(), key=lambda one: one.line))
    return CellLayout(tuple(cells), tuple(doubts), call_s)


def words_of(point: Point) -> str:
    """What is varied, in one line."""
    return ", ".join(f"{one.name} {one.text}" for one in point)


def _unvaried(campaign: Campaign) -> Iterator[tuple[str, str]]:
    """Scenarios and schemes, each looked at as its files have it."""
    beside = campaign.path.parent
    for place, word in enumerate(campaign.file.scenarios):
        with named_in(campaign.tree, "scenarios", place):
            scenario = str(SCENARIO.find(word, near=campaign.path))
            own = load_experiment(scenario).scenario
        for number, scheme in enumerate(campaign.file.schemes):
            found = str(beside / scheme) if scheme.endswith(".py") else scheme
            with named_in(campaign.tree, "schemes", number):
                if campaign.file.vary:  # it may need what is varied
                    find_scheme(found)
                else:
                    load_experiment(scenario, scheme=found)
            yield scenario, found
        if not campaign.file.schemes:
            yield from ((scenario, scheme) for scheme in own.schemes)


def _ours(campaign: Campaign, point: Point, error: ScenarioError) -> ScenarioError:
    """What is wrong elsewhere with the values that are given here."""
    if error.path == campaign.path:
        return error
    return campaign.tree.error(("vary",), f"vary: with {words_of(point)}: {error}")
