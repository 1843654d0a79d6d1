"""What is kept is what was made: removed, cut, flipped, replaced files are found before they are used."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testbed.engine import cache, sealed
from testbed.engine.errors import CommandError
from testbed.engine.guest.build_commands import WARDEN, run
from testbed.engine.sealed import Held, UnsealedError, hold
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = {"root.ext2": b"ab" * 50_000, "about.json": b"{}"}


class Made:
    """A folder of a cache, and what was said while it was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.times = 0

    async def fill(self, folder: Path) -> None:
        self.times += 1
        for name, content in CONTENT.items():
            (folder / name).write_bytes(content)

    def get(self) -> Held:
        return asyncio.run(cache.kept(self.folder, self.fill, self.said.append))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))
    found = Made(tmp_path / "root-1")
    found.get()
    return found


def flip(path: Path) -> None:
    """Changes a bit in the middle of a file, and gives it its old times again."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(path: Path) -> None:
    path.rename(path.with_suffix(".away"))
    path.symlink_to(path.with_suffix(".away"))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "removed": (Path.unlink, "lacks root.ext2"),
    "cut": (lambda path: os.truncate(path, 1000), "has root.ext2 damaged"),
    "zeros": (lambda path: path.write_bytes(bytes(100_000)), "has root.ext2 damaged"),
    "flipped": (flip, "has root.ext2 damaged"),
    "a pipe": (pipe, "has root.ext2, which is no file"),
    "a link": (link, "has root.ext2, which cannot be read (Too many levels of symbolic links)"),
    "no digests": (lambda path: path.with_name("seal.json").unlink(), "has no digests of its files"),
    "no JSON": (lambda path: path.with_name("seal.json").write_text("{"), "has seal.json damaged"),
    "deep JSON": (lambda path: path.with_name("seal.json").write_text("[" * 100_000), "has seal.json damaged"),
    "other JSON": (lambda path: path.with_name("seal.json").write_text('{"x": 1}'), "has seal.json damaged"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_told_and_made_good(how: str, made: Made) -> None:
    do, what = DAMAGE[how]
    do(made.folder / "root.ext2")
    held = made.get()
    assert made.said == [f"{made.folder} {what}: it is made anew"]
    assert held.path("root.ext2").read_bytes() == CONTENT["root.ext2"]
    made.get()
    assert (made.times, len(made.said)) == (2, 1)


def test_what_may_have_changed_is_read_once_and_found_the_same(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    digest_of = sealed.digest_of

    def noted(file: int) -> str:
        read.append(file)
        return digest_of(file)

    monkeypatch.setattr(sealed, "digest_of", noted)
    for _ in range(2):
        hold(made.folder)
    assert read == []
    os.utime(made.folder / "root.ext2")
    for _ in range(2):
        hold(made.folder)
    assert len(read) == 1


def test_what_is_held_can_be_read_whatever_becomes_of_the_folder(made: Made) -> None:
    held = made.get()
    cache.remove_oldest("root-", keep=0)
    assert list(made.folder.parent.iterdir()) == []
    assert held.path("root.ext2").read_bytes() == CONTENT["root.ext2"]


def test_what_was_used_lately_is_not_removed_however_many_there_are(made: Made) -> None:
    """A guest reads a folder by its name while it runs."""
    folders = [made.folder.with_name(f"code-{number}") for number in range(4)]
    for folder, used_s in zip(folders, (0, 50, 100, 200), strict=True):
        folder.mkdir()
        os.utime(folder, (used_s, used_s))
    cache.remove_oldest("code-", keep=1, unused_s=120.0)
    assert [folder.exists() for folder in folders] == [False, False, True, True]
    cache.remove_oldest("code-", keep=1)
    assert [folder.exists() for folder in folders] == [False, False, False, True]


def test_a_maker_that_fails_leaves_nothing(made: Made) -> None:
    async def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise CommandError(["x"], 1, "no")

    with pytest.raises(CommandError):
        asyncio.run(cache.kept(made.folder.with_name("root-2"), fail, made.said.append))
    assert {path.name for path in made.folder.parent.iterdir()} == {"root-1", "root-1.lock", "root-2.lock"}


def test_whoever_waits_for_a_lock_that_is_removed_meanwhile_takes_the_new_one(tmp_path: Path) -> None:
    """Or two would make the same folder, each with a lock of its own."""
    final = tmp_path / "prepared-1"
    first = cache.try_lock(final)
    assert first is not None
    assert cache.try_lock(final) is None
    (tmp_path / "prepared-1.lock").unlink()
    with first:
        second = cache.try_lock(final)
        assert second is not None
        with second:
            assert cache.try_lock(final) is None


def test_makers_of_one_folder_wait_for_each_other(made: Made) -> None:
    async def both() -> None:
        folder = made.folder.with_name("root-2")
        await asyncio.gather(*(cache.kept(folder, slowly, made.said.append) for _ in range(3)))

    async def slowly(folder: Path) -> None:
        await asyncio.sleep(0.3)
        await made.fill(folder)

    made.times = 0
    asyncio.run(both())
    assert made.times == 1
    assert made.said == ["waiting for another process, which makes root-2"] * 2


def test_clean_removes_what_a_killed_maker_left_and_nothing_that_is_being_made(made: Made) -> None:
    left, making = made.folder.with_name("root-2.unfinished"), made.folder.with_name("root-3.unfinished")
    for folder in (left, making):
        folder.mkdir()
        (folder / "half").write_text("x")
    lock = cache.try_lock(making.with_suffix(""))
    assert lock is not None
    with lock:
        assert cache.clean() == [f"{left}: half-made, removed"]
    assert making.exists()
    assert not left.exists()
    assert made.folder.exists()


def test_a_seal_holds_all_files(made: Made) -> None:
    assert set(json.loads((made.folder / "seal.json").read_text())) == set(CONTENT)


def test_an_unsealed_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnsealedError, match="no digests"):
        hold(tmp_path)


# -- the programs that make it ----------------------------------------------------------------------------------------

# Starts a program in a session of its own that ignores SIGTERM, as a build does in its namespaces, and waits for it.
NESTED = ["sh", "-c", "setsid sh -c 'trap \"\" TERM; sleep 3217 & sleep 3217' & sleep 3217"]


def sleepers() -> set[int]:
    """The processes that NESTED has started."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and b"sleep\x003217" in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def wait_until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_a_command_that_is_cancelled_leaves_nothing_running() -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(run(NESTED, limit_s=600))
        while len(sleepers()) < 3:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert sleepers() == set()


