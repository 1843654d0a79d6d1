"""Rules that hold for the whole project; each one says what to do when it is broken."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from click.testing import CliRunner
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agents.roles.mn.schemes import SCHEMES
from agents.roles.mn.triggers import TRIGGERS, make_decision
from testbed.cli.main import commands
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.kinds.correspondent import OWN_MOBILE
from testbed.scenario.kinds.failure import FailureScript
from testbed.scenario.kinds.loaded_program import load_program
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.profile import LinkProfile
from testbed.scenario.kinds.program import ProgramFile
from testbed.scenario.kinds.scenario import Scenario, SchemeSetting
from testbed.scenario.kinds.surroundings import CoverageMap
from testbed.scenario.kinds.topology import load_topology
from testbed.scenario.kinds.topology_child import run
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import (
    COVERAGE,
    FAILURE,
    NAT,
    PROFILE,
    PROGRAM,
    SCENARIO,
    TEMPLATES,
    TOPOLOGY,
    TRACK,
    FileKind,
)

from .rules import PACKAGES, Module, is_within, modules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# -- who may import whom (design: parts, and who may import whom) -----------------------------------------------------

DRIVERS = ("agents.io", "agents.__main__")
SYSTEM = ("socket", "ssl", "select", "selectors", "asyncio", "threading", "time", "datetime", "subprocess", "os",
          "pyroute2")  # fmt: skip
STANDARD = tuple(sys.stdlib_module_names)
# What the guest has beside it.
GUEST = ("mininet", "pyroute2", "agents", "testbed.lab")


class Arrow(NamedTuple):
    """Modules of `who` (but for `without`) import nothing of `never` (but for `but`), or only what is in `only`."""

    who: tuple[str, ...]
    what_to_do: str
    without: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def broken(self, module: Module) -> list[str]:
        """The imports of a module that point the wrong way."""
        if not module.is_in(*self.who) or module.is_in(*self.without):
            return []
        return [
            f"{module.path}:{line} imports {name}: {self.what_to_do}"
            for name, line in module.imports()
            if (any(is_within(name, one) for one in self.never) and not any(is_within(name, one) for one in self.but))
            or (self.only and not any(is_within(name, one) for one in self.only))
        ]


ARROWS = {
    "agents know nothing of the testbed": Arrow(
        ("agents",), "hand it in through the agent's configuration, or move it into agents", never=("testbed",)
    ),
    "agents are pure": Arrow(
        ("agents",),
        "take bytes and times as arguments, and leave sockets and clocks to agents/io",
        without=DRIVERS, never=(*SYSTEM, *DRIVERS),
    ),
    "the lab stands alone": Arrow(
        ("testbed.lab",),
        "decide it on the host and put the answer into the plan (testbed/lab/plan.py); the guest has nothing else",
        without=("testbed.lab.processes.attacker", "testbed.lab.links.quencher"), only=(*STANDARD, *GUEST),
    ),
    "attackers, and routers that quench, have scapy besides": Arrow(
        ("testbed.lab.processes.attacker", "testbed.lab.links.quencher"),
        "see 'the lab stands alone'", only=(*STANDARD, *GUEST, "scapy"),
    ),
    "measuring reads files and computes": Arrow(
        ("testbed.measure",),
        "measure from the run folder's files; what is missing there belongs into the manifest or the timeline",
        never=("subprocess", "socket", "time"),
    ),
    "measuring knows no other part": Arrow(
        ("testbed.measure",),
        "measure from the run folder's files; of the agents only the parts without I/O are here",
        never=("testbed.lab", "testbed.engine", "testbed.scenario", "testbed.report", "testbed.cli", "testbed.runner",
               *DRIVERS),
    ),
    "reports come from numbers": Arrow(
        ("testbed.report",),
        "take what is shown as arguments, from result.json or from measure",
        never=("subprocess", "socket", "time", "testbed.lab", "testbed.engine", "testbed.scenario", "testbed.cli",
               "testbed.runner", "agents"),
        # The register, which has the order of tables; and how packages give their names.
        but=("agents.roles.mn.schemes", "agents.exports"),
    ),
    "scenarios know nothing of runs": Arrow(
        ("testbed.scenario",),
        "a scenario ends as a plan; whoever runs or measures it takes it from there",
        never=("testbed.engine", "testbed.measure", "testbed.report", "testbed.cli", "testbed.runner"),
    ),
    "engines carry out plans": Arrow(
        ("testbed.engine",),
        "an engine takes a plan and fills a folder; reading scenarios and measuring is up to testbed/runner.py",
        never=("testbed.scenario", "testbed.measure", "testbed.report", "testbed.cli", "testbed.runner"),
    ),
    "parts know nothing of the interface that is made of them": Arrow(
        ("testbed.scenario", "testbed.engine", "testbed.measure", "testbed.report", "testbed.runner", "testbed.lab",
         "testbed.campaign"),
        "the interface calls the parts; hand in what is needed from it", never=("testbed.api",),
    ),
    "nobody imports the command line": Arrow(
        ("testbed",), "move it to the part that it belongs to", without=("testbed.cli",), never=("testbed.cli",)
    ),
    "topologies are data": Arrow(
        ("topologies",), "describe the network with testbed.lab.network alone", only=("testbed.lab.network",)
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", ARROWS)
def test_imports_point_the_right_way(rule: str) -> None:
    broken = [line for module in modules() for line in ARROWS[rule].broken(module)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule", ARROWS)
def test_each_arrow_is_about_modules_that_there_are(rule: str) -> None:
    for package in (*ARROWS[rule].who, *ARROWS[rule].without):
        assert any(module.is_in(package) for module in modules()), f"{package} is gone: mend the rule '{rule}'"


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        ("agents know nothing of the testbed", "agents/sip/message/via.py", "from testbed import runner"),
        ("agents are pure", "agents/sip/message/via.py", "import os.path"),
        ("agents are pure", "agents/sip/message/via.py", "def now():\n    from time import time"),
        ("agents are pure", "agents/roles/mn/mobile_node.py", "from ...io import driver"),
        ("agents are pure", "agents/roles/mn/__init__.py", "from ...io.driver import Driver"),
        ("the lab stands alone", "testbed/lab/run.py", "import jinja2"),
        ("the lab stands alone", "testbed/lab/run.py", "from testbed.scenario.reading.places import ROOT"),
        ("measuring knows no other part", "testbed/measure/rtp/streams.py", "import agents.io.udp"),
        ("scenarios know nothing of runs", "testbed/scenario/plan/compile.py", "from testbed import engine, lab"),
    ],
)
def test_arrow_that_points_the_wrong_way_is_found(rule: str, path: str, text: str) -> None:
    assert len(ARROWS[rule].broken(Module(path, text))) == 1


# Within a part, which room may import which, for types too: what a row names stands in rows before it, so nothing
# imports upwards. A room is a folder, or a module that stands on another floor than its folder. All that is named here
# is below the corridor's own name.
CORRIDORS = {
    "agents": {
        "exports": "",
        "internet_checksum": "",
        "loading": "",
        "rtp": "exports",
        "sdp": "exports",
        "sip.message": "",
        "mip": "",
        "stun": "sip.message",
        "turn": "sip.message stun",
        "ice": "sdp sip.message stun",
        "mip6": "internet_checksum",
        "sip.digest": "sip.message",
        "sip.transaction": "sip.message",
        "sip.session": "sip.message sip.transaction",
        "sip": "exports sip.message sip.transaction sip.digest sip.session stun",
        "media": "exports rtp sdp sip.message",
        "roles": "sip.message sip.digest sip.session sip media",
        "roles.probe": "sip.message roles",
        "roles.registrar": "sip.message sip.digest sip.session sip roles",
        "roles.cn": "sdp sip.message sip.digest sip.session sip media roles",
        "roles.b2bua": "rtp sdp sip.message sip.digest sip.session sip media roles",
        "roles.mn.triggers": "",
        "roles.mn.call": "rtp sdp sip.message sip.digest sip.session sip stun turn ice media roles",
        "roles.mn.schemes": "sip.message sip.session roles roles.mn.call",
        "roles.mn": "internet_checksum loading sip.message sip.digest sip.session sip media roles"
        " roles.mn.triggers roles.mn.call roles.mn.schemes",
        "roles.mobility": "sip.message roles roles.mn.triggers roles.mn.call roles.mn",
        "roles.mobility.ip4": "mip sip.message roles roles.mn.triggers roles.mn.call roles.mobility",
        "roles.mobility.ip6": "mip6 sip.message roles roles.mn.call roles.mobility",
        "roles.mobility.proxy": "mip6 sip.message roles roles.mn.triggers roles.mn.call roles.mobility",
        "roles.mobility.tunnels": "sip.message roles roles.mn.triggers roles.mn.call roles.mobility",
        "io": "internet_checksum loading sip.message roles roles.mn",
        "__main__": "rtp roles roles.probe roles.registrar roles.cn roles.b2bua roles.mn roles.mobility"
        " roles.mobility.ip6 io",
    },
    "testbed.lab": {
        "attack_plan": "",
        "plan": "attack_plan",
        "journal": "",
        "spaces": "",
        "network": "plan spaces",
        "processes": "attack_plan plan journal spaces network",
        "links.steps": "",
        "links.draws": "links.steps",
        "links.frames": "",
        "links.queues": "plan links.draws links.frames",
        "links": "plan journal spaces network processes links.steps links.draws links.frames links.queues",
        "packet_ring": "spaces",
        "room_left": "",
        "captures": "spaces network packet_ring",
        "hands": "plan spaces network packet_ring",
        "run": "attack_plan plan journal spaces network processes links captures room_left hands",
        "__main__": "run",
    },
    "testbed.engine": {"errors": "", "sealed": "", "cache": "sealed", "engine": "errors",
                       "run_records": "cache", "native": "errors engine run_records",
                       "guest": "cache errors",
                       "vm": "cache errors engine guest sealed run_records",
                       "uml": "cache errors engine guest sealed run_records",
                       "choose": "engine native uml vm", "vm.guest": "", "uml.guest": "", "hands.guest": "",
                       "hands": "engine errors guest run_records vm"},
    "testbed.scenario": {
        "reading": "",
        "kinds": "reading",
        "links": "reading kinds",
        "experiment": "reading kinds links",
        "plan": "reading kinds links experiment",
    },
    "testbed.measure": {
        "units": "",
        "capture": "",
        "headers": "capture",
        "wire": "capture headers",
        "sip": "capture wire",
        "rtp": "units capture wire sip",
        "rtcp": "units capture wire rtp",
        "folder": "capture wire",
        "mobility": "capture headers wire folder",
        "call": "units capture wire sip rtp folder mobility",
        "said": "capture wire folder mobility call",
        "cost": "units capture wire rtp folder call",
        "listening": "units capture wire rtp call",
        "numbers": "units call cost listening rtp capture wire",
        "selection": "capture sip rtp",
        "result": "units capture wire sip rtp rtcp folder said call cost listening numbers selection",
        "conditions": "numbers result",
        "bare": "units capture wire sip rtp folder listening selection result",
        "tables": "units capture wire sip rtp folder call listening numbers selection result",
    },
    "testbed.report": {
        "terminal": "",
        "not_read": "",
        "streams_table": "terminal not_read",
        "pairs_table": "terminal",
        "pages": "terminal",
        "one_run": "terminal pages",
        "one_capture": "terminal not_read streams_table pages one_run",
        "estimates": "",
        "nat_table": "terminal pairs_table",
        "traffic_table": "terminal pairs_table",
        "handovers_table": "terminal pairs_table estimates",
        "several": "terminal pages estimates",
        "rivals_table": "terminal pairs_table estimates several",
    },
    "testbed.api": {"errors": "", "waiting": "", "places_of_runs": "errors", "carrying_out": "waiting",
                    "tables": "errors places_of_runs", "opened": "places_of_runs tables",
                    "runs": "places_of_runs carrying_out opened",
                    "verification": "errors places_of_runs carrying_out opened",
                    "reference": "errors places_of_runs carrying_out verification",
                    "attacked_calls": "places_of_runs carrying_out",
                    "by_hand": "places_of_runs carrying_out opened",
                    "campaigns": "errors waiting places_of_runs carrying_out opened"},
    "testbed.campaign": {
        "errors": "",
        "campaign_file": "",
        "design": "campaign_file",
        "layout_of_cells": "campaign_file design",
        "order": "campaign_file",
        "ordering": "campaign_file layout_of_cells order",
        "space": "campaign_file",
        "progress_of_runs": "",
        "store": "errors order",
        "fulfilling": "errors order",
        "workers": "order",
        "local_worker": "errors order fulfilling",
        "local_workers": "order local_worker",
        "cluster": "errors order fulfilling",
        "through": "errors order progress_of_runs store fulfilling workers",
        "data": "store",
    },
    "testbed.cli": {"lazy_group": "", "signals": "", "own_name": "", "whole_number": "", "main": "lazy_group signals",
                    "results": "whole_number", "runs": "own_name whole_number results",
                    "files": "own_name whole_number runs", "machine": ""},
}  # fmt: skip


def room_of(name: str, corridor: str) -> str | None:
    """The room of a corridor that a module is in; None for the corridor's own __init__, and outside."""
    rooms = [room for room in CORRIDORS[corridor] if is_within(name, f"{corridor}.{room}")]
    return max(rooms, key=len, default=None)


