"""What is wrong with a call from outside, beside what the parts themselves say."""

from pathlib import Path


class OutputError(Exception):
    """Results cannot go there: which path, and why, in one line."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}")
        self.path = path
        self.what = what


class NotRepeatableError(Exception):
    """A run that no second one can be compared with."""
