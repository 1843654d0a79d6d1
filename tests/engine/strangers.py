"""A program of somebody else's, in a node of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """name: evil
about: a stranger
roles: [node]
command: [python3, evil.py]
files: {evil.py: evil.py}
ready: {says: listening}
"""


def with_stranger(folder: Path, scenario: str, python: str, *, node: str = "attacker") -> Path:
    """Return the scenario, of this text, with a program in Python that says `listening` when it has begun.

    The node `attacker` is in another topology than multihomed, and the scenario gets that.
    """
    (folder / "evil.py").write_text(python)
    (folder / "evil.yaml").write_text(PROGRAM)
    if node == "attacker":
        scenario = scenario.replace("topology: multihomed", "topology: with-attacker")
    path = folder / "attacked.yaml"
    path.write_text(f"{scenario}\nprograms: [{{node: {node}, program: ./evil.yaml}}]\n")
    return path
