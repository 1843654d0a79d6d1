"""The one error about what a user brought."""

from pathlib import Path


class BroughtError(Exception):
    """A user's module is wrong: file, line (from 1; 0: all of it), what, and what would be right."""

    def __init__(self, path: Path | str, line: int, what: str) -> None:
        self.path = path
        self.line = line
        self.what = what
        super().__init__(f"{path}:{line}: {what}" if line else f"{path}: {what}")
