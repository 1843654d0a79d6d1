"""What the files of an experiment must agree on: links, agents, and scripts that do what they say."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from agents.roles.mn.schemes import SCHEMES
from testbed.lab.network import Network
from testbed.scenario.experiment.casting import Cast
from testbed.scenario.kinds.chosen_scheme import ChosenScheme
from testbed.scenario.kinds.failure import BY_PROGRAM, SHAPED
from testbed.scenario.kinds.profile import LinkProfile, check_jitter
from testbed.scenario.kinds.scenario import CallSetting, Scenario, Side
from testbed.scenario.kinds.topology import AGENTS
from testbed.scenario.links.history import Change
from testbed.scenario.links.timeline import LinkState, changes_of, link_states
from testbed.scenario.links.trace import Opportunities
from testbed.scenario.reading.document import hint, nearest
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import Tree, name_of
from testbed.scenario.reading.units import RATE, TIME, shown

TRANSCODED = frozenset({"PCMU", "PCMA", "GSM"})
"""What our B2BUA turns into each other (`agents.roles.b2bua.transcoding`): speech of 8000 samples a second."""
# RFC 3551, 4.5.8.
GSM_FRAME_S = 0.020


def check_links(tree: Tree, scenario: Scenario, network: Network) -> None:
    """The links of the scenario are those of the topology, and the call begins and ends on two of them."""
    there = [link.name for link in network.access_links]
    errors = [
        tree.error((field, link), f"{field}.{link}: the topology has no access link of that name{hint(link, there)}")
        for field in ("links", "loss", "nat", "address", "radio")
        for link in getattr(scenario, field)
        if link not in there
    ]
    errors += [
        tree.error(("links",), f"links: says nothing of the access link '{link}'; add a line '{link}: …'")
        for link in there
        if link not in scenario.links and link not in [nearest(one, there) for one in scenario.links]
    ]
    for field, link in (("first_link", scenario.first_link), ("second_link", scenario.second_link)):
        if link not in there:
            what = f"{field}: {shown(link)} is no access link of the topology{hint(link, there)}"
            errors.append(tree.error((field,), what))
    if not errors and scenario.first_link == scenario.second_link:
        others = [link for link in there if link != scenario.first_link]
        what = f"second_link: is the same as first_link, and a handover needs two; possible are: {', '.join(others)}"
        errors.append(tree.error(("second_link",), what))
    if errors:
        raise BadScenarioError(errors)


def check_copies(tree: Tree, scenario: Scenario, chosen: ChosenScheme) -> None:
    """When media go over both links is said of schemes alone that have a second dialog which stands by."""
    with_standby = " or ".join(name for name, row in SCHEMES.items() if row.copies is not None)
    for name, setting in scenario.schemes.items():
        row = chosen.row if name == chosen.name else SCHEMES.get(name)
        for field in ("copies", "risk"):
            if getattr(setting, field) is None or row is None:
                continue
            place = ("schemes", name, field)
            if row.copies is None:
                what = f"{name} has no second dialog that stands by; leave it out, or choose {with_standby}"
                raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}")])


def check_codecs(tree: Tree, scenario: Scenario, cast: Cast, *, is_bridged: bool) -> None:
    """The two sides understand each other, or a B2BUA is there to transcode; programs have what their files say."""
    call = scenario.call
    place = ("call", "codecs" if call.codecs else "codec")
    mn, cn = call.spoken_by("mn"), call.spoken_by("cn")
    sides: tuple[tuple[Side, list[str]], ...] = (("cn", [*cn]), ("mn", [*mn]))
    for side, spoken in sides:
        program = cast.programs.get(side)
        if program is not None and not set(spoken) <= set(program.settings.codecs):
            its = ", ".join(program.settings.codecs)
            what = f"{program.name} as {side} has {its} alone; write: codecs: {{{side}: [{its}]}}, or {side}: testbed"
            raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}")])
    if set(mn) & set(cn):
        return
    if not is_bridged:
        bridging = " or ".join(name for name, row in SCHEMES.items() if row.is_bridged)
        what = "the two sides have no codec in common, and under this scheme nobody is there to transcode"
        raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}; add one, or choose {bridging}")])
    if not TRANSCODED & set(mn) or not TRANSCODED & set(cn):
        its = ", ".join(sorted(TRANSCODED))
        what = f"the two sides have no codec in common, and the B2BUA transcodes between {its} alone"
        raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}; add one that both have")])


def check_packets(tree: Tree, scenario: Scenario, cast: Cast) -> None:
    """Frames of GSM are not divided (RFC 3551, 4.5.8), those of Opus were recorded; programs decide for themselves."""
    packets, place = scenario.call.packets, ("call", "packets")
    if packets == CallSetting.model_fields["packets"].default:
        return
    sides: tuple[Side, ...] = ("cn", "mn")
    for side in sides:
        program = cast.programs.get(side)
        if program is not None:
            what = f"{program.name} as {side} decides for itself; leave it out, or write: {side}: testbed"
            raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}")])
    spoken = {codec for side in sides for codec in scenario.call.spoken_by(side)}
    if "GSM" in spoken and round(packets / GSM_FRAME_S, 6) % 1:
        what = f"{TIME.text(packets)} are no whole frames of GSM, {TIME.text(GSM_FRAME_S)} each; write: 20 ms, or 60 ms"
        raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}, or choose another codec")])
    if "OPUS" in spoken:
        what = f"what is said in OPUS was encoded in packets of 20 ms, not of {TIME.text(packets)}; leave it out"
        raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}, or choose another codec")])


def check_failure(
    tree: Tree, changes: list[Change], profiles: dict[str, LinkProfile], agents: Sequence[str] = AGENTS
) -> None:
    """Each change is about something that there is and can be changed, and no two of them contradict each other.

    `agents` are those that the run has, and that can be killed.
    """
    checker = FailureChecker(tree, changes, agents)
    errors = list(checker.names(list(profiles)))
    for link, profile in profiles.items():
        errors += checker.link(link, profile)
    if errors:
        # What is repeated is wrong as often as it happens; once is enough.
        raise BadScenarioError(list(dict.fromkeys(errors)))


def check_opportunities(
    tree: Tree, traces: list[Opportunities], profiles: dict[str, LinkProfile], without: set[str]
) -> None:
    """Each trace is of a link that there is and that has a queue, and there is one for each direction at most.

    `without` are links that an access point bridges, where no trace can come between.
    """
    errors = []
    for number, trace in enumerate(traces):
        name = f"{name_of(trace.place)}.link: {shown(trace.link)}"
        if trace.link not in profiles:
            errors.append(
                tree.error(trace.place, f"{name} is no access link of the topology{hint(trace.link, list(profiles))}")
            )
        elif not profiles[trace.link].directions:
            what = (
                f"{name} has the profile '{profiles[trace.link].name}', in which nothing can wait; choose another one"
            )
            errors.append(tree.error(trace.place, what))
        elif profiles[trace.link].directions[trace.direction].aqm is not None:
            what = f"{name} has a profile with 'aqm', and a trace lets packets go by itself; choose another profile"
            errors.append(tree.error(trace.place, what))
        elif trace.link in without:
            errors.append(tree.error(trace.place, f"{name} has radio: hwsim, which takes no trace; write profile"))
        if any((one.link, one.direction) == (trace.link, trace.direction) for one in traces[:number]):
            errors.append(
                tree.error(trace.place, f"{name} has a trace of this direction already; leave one of them out")
            )
    if errors:
        raise BadScenarioError(errors)


def check_radios(tree: Tree, profiles: dict[str, LinkProfile], by_netem: set[str]) -> None:
    """Links that an access point bridges have profiles that netem can carry out alone."""
    errors = []
    for link in by_netem:
        profile = profiles[link]
        fields = list(dict.fromkeys(name for one in profile.directions.values() for name in one.by_program))
        if fields:
            what = f"has '{fields[0]}', which a link with radio: hwsim cannot have; choose another profile"
            errors.append(tree.error(("links", link), f"links.{link}: the profile '{profile.name}' {what}"))
    if errors:
        raise BadScenarioError(errors)


def check_by_netem(tree: Tree, changes: list[Change], by_netem: set[str]) -> None:
    """Links that netem carries alone: a rate of 0 it takes for none at all, and some things it does not do."""
    errors = []
    for one in (change for change in changes if change.link in by_netem):
        for name, value in one.values.items():
            if name == "rate" and value < RATE.least:
                what = "sends at 100 bit/s or more; have it gone, or lossy"
            elif name in BY_PROGRAM:
                what = "cannot have it; leave it out, or write profile"
            else:
                continue
            what = f"{name}: '{one.link}' has radio: hwsim, which {what}"
            errors.append(tree.error((*one.place, name), f"{name_of(one.place)}.{what}"))
    if errors:
        raise BadScenarioError(list(dict.fromkeys(errors)))


class FailureChecker:
    """Finds what is wrong with a failure script that is well-formed."""

    def __init__(self, tree: Tree, changes: list[Change], agents: Sequence[str]) -> None:
        self._tree = tree
        self._changes = changes
        self._agents = agents

    def names(self, links: list[str]) -> Iterator[ScenarioError]:
        """Changes of links and agents that there are not."""
        for change in self._changes:
            if change.link is not None and change.link not in links:
                what = f"link: {shown(change.link)} is no access link of the topology{hint(change.link, links)}"
                yield self._error(change, "link", what)
            for field, agent, known in (("kill", change.kill, self._agents), ("hang_up", change.hang_up, AGENTS)):
                if agent is not None and agent not in known:
                    what = f"{field}: {shown(agent)} is no agent of this run{hint(agent, known)}"
                    yield self._error(change, field, what)

    def link(self, name: str, profile: LinkProfile) -> list[ScenarioError]:
        """All that is wrong with the changes of one link; what follows from it isn't looked for."""
        mine = changes_of(self._changes, name)
        errors = [*self._unshaped(name, profile, mine), *self._after_gone(name, mine), *self._overlapping(mine)]
        return errors or list(self._impossible(profile, mine))

    def _unshaped(self, name: str, profile: LinkProfile, changes: list[Change]) -> Iterator[ScenarioError]:
        for change in changes:
            for quantity in change.values if not profile.directions else ():
                if quantity != "signal":
                    what = (
                        f"{quantity}: '{name}' has the profile '{profile.name}', which has no '{quantity}' to change;"
                        " change signal or gone, or give the link a profile with 'down' and 'up'"
                    )
                    yield self._error(change, quantity, what)

    def _after_gone(self, name: str, changes: list[Change]) -> Iterator[ScenarioError]:
        gone = next((one for one in changes if one.gone and one.back is None), None)
        if gone is None:
            return
        for change in changes:
            in_time = change.end <= gone.at and not (change.gone and change.back is None)
            if in_time or change is gone:
                continue
            when = f"gone from {TIME.text(gone.at)} on (line {self._line(gone)})"
            if change.at < gone.at:
                field = "over" if change.back is None else "for"
                what = f"{field}: this ends at {TIME.text(change.end)}, but '{name}' is {when}; let it end before"
                yield self._error(change, field, what)
            else:
                what = f"at: '{name}' is {when}, and what is gone does not change; leave this step out"
                yield self._error(change, "at", what)

    def _overlapping(self, changes: list[Change]) -> Iterator[ScenarioError]:
        names: dict[str, list[Change]] = {"gone": [one for one in changes if one.gone and one.back is not None]}
        for quantity in dict.fromkeys(quantity for one in changes for quantity in one.changes()):
            names["/".join(quantity)] = [one for one in changes if quantity in one.changes()]
        told = set()
        for path, mine in names.items():
            for before, after in pairwise(mine):
                at_once = before.at == after.at and not after.over
                if (before.end > after.at or at_once) and id(after) not in told:
                    told.add(id(after))
                    what_changes = path.rpartition("/")[2]
                    until = f"until {TIME.text(before.end)}" if before.end > before.at else "at the same time"
                    changes_it = "has the link gone" if what_changes == "gone" else f"changes {what_changes}"
                    what = (
                        f"at: line {self._line(before)} {changes_it} {until};"
                        " begin later, or change another quantity or direction"
                    )
                    yield self._error(after, "at", what)

    def _impossible(self, profile: LinkProfile, changes: list[Change]) -> Iterator[ScenarioError]:
        """Values that are possible alone but not together, at any moment of a ramp."""
        for state in link_states(profile, changes):
            for way, direction in state.directions.items():
                try:
                    check_jitter(direction.delay, direction.jitter)
                except ValueError as error:
                    change, quantity = self._cause(state, way, changes)
                    what = f"{quantity}: {way} at {TIME.text(max(state.at, 0.0))}: {error}"
                    yield self._error(change, quantity, what)
                    return

    def _cause(self, state: LinkState, way: str, changes: list[Change]) -> tuple[Change, str]:
        """The change that brought a link into this state: the last one that has begun."""
        begun = [one for one in changes if one.at <= state.at]
        change = next(one for one in reversed(begun) if any((way, name) in one.changes() for name in SHAPED[1:]))
        return change, next(name for name in SHAPED[1:] if (way, name) in change.changes())

    def _line(self, change: Change) -> int:
        return self._tree.line((*change.place, "at"))

    def _error(self, change: Change, field: str, what: str) -> ScenarioError:
        return self._tree.error((*change.place, field), f"{name_of(change.place)}.{what}")