def upwards(module: Module, corridor: str) -> list[str]:
    """The imports of a module that its room's row does not have."""
    here = room_of(module.name, corridor)
    if here is None:
        return []
    allowed = {here, *CORRIDORS[corridor][here].split()}
    return [
        f"{module.path}:{line} imports {name}: {corridor}.{here} may import only {sorted(allowed)} of {corridor}; "
        "move it to the room that it is about, or hand it in"
        for name, line in module.imports()
        if (there := room_of(name, corridor)) is not None and there not in allowed
    ]


@pytest.mark.parametrize("corridor", CORRIDORS)
def test_no_room_imports_what_is_above_it(corridor: str) -> None:
    broken = [line for module in modules() for line in upwards(module, corridor)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("corridor", CORRIDORS)
def test_corridor_s_rows_name_only_rows_before_them_and_every_room(corridor: str) -> None:
    before = set[str]()
    for room, allowed in CORRIDORS[corridor].items():
        later = set(allowed.split()) - before
        assert not later, f"{corridor}.{room}: put the rows of {later} before it"
        before.add(room)
        assert any(module.is_in(f"{corridor}.{room}") for module in modules()), f"{corridor}.{room} is gone"
    homeless = [
        module.path
        for module in modules()
        if module.is_in(corridor) and module.name != corridor and room_of(module.name, corridor) is None
    ]
    assert not homeless, f"give these a row in CORRIDORS: {homeless}"


@pytest.mark.parametrize(
    ("path", "text", "corridor"),
    [
        ("agents/sip/message/via.py", "from agents.sip.session.session import Session", "agents"),
        ("agents/sip/message/via.py", "if TYPE_CHECKING:\n    from agents.sip import user_agent", "agents"),
        ("agents/roles/mn/schemes/reinvite.py", "import agents.roles.mn.mobile_node", "agents"),
        ("testbed/lab/network/nodes.py", "from testbed.lab.run import Lab", "testbed.lab"),
    ],
)
def test_import_that_goes_upwards_is_found(path: str, text: str, corridor: str) -> None:
    assert len(upwards(Module(path, text), corridor)) == 1


# Files of one folder that may still import each other, for types too; nobody adds a row.
CIRCLES: tuple[frozenset[str], ...] = ()


def imported_in_folder(module: Module, beside: set[str]) -> set[str]:
    """The files beside it that a module imports, anywhere in it and be it for types alone."""
    names = [name for name, _ in module.imports()]
    return {other for other in beside - {module.name} if any(is_within(name, other) for name in names)}


def circles(some: Iterable[Module]) -> set[frozenset[str]]:
    """The largest sets of files in one folder of which each leads to each by imports."""
    folders: dict[str, list[Module]] = {}
    for module in some:
        if not module.path.endswith("__init__.py"):
            folders.setdefault(module.path.rpartition("/")[0], []).append(module)
    found = set()
    for beside in folders.values():
        names = {module.name for module in beside}
        reached = {module.name: imported_in_folder(module, names) for module in beside}
        for middle in names:  # Warshall
            for name in names:
                if middle in reached[name]:
                    reached[name] = reached[name] | reached[middle]
        found |= {
            frozenset(other for other in names if other in reached[name] and name in reached[other])
            for name in names
            if name in reached[name]
        }
    return found


def test_no_files_of_a_folder_import_each_other_in_a_circle() -> None:
    new = [sorted(circle) for circle in circles(modules()) - set(CIRCLES)]
    assert not new, f"have the lower ones report what happened, or put the types that they share beneath: {new}"
    mended = [sorted(circle) for circle in set(CIRCLES) - circles(modules())]
    assert not mended, f"take these out of CIRCLES: {mended}"


@pytest.mark.parametrize(
    ("texts", "circle"),
    [
        ({"a": "from .b import B", "b": "from .c import C", "c": "import agents.x.d"}, ""),
        ({"a": "from agents.x.b import B", "b": "if TYPE_CHECKING:\n    from agents.x import a"}, "ab"),
        ({"a": "from .b import B", "b": "def f():\n    from .c import C", "c": "from .a import A", "d": ""}, "abc"),
    ],
)
def test_circle_is_found(texts: dict[str, str], circle: str) -> None:
    found = circles(Module(f"agents/x/{name}.py", text) for name, text in texts.items())
    assert found == ({frozenset(f"agents.x.{name}" for name in circle)} if circle else set())


LARGEST = 16


def test_no_folder_holds_more_than_can_be_seen_at_once() -> None:
    folders = Counter(module.path.rpartition("/")[0] for module in modules() if not module.path.endswith("__init__.py"))
    full = {folder: files for folder, files in folders.items() if files > LARGEST}
    assert not full, f"make folders by what one would look for: {full}"


# The same thing on both sides of the wire: what agents do, and what is measured or written of it.
SHARED_NAMES = {"errors", "events", "handover", "playout", "rtcp", "run", "surroundings", "tcp", "units", "__main__"}


def test_no_two_files_have_one_name_with_two_meanings() -> None:
    names = Counter(module.name.rpartition(".")[2] for module in modules() if not module.path.endswith("__init__.py"))
    twice = sorted(name for name, times in names.items() if times > 1 and name not in SHARED_NAMES)
    assert not twice, f"say in the name which of the two it is: {twice}"


def test_no_two_public_classes_have_one_name() -> None:
    found: dict[str, list[str]] = {}
    for module in modules():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(module.path)
    twice = {name: paths for name, paths in found.items() if len(paths) > 1}
    assert not twice, f"say in the name which of the two it is: {twice}"


# -- what nobody calls ------------------------------------------------------------------------------------------------


class Ban(NamedTuple):
    """Nobody calls what `calls` matches, but for the modules in `but`."""

    calls: str
    what_to_do: str
    but: tuple[str, ...] = ()

    def broken(self, module: Module) -> list[str]:
        """The calls of a module that are banned."""
        if module.is_in(*self.but):
            return []
        return [
            f"{module.path}:{call.lineno} calls {name}: {self.what_to_do}"
            for name, call in module.calls()
            if re.fullmatch(self.calls, name)
        ]


BANS = {
    "time.time": Ban(
        r"(time\.)?time(_ns)?",
        "take the time as an argument; outside of agents/io use time.monotonic or clock_gettime_ns and say which clock",
        but=("agents.io", "testbed.engine.run_records"),  # the latter names them
    ),
    "time.sleep": Ban(
        r"(time\.)?sleep", "wait for the event itself, with a limit", but=("testbed.lab", "testbed.engine")
    ),
    "the wall clock": Ban(
        r"(datetime\.)*(datetime|date)\.(now|utcnow|today)",
        "take the time as an argument; only the names of folders may tell the date",
        but=("testbed.api.places_of_runs",),
    ),
    "os.system": Ban(
        r"os\.(system|popen|spawn\w*)|subprocess\.(getoutput|getstatusoutput)", "use subprocess.run with a list"
    ),
    "code from text": Ban(r"eval|exec", "parse what is meant"),
    "cleaning up by name": Ban(r"(mininet\.)?(clean\.)?cleanup|killall|pkill", "undo what was recorded, nothing else"),
    "printing": Ban(
        "print",
        "use click.echo or a rich console in testbed/cli; agents and lab report events",
        but=("testbed.lab.__main__", "testbed.engine.vm.guest.boot", "testbed.engine.uml.guest.one_order"),
    ),
}


@pytest.mark.parametrize("rule", BANS)
def test_banned_calls(rule: str) -> None:
    broken = [line for module in modules() for line in BANS[rule].broken(module)]
    assert not broken, "\n".join(broken)


def shells(module: Module) -> list[str]:
    """Calls that go through a shell."""
    return [
        f"{module.path}:{call.lineno} calls {name} with shell=True: use a list of words without a shell"
        for name, call in module.calls()
        for keyword in call.keywords
        if keyword.arg == "shell" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
    ]


def shared_randomness(module: Module) -> list[str]:
    """Uses of the random module's own generator, which is one for the whole process and has no seed of ours."""
    what_to_do = "take a random.Random as an argument, made from the run's seed"
    uses = list(module.imports())
    if "random" in [name for name, _ in uses]:  # elsewhere the word is an argument's name
        uses += [(name, call.lineno) for name, call in module.calls()]
    return [
        f"{module.path}:{line} uses {name}: {what_to_do}"
        for name, line in uses
        if name.startswith("random.") and name not in {"random.Random", "random.SystemRandom"}
    ]


def cleaning_by_name(module: Module) -> list[str]:
    """Command lines that kill or delete by name."""
    return [
        f"{module.path}:{line} runs '{text}': undo what was recorded, nothing else"
        for text, line in module.strings()
        if re.search(r"\bmn (-c|--clean)\b|\b(pkill|killall)\b", text)
    ]


def possessive_patterns(module: Module) -> list[str]:
    """Patterns that give nothing back: Debian 12's Python, 3.11.2, does not match what others match by them."""
    return [
        f"{module.path}:{call.lineno} has a possessive quantifier or an atomic group: say it without"
        for name, call in module.calls()
        if name.startswith("re.")
        for text in call.args[:1]
        if isinstance(text, ast.Constant)
        if re.search(r"(?<!\\)([*+?}]\+|\(\?>)", str(text.value))
    ]


RULES = (shells, shared_randomness, cleaning_by_name, possessive_patterns)


@pytest.mark.parametrize("rule", RULES)
def test_no_module_does_what_goes_wrong_in_silence(rule: Callable[[Module], list[str]]) -> None:
    broken = [line for module in modules() for line in rule(module)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import time\ntime.time()", 1),
        ("import time\ntime.monotonic()", 0),
        ("from time import sleep\nsleep(1)", 1),
        ("import datetime\ndatetime.datetime.now()", 1),
        ("import os\nos.system('ls')", 1),
        ("import subprocess\nsubprocess.run('ls', shell=True)", 1),
        ("import subprocess\nsubprocess.run(['ls'], shell=False)", 0),
        ("import random\nrandom.choice([1])", 1),
        ("from random import choice\nchoice([1])", 1),
        ("from random import Random\nRandom(1).choice([1])", 0),
        ("def f(random):\n    random.choice([1])", 0),
        ("import subprocess\nsubprocess.run(['mn', '-c'])", 1),
        ("x = 'sudo mn -c'", 1),
        ("'''Never calls mn -c.'''", 0),
        ("from mininet.clean import cleanup\ncleanup()", 1),
        ("print('x')", 1),
        ("console.print('x')", 0),
        ("exec('x')", 1),
        ("import re\nre.compile(r'a(?:b|c)*+d')", 1),
        ("import re\nre.match(r'(?>a)', 'a')", 1),
        ("import re\nre.match(r'a\\*+', 'a')", 0),
    ],
)
def test_banned_call_is_found(text: str, count: int) -> None:
    module = Module("testbed/new.py", text)
    found = [line for ban in BANS.values() for line in ban.broken(module)]
    found += [line for rule in RULES for line in rule(module)]
    assert len(found) == count, found


