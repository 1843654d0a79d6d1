"""Where runs lie, and where new ones go."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from testbed.api.errors import OutputError


class InFolder(Protocol):
    """What lies in a folder, as a `Run` does."""

    folder: Path


def folder_of(run: InFolder | Path | str) -> Path:
    """The folder of a run, or that which is named."""
    return Path(run) if isinstance(run, Path | str) else run.folder


def new_folder(out: Path | str | None, name: str) -> Path:
    """`out`, or runs/TIME-NAME below the current folder; raises OutputError for one that has something in it."""
    if out is not None:
        folder = Path(out)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            what = "is not empty" if folder.is_dir() else "is a file"
            raise OutputError(folder, f"{what}; name a folder that is not there yet.")
        return folder
    stamp = datetime.now(tz=UTC).strftime("%Y%m%d-%H%M%S")
    return Path("runs") / unused(Path("runs"), f"{stamp}-{name}")


def unused(parent: Path, name: str) -> str:
    """The name, with a number where there is such a folder already."""
    candidates = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(candidate for candidate in candidates if not (parent / candidate).exists())
