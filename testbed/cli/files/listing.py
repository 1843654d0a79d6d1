"""`list`: what can be named in scenarios and options."""

import json
from collections.abc import Callable, Iterator

import click
from rich.markup import escape, render

from testbed.brought import installed
from testbed.plain_text import say
from testbed.report.terminal import NOT_MEASURED, console, new_table
from testbed.scenario.kinds.chosen_scheme import find_scheme, known_schemes
from testbed.scenario.kinds.correspondent import OWN
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.positions import load_track
from testbed.scenario.kinds.profile import LinkDirection, LinkProfile
from testbed.scenario.kinds.program import ProgramFile
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.kinds.triggers import ALL_TRIGGERS, TRIGGER, find_trigger, setting_of_brought
from testbed.scenario.links.forms import FORMS
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import COVERAGE, FAILURE, NAT, PROFILE, PROGRAM, SCENARIO, TOPOLOGY, TRACK
from testbed.scenario.reading.units import RATE, SHARE, TIME

Row = tuple[str, ...]


def scenarios() -> Iterator[Row]:
    """Scenarios, with what they are about."""
    for name in SCENARIO.shipped():
        yield name, load(SCENARIO.find(name), Scenario).about


def topologies() -> Iterator[Row]:
    """Topologies, with their nodes."""
    for name in TOPOLOGY.shipped():
        yield name, ", ".join(node.name for node in load_topology(TOPOLOGY.find(name)).nodes)


def failures() -> Iterator[Row]:
    """Failure scripts, with what they are about."""
    for name in FAILURE.shipped():
        yield name, load(FAILURE.find(name), FailureScript).about


def schemes() -> Iterator[Row]:
    """Handover schemes."""
    yield from ((name, find_scheme(name).row.about) for name in known_schemes())


def phones() -> Iterator[Row]:
    """Who can be the correspondent node: our own, and programs."""
    yield from OWN.items()
    yield from ((name, about) for name, about, roles in programs() if "cn" in roles.split(", "))


def programs() -> Iterator[Row]:
    """Programs that others wrote, with the roles that they can play."""
    for name in PROGRAM.shipped():
        program = load(PROGRAM.find(name), ProgramFile)
        yield name, program.about, ", ".join(program.roles)


def triggers() -> Iterator[Row]:
    """Triggers, as their models describe themselves, with their parameters: those in brackets have a default."""
    brought = {name: setting_of_brought(find_trigger(name)) for name in installed(TRIGGER)}
    for name, model in {**ALL_TRIGGERS, **brought}.items():
        fields = [(field, info) for field, info in model.model_fields.items() if field not in {"on", "stay"}]
        parameters = [field if info.is_required() else escape(f"[{field}]") for field, info in fields]
        yield name, " ".join((model.__doc__ or "").split()), " ".join([*parameters, escape("[stay]")])


def coverage() -> Iterator[Row]:
    """Coverage maps, with what they are about."""
    for name in COVERAGE.shipped():
        yield name, load(COVERAGE.find(name), CoverageMap).about


def nats() -> Iterator[Row]:
    """Kinds of NAT, with how they map and filter, and how long a mapping stays."""
    for name in NAT.shipped():
        found = load(NAT.find(name), Nat)
        yield name, found.about, found.mapping, found.filtering, TIME.text(found.timeout)


def tracks() -> Iterator[Row]:
    """Tracks, with how long they take."""
    for name in TRACK.shipped():
        track = load_track(TRACK.find(name))
        yield name, f"{len(track)} points, from {TIME.text(track[0].at)} to {TIME.text(track[-1].at)}"


def forms() -> Iterator[Row]:
    """Forms of published traces, with their columns."""
    for name, known in FORMS.items():
        stamped = " (up to that time)" if known.form.stamped == "end" else ""
        columns = "; ".join(f"{quantity}: {where}" for quantity, where in known.form.columns.items())
        yield name, known.about, escape(f"{columns}{stamped}")


def profiles() -> Iterator[Row]:
    """Link profiles, with their main numbers for each direction."""
    for name in PROFILE.shipped():
        profile = load(PROFILE.find(name), LinkProfile)
        yield name, profile.about, *(both(profile, text) for text in (rate, delay, loss))


def both(profile: LinkProfile, text: Callable[[LinkDirection], str]) -> str:
    """A number of the downlink and of the uplink; one where they are the same."""
    texts = dict.fromkeys(text(direction) for direction in profile.directions.values())
    return " / ".join(texts) or NOT_MEASURED


def rate(direction: LinkDirection) -> str:
    """The rate of IP packets."""
    return RATE.text(direction.rate)


def delay(direction: LinkDirection) -> str:
    """The one-way delay and its jitter."""
    jitter = f" ± {TIME.text(direction.jitter)}" if direction.jitter else ""
    return f"{TIME.text(direction.delay)}{jitter}"


def loss(direction: LinkDirection) -> str:
    """The mean loss, and how long bad moments last."""
    bursts = f" in bursts of {TIME.text(direction.loss_burst)}" if direction.loss else ""
    return f"{SHARE.text(direction.loss)}{bursts}"


WHAT_IT_IS = ("name", "what it is")
LISTS: dict[str, tuple[Callable[[], Iterator[Row]], Row]] = {
    "scenarios": (scenarios, WHAT_IT_IS),
    "topologies": (topologies, ("name", "nodes")),
    "profiles": (profiles, (*WHAT_IT_IS, "rate down / up", "one-way delay ± jitter", "loss")),
    "failures": (failures, WHAT_IT_IS),
    "schemes": (schemes, WHAT_IT_IS),
    "phones": (phones, WHAT_IT_IS),
    "programs": (programs, (*WHAT_IT_IS, "roles")),
    "triggers": (triggers, (*WHAT_IT_IS, "parameters")),
    "coverage": (coverage, WHAT_IT_IS),
    "nats": (nats, (*WHAT_IT_IS, "mapping", "filtering", "mapping stays")),
    "tracks": (tracks, WHAT_IT_IS),
    "forms": (forms, (*WHAT_IT_IS, "columns")),
}


def as_object(columns: Row, row: Row) -> dict[str, str | None]:
    """A row of a table for programs: no markup, None for a dash."""
    texts = (None if cell == NOT_MEASURED else render(cell).plain for cell in row)
    return dict(zip(columns, texts, strict=True))


@click.command("list")
@click.argument("what", type=click.Choice(list(LISTS)))
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects with the table's columns, as JSON.")
def listing(what: str, *, as_json: bool) -> None:
    """List what we ship."""
    rows, columns = LISTS[what]
    if as_json:
        say(json.dumps([as_object(columns, row) for row in rows()], indent=1, ensure_ascii=False))
        return
    table = new_table(what, *columns)
    for column in table.columns:
        column.vertical = "top"
    table.columns[1].no_wrap = False
    for row in rows():
        table.add_row(*row)
    console().print(table)
