"""What triggers need beside themselves: found, checked, and put into the plan."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.roles.mn.triggers import Is
from testbed.brought import Brought
from testbed.lab.network import AccessLink
from testbed.lab.plan import Step
from testbed.scenario.kinds.positions import Fix, fixes, load_track
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.scenario import Scenario, SchemeSetting
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.triggers import (
    AnyOf,
    BroughtTrigger,
    Single,
    Trigger,
    TriggerSetting,
    Weighted,
    find_trigger,
    setting_of_brought,
)
from testbed.scenario.reading.document import hint, load, validated_at
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import COVERAGE, TRACK
from testbed.scenario.reading.tree import Place, Tree, named_in
from testbed.scenario.reading.units import shown


@dataclass(frozen=True)
class Around:
    """The track, the coverage maps by the words that name them, and the triggers that a user brought by theirs.

    `settings` are those triggers' parameters, by place: what files say, checked by what the trigger's row says.
    """

    track: list[Fix] = field(default_factory=list)
    maps: dict[str, CoverageMap] = field(default_factory=dict)
    brought: dict[str, Brought] = field(default_factory=dict)
    settings: dict[int, TriggerSetting] = field(default_factory=dict)


def load_around(tree: Tree, path: Path, scenario: Scenario, setting: SchemeSetting) -> Around:
    """Loads what a scenario's triggers name; raises BadScenarioError."""
    track = []
    if scenario.track is not None:
        with named_in(tree, "track"):
            track = load_track(TRACK.find(scenario.track, near=path))
    around = Around(track)
    for place, named in every_trigger(scenario, setting):
        trigger = named
        if isinstance(named, BroughtTrigger):
            trigger = around.settings[id(named)] = load_brought(tree, place, named, around)
        for field_, word in trigger.of_kind(Is.COVERAGE):
            check_position(tree, place, scenario, trigger.on)
            with named_in(tree, *place, field_):
                found = around.maps[word] = load(COVERAGE.find(word, near=path), CoverageMap)
            check_covered(tree, (*place, field_), scenario, found)
        check_links_of(tree, place, scenario, trigger)
    for name in scenario.networks:
        if name not in scenario.links:
            what = f"networks.{name}: the topology has no access link of that name{hint(name, list(scenario.links))}"
            raise BadScenarioError([tree.error(("networks", name), what)])
    return around


def load_brought(tree: Tree, place: Place, trigger: BroughtTrigger, around: Around) -> TriggerSetting:
    """Looks at a user's trigger, and at what the scenario says of its parameters; raises BadScenarioError."""
    with named_in(tree, *place, "on"):
        brought = around.brought[trigger.on] = find_trigger(trigger.on, near=tree.path)
    model = setting_of_brought(brought)
    return validated_at(tree, place, {"on": brought.name, **trigger.said}, model)


def every_trigger(scenario: Scenario, setting: SchemeSetting) -> Iterator[tuple[Place, Single]]:
    """Every single trigger of a scenario, with its place, and of the scheme's setting, be it the scenario's or not."""
    if setting not in scenario.schemes.values():
        yield from singles(("schemes",), setting.trigger)
    for scheme, one in scenario.schemes.items():
        yield from singles(("schemes", scheme, "trigger"), one.trigger)
        if one.risk is not None:
            yield from singles(("schemes", scheme, "risk"), one.risk)
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


def check_position(tree: Tree, place: Place, scenario: Scenario, name: str) -> None:
    """Somebody has to say where the MN is."""
    if scenario.track is None:
        what = f"the trigger '{name}' needs to know where the MN goes; add a line 'track: …'"
        raise BadScenarioError([tree.error(place, what)])


def check_covered(tree: Tree, place: Place, scenario: Scenario, found: CoverageMap) -> None:
    """The map has to say where the main link is."""
    if scenario.first_link not in found.networks:
        what = (
            f"{place[-1]}: the map '{found.name}' says nothing of the link '{scenario.first_link}';"
            f" it has: {', '.join(found.networks)}"
        )
        raise BadScenarioError([tree.error(place, what)])


def check_links_of(tree: Tree, place: Place, scenario: Scenario, trigger: TriggerSetting) -> None:
    """What it names are the call's two links."""
    known = [scenario.first_link, scenario.second_link]
    named: list[tuple[Place, str]] = [
        ((name, step), link)
        for name, links in trigger.of_kind(Is.LINKS, Is.SIGNALS)
        for step, link in (enumerate(links) if isinstance(links, list) else zip(links, links, strict=True))
    ]
    for where, name in named:
        if name not in known:
            what = f"{where[0]}: {shown(name)} is none of the call's links{hint(name, known)}"
            raise BadScenarioError([tree.error((*place, *where), what)])


def trigger_config(trigger: Trigger, around: Around, main: str) -> dict[str, Any]:
    """A trigger as the MN takes it."""
    trigger = around.settings.get(id(trigger), trigger)
    config = trigger.model_dump()
    if isinstance(trigger, AnyOf):
        config["of"] = [trigger_config(one, around, main) for one in trigger.of]
    elif isinstance(trigger, Weighted):
        config["of"] = [
            {"weight": one.weight, "trigger": trigger_config(one.trigger, around, main)} for one in trigger.of
        ]
    for _, word in trigger.of_kind(Is.COVERAGE):
        config["areas"] = [area.plain() for area in around.maps[word].networks[main]]
    return config


def networks(scenario: Scenario, links: dict[str, tuple[AccessLink, LinkProfile]]) -> dict[str, dict[str, Any]]:
    """What the MN can know of each network (IEEE 802.21's information service)."""
    return {
        name: {
            "kind": profile.name,
            **{f"{way}_bit_s": direction.rate for way, direction in profile.directions.items()},
            "delay_s": round(sum(direction.delay for direction in profile.directions.values()), 6),
            **(scenario.networks[name].model_dump() if name in scenario.networks else {}),
        }
        for name, (_, profile) in links.items()
    }


def report_steps(scenario: Scenario, around: Around, *, hears: str) -> list[Step]:
    """What GPS receiver and battery tell the agent `hears` of the MN, and when."""
    positions: list[Step] = [
        {"at_s": fix.at, "do": "report", "agent": hears,
         "report": {"report": "position", "latitude": fix.latitude, "longitude": fix.longitude}}
        for fix in (fixes(around.track) if around.track else ())
    ]  # fmt: skip
    levels: list[Step] = [
        {"at_s": one.at, "do": "report", "agent": hears, "report": {"report": "battery", "level": one.level}}
        for one in scenario.battery
    ]
    return positions + levels
