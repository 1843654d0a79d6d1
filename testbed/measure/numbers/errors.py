"""The one error about a user's number; apart from what raises it, so that whoever only reports it imports no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class UserNumberError(Exception):
    """What is wrong with a user's number: file, line (0: all of it), what, and what would be right."""

    def __init__(self, path: Path | str, line: int, what: str) -> None:
        self.path = path
        self.line = line
        self.what = " ".join(what.split())
        super().__init__(f"{path}:{line}: {self.what}" if line else f"{path}: {self.what}")
