"""Failure scripts to timelines: ramps become small steps, losses of a link become what the radio does."""

from dataclasses import dataclass, field, replace

from testbed.lab.network import AccessLink
from testbed.lab.plan import Step
from testbed.scenario.experiment import Experiment
from testbed.scenario.failure import FailureStep
from testbed.scenario.profile import LinkProfile
from testbed.scenario.shaping import DirectionState, shape

# A ramp changes the link this often.
TICK_S = 0.1
DIRECTIONS = ("down", "up")


@dataclass
class LinkState:
    """One access link at one moment of the script."""

    signal: float
    directions: dict[str, DirectionState]
    gone: bool = False


@dataclass(frozen=True)
class Ramp:
    """A step that is under way: where its quantities came from."""

    step: FailureStep
    start: LinkState = field(compare=False)


def timeline(experiment: Experiment) -> list[Step]:
    """All steps of a run, in the order of time."""
    steps: list[Step] = []
    for link in experiment.network.access_links:
        mine = [step for step in experiment.failure.steps if step.link == link.name]
        steps += link_steps(link, experiment.profiles[link.name], mine)
    steps += [
        {"at_s": step.at, "do": "kill", "agent": step.kill}
        for step in experiment.failure.steps
        if step.kill is not None
    ]
    return sorted(steps, key=lambda step: step["at_s"])


def link_steps(link: AccessLink, profile: LinkProfile, script: list[FailureStep]) -> list[Step]:
    """The steps of one link."""
    state = first_state(profile)
    steps: list[Step] = [{"at_s": 0.0, "do": "signal", "link": link.name, "signal_dbm": state.signal}]
    ramps: dict[int, Ramp] = {}
    for at in moments(script):
        before = LinkState(state.signal, dict(state.directions), state.gone)
        for number, step in enumerate(script):
            if step.at <= at <= step.at + step.over + TICK_S / 2:
                apply(state, ramps.setdefault(number, Ramp(step, before)), at)
        steps += changes(link, profile, before, state, at)
    return steps


def first_state(profile: LinkProfile) -> LinkState:
    """A link as its profile says."""
    return LinkState(profile.signal, {name: DirectionState.of(getattr(profile, name)) for name in DIRECTIONS})


def moments(script: list[FailureStep]) -> list[float]:
    """When something changes, in order: the beginning of each step, and each tick of its ramp."""
    found = set()
    for step in script:
        ticks = round(step.over / TICK_S)
        found |= {round(step.at + step.over * tick / max(ticks, 1), 6) for tick in range(ticks + 1)}
    return sorted(found)


def apply(state: LinkState, ramp: Ramp, at: float) -> None:
    """Brings a state to where a ramp has it at this time."""
    step = ramp.step
    if step.gone:
        state.gone = True
        return
    share = min(1.0, (at - step.at) / step.over) if step.over else 1.0
    target = step.changes()
    signal = target.pop("signal", None)
    if signal is not None:
        state.signal = (1 - share) * ramp.start.signal + share * signal
    for name in DIRECTIONS if step.direction == "both" else (step.direction,):
        start = replace(state.directions[name], **{key: getattr(ramp.start.directions[name], key) for key in target})
        state.directions[name] = start.towards(target, share)


def changes(link: AccessLink, profile: LinkProfile, before: LinkState, after: LinkState, at: float) -> list[Step]:
    """What the lab has to do to bring a link from one state to another."""
    steps: list[Step] = []
    ports = {"down": link.node_port, "up": link.router_port}
    lost = {name: replace(state, loss=1.0) if after.gone else state for name, state in after.directions.items()}
    shapes = [
        shape(link, ports[name], lost[name], verb="change")
        for name in DIRECTIONS
        if lost[name] != before.directions[name]
    ]
    if shapes and not before.gone:
        steps.append({"at_s": at, "do": "shape", "link": link.name, "shapes": shapes})
    if after.signal != before.signal:
        steps.append({"at_s": at, "do": "signal", "link": link.name, "signal_dbm": round(after.signal, 3)})
    if after.gone and not before.gone:
        steps.append({"at_s": at, "do": "note", "event": "link_gone", "link": link.name})
        steps.append({"at_s": at + profile.loss_noticed_after, "do": "carrier", "link": link.name, "up": False})
    return steps
