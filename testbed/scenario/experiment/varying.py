"""Fields that a campaign gives other values than the files have: by a dotted name, which begins at the scenario.

`links.NAME.FIELD` is a field of that link's profile, `failure.FIELD` one of the failure script, `trigger` one of the
scenario's triggers by its name, and `trigger.FIELD` a field of the trigger that decides; `copies` and `attach` are said
of whichever scheme the run has; else it is the scenario's own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents.roles.mn.schemes import SCHEMES
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.reading.document import hint, written
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Tree, ValueOrigin

LINKS, FAILURE_SCRIPT, TRIGGER_CHOSEN, LOSS = "links", "failure", "trigger", "loss"
OF_SCHEME = ("copies", "attach")


@dataclass(frozen=True)
class Varied:
    """A field by its dotted name, the value that it has in a run, where that stands, and as what `text`."""

    name: str
    value: Any
    origin: ValueOrigin
    text: str

    @property
    def steps(self) -> list[str]:
        """The name's parts."""
        return self.name.split(".")

    @property
    def link(self) -> str | None:
        """The link whose profile it is a field of; None where it is of another file.

        A link's `loss`, in both directions, is what the scenario's `loss` says of it.
        """
        steps = self.steps
        return steps[1] if steps[0] == LINKS and len(steps) > 2 and steps[2:] != [LOSS] else None

    @property
    def is_of_failure(self) -> bool:
        """Whether it is a field of the failure script."""
        return self.steps[0] == FAILURE_SCRIPT and len(self.steps) > 1


def vary_scenario(tree: Tree, varied: Iterable[Varied], *, scheme: str | None, trigger: str | None) -> Tree:
    """The scenario's file with the values that are its own; raises BadScenarioError."""
    for one in varied:
        if one.name == TRIGGER_CHOSEN or one.is_of_failure:
            continue
        if one.link is None:
            tree = _with_scheme(tree, one, scheme, trigger)
            tree = tree.with_value(_in_scenario(tree, one, scheme, trigger), one.value, one.origin)
        else:
            _check_link(tree, one.link, one.origin)
    return tree


def vary_profile(tree: Tree, link: str, varied: Iterable[Varied], scenario: Scenario) -> Tree:
    """The file of a link's profile with the values that are its own; raises BadScenarioError."""
    for one in varied:
        if one.link == link:
            if one.steps[-1] == LOSS and link in scenario.loss:
                what = f"the scenario's own 'loss' of '{link}' would hide it; vary links.{link}.loss, or take that out"
                raise BadScenarioError([one.origin.error(what)])
            for names in _in_profile(one):
                tree = tree.with_value(names, one.value, one.origin)
    return tree


def vary_failure(tree: Tree, varied: Iterable[Varied]) -> Tree:
    """The failure script with the values that are its own; raises BadScenarioError."""
    for one in varied:
        if one.is_of_failure:
            tree = tree.with_value(one.steps[1:], one.value, one.origin)
    return tree


def varied_trigger(varied: Iterable[Varied]) -> str | None:
    """The trigger that is to decide instead of the scheme's own, by its name in the scenario."""
    return next((str(one.value) for one in varied if one.name == TRIGGER_CHOSEN), None)


def _with_scheme(tree: Tree, one: Varied, scheme: str | None, trigger: str | None) -> Tree:
    """The scenario; where it says nothing of the scheme that a value belongs to, with that as its row has it."""
    name = _chosen(tree, scheme)
    row = SCHEMES.get(name)
    if row is None or not _is_of_scheme(one, trigger) or tree.has(("schemes", name)):
        return tree
    said = {field: value for field, value in row.setting.items() if value is not None}
    return tree.with_value(("schemes", name), said, one.origin)


def _chosen(tree: Tree, scheme: str | None) -> str:
    return str(tree.content.get("scheme") if scheme is None else scheme)


def _is_of_scheme(one: Varied, trigger: str | None) -> bool:
    return one.steps[0] in OF_SCHEME or (one.steps[0] == TRIGGER_CHOSEN and trigger is None)


def _in_scenario(tree: Tree, one: Varied, scheme: str | None, trigger: str | None) -> Sequence[str]:
    steps = one.steps
    if steps[0] == LINKS and len(steps) > 1:
        _check_link(tree, steps[1], one.origin)
        return [LOSS, steps[1]] if len(steps) > 2 else steps
    if steps[0] in {TRIGGER_CHOSEN, *OF_SCHEME}:
        where = (
            ("schemes", _chosen(tree, scheme), steps[0]) if _is_of_scheme(one, trigger) else ("triggers", str(trigger))
        )
        if not tree.has(where[:2]):
            what = f"the scenario does not say how '{where[1]}' is used; add it to its '{where[0]}'"
            raise BadScenarioError([one.origin.error(what)])
        return [*where, *steps[1:]]
    return steps


def _check_link(tree: Tree, link: str, origin: ValueOrigin) -> None:
    links = tree.content.get(LINKS)
    if isinstance(links, dict) and link not in links:
        raise BadScenarioError([origin.error(f"there is no link '{link}'{hint(link, list(links))}")])


def _in_profile(one: Varied) -> Iterator[list[str]]:
    """What is said of a direction and named without one is meant of both; raises BadScenarioError."""
    steps = one.steps[2:]
    known = [*written(LinkProfile), *written(LinkDirection)]
    if steps[0] not in known:
        raise BadScenarioError([one.origin.error(f"{steps[0]} is unknown{hint(steps[0], known)}")])
    if steps[0] not in written(LinkProfile):
        yield from (["down", *steps], ["up", *steps])
    else:
        yield steps
