"""Records of runs, which last as long as they do: what a killed run has left is found by its record, and by no name."""

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from testbed.engine.cache import cache_folder

UNFINISHED_RECORD = ".unfinished"
# What engines keep in a run folder until the run has ended; the rest of it is the run's.
PLAN_FILE, WORKSPACE = ".plan.json", ".vm"


def records_folder() -> Path:
    """Where a run leaves a record while it lasts."""
    folder = cache_folder() / "run-records"
    folder.mkdir(exist_ok=True)
    return folder


@contextlib.contextmanager
def recorded(folder: Path) -> Iterator[Callable[[int], None]]:
    """Records a run before anything of it exists, and forgets it when it has ended; takes the lab's process."""
    path = records_folder() / f"{os.getpid()}-{time.time_ns()}.json"
    record = {"folder": str(folder.absolute()), "owner": identity_of(os.getpid()), "lab": None}
    note(path, record)
    try:
        yield lambda pid: note(path, {**record, "lab": identity_of(pid)})
    finally:
        path.unlink(missing_ok=True)


def note(path: Path, record: dict[str, Any]) -> None:
    """Writes down what has come into being; whoever reads finds the record whole, or the one before."""
    unfinished = path.with_suffix(UNFINISHED_RECORD)
    unfinished.write_text(json.dumps(record))
    unfinished.rename(path)


def identity_of(pid: int) -> dict[str, int | str | None]:
    """A process by its number and its start, which tells it from a later one with the same number."""
    return {"pid": pid, "started": start_time(pid)}


def start_time(pid: int | str) -> str | None:
    """When a process started (field 22 of /proc/PID/stat, after its state); None when it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else after_name[19]


def is_alive(identity: dict[str, Any] | None) -> bool:
    """Whether this very process still runs."""
    return (
        identity is not None and identity["started"] is not None and start_time(identity["pid"]) == identity["started"]
    )


def clean() -> list[str]:
    """Ends what killed runs left, by record; returns a line for each."""
    for path in records_folder().glob(f"*{UNFINISHED_RECORD}"):
        if start_time(path.name.partition("-")[0]) is None:
            path.unlink(missing_ok=True)
    return [clean_up(path) for path in sorted(records_folder().glob("*.json"))]


def clean_up(path: Path) -> str:
    """Ends what the run of one record left, unless it still runs; returns what was done."""
    try:
        record = json.loads(path.read_text())
        folder, owner, lab = Path(record["folder"]), record["owner"], record["lab"]
        if is_alive(owner):
            return f"{folder}: still running, left alone"
        done = []
        if is_alive(lab):
            os.kill(lab["pid"], signal.SIGKILL)
            done.append(f"ended process {lab['pid']} and with it its namespaces")
        if (folder / WORKSPACE).is_dir() and not (folder / WORKSPACE).is_symlink():
            shutil.rmtree(folder / WORKSPACE)
            done.append(f"removed the guest's memory, {WORKSPACE}")
        (folder / PLAN_FILE).unlink(missing_ok=True)
        said = f"{folder}: {', '.join(done) or 'nothing was left but its record'}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        said = f"{path}: no record of a run, removed ({error})"
    path.unlink(missing_ok=True)
    return said