# -- files ------------------------------------------------------------------------------------------------------------

LONGEST = 400
REASON = "# Long because: "


def test_no_file_is_long_without_a_reason() -> None:
    too_long = [
        f"{module.path} has {lines} lines: split it by what one would look for, or add a line '{REASON}…'"
        for module in modules()
        if (lines := module.text.count("\n")) > LONGEST and REASON not in module.text
    ]
    assert not too_long, "\n".join(too_long)


def test_every_module_says_what_it_is() -> None:
    silent = [module.path for module in modules() if not ast.get_docstring(module.tree)]
    assert not silent, f"begin these with a docstring, one line at least: {silent}"


def test_every_package_is_one() -> None:
    folders = {module.path.rpartition("/")[0] for module in modules() if module.is_in(*PACKAGES)}
    there = {module.path for module in modules()}
    missing = [folder for folder in sorted(folders) if f"{folder}/__init__.py" not in there and "guest" not in folder]
    assert not missing, f"add an __init__.py with a docstring, or they are not installed: {missing}"


# -- data -------------------------------------------------------------------------------------------------------------

KINDS = (SCENARIO, TOPOLOGY, PROFILE, FAILURE, COVERAGE, NAT, TRACK, PROGRAM)
MODELS: dict[FileKind, type[Scenario | LinkProfile | FailureScript | CoverageMap | Nat | ProgramFile]] = {
    SCENARIO: Scenario,
    PROFILE: LinkProfile,
    FAILURE: FailureScript,
    COVERAGE: CoverageMap,
    NAT: Nat,
    PROGRAM: ProgramFile,
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, path.stem) for kind in MODELS for path in sorted(kind.folder.glob("*.y*ml"))]
)
def test_every_data_file_loads(kind: FileKind, name: str) -> None:
    load(kind.find(name), MODELS[kind])
    if kind is PROGRAM:
        assert load_program(kind.find(name)).name == name, f"{name}.yaml: name it as its file is"
    if kind is SCENARIO:
        load_experiment(name)


