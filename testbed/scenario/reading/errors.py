"""The one error about a user's file."""

from collections.abc import Mapping
from pathlib import Path


class ScenarioError(Exception):
    """A user's file is wrong: which file and line, what, and what would be right, in one line.

    `line` counts from 1; 0 where the file as a whole is meant, because it can't be read or is not there.
    """

    def __init__(self, path: Path | str, line: int, what: str) -> None:
        self.path = Path(path)
        self.line = line
        self.what = what
        place = f"{path}:{line}" if line else f"{path}"
        super().__init__(" ".join(f"{place}: {what}".splitlines()))


class BadScenarioError(Exception):
    """Everything that is wrong with a user's file, one ScenarioError each."""

    def __init__(self, errors: list[ScenarioError]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


def with_remedies(errors: Mapping[str, ScenarioError], remedies: Mapping[str, str]) -> list[ScenarioError]:
    """Those errors of which only somebody else could know what would be right, in their order, and that."""
    return [
        ScenarioError(error.path, error.line, f"{error.what}; {remedies[name]}")
        for name, error in errors.items()
        if name in remedies
    ]
