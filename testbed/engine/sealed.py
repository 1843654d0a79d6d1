"""Folders whose files are known by their digests, and looked at before they are used.

A digest is compared when a file may have changed: when its size, inode, or one of its times is not what it was. Every
write changes the time of the inode's change (ctime), which no program can set; so a file with the old times has the old
bytes, unless the disk itself forgets. A folder in it is known by the digest of all that it holds.
"""

import hashlib
import json
import os
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG

SEAL = "seal.json"


class UnsealedError(Exception):
    """A folder is not what was made: what is wrong with it, in a few words."""


class Held:
    """The files of a sealed folder, open for reading: whatever becomes of the folder, these are what was made.

    Of a folder in it only its name is kept.
    """

    def __init__(self, files: dict[str, int], sums: dict[str, str]) -> None:
        self._files = files
        self._sums = sums
        weakref.finalize(self, close, tuple(files.values()))

    @property
    def names(self) -> list[str]:
        """The files' names."""
        return sorted(self._files)

    def path(self, name: str) -> Path:
        """A name by which this process can read a file, as long as this object lives."""
        return Path(f"/proc/{os.getpid()}/fd/{self._files[name]}")

    def sha256(self, name: str) -> str:
        """The digest that was noted when it was made, 64 hex digits."""
        return self._sums[name]


def close(descriptors: Iterable[int]) -> None:
    """Closes files."""
    for one in descriptors:
        os.close(one)


def seal(folder: Path) -> None:
    """Notes the digests of all files of a folder that has just been filled."""
    found = {}
    for path in sorted(folder.iterdir()):
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        found[path.name] = {"sha256": digest_of(file), "stamp": stamp(file)}
        os.close(file)
    (folder / SEAL).write_text(json.dumps(found, indent=1))


def hold(folder: Path) -> Held:
    """Opens the files of a sealed folder; raises UnsealedError, or FileNotFoundError where there is no such folder."""
    folder.stat()
    sums = sums_of(folder)
    files: dict[str, int] = {}
    try:
        changed = [name for name, known in sums.items() if not is_as_made(folder, name, known, files)]
    except BaseException:
        close(files.values())
        raise
    held = Held(files, {name: str(known["sha256"]) for name, known in sums.items()})
    if changed:
        restamp(folder, sums, files)
    return held


def sums_of(folder: Path) -> dict[str, dict[str, object]]:
    """The digests that were noted; raises UnsealedError."""
    try:
        found: dict[str, dict[str, object]] = json.loads((folder / SEAL).read_text())
        return {name: {"sha256": known["sha256"], "stamp": known["stamp"]} for name, known in found.items()}
    except FileNotFoundError:
        raise UnsealedError("has no digests of its files") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnsealedError(f"has {SEAL} damaged") from None


def is_as_made(folder: Path, name: str, known: dict[str, object], files: dict[str, int]) -> bool:
    """Opens a file into `files` and compares: whether even its stamp is the same; raises UnsealedError."""
    try:
        files[name] = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UnsealedError(f"lacks {name}") from None
    except OSError as error:
        raise UnsealedError(f"has {name}, which cannot be read ({error.strerror})") from None
    if not (S_ISREG(mode := os.fstat(files[name]).st_mode) or S_ISDIR(mode)):
        raise UnsealedError(f"has {name}, which is no file")
    if stamp(files[name]) == known["stamp"]:
        return True
    if digest_of(files[name]) != known["sha256"]:
        raise UnsealedError(f"has {name} damaged")
    return False


def restamp(folder: Path, sums: dict[str, dict[str, object]], files: dict[str, int]) -> None:
    """Notes that all is well, so that it need not be read again; where that can't be noted, it is read each time."""
    aside = folder / f"{SEAL}.{os.getpid()}"
    known = {name: {**sums[name], "stamp": stamp(file)} for name, file in files.items()}
    try:
        aside.write_text(json.dumps(known, indent=1))
        aside.rename(folder / SEAL)
    except OSError:
        return


def stamp(file: int) -> list[int | str]:
    """What is different when a file has been written to, or is another one; of a folder, all below it."""
    status = os.fstat(file)
    if S_ISDIR(status.st_mode):
        total = hashlib.sha256()
        for path, one in walked(file):
            total.update(f"{path}\0{one.st_size} {one.st_ino} {one.st_mtime_ns} {one.st_ctime_ns}\0".encode())
        return [total.hexdigest()]
    return [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]


def digest_of(file: int) -> str:
    """SHA-256 of an open file, 64 hex digits; of a folder, of names, permissions and contents of all below it."""
    if S_ISDIR(os.fstat(file).st_mode):
        return tree_digest(file)
    with open(file, "rb", closefd=False) as whole:
        whole.seek(0)
        return hashlib.file_digest(whole, "sha256").hexdigest()


def tree_digest(folder: int) -> str:
    """See `digest_of`; raises UnsealedError for what is no file, folder or symbolic link."""
    total = hashlib.sha256()
    for path, status in walked(folder):
        if S_ISDIR(status.st_mode):
            content = ""
        elif S_ISLNK(status.st_mode):
            content = os.readlink(path, dir_fd=folder)
        elif S_ISREG(status.st_mode):
            one = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
            content = digest_of(one)
            os.close(one)
        else:
            raise UnsealedError(f"has {path}, which is no file")
        total.update(f"{path}\0{status.st_mode:o}\0{content}\0".encode())
    return total.hexdigest()


def walked(folder: int) -> Iterator[tuple[str, os.stat_result]]:
    """All below an open folder, by its path there, in the order of names."""
    for at, folders, files, here in os.fwalk(dir_fd=folder):
        folders.sort()
        for name in sorted([*folders, *files]):
            yield os.path.normpath(f"{at}/{name}"), os.stat(name, dir_fd=here, follow_symlinks=False)