def test_every_data_file_has_a_place() -> None:
    folders = [kind.folder for kind in MODELS]
    found = [path for folder in {PROFILE.folder, TOPOLOGY.folder} for path in folder.rglob("*.y*ml")]
    lost = [str(path) for path in found if path.parent not in folders or path.suffix != ".yaml"]
    assert not lost, f"nobody looks for these; name them *.yaml and put them into one of {folders}: {lost}"


@pytest.mark.parametrize("name", [path.name for path in sorted(TEMPLATES.iterdir())])
def test_every_template_is_one(name: str) -> None:
    assert name.endswith((".tc.j2", ".nft.j2")), (
        f"{name}: call a template *.tc.j2 or *.nft.j2, as the program it is for"
    )
    Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True).get_template(name)


@pytest.mark.parametrize("path", sorted(TOPOLOGY.folder.glob("*.py")), ids=lambda path: path.stem)
def test_every_topology_is_ours_and_mininet_s(path: Path) -> None:
    network = load_topology(path)
    topos = getattr(run(str(path)), "topos", None)
    assert isinstance(topos, dict), f"{path}: add topos = {{'{path.stem}': NETWORK.topo}} for 'mn --custom'"
    assert path.stem in topos, f"{path}: name a topology after its file, or nobody finds it with 'mn --topo'"
    assert set(topos[path.stem]().nodes()) >= {node.name for node in network.nodes}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.listed_as)
