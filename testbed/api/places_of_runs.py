"""Where runs lie, and where new ones go."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from testbed.api.errors import OutputError

ROOM = 32 * 1024 * 1024
"""Bytes that must be free: more than a run of a minute takes, with what the guest hands out meanwhile."""


class InFolder(Protocol):
    """What lies in a folder, as a `Run` does."""

    folder: Path


def folder_of(run: InFolder | Path | str) -> Path:
    """The folder of a run, or that which is named."""
    return Path(run) if isinstance(run, Path | str) else run.folder


def new_folder(out: Path | str | None, name: str) -> Path:
    """`out`, or runs/TIME-NAME below the current folder.

    Raises OutputError for one that has something in it, and where nothing can be written: a run takes minutes, and
    the guest's first one longer.
    """
    if out is not None:
        folder = Path(out)
    else:
        stamp = datetime.now(tz=UTC).strftime("%Y%m%d-%H%M%S")
        folder = Path("runs") / unused(Path("runs"), f"{stamp}-{name}")
    check_output(folder, lambda: None if not any(folder.iterdir()) else "is not empty")
    return folder


def check_output(folder: Path, taken: Callable[[], str | None]) -> None:
    """Raises OutputError for what is no folder, can't be written to, or is `taken`: asked of one that is there."""
    try:
        if folder.exists() and (what := taken() if folder.is_dir() else "is a file"):
            raise OutputError(folder, f"{what}; name a folder that is not there yet.")
        try_out(folder)
    except (OSError, ValueError) as error:  # the latter for a zero byte
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise OutputError(folder, f"can't be written: {why}; name a folder where there is room for a run.") from None


def try_out(folder: Path) -> None:
    """Writes into a folder, and leaves nothing there; raises OSError where that can't be done."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, ROOM)
    finally:
        for one in made:
            with contextlib.suppress(OSError, ValueError):  # it was not made, or another run has begun in it
                one.rmdir()


def unused(parent: Path, name: str) -> str:
    """The name, with a number where there is such a folder already."""
    candidates = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(candidate for candidate in candidates if not (parent / candidate).exists())
