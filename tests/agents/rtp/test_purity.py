"""agents.rtp is pure: bytes and times in, bytes, timers and events out."""

import ast
from pathlib import Path

import pytest

from tests.agents.imports import always_and_for_types, imported

MODULES = sorted((Path(__file__).parents[3] / "agents" / "rtp").glob("*.py"))
ALLOWED = {"__future__", "collections", "struct", "typing"}
# Computing alone, but done by others' code; and a package that imports what it exports when it is used (PEP 562).
LIBRARIES = {"codec": {"audioop", "ctypes"}, "__init__": {"agents.exports"}}
FOR_TYPES_ALONE = {"collections.abc", "random"}


def foreign(body: list[ast.stmt]) -> set[str]:
    return {name for name in imported(body) if not name.startswith("agents.rtp")}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.stem))
def test_no_socket_clock_thread_or_random_is_imported(module: Path) -> None:
    tree = ast.parse(module.read_text())
    always, for_types = always_and_for_types(tree)
    assert foreign(always) <= ALLOWED | LIBRARIES.get(module.stem, set())
    assert foreign(for_types) <= FOR_TYPES_ALONE
