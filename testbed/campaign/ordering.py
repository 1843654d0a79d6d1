"""A campaign's runs as orders, one after the other: each is made when it is needed, as a plan is large."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed.campaign.campaign_file import Campaign
from testbed.campaign.layout_of_cells import Cell
from testbed.campaign.order import Order
from testbed.engine.cache import digest
from testbed.engine.engine import Engine, Place
from testbed.lab.plan import Plan
from testbed.measure.numbers.user_numbers import LoadedNumber, load_numbers
from testbed.runner import describe
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.plan.history_export import exported

PlaceOf = Callable[[Experiment, Plan], Place]
"""Makes ready where a plan is carried out."""


@dataclass
class Orders:
    """The orders of all runs, seed by seed, so that an unfinished campaign has a little of everything.

    `work` is where local workers carry them out, None for workers elsewhere.
    """

    campaign: Campaign
    cells: Sequence[Cell]
    engine: Engine
    place_of: PlaceOf
    work: Path | None
    keys: dict[tuple[int, int], str] = field(default_factory=dict)
    """By the place of its cell and its seed, the key of each run that has been ordered."""
    _places: dict[str, Place] = field(default_factory=dict)
    _numbers: dict[tuple[str, ...], tuple[LoadedNumber, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.cells) * len(self.campaign.seeds)

    def __iter__(self) -> Iterator[Order]:
        for seed in self.campaign.seeds:
            for place, cell in enumerate(self.cells):
                order = self._order(cell.experiment(seed))
                self.keys[place, seed] = order.key
                yield order

    def keys_in_order(self) -> Iterator[str]:
        """The keys in the campaign's order: cell by cell, each with its seeds."""
        return (self.keys[place, seed] for place in range(len(self.cells)) for seed in self.campaign.seeds)

    def _order(self, experiment: Experiment) -> Order:
        plan = compile_plan(experiment)
        manifest = describe(experiment, plan, self.engine, self._place(experiment, plan))
        words = tuple(_number_word(experiment.path, word) for word in experiment.scenario.numbers)
        if words:
            if words not in self._numbers:
                self._numbers[words] = load_numbers(words)
            manifest["numbers"] = [one.described() for one in self._numbers[words]]
        keep = self.campaign.file.keep
        history = {} if keep == "none" else exported(experiment)
        return Order(plan, manifest, keep, history, words, self.work)

    def _place(self, experiment: Experiment, plan: Plan) -> Place:
        needed = digest(json.dumps([plan["packages"], plan["network"]], sort_keys=True))
        if needed not in self._places:
            self._places[needed] = self.place_of(experiment, plan)
        return self._places[needed]


def _number_word(near: Path, word: str) -> str:
    """A user's number so that a worker finds it, which works elsewhere."""
    return str((near.parent / word).resolve()) if word.endswith(".py") else word
