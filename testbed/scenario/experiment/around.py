"""What triggers need beside themselves: found, checked, and put into the plan."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.lab.network import AccessLink
from testbed.lab.plan import Step
from testbed.scenario.kinds.positions import Fix, fixes, load_track
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import Scenario, SchemeSetting
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.topology import MOBILE
from testbed.scenario.kinds.triggers import AnyOf, Policy, Position, Single, Trigger, Weighted
from testbed.scenario.reading.document import hint, load
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import COVERAGE, TRACK
from testbed.scenario.reading.tree import Place, Tree, named_in
from testbed.scenario.reading.units import shown


@dataclass(frozen=True)
class Around:
    """The track, and the coverage maps by the words that name them."""

    track: list[Fix] = field(default_factory=list)
    maps: dict[str, CoverageMap] = field(default_factory=dict)


def load_around(tree: Tree, path: Path, scenario: Scenario, setting: SchemeSetting) -> Around:
    """Loads what a scenario's triggers name; raises BadScenarioError."""
    track = []
    if scenario.track is not None:
        with named_in(tree, "track"):
            track = load_track(TRACK.find(scenario.track, near=path))
    maps: dict[str, CoverageMap] = {}
    for place, trigger in every_trigger(scenario, setting):
        if isinstance(trigger, Position):
            check_position(tree, place, scenario)
            with named_in(tree, *place, "coverage"):
                found = maps[trigger.coverage] = load(COVERAGE.find(trigger.coverage, near=path), CoverageMap)
            check_covered(tree, place, scenario, found)
        elif isinstance(trigger, Policy):
            check_policy(tree, place, scenario, trigger)
    for name in scenario.networks:
        if name not in scenario.links:
            what = f"networks.{name}: the topology has no access link of that name{hint(name, list(scenario.links))}"
            raise BadScenarioError([tree.error(("networks", name), what)])
    return Around(track, maps)


def every_trigger(scenario: Scenario, setting: SchemeSetting) -> Iterator[tuple[Place, Single]]:
    """Every single trigger of a scenario, with its place, and of the scheme's setting, be it the scenario's or not."""
    if setting not in scenario.schemes.values():
        yield from singles(("schemes",), setting.trigger)
    for scheme, one in scenario.schemes.items():
        yield from singles(("schemes", scheme, "trigger"), one.trigger)
    for name, trigger in scenario.triggers.items():
        yield from singles(("triggers", name), trigger)


def singles(place: Place, trigger: Trigger) -> Iterator[tuple[Place, Single]]:
    """The single triggers that one is made of."""
    if isinstance(trigger, AnyOf):
        yield from (((*place, "of", number), one) for number, one in enumerate(trigger.of))
    elif isinstance(trigger, Weighted):
        yield from (((*place, "of", number, "trigger"), one.trigger) for number, one in enumerate(trigger.of))
    else:
        yield place, trigger


def check_position(tree: Tree, place: Place, scenario: Scenario) -> None:
    """Somebody has to say where the MN is."""
    if scenario.track is None:
        what = "the trigger 'position' needs to know where the MN goes; add a line 'track: …'"
        raise BadScenarioError([tree.error(place, what)])


def check_covered(tree: Tree, place: Place, scenario: Scenario, found: CoverageMap) -> None:
    """The map has to say where the main link is."""
    if scenario.first_link not in found.networks:
        what = (
            f"coverage: the map '{found.name}' says nothing of the link '{scenario.first_link}';"
            f" it has: {', '.join(found.networks)}"
        )
        raise BadScenarioError([tree.error((*place, "coverage"), what)])


def check_policy(tree: Tree, place: Place, scenario: Scenario, policy: Policy) -> None:
    """What it names are the call's two links."""
    known = [scenario.first_link, scenario.second_link]
    named: list[tuple[Place, str]] = [(("prefer", number), name) for number, name in enumerate(policy.prefer)]
    for where, name in [*named, *((("there_from", name), name) for name in policy.there_from)]:
        if name not in known:
            what = f"{where[0]}: {shown(name)} is none of the call's links{hint(name, known)}"
            raise BadScenarioError([tree.error((*place, *where), what)])


def trigger_config(trigger: Trigger, around: Around, main: str) -> dict[str, Any]:
    """A trigger as the MN takes it."""
    config = trigger.model_dump()
    if isinstance(trigger, AnyOf):
        config["of"] = [trigger_config(one, around, main) for one in trigger.of]
    elif isinstance(trigger, Weighted):
        config["of"] = [
            {"weight": one.weight, "trigger": trigger_config(one.trigger, around, main)} for one in trigger.of
        ]
    elif isinstance(trigger, Position):
        config["areas"] = [area.plain() for area in around.maps[trigger.coverage].networks[main]]
    return config


def networks(scenario: Scenario, links: dict[str, tuple[AccessLink, LinkProfile]]) -> dict[str, dict[str, Any]]:
    """What the MN can know of each network (IEEE 802.21's information service)."""
    return {
        name: {
            "kind": profile.name,
            **{f"{way}_bit_s": direction.rate for way, direction in profile.directions.items()},
            **(scenario.networks[name].model_dump() if name in scenario.networks else {}),
        }
        for name, (_, profile) in links.items()
    }


def report_steps(scenario: Scenario, around: Around) -> list[Step]:
    """What GPS receiver and battery tell the MN, and when."""
    positions: list[Step] = [
        {"at_s": fix.at, "do": "report", "agent": MOBILE,
         "report": {"report": "position", "latitude": fix.latitude, "longitude": fix.longitude}}
        for fix in (fixes(around.track) if around.track else ())
    ]  # fmt: skip
    levels: list[Step] = [
        {"at_s": one.at, "do": "report", "agent": MOBILE, "report": {"report": "battery", "level": one.level}}
        for one in scenario.battery
    ]
    return positions + levels
