"""What happens to links, as the lab's timeline: ramps become small steps, outages become what the radio does."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

from testbed.lab.network import AccessLink, Direction
from testbed.lab.plan import GateOrder, Shape, Step
from testbed.scenario.kinds.failure import SHAPED
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.links.history import DIGITS, SIGNAL, Change, Quantity, moment
from testbed.scenario.links.shaping import DirectionState, order_of, shapes

# A ramp changes the link this often.
TICK_S = 0.1


@dataclass(frozen=True)
class LinkState:
    """One access link at one moment. A link that is not shaped has no directions."""

    at: float
    signal: float
    directions: dict[Direction, DirectionState]
    gone: bool = False


class Track:
    """One quantity over time: the profile's value, then what the changes make of it, none of them within another."""

    def __init__(self, first: float, name: Quantity, changes: list[Change]) -> None:
        self._first = first
        # From when until when it moves, and to what.
        self._moves: list[tuple[float, float, float]] = []
        value = first
        for change in changes:
            target = change.changes().get(name)
            if target is None:
                continue
            self._moves.append((change.at, change.reached, target))
            if change.back is None:
                value = target
            else:
                self._moves.append((change.back, change.end, value))

    def value(self, at: float) -> float:
        """The quantity at a time; at the end of a ramp it is exactly what the ramp says."""
        number = bisect_right(self._moves, at, key=itemgetter(0)) - 1
        if number < 0:
            return self._first
        start, end, target = self._moves[number]
        before = self._moves[number - 1][2] if number else self._first
        share = 1.0 if at >= end else (at - start) / (end - start)
        return target if share == 1.0 else (1 - share) * before + share * target


def timeline(
    changes: list[Change], links: dict[str, tuple[AccessLink, LinkProfile]], gates: Mapping[str, GateOrder]
) -> list[Step]:
    """All steps of a run, in the order of time."""
    steps: list[Step] = []
    for name, (link, profile) in links.items():
        mine = changes_of(changes, name)
        steps += [*link_steps(link, link_states(profile, mine), gates), *outage_steps(link, profile, mine)]
    steps += [{"at_s": one.at, "do": "kill", "agent": one.kill} for one in changes if one.kill is not None]
    steps += [{"at_s": one.at, "do": "hang_up", "agent": one.hang_up} for one in changes if one.hang_up is not None]
    return sorted(steps, key=lambda step: step["at_s"])


def changes_of(changes: list[Change], link: str) -> list[Change]:
    """A link's changes in the order in which they count: of those at one time, what is done at once comes first."""
    return sorted((one for one in changes if one.link == link), key=lambda one: (one.at, one.over))


def link_states(profile: LinkProfile, changes: list[Change]) -> Iterator[LinkState]:
    """What a link is like at the beginning, and at every moment at which something may change."""
    signal = Track(profile.signal, SIGNAL, changes)
    first = {way: DirectionState.of(direction) for way, direction in profile.directions.items()}
    tracks = {
        way: {name: Track(getattr(state, name), (way, name), changes) for name in SHAPED}
        for way, state in first.items()
    }
    outages = [one for one in changes if one.gone]
    yield LinkState(-TICK_S, profile.signal, first)
    for at in moments(changes):
        directions = {
            way: state.changed({name: track.value(at) for name, track in tracks[way].items()})
            for way, state in first.items()
        }
        gone = any(one.at <= at and (one.back is None or at < one.back) for one in outages)
        yield LinkState(at, signal.value(at), directions, gone)


def moments(changes: list[Change]) -> list[float]:
    """When something may change, in order: the beginning of each change, each tick of its ramp, its end; and back."""
    found = set()
    for change in changes:
        for start in (change.at, change.back):
            if start is not None:
                ticks = math.ceil(round(change.over / TICK_S, DIGITS))
                found |= {moment(start + TICK_S * tick) for tick in range(ticks)} | {moment(start + change.over)}
    return sorted(found)


def link_steps(link: AccessLink, states: Iterator[LinkState], gates: Mapping[str, GateOrder]) -> list[Step]:
    """What the lab has to do to bring a link from each state to the next."""
    before = next(states)
    steps: list[Step] = [{"at_s": 0.0, "do": "signal", "link": link.name, "signal_dbm": before.signal}]
    for after in states:
        changed = changed_shapes(link, before, after, gates)
        if changed:
            steps.append({"at_s": after.at, "do": "shape", "link": link.name, "shapes": changed})
        if after.signal != before.signal:
            signal = round(after.signal, 3)
            steps.append({"at_s": after.at, "do": "signal", "link": link.name, "signal_dbm": signal})
        before = after
    return steps


def outage_steps(link: AccessLink, profile: LinkProfile, changes: list[Change]) -> Iterator[Step]:
    """What the radio does when a link is gone: it notices after a while, and has to attach anew when the link is back.

    An outage that it does not notice costs packets and nothing else. One that begins while the radio attaches puts an
    end to that.
    """
    outages = [one for one in changes if one.gone]
    attaching_s = sum(phase.time for phase in profile.attach)
    has_carrier = True
    for number, outage in enumerate(outages):
        yield {"at_s": outage.at, "do": "note", "event": "link_gone", "link": link.name}
        noticed = moment(outage.at + profile.loss_noticed_after)
        if has_carrier and (outage.back is None or noticed < outage.back):
            yield {"at_s": noticed, "do": "carrier", "link": link.name, "up": False}
            has_carrier = False
        if outage.back is None:
            return
        yield {"at_s": outage.back, "do": "note", "event": "link_back", "link": link.name}
        attached = moment(outage.back + attaching_s)
        following = outages[number + 1].at if number + 1 < len(outages) else math.inf
        if not has_carrier and attached <= following:
            yield {"at_s": attached, "do": "carrier", "link": link.name, "up": True}
            has_carrier = True


def changed_shapes(
    link: AccessLink, before: LinkState, after: LinkState, gates: Mapping[str, GateOrder]
) -> list[Shape]:
    """The directions whose shape is another; a link that is gone loses everything until the radio notices."""
    was, becomes = lossy(before), lossy(after)
    found = []
    for way, state in becomes.items():
        port, order = link.port(way), order_of(gates, link, way)
        new = shapes(port, state, verb="change", order=order)
        if new != shapes(port, was[way], verb="change", order=order):
            found += new
    return found


def lossy(state: LinkState) -> dict[Direction, DirectionState]:
    """The directions of a link as they are shaped."""
    return {way: replace(one, loss=1.0) if state.gone else one for way, one in state.directions.items()}
