"""`list`: what can be named in scenarios and options."""

from collections.abc import Callable
from typing import get_args

import click
from rich.console import Console

from testbed.report.comparison import new_table
from testbed.scenario.document import load
from testbed.scenario.failure import FailureScript
from testbed.scenario.places import FAILURES, PROFILES, SCENARIOS, TOPOLOGIES, find, load_topology, shipped
from testbed.scenario.profile import LinkProfile
from testbed.scenario.scenario import Scenario, SchemeName

SCHEMES = {
    "reinvite": "break before make: attach, then re-INVITE (RFC 3261; the paper's baseline)",
    "handover-cn": "make before break: INVITE with the Handover header, both links carry media (paper, Figure 7)",
}
TRIGGERS = {
    "link-down": "the kernel says that the link's carrier is gone",
    "signal": "the radio reports a signal weaker than `below`",
}


def scenarios() -> list[tuple[str, str]]:
    """Scenarios, with what they are about."""
    return [(name, load(find(name, SCENARIOS, "scenario"), Scenario).about) for name in shipped(SCENARIOS, ".yaml")]


def topologies() -> list[tuple[str, str]]:
    """Topologies, with their nodes."""
    rows = []
    for name in shipped(TOPOLOGIES, ".py"):
        network = load_topology(find(name, TOPOLOGIES, "topology", suffix=".py"))
        rows.append((name, ", ".join(node.name for node in network.nodes)))
    return rows


def failures() -> list[tuple[str, str]]:
    """Failure scripts, with what they are about."""
    names = shipped(FAILURES, ".yaml")
    return [(name, load(find(name, FAILURES, "failure script"), FailureScript).about) for name in names]


def schemes() -> list[tuple[str, str]]:
    """Handover schemes."""
    return [(name, SCHEMES[name]) for name in get_args(SchemeName)]


def triggers() -> list[tuple[str, str]]:
    """Triggers."""
    return list(TRIGGERS.items())


def profiles() -> list[tuple[str, str]]:
    """Link profiles, with their main numbers."""
    rows = []
    for name in shipped(PROFILES, ".yaml"):
        profile = load(find(name, PROFILES, "profile"), LinkProfile)
        rows.append((name, profile.about))
    return rows


LISTS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "scenarios": scenarios,
    "topologies": topologies,
    "profiles": profiles,
    "failures": failures,
    "schemes": schemes,
    "triggers": triggers,
}


@click.command("list")
@click.argument("what", type=click.Choice(list(LISTS)))
def listing(what: str) -> None:
    """List what we ship."""
    table = new_table(what, "name", "what it is")
    for row in LISTS[what]():
        table.add_row(*row)
    Console(highlight=False).print(table)
