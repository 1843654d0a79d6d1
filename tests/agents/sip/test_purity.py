"""The protocol parts do no I/O: what they may import is written down here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import agents

ALLOWED = {
    "__future__",
    "binascii",
    "collections",
    "enum",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "ipaddress",
    "random",  # for the type alone: sources of randomness are handed in
    "typing",
}
# How a package gives what it exports.
SHARED = "agents.exports"
ROOT = Path(agents.__path__[0])
FILES = [file for part in ("sip", "sdp") for file in sorted((ROOT / part).rglob("*.py"))]


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_imports(file: Path) -> None:
    own = f"agents.{file.relative_to(ROOT).parts[0]}"
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            is_keep_alive = (own, name) == ("agents.sip", "agents.stun.stun_binding")  # RFC 5626 8
            assert (
                is_keep_alive
                or name in {own, SHARED}
                or name.startswith(f"{own}.")
                or name.partition(".")[0] in ALLOWED
            ), name


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(ROOT)) for file in FILES])
def test_no_module_is_over_400_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


def test_random_is_only_named_in_types() -> None:
    for file in FILES:
        for node in ast.parse(file.read_text()).body:  # an import under TYPE_CHECKING is not at this level
            assert not (isinstance(node, ast.ImportFrom) and node.module == "random"), file
