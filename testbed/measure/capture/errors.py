"""What reading captures and run folders can raise: the file, and what is wrong with it, in one line.

Apart from what raises it, so that whoever only reports it need not import numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class CaptureError(Exception):
    """A file that cannot be read as a capture: which one, and what is wrong with it, in one line."""

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = str(path)
        self.what = what


class NotInCaptureError(CaptureError):
    """A capture that has nothing of what was asked for."""


class RunFolderError(Exception):
    """A run folder that cannot be measured: which file, and what is wrong with it, in one line."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = path
        self.what = what
