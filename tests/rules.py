"""What the rules of test_rules.py look at: our Python files, their imports and their calls."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGES = ("agents", "testbed")


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """As one imports it: agents.sip.message.message, agents.sip for its __init__."""
        parts = Path(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return parsed(self.text)

    def is_in(self, *packages: str) -> bool:
        """Whether it is one of these modules, or within one of them."""
        return any(is_within(self.name, package) for package in packages)

    def imports(self) -> Iterator[tuple[str, int]]:
        """All that it imports, anywhere in it and be it for types alone: dotted name and line.

        `from a import b` may mean the module a.b or something in a: it counts as a.b, which is within a.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((f"{self._origin(node)}.{alias.name}", node.lineno) for alias in node.names)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        own = Path(self.path).with_suffix("").parts
        return ".".join([*own[: len(own) - node.level], *([node.module] if node.module else [])])

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """All calls whose function has a dotted name, with that name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def strings(self) -> Iterator[tuple[str, int]]:
        """Literal texts with their lines, and the words of literal lists and tuples as one text; no docstrings."""
        docstrings = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield node.value, node.lineno
            elif isinstance(node, ast.List | ast.Tuple):
                words = [one.value for one in node.elts if isinstance(one, ast.Constant)]
                yield " ".join(str(word) for word in words), node.lineno


@cache
def parsed(text: str) -> ast.Module:
    """The syntax of a text, read once."""
    return ast.parse(text)


def is_within(name: str, package: str) -> bool:
    """Whether a dotted name is a package or something in it."""
    return name == package or name.startswith(f"{package}.")


@cache
def modules() -> tuple[Module, ...]:
    """All Python files of the product; what a program in `topologies/programs` brings along is data."""
    files = [path for package in (*PACKAGES, "topologies") for path in sorted((ROOT / package).rglob("*.py"))]
    files = [path for path in files if not path.is_relative_to(ROOT / "topologies" / "programs")]
    return tuple(Module(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in files)
