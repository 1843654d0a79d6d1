"""What the files of an experiment must agree on: links, agents, and scripts that do what they say."""

from collections.abc import Iterator
from itertools import pairwise

from testbed.lab.network import Network
from testbed.scenario.document import hint, nearest
from testbed.scenario.errors import BadScenarioError, ScenarioError
from testbed.scenario.failure import SHAPED, FailureScript, FailureStep
from testbed.scenario.profile import LinkProfile, check_burst, check_jitter
from testbed.scenario.scenario import Scenario
from testbed.scenario.timeline import LinkState, link_states, moment, steps_of
from testbed.scenario.topology import AGENTS
from testbed.scenario.tree import Tree
from testbed.scenario.units import TIME, shown


def check_links(tree: Tree, scenario: Scenario, network: Network) -> None:
    """The links of the scenario are those of the topology, and the call begins and ends on two of them."""
    there = [link.name for link in network.access_links]
    errors = [
        tree.error((field, link), f"{field}.{link}: the topology has no access link of that name{hint(link, there)}")
        for field, named in (("links", scenario.links), ("loss", scenario.loss))
        for link in named
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


def check_codecs(tree: Tree, scenario: Scenario, *, is_bridged: bool, phone: str | None) -> None:
    """The two sides understand each other, or a B2BUA is there to transcode; phones of others have PCMU alone here."""
    call = scenario.call
    place = ("call", "codecs" if call.codecs else "codec")
    mn, cn = call.spoken_by("mn"), call.spoken_by("cn")
    if phone is not None and cn != ["PCMU"]:
        what = f"{phone} as the correspondent has PCMU alone; write: codecs: {{cn: [PCMU]}}, or cn: testbed"
        raise BadScenarioError([tree.error(place, f"{'.'.join(place)}: {what}")])
    if not is_bridged and not set(mn) & set(cn):
        what = "the two sides have no codec in common, and under this scheme nobody is there to transcode"
        raise BadScenarioError(
            [tree.error(place, f"{'.'.join(place)}: {what}; add one, or choose proactive or handover-b2bua")]
        )


def check_failure(tree: Tree, script: FailureScript, profiles: dict[str, LinkProfile]) -> None:
    """Each step is about something that there is and can be changed, and no two of them contradict each other."""
    checker = FailureChecker(tree, script)
    errors = list(checker.names(list(profiles)))
    for link, profile in profiles.items():
        errors += checker.link(link, profile)
    if errors:
        raise BadScenarioError(errors)


class FailureChecker:
    """Finds what is wrong with a failure script that is well-formed."""

    def __init__(self, tree: Tree, script: FailureScript) -> None:
        self._tree = tree
        self._script = script
        self._places = {id(step): index for index, step in enumerate(script.steps)}

    def names(self, links: list[str]) -> Iterator[ScenarioError]:
        """Steps about links and agents that there are not."""
        for step in self._script.steps:
            if step.link is not None and step.link not in links:
                what = f"link: {shown(step.link)} is no access link of the topology{hint(step.link, links)}"
                yield self._error(step, "link", what)
            for field, agent in (("kill", step.kill), ("hang_up", step.hang_up)):
                if agent is not None and agent not in AGENTS:
                    yield self._error(step, field, f"{field}: {shown(agent)} is no agent{hint(agent, AGENTS)}")

    def link(self, name: str, profile: LinkProfile) -> list[ScenarioError]:
        """All that is wrong with the steps of one link; what follows from it isn't looked for."""
        steps = steps_of(self._script, name)
        errors = [*self._unshaped(name, profile, steps), *self._after_gone(name, steps), *self._overlapping(steps)]
        return errors or list(self._impossible(profile, steps))

    def _unshaped(self, name: str, profile: LinkProfile, steps: list[FailureStep]) -> Iterator[ScenarioError]:
        for step in steps:
            for quantity in step.shapes() if not profile.directions else ():
                what = (
                    f"{quantity}: '{name}' has the profile '{profile.name}', which has no '{quantity}' to change;"
                    " change signal or gone, or give the link a profile with 'down' and 'up'"
                )
                yield self._error(step, quantity, what)

    def _after_gone(self, name: str, steps: list[FailureStep]) -> Iterator[ScenarioError]:
        gone = next((step for step in steps if step.gone), None)
        if gone is None:
            return
        for step in steps:
            in_time = moment(step.end) <= moment(gone.at) and not step.gone
            if in_time or step is gone:
                continue
            when = f"gone from {TIME.text(gone.at)} on (line {self._line(gone)})"
            if step.at < gone.at:
                what = f"over: this ends at {TIME.text(moment(step.end))}, but '{name}' is {when}; let it end before"
                yield self._error(step, "over", what)
            else:
                what = f"at: '{name}' is {when}, and what is gone does not change; leave this step out"
                yield self._error(step, "at", what)

    def _overlapping(self, steps: list[FailureStep]) -> Iterator[ScenarioError]:
        names = dict.fromkeys(name for step in steps for name in step.changes())
        told = set()
        for name in names:
            for before, after in pairwise(step for step in steps if name in step.changes()):
                at_once = before.at == after.at and not after.over
                if (moment(before.end) > moment(after.at) or at_once) and id(after) not in told:
                    told.add(id(after))
                    until = f"until {TIME.text(moment(before.end))}" if before.over else "at the same time"
                    what = (
                        f"at: line {self._line(before)} changes {name[1]} {until};"
                        " begin later, or change another quantity or direction"
                    )
                    yield self._error(after, "at", what)

    def _impossible(self, profile: LinkProfile, steps: list[FailureStep]) -> Iterator[ScenarioError]:
        """Values that are possible alone but not together, at any moment of a ramp."""
        for state in link_states(profile, steps):
            for way, direction in state.directions.items():
                try:
                    check_jitter(direction.delay, direction.jitter)
                    check_burst(direction.loss, direction.loss_burst)
                except ValueError as error:
                    step, quantity = self._cause(state, way, steps)
                    what = f"{quantity}: {way} at {TIME.text(max(state.at, 0.0))}: {error}"
                    yield self._error(step, quantity, what)
                    return

    def _cause(self, state: LinkState, way: str, steps: list[FailureStep]) -> tuple[FailureStep, str]:
        """The step that brought a link into this state: the last one that has begun."""
        begun = [step for step in steps if moment(step.at) <= state.at]
        step = next(one for one in reversed(begun) if any((way, name) in one.changes() for name in SHAPED[1:]))
        return step, next(name for name in SHAPED[1:] if (way, name) in step.changes())

    def _line(self, step: FailureStep) -> int:
        return self._tree.line(("steps", self._places[id(step)], "at"))

    def _error(self, step: FailureStep, field: str, what: str) -> ScenarioError:
        index = self._places[id(step)]
        return self._tree.error(("steps", index, field), f"steps.{index + 1}.{what}")
