"""Where what is built once is kept, how it gets there whole or not at all, and that it still is what was built."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO

from testbed.engine.sealed import Held, UnsealedError, hold, seal

UNFINISHED = ".unfinished"
LOCK = ".lock"
LOCK_POLL_S = 0.1

Say = Callable[[str], None]


def cache_folder() -> Path:
    """The folder for images, created if missing: `$TESTBED_CACHE`, or the user's cache folder (XDG)."""
    configured = os.environ.get("TESTBED_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(configured).absolute() if configured else base / "sip-handover-testbed"
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


async def kept(final: Path, make: Callable[[Path], Awaitable[None]], say: Say) -> Held:
    """The files of a folder of the cache, whole and open; `make` fills an empty folder where it isn't so.

    One maker at a time, of all processes: the others wait, and then find the folder there. What a killed one left is
    removed by the next. What is damaged is told by `say`, and made anew.
    """
    with contextlib.suppress(FileNotFoundError, UnsealedError):
        return hold(final)
    async with locked(final, say):
        try:
            return hold(final)
        except FileNotFoundError:
            pass
        except UnsealedError as error:
            say(f"{final} {error}: it is made anew")
            remove(final)
        unfinished = final.with_name(final.name + UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        try:
            await make(unfinished)
            seal(unfinished)
            unfinished.rename(final)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return hold(final)


@contextlib.asynccontextmanager
async def locked(final: Path, say: Say) -> AsyncIterator[None]:
    """Waits until no other process makes that folder, and keeps others from it meanwhile."""
    is_told = False
    while (lock := try_lock(final)) is None:
        if not is_told:
            say(f"waiting for another process, which makes {final.name}")
        is_told = True
        await asyncio.sleep(LOCK_POLL_S)
    with lock:
        yield


def try_lock(final: Path) -> IO[bytes] | None:
    """The lock of a folder, held until it is closed; None while somebody else holds it.

    Whoever removes a folder removes its lock too, so a lock counts only while it is the one that others will find.
    """
    path = final.with_name(final.name + LOCK)
    lock = path.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        lock.close()
        raise
    lock.close()
    return None


def remove(final: Path) -> None:
    """Takes a folder away at once; its lock is held."""
    unfinished = final.with_name(final.name + UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    if final.is_dir() and not final.is_symlink():
        final.rename(unfinished)
        shutil.rmtree(unfinished, ignore_errors=True)
    else:
        final.unlink()


def note_use(final: Path) -> None:
    """That a folder is used now, for `last_used`."""
    with contextlib.suppress(OSError):  # somebody else's cache, or just removed
        os.utime(final)


def remove_oldest(prefix: str, keep: int, *, unused_s: float = 0.0) -> None:
    """Removes those folders that have not been used for longest, and for so long at least.

    Who has their files open can go on reading them; of a folder in one only its name is held.
    """
    folders = [path for path in cache_folder().glob(f"{prefix}*") if path.is_dir() and path.suffix != UNFINISHED]
    newest_s = max(map(last_used, folders), default=0.0)
    for folder in sorted(folders, key=last_used, reverse=True)[keep:]:
        if last_used(folder) > newest_s - unused_s:
            continue
        lock = try_lock(folder)
        if lock is not None:
            with lock, contextlib.suppress(FileNotFoundError):
                remove(folder)
                folder.with_name(folder.name + LOCK).unlink()


def last_used(folder: Path) -> float:
    """When somebody last used it; 0 where it has just been removed."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def clean() -> list[str]:
    """Removes what killed makers left half-made; returns a line for each."""
    done = []
    for path in sorted(cache_folder().glob(f"*{UNFINISHED}")):
        lock = try_lock(path.with_suffix(""))
        if lock is not None:
            with lock:
                shutil.rmtree(path, ignore_errors=True)
            done.append(f"{path}: half-made, removed")
    return done
