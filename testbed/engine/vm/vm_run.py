"""Carries out one run in a guest: plan and code in, run folder out, progress on the way, an end in bounded time."""

import asyncio
import contextlib
import json
import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from testbed.engine.errors import RunFailedError
from testbed.engine.run_records import WORKSPACE, recorded
from testbed.engine.vm.emulator import last_line, machine
from testbed.engine.vm.guest_code import with_own_numbers
from testbed.engine.vm.orders import write_order
from testbed.engine.vm.snapshot import Snapshot
from testbed.lab.plan import Plan

POLL_S = 0.05
# A guest reports each second of its own time. Even with the host's processors loaded many times over, that takes
# a second or two; a guest that is silent for this long hangs.
SILENCE_LIMIT_S = 300.0
# What a traceback of our code may stand in.
LOGS = (".log", ".txt")

Say = Callable[[dict[str, Any]], None]


async def run_in_guest(snapshot: Snapshot, plan: Plan, folder: Path, say: Say) -> None:
    """Runs `plan` and fills `folder` with what the lab wrote; each progress report goes to `say`.

    Raises RunFailedError when the guest hangs, panics or dies; its console is then in `folder/logs/console.log`.
    """
    workspace = folder / WORKSPACE
    files = snapshot.files(workspace)
    try:
        with recorded(folder) as record:
            workspace.mkdir(parents=True)
            try:
                write_order(files.order, {"plan": plan})
                async with machine(files, workspace / "emulator.log", incoming=True, is_saved=False) as guest:
                    record(guest.process.pid)
                    await guest.restore(snapshot.state)
                    await follow(guest.process, files.progress, say)
                collect(files.outcome, folder)
            except RunFailedError as error:
                raise RunFailedError(f"{error}; {console_end(files.console)}") from error
            finally:
                with contextlib.suppress(OSError):  # a full disk: it is told already
                    keep_logs(workspace, folder / "logs")
                shutil.rmtree(workspace)
    except OSError as error:
        raise RunFailedError(f"the run cannot be kept: {error}") from error


def console_end(console: Path) -> str:
    """How the guest's console ends."""
    return f"the guest's console ends with: {last_line(console)}"


async def follow(process: asyncio.subprocess.Process, progress: Path, say: Say) -> None:
    """Passes on what the guest reports until it has ended; raises RunFailedError when it falls silent."""
    seen = 0
    heard = time.monotonic()
    while True:
        ended = process.returncode is not None
        lines, seen = new_lines(progress, seen)
        for line in lines:
            heard = time.monotonic()
            with contextlib.suppress(ValueError):
                say(json.loads(line))
        if ended:
            return
        if time.monotonic() - heard > SILENCE_LIMIT_S:
            raise RunFailedError(f"the guest has not been heard of for {SILENCE_LIMIT_S:.0f} s")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), POLL_S)


def new_lines(path: Path, seen: int) -> tuple[list[bytes], int]:
    """The complete lines after the first `seen` bytes, and how many bytes are now seen."""
    if not path.exists():
        return [], seen
    with path.open("rb") as file:
        file.seek(seen)
        data = file.read()
    whole = data.rfind(b"\n") + 1
    return data[:whole].splitlines(), seen + whole


def collect(outcome: Path, folder: Path) -> None:
    """Unpacks what the guest left; raises RunFailedError when that is no whole run, or can't be kept."""
    try:
        with tarfile.open(outcome, "r:") as archive:  # not compressed: looking for it in half a gigabyte takes minutes
            unpack(archive, folder)
        for log in (folder / "logs").glob("*"):
            if log.suffix in LOGS:
                log.write_bytes(with_own_numbers(log.read_bytes()))
    except tarfile.TarError as error:
        raise RunFailedError("the guest ended without a whole result") from error
    except OSError as error:
        raise RunFailedError(f"what the guest left cannot be kept: {error}") from error
    error_file = folder / "logs" / "lab-error.txt"
    if error_file.exists():
        raise RunFailedError(f"the lab failed: {last_line(error_file)}")
    if not (folder / "outcome.json").exists():
        raise RunFailedError("the guest ended without a result")


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Writes the files of an archive below `folder`; raises RunFailedError for anything else that is in it.

    Python's own filter for this came with 3.11.4, and Debian 12 has 3.11.2.
    """
    for member in archive:
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
            raise RunFailedError(f"the guest left what is no file of a run folder: {member.name}")
        target = folder / name
        (target if member.isdir() else target.parent).mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        if content is not None:
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)


def keep_logs(workspace: Path, logs: Path) -> None:
    """Keeps the guest's console and what the emulator said."""
    logs.mkdir(exist_ok=True)
    for name in ("console", "emulator.log"):
        source = workspace / name
        if source.exists() and source.stat().st_size:
            (logs / f"{source.stem}.log").write_bytes(with_own_numbers(source.read_bytes()))
