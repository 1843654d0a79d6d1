"""Where what is built once is kept, and how it gets there whole or not at all."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def cache_folder() -> Path:
    """The folder for images, created if missing: `$TESTBED_CACHE`, or the user's cache folder (XDG)."""
    configured = os.environ.get("TESTBED_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(configured) if configured else base / "sip-handover-testbed"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(*parts: str | bytes) -> str:
    """Names a thing by what went into it: 64 hex digits, each part delimited by its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def building(final: Path) -> Iterator[Path]:
    """Yields an empty folder to build in and moves it to `final` when all went well.

    One builder at a time: a second process waits for the first and then finds the folder there, so callers look
    again inside the lock (`final.exists()`). What a killed build left is removed by the next one.
    """
    with (final.parent / f"{final.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unfinished = final.parent / f"{final.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        try:
            yield unfinished
            if not final.exists():
                unfinished.rename(final)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
