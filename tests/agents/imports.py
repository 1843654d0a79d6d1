"""What a module of ours imports, for the tests of who may import whom."""

from __future__ import annotations

import ast


def imported(body: list[ast.stmt]) -> set[str]:
    """The modules that these statements import, anywhere in them."""
    names: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
    return names


def always_and_for_types(tree: ast.Module) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """A module's statements: those that always run, and those under TYPE_CHECKING."""
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return [node for node in tree.body if node not in guarded], [one for node in guarded for one in node.body]