def test_list_shows_every_file(kind: FileKind) -> None:
    shown = CliRunner().invoke(commands, ["list", kind.listed_as]).output
    missing = [path.stem for path in kind.folder.glob(f"*{kind.suffix}") if f"\n{path.stem} " not in shown]
    assert not missing, f"'testbed list {kind.listed_as}' hides {missing}: see testbed/cli/files/listing.py"


def test_a_program_is_named_in_its_own_file_and_nowhere_else() -> None:
    """But for the image that holds the packages of those that we ship, made once for all of them."""
    names = re.compile(rf"\b({'|'.join(map(re.escape, PROGRAM.shipped()))})\b", re.IGNORECASE)
    found = [
        f"{module.path}:{line} names a program ({text!r:.60}); ask for what it can do, by a field of its file"
        for module in modules()
        if module.name != "testbed.engine.guest.recipes"
        for text, line in module.strings()
        if names.search(text)
    ]
    assert not found, "\n".join(found)


# -- the same words on both sides -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_s_row_can_be_used(name: str) -> None:
    row = SCHEMES[name]
    assert not row._replace(scheme=row.loaded()).wrong()
    SchemeSetting.model_validate({"trigger": row.trigger, "attach": row.attach})


# Words that mean something else there: registrars, and the names of attacks.
OTHER_MEANINGS = {
    "agents/roles/mn/registration.py": {"proactive"},
    "testbed/scenario/kinds/scenario.py": {"proactive"},
    "testbed/scenario/plan/compile.py": {"proactive"},
    "testbed/attacks/families/sip_and_rtp.py": {"reinvite"},
    # What Linux calls its kind of interface, and its module.
    "agents/io/netlink_orders.py": {"wireguard"},
    "testbed/engine/guest/recipes.py": {"wireguard"},
    "testbed/engine/vm/guest/boot.py": {"wireguard"},
    "testbed/lab/network/nodes.py": {"wireguard"},
}
REGISTER = "agents/roles/mn/schemes/scheme_rows.py"


