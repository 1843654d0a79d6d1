"""Failure scripts to timelines: ramps become small steps, losses of a link become what the radio does."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from testbed.lab.network import AccessLink, Direction
from testbed.lab.plan import Shape, Step
from testbed.scenario.failure import SHAPED, FailureScript, FailureStep
from testbed.scenario.profile import LinkProfile
from testbed.scenario.shaping import DirectionState, shapes

# A ramp changes the link this often.
TICK_S = 0.1
# Times are exact to this many digits of a second; so the end of a ramp is the same moment as the step that follows.
DIGITS = 6


@dataclass(frozen=True)
class LinkState:
    """One access link at one moment of the script. A link that is not shaped has no directions."""

    at: float
    signal: float
    directions: dict[Direction, DirectionState]
    gone: bool = False


class Track:
    """One quantity over time: the profile's value, then what the steps make of it, none of them within another."""

    def __init__(self, first: float, name: tuple[str, str], steps: list[FailureStep]) -> None:
        self._first = first
        mine = [step for step in steps if name in step.changes()]
        self._steps = [(moment(step.at), moment(step.end), step.changes()[name]) for step in mine]

    def value(self, at: float) -> float:
        """The quantity at a time; at the end of a ramp it is exactly what the ramp says."""
        value = self._first
        for start, end, target in self._steps:
            if at < start:
                break
            share = 1.0 if at >= end else (at - start) / (end - start)
            value = target if share == 1.0 else (1 - share) * value + share * target
        return value


def timeline(script: FailureScript, links: dict[str, tuple[AccessLink, LinkProfile]]) -> list[Step]:
    """All steps of a run, in the order of time."""
    steps: list[Step] = []
    for name, (link, profile) in links.items():
        states = link_states(profile, steps_of(script, name))
        steps += link_steps(link, profile, states)
    steps += [
        {"at_s": moment(step.at), "do": "kill", "agent": step.kill} for step in script.steps if step.kill is not None
    ]
    steps += [
        {"at_s": moment(step.at), "do": "hang_up", "agent": step.hang_up}
        for step in script.steps
        if step.hang_up is not None
    ]
    return sorted(steps, key=lambda step: step["at_s"])


def steps_of(script: FailureScript, link: str) -> list[FailureStep]:
    """A link's steps in the order in which they count: of those at one time, what is done at once comes first."""
    return sorted((step for step in script.steps if step.link == link), key=lambda step: (step.at, step.over))


def link_states(profile: LinkProfile, steps: list[FailureStep]) -> Iterator[LinkState]:
    """What a link is like at the beginning, and at every moment at which something may change."""
    signal = Track(profile.signal, ("", "signal"), steps)
    first = {way: DirectionState.of(direction) for way, direction in profile.directions.items()}
    tracks = {
        way: {name: Track(getattr(state, name), (way, name), steps) for name in SHAPED} for way, state in first.items()
    }
    gone = min((moment(step.at) for step in steps if step.gone), default=math.inf)
    yield LinkState(-TICK_S, profile.signal, first)
    for at in moments(steps):
        directions = {
            way: state.changed({name: track.value(at) for name, track in tracks[way].items()})
            for way, state in first.items()
        }
        yield LinkState(at, signal.value(at), directions, at >= gone)


def moments(steps: list[FailureStep]) -> list[float]:
    """When something may change, in order: the beginning of each step, each tick of its ramp, and its end."""
    found = set()
    for step in steps:
        ticks = math.ceil(round(step.over / TICK_S, DIGITS))
        found |= {moment(step.at + TICK_S * tick) for tick in range(ticks)} | {moment(step.end)}
    return sorted(found)


def moment(time_s: float) -> float:
    """A time without the crumbs of binary fractions."""
    return round(time_s, DIGITS)


def link_steps(link: AccessLink, profile: LinkProfile, states: Iterator[LinkState]) -> list[Step]:
    """The steps of one link."""
    before = next(states)
    steps: list[Step] = [{"at_s": 0.0, "do": "signal", "link": link.name, "signal_dbm": before.signal}]
    for after in states:
        steps += changes(link, profile, before, after)
        before = after
    return steps


def changes(link: AccessLink, profile: LinkProfile, before: LinkState, after: LinkState) -> list[Step]:
    """What the lab has to do to bring a link from one state to another."""
    steps: list[Step] = []
    changed = changed_shapes(link, before, after)
    if changed:
        steps.append({"at_s": after.at, "do": "shape", "link": link.name, "shapes": changed})
    if after.signal != before.signal:
        signal = round(after.signal, 3)
        steps.append({"at_s": after.at, "do": "signal", "link": link.name, "signal_dbm": signal})
    if after.gone and not before.gone:
        steps.append({"at_s": after.at, "do": "note", "event": "link_gone", "link": link.name})
        noticed = moment(after.at + profile.loss_noticed_after)
        steps.append({"at_s": noticed, "do": "carrier", "link": link.name, "up": False})
    return steps


def changed_shapes(link: AccessLink, before: LinkState, after: LinkState) -> list[Shape]:
    """The directions whose shape is another; a link that is gone loses everything until the radio notices."""
    was, becomes = lossy(before), lossy(after)
    return [
        one
        for way in becomes
        if becomes[way] != was[way]
        for one in shapes(link, link.port(way), becomes[way], verb="change")
    ]


def lossy(state: LinkState) -> dict[Direction, DirectionState]:
    """The directions of a link as they are shaped."""
    return {way: replace(one, loss=1.0) if state.gone else one for way, one in state.directions.items()}
