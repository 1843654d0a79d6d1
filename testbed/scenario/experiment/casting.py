"""Who plays which role of a scenario: our own agents by name, programs of others by name or file."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.roles.mn.schemes import Home, SchemeRow
from testbed.lab.network import Network
from testbed.scenario.kinds.correspondent import NOBODY, OWN, OWN_MOBILE
from testbed.scenario.kinds.loaded_program import LoadedProgram, Text, able, asked_for, load_program
from testbed.scenario.kinds.program import Role
from testbed.scenario.kinds.scenario import OWN_REGISTRARS, Scenario, Side
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.places import PROGRAM, missing
from testbed.scenario.reading.tree import Tree, named_in
from testbed.scenario.reading.units import shown

OURS: dict[Role, tuple[str, ...]] = {
    "cn": tuple(OWN),
    "mn": (OWN_MOBILE,),
    "proxy": (NOBODY,),
    "registrar": (NOBODY, *OWN_REGISTRARS),
    "relay": (NOBODY,),
    "turn": (NOBODY,),
    "ike": (NOBODY,),
}
"""What each role's field of a scenario may say beside a program: names of our own, and of nobody."""

AT_HOME: dict[Home, tuple[Role, ...]] = {Home.RELAY: ("proxy", "relay"), Home.TURN: ("turn",)}
"""The roles in the home network that programs of others have under a scheme."""

BELOW: dict[str, tuple[Role, ...]] = {"MOBIKE": ("ike",)}
"""Those that they have below the phone, by the protocol that keeps its address."""


@dataclass(frozen=True)
class Cast:
    """Each role's player by name, the programs among them, and programs of nodes as (node, program)."""

    names: dict[Role, str]
    programs: dict[Role, LoadedProgram] = field(default_factory=dict)
    nodes: list[tuple[str, LoadedProgram]] = field(default_factory=list)

    def all_programs(self) -> list[LoadedProgram]:
        """Every program of the run."""
        return [*self.programs.values(), *(program for _, program in self.nodes)]

    def without_ip6(self) -> Iterator[tuple[Role, str]]:
        """Roles whose programs are set up for IPv4 alone."""
        return ((role, one.name) for role, one in self.programs.items() if 6 not in one.settings.ip)

    def described(self) -> dict[str, Any]:
        """For the manifest: what each program is called, by role or node."""
        named: list[tuple[str, LoadedProgram]] = [*self.programs.items(), *self.nodes]
        return {role: {"name": one.name, "file": one.path.name} for role, one in named}


def needed_by(row: SchemeRow) -> tuple[Role, ...]:
    """The roles that programs of others have under a scheme: in the home network, or below the phone."""
    below = BELOW.get(str(row.below["protocol"]), ()) if row.below else ()
    return (*AT_HOME.get(row.home, ()), *below)


def load_cast(
    tree: Tree, scenario: Scenario, network: Network, *, instead: dict[Role, str], needed: Sequence[Role]
) -> Cast:
    """Finds and loads all that a scenario names; `instead` is what options say. Raises BadScenarioError.

    The roles that are `needed` are played by a program that can, where nobody is named.
    """
    names: dict[Role, str] = {}
    programs: dict[Role, LoadedProgram] = {}
    for role, own in OURS.items():
        word = instead.get(role) or getattr(scenario, role)
        if word == NOBODY and role in needed:
            (word, *_) = able(role)
        if word in own:
            names[role] = word
            continue
        programs[role] = found = find_player(tree, role, word, is_option=role in instead)
        names[role] = found.name
    return Cast(names, programs, node_programs(tree, scenario, network))


def find_player(tree: Tree, role: Role, word: str, *, is_option: bool) -> LoadedProgram:
    """The program that a scenario's field, or an option, names for a role."""
    if is_option:
        return player(role, word, near=None)
    with named_in(tree, role):
        return player(role, word, near=tree.path)


def player(role: Role, word: str, *, near: Path | None) -> LoadedProgram:
    """The program of that name, or file, that can play the role; raises BadScenarioError."""
    if "/" not in word and not Path(word).suffix and word not in PROGRAM.shipped():
        known = [*OURS.get(role, ()), *able(role)]
        raise missing(shown(word), f"there is no program of that name for this{hint(word, known)}")
    program = load_program(PROGRAM.find(word, near=near))
    roles = program.settings.roles
    if role not in roles:
        raise missing(word, f"can't be the {role}; its roles are: {', '.join(roles)}")
    return program


def node_programs(tree: Tree, scenario: Scenario, network: Network) -> list[tuple[str, LoadedProgram]]:
    """The programs of nodes; raises BadScenarioError, also for a node that there is not."""
    known = [node.name for node in network.nodes]
    found = []
    for number, use in enumerate(scenario.programs):
        place = ("programs", number, "node")
        if use.node not in known:
            what = f"programs.{number + 1}.node: the topology has no node {shown(use.node)}{hint(use.node, known)}"
            raise BadScenarioError([tree.error(place, what)])
        if use.run is not None:
            split(command_text(tree, number, use.run))
        elif use.program is not None:
            with named_in(tree, "programs", number, "program"):
                found.append((use.node, player("node", use.program, near=tree.path)))
    return found


def command_text(tree: Tree, number: int, run: str) -> Text:
    """A command of a scenario, as the text that it is."""
    return Text(tree.path, tree.line(("programs", number, "run")), f"programs.{number + 1}.run", run)


def split(text: Text) -> list[str]:
    """A command's words, as a shell would take them, with `{{ … }}` as one; raises BadScenarioError."""
    text.used()
    kept = re.sub(r"{{.*?}}", lambda found: found[0].replace(" ", ""), text.text)
    try:
        words = shlex.split(kept)
    except ValueError:
        raise text.error("a quotation mark is not closed; close it, or put a backslash before it", 1) from None
    if not words:
        raise text.error("there is no command in it; write it like: ping -c 3 10.20.0.2", 1)
    return words


def check_hang_up(tree: Tree, cast: Cast, side: Side, *, is_option: bool) -> None:
    """Who ends the call has to be able to."""
    program = cast.programs.get(side)
    if program is None or program.can_hang_up:
        return
    what = f"'{program.name}' can't be told to hang up; add 'hang_up: …' to {program.path}, or choose the other side"
    if is_option:
        raise missing("--hangs-up", what)
    raise BadScenarioError([tree.error(("call", "hangs_up"), f"call.hangs_up: {what}")])


def packages_of(tree: Tree, scenario: Scenario, programs: Sequence[LoadedProgram]) -> dict[str, ScenarioError]:
    """Each Debian package that is asked for, with what is to be told where Debian does not have it."""
    found: dict[str, ScenarioError] = {}
    for number, use in enumerate(scenario.programs):
        found |= asked_for(tree, ("programs", number, "packages"), use.packages)
    for program in programs:
        found |= program.packages()
    return found
