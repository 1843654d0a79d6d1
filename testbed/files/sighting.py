"""A file, or a folder, as it is looked at to find out what it is; nothing of it is believed yet."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# All of any Python file that a run takes.
FIRST_BYTES = 512 * 1024
FIELD = re.compile(r"^([A-Za-z_]+)[ \t]*:", re.MULTILINE)
VALUE = re.compile(r"^([A-Z][A-Z0-9_]*)[ \t]*(?::[^=\n]*)?=(?!=)", re.MULTILINE)
CAPTURE_SIGNS = (
    b"\x0a\x0d\x0d\x0a",  # pcapng
    *(bytes.fromhex(sign) for sign in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "a1b2cd34", "34cdb2a1")),
    b"\x1f\x8b",  # a packed one
    b"\x28\xb5\x2f\xfd",
)


@dataclass(frozen=True)
class Sighting:
    """What can be seen of a path without reading it by any format."""

    path: Path

    @cached_property
    def start(self) -> bytes:
        """The first bytes; none of a folder."""
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(FIRST_BYTES)

    @cached_property
    def text(self) -> str:
        """The same as text."""
        return self.start.decode("utf-8-sig", errors="replace")

    @cached_property
    def first_line(self) -> str:
        """The first line that has something in it, and is no comment."""
        lines = (line.strip() for line in self.text.splitlines())
        return next((line for line in lines if line and not line.startswith("#")), "")

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names at the left edge, as a YAML file's fields are; also of one that is no YAML further on."""
        return frozenset(FIELD.findall(self.text))

    @cached_property
    def defines(self) -> frozenset[str]:
        """The names that a Python file gives a value to at its left edge; also of one that is no Python further on."""
        try:
            statements = ast.parse(self.text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return frozenset(VALUE.findall(self.text))
        targets = [target for one in statements if isinstance(one, ast.Assign) for target in one.targets]
        targets += [one.target for one in statements if isinstance(one, ast.AnnAssign) and one.value]
        return frozenset(target.id for target in targets if isinstance(target, ast.Name))

    def ends(self, *suffixes: str) -> bool:
        """Whether the name ends so."""
        return self.path.suffix.lower() in suffixes

    @property
    def is_capture(self) -> bool:
        """Whether it begins as captures do, or is called like one."""
        return self.start.startswith(CAPTURE_SIGNS) or self.ends(".pcap", ".pcapng", ".cap")
