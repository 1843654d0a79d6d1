"""`check`: any file of any kind, without running it."""

from dataclasses import dataclass
from pathlib import Path

from testbed.files.kinds import KINDS, CheckedKind, recognised
from testbed.measure.capture.errors import CaptureError, RunFolderError
from testbed.scenario.reading.errors import BadScenarioError

REMEDY = "say what it is with '--as', one of: {}"


@dataclass(frozen=True)
class Checked:
    """What was found: `kind` is what the file was taken for, None where nobody could say; `mistakes` a line each."""

    path: Path
    kind: str | None
    facts: tuple[str, ...]
    mistakes: tuple[str, ...]

    @property
    def is_ok(self) -> bool:
        """Whether a run would take it."""
        return not self.mistakes

    def __str__(self) -> str:
        if self.kind is None:
            return f"{self.path}: not checked"
        count = len(self.mistakes)
        said = "; ".join(("ok", *self.facts)) if self.is_ok else f"{count} mistake{'s' if count > 1 else ''}"
        return f"{self.path}: a {self.kind}: {said}"


def check(path: Path | str, kind: str | None = None) -> Checked:
    """Looks at a file, or a run's folder, as one of a kind, or as what it looks like (`KINDS` has their names).

    Nothing is run but users' Python, as before each run: a topology's here as well, all other in processes of its own.
    Raises ValueError for a kind that there is not.
    """
    file = Path(path)
    if kind is not None and kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}; possible are: {', '.join(KINDS)}")
    try:
        chosen = recognised(file) if kind is None else KINDS[kind]
    except OSError as error:
        return Checked(file, kind, (), (f"{file}: cannot be read: {error.strerror}; name a file, or a run's folder",))
    if chosen is None:
        what = "looks like nothing that is known here"
        return Checked(file, None, (), (f"{file}: {what}; {REMEDY.format(', '.join(KINDS))}",))
    return _checked(file, chosen)


def _checked(file: Path, kind: CheckedKind) -> Checked:
    try:
        return Checked(file, kind.name, tuple(kind.check(file)), ())
    except BadScenarioError as errors:
        return Checked(file, kind.name, (), tuple(str(error) for error in errors.errors))
    except (CaptureError, RunFolderError) as error:
        return Checked(file, kind.name, (), (str(error),))
