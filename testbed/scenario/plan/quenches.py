"""When a scenario's router sends Source Quench: while the failure script makes its link bad enough."""

from itertools import pairwise
from typing import TYPE_CHECKING

from testbed.lab.plan import QuenchStep
from testbed.scenario.links.timeline import LinkState, changes_of, link_states

if TYPE_CHECKING:
    from testbed.scenario.experiment.experiment import Experiment
    from testbed.scenario.kinds.surroundings import QuenchSetting


def quench_steps(experiment: "Experiment") -> list[QuenchStep]:
    """The steps of one run."""
    scenario, wish = experiment.scenario, experiment.scenario.quench
    if wish is None:
        return []
    link = scenario.first_link
    _, profile = experiment.links[link]
    end_s = scenario.call.start + scenario.call.duration
    states = [*link_states(profile, changes_of(experiment.changes, link))]
    spans = [(one, two.at) for one, two in pairwise(states)] + [(states[-1], end_s)]
    steps: list[QuenchStep] = []
    due = 0.0
    for state, until in spans:
        due = max(due, state.at)
        while is_bad(state, wish) and due < min(until, end_s):
            steps.append({"at_s": round(due, 6), "do": "quench", "link": link})
            due += wish.every
    return steps


def is_bad(state: LinkState, wish: "QuenchSetting") -> bool:
    """Whether one direction is reason enough. A link without directions has neither loss nor rate."""
    return any(
        (wish.loss is not None and one.loss >= wish.loss) or (wish.rate is not None and one.rate <= wish.rate)
        for one in state.directions.values()
    )
