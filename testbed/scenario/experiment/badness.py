"""When a link really becomes bad: what a trigger's moment is to be held against."""

from testbed.lab.network import Direction
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.links.shaping import DirectionState
from testbed.scenario.links.timeline import changes_of, link_states

# The codecs' loss concealment hides less than that, and the E-model's delay costs nothing up to there (G.107, G.114).
BAD_LOSS = 0.05
BAD_DELAY_S = 0.150


def bad_from(experiment: Experiment, link: str) -> float | None:
    """The first second of the failure script at which a link, in either direction, loses 5 % or takes 150 ms one way.

    Or is gone. What it damages is lost. None when it never is: by the script, and not by what a run made of it.
    """
    _, profile = experiment.links[link]
    for state in link_states(profile, changes_of(experiment.changes, link)):
        if state.gone or is_bad(state.directions):
            return max(0.0, state.at)
    return None


def is_bad(directions: dict[Direction, DirectionState]) -> bool:
    """Whether one direction is enough to hear it."""
    return any(lost(one) >= BAD_LOSS or one.delay >= BAD_DELAY_S for one in directions.values())


def lost(direction: DirectionState) -> float:
    """The share that its listener does not get: what is damaged is lost, too."""
    return 1 - (1 - direction.loss) * (1 - direction.corrupt)
