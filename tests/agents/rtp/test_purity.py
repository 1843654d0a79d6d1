"""agents.rtp is pure: bytes and times in, bytes, timers and events out."""

import ast
from pathlib import Path

import pytest

MODULES = sorted((Path(__file__).parents[3] / "agents" / "rtp").glob("*.py"))
ALLOWED = {"__future__", "collections", "struct", "typing"}
# Computing alone, but done by others' code.
LIBRARIES = {"codec": {"audioop", "ctypes"}}
FOR_TYPES_ALONE = {"collections.abc", "random"}


def imports(body: list[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    return {name for name in names if not name.startswith("agents.rtp")}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.stem))
def test_no_socket_clock_thread_or_random_is_imported(module: Path) -> None:
    tree = ast.parse(module.read_text())
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    always = [node for node in tree.body if node not in guarded]
    assert imports(always) <= ALLOWED | LIBRARIES.get(module.stem, set())
    assert imports([statement for node in guarded for statement in node.body]) <= FOR_TYPES_ALONE
