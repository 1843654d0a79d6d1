"""Where the files that we ship lie, and how a name becomes a file."""

import importlib.util
from pathlib import Path

from testbed.lab.network import Network
from testbed.scenario.document import hint
from testbed.scenario.errors import BadScenarioError, ScenarioError

ROOT = Path(__file__).parents[2]
TOPOLOGIES = ROOT / "topologies"
SCENARIOS = TOPOLOGIES / "scenarios"
PROFILES = ROOT / "tc-profiles"
FAILURES = PROFILES / "failures"
TEMPLATES = PROFILES / "templates"


def shipped(folder: Path, suffix: str) -> list[str]:
    """The names of the files that we ship in a folder."""
    return sorted(path.stem for path in folder.glob(f"*{suffix}") if not path.stem.startswith("_"))


def find(word: str, folder: Path, kind: str, *, near: Path | None = None, suffix: str = ".yaml") -> Path:
    """The file that `word` means: one that we ship, by name, or a path; relative paths start at the file `near`.

    Raises BadScenarioError, without a line, when there is no such thing.
    """
    known = folder / f"{word}{suffix}"
    if "/" not in word and known.is_file():
        return known
    path = Path(word) if near is None else near.parent / word
    if path.suffix == suffix and path.is_file():
        return path
    if path.suffix == suffix or "/" in word:
        raise BadScenarioError([ScenarioError(path, 0, f"there is no such {kind}")])
    names = shipped(folder, suffix)
    raise BadScenarioError([ScenarioError(word, 0, f"there is no {kind} of that name{hint(word, names)}")])


def load_topology(path: Path) -> Network:
    """The NETWORK of a topology file; raises BadScenarioError when it has none or cannot be run."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise BadScenarioError([ScenarioError(path, 0, "is not a Python file")])
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        line = error.lineno or 0 if isinstance(error, SyntaxError) else 0
        raise BadScenarioError([ScenarioError(path, line, f"cannot be loaded: {error}")]) from error
    network = getattr(module, "NETWORK", None)
    if not isinstance(network, Network):
        raise BadScenarioError([ScenarioError(path, 0, "defines no NETWORK; see topologies/multihomed.py")])
    return network
