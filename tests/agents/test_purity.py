"""Who may import whom: roles are pure, sockets and clocks are in agents.io alone, and no agent knows the testbed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import agents
from tests.agents.imports import always_and_for_types, imported

ROOT = Path(agents.__path__[0])
EVERY = sorted(ROOT.rglob("*.py"))
ROLES = [file for part in ("media", "roles") for file in sorted((ROOT / part).rglob("*.py"))]
# `random` for the type alone: sources of randomness are handed in.  `importlib` is what registers load their rows by.
ALLOWED = {
    "__future__",
    "collections",
    "enum",
    "functools",
    "heapq",
    "importlib",
    "ipaddress",
    "itertools",
    "math",
    "random",
    "typing",
}
FOR_IO_ALONE = {"asyncio", "select", "selectors", "socket", "threading", "time"}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", ROLES, ids=name_of)
def test_roles_import_no_socket_clock_thread_or_random(file: Path) -> None:
    tree = ast.parse(file.read_text())
    for name in imported(tree.body):
        assert name.startswith("agents.") or name.partition(".")[0] in ALLOWED, name
        assert not name.startswith("agents.io"), name
    always, _ = always_and_for_types(tree)
    assert "random" not in imported(always)


@pytest.mark.parametrize("file", EVERY, ids=name_of)
def test_agents_know_nothing_of_the_testbed(file: Path) -> None:
    assert not {name for name in imported(ast.parse(file.read_text()).body) if name.partition(".")[0] == "testbed"}


@pytest.mark.parametrize("file", [file for file in EVERY if "io" not in file.parts], ids=name_of)
def test_only_io_has_sockets_and_clocks(file: Path) -> None:
    assert not imported(ast.parse(file.read_text()).body) & FOR_IO_ALONE