def test_a_command_that_takes_too_long_leaves_nothing_running() -> None:
    with pytest.raises(CommandError, match="longer than 1 s"):
        asyncio.run(run(NESTED, limit_s=1))
    assert sleepers() == set()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_who_is_killed_leaves_nothing_running(number: signal.Signals) -> None:
    program = (
        "import asyncio, sys; from testbed.engine.guest.build_commands import run;"
        f" asyncio.run(run({NESTED!r}, limit_s=600))"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        wait_until(lambda: len(sleepers()) >= 3)
        process.send_signal(number)
    wait_until(lambda: not sleepers())


def test_what_a_command_says_and_how_it_ends() -> None:
    assert asyncio.run(run(["sh", "-c", "echo $LC_ALL"], limit_s=60, env={"LC_ALL": "C"})) == "C\n"
    with pytest.raises(CommandError, match="sh ended with status 3: mine"):
        asyncio.run(run(["sh", "-c", "echo mine >&2; exit 3"], limit_s=60))
    with pytest.raises(CommandError, match="status 127"):
        asyncio.run(run(["no-such-program"], limit_s=60))


def test_a_warden_whose_parent_has_ended_already_starts_nothing() -> None:
    assert subprocess.run([sys.executable, str(WARDEN), "1", "sleep", "3217"], check=False).returncode == 143


def grow(folder: Path) -> None:
    """A folder as a guest's root is one."""
    (folder / "root" / "usr" / "bin").mkdir(parents=True)
    (folder / "root" / "usr" / "bin" / "ls").write_bytes(bytes(range(256)))
    (folder / "root" / "bin").symlink_to("usr/bin")


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("usr")


IN_A_FOLDER: dict[str, Callable[[Path], object]] = {
    "flipped": lambda root: flip(root / "usr" / "bin" / "ls"),
    "removed": lambda root: (root / "usr" / "bin" / "ls").unlink(),
    "added": lambda root: (root / "usr" / "more").write_text("x"),
    "other permissions": lambda root: (root / "usr" / "bin" / "ls").chmod(0o700),
    "other link": lambda root: relink(root / "bin"),
    "a pipe": lambda root: pipe(root / "usr" / "bin" / "ls"),
}


@pytest.mark.parametrize("how", IN_A_FOLDER)
def test_what_is_changed_anywhere_in_a_folder_is_told(how: str, tmp_path: Path) -> None:
    grow(tmp_path)
    sealed.seal(tmp_path)
    hold(tmp_path)
    IN_A_FOLDER[how](tmp_path / "root")
    with pytest.raises(UnsealedError, match=r"has (root damaged|usr/bin/ls, which is no file)"):
        hold(tmp_path)


def test_a_folder_is_known_by_what_it_holds_and_not_by_when_it_was_made(tmp_path: Path) -> None:
    sums = set()
    for name in ("one", "other"):
        grow(tmp_path / name)
        os.utime(tmp_path / name / "root" / "usr" / "bin" / "ls")
        sealed.seal(tmp_path / name)
        sums.add(hold(tmp_path / name).sha256("root"))
    assert len(sums) == 1
    os.utime(tmp_path / "one" / "root" / "usr" / "bin" / "ls")
    assert hold(tmp_path / "one").sha256("root") in sums
