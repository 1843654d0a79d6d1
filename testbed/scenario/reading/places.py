"""Where the files that we ship lie, and how a name becomes a file."""

from dataclasses import dataclass
from pathlib import Path

from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.units import shown

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "tc-profiles" / "templates"


@dataclass(frozen=True)
class FileKind:
    """A kind of file that we ship and users write: what it is called, where ours lie, how its name ends."""

    name: str
    listed_as: str
    folder: Path
    suffix: str = ".yaml"

    def shipped(self) -> list[str]:
        """The names of those that we ship."""
        return sorted(path.stem for path in self.folder.glob(f"*{self.suffix}") if not path.stem.startswith("_"))

    def find(self, word: str, *, near: Path | None = None) -> Path:
        """The file that `word` means: one that we ship, by name, or a path; a relative path starts at the file `near`.

        Raises BadScenarioError, without a line, when there is no such thing.
        """
        if "/" not in word and word in self.shipped():
            return self.folder / f"{word}{self.suffix}"
        path = Path(word) if near is None else near.parent / word
        if "/" not in word and not path.suffix:
            raise missing(shown(word), f"there is no {self.name} of that name{hint(word, self.shipped())}")
        try:
            if path.is_file():
                return path
            what = "is a folder" if path.is_dir() else "there is no such file"
        except OSError as error:  # a name that is too long, a folder that may not be read
            what = f"cannot be read: {error.strerror}"
        raise missing(
            str(path),
            f"{what}; name a {self.name} that ends in {self.suffix}, or one from 'testbed list {self.listed_as}'",
        )


SCENARIO = FileKind("scenario", "scenarios", ROOT / "topologies" / "scenarios")
TOPOLOGY = FileKind("topology", "topologies", ROOT / "topologies", ".py")
PROFILE = FileKind("profile", "profiles", ROOT / "tc-profiles")
FAILURE = FileKind("failure script", "failures", ROOT / "tc-profiles" / "failures")
COVERAGE = FileKind("coverage map", "coverage", ROOT / "topologies" / "coverage")
PROGRAM = FileKind("program", "programs", ROOT / "topologies" / "programs")
NAT = FileKind("kind of NAT", "nats", ROOT / "topologies" / "nats")
TRACK = FileKind("track", "tracks", ROOT / "topologies" / "tracks", ".csv")


def missing(word: str, what: str) -> BadScenarioError:
    """The exception for a thing that is not there."""
    return BadScenarioError([ScenarioError(word, 0, what)])