def names_in(module: Module, names: Iterable[str]) -> list[str]:
    """The literal texts of a module that name any of these."""
    allowed = OTHER_MEANINGS.get(module.path, set())
    return [
        f"{module.path}:{line} names '{name}': ask its row of the register"
        for text, line in module.strings()
        for name in names
        if name not in allowed and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    ]


def test_no_scheme_is_named_but_in_its_row() -> None:
    broken = [line for module in modules() if module.path != REGISTER for line in names_in(module, SCHEMES)]
    assert not broken, "\n".join(broken)


def test_scheme_that_is_named_is_found() -> None:
    text = "'reinvite: a docstring'\nif scheme == 'proactive':\n    x = f'under {y} or handover-cn: no'"
    assert len(names_in(Module("testbed/new.py", text), SCHEMES)) == 2


@pytest.mark.parametrize("name", TRIGGERS)
def test_every_trigger_s_row_can_be_used(name: str) -> None:
    row = TRIGGERS[name]
    assert not row._replace(trigger=row.loaded()).wrong()


# The others are everyday words, which reports and radios have too.
TELLING = [name for name in TRIGGERS if "-" in name]


def test_no_trigger_is_named_but_in_its_row_and_its_file() -> None:
    others = [
        module for module in modules() if not module.is_in("agents.roles.mn.triggers") and module.path != REGISTER
    ]
    broken = [line for module in others for line in names_in(module, TELLING)]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("name", SCENARIO.shipped())
def test_every_trigger_of_a_scenario_can_be_made(name: str) -> None:
    scenario = load_experiment(name, mn=OWN_MOBILE).scenario
    for scheme, trigger in [*((one, None) for one in scenario.schemes), *((None, one) for one in scenario.triggers)]:
        plan = compile_plan(load_experiment(name, mn=OWN_MOBILE, scheme=scheme, trigger=trigger))
        config = next(agent["config"] for agent in plan["agents"] if agent["name"] == "mn")
        links = config["first_link"], config["second_link"]
        make_decision(json.loads(json.dumps(config["trigger"])), links, config["networks"])
