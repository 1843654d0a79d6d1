"""Carries out one run in a guest: plan and code in, run folder out, progress on the way, an end in bounded time."""

import contextlib
import shutil
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath

from testbed.engine.errors import RunFailedError
from testbed.engine.guest.following import Say, console_end, follow, keep_logs, settle
from testbed.engine.run_records import WORKSPACE, recorded
from testbed.engine.vm.emulator import MachineFiles, machine
from testbed.engine.vm.orders import write_order
from testbed.engine.vm.snapshot import Snapshot
from testbed.lab.plan import Plan

EMULATOR_LOG = "emulator.log"


async def run_in_guest(snapshot: Snapshot, plan: Plan, folder: Path, say: Say) -> None:
    """Runs `plan` and fills `folder` with what the lab wrote; each progress report goes to `say`.

    Raises RunFailedError when the guest hangs, panics or dies; its console is then in `folder/logs/console.log`.
    """
    files = snapshot.files(folder / WORKSPACE)

    async def carry_out(record: Callable[[int], None]) -> None:
        write_order(files.order, {"plan": plan})
        async with machine(files, files.console.with_name(EMULATOR_LOG), incoming=True, is_saved=False) as guest:
            record(guest.process.pid)
            await guest.restore(snapshot.state)
            await follow(guest.process, files.progress, say)

    await in_machine(files, folder, carry_out)


async def in_machine(
    files: MachineFiles, folder: Path, carry_out: Callable[[Callable[[int], None]], Awaitable[None]]
) -> None:
    """Fills `folder` with what a machine leaves that `carry_out` starts and follows, in the workspace of its `files`.

    `carry_out` takes what records the machine's process. Raises as `run_in_guest`.
    """
    workspace = folder / WORKSPACE
    try:
        with recorded(folder) as record:
            workspace.mkdir(parents=True)
            try:
                await carry_out(record)
                collect(files.outcome, folder)
            except RunFailedError as error:
                raise RunFailedError(f"{error}; {console_end(files.console)}") from error
            finally:
                with contextlib.suppress(OSError):  # a full disk: it is told already
                    keep_logs(workspace, folder / "logs")
                shutil.rmtree(workspace)
    except OSError as error:
        raise RunFailedError(f"the run cannot be kept: {error}") from error


def collect(outcome: Path, folder: Path) -> None:
    """Unpacks what the guest left; raises RunFailedError when that is no whole run, or can't be kept."""
    try:
        with tarfile.open(outcome, "r:") as archive:  # not compressed: looking for it in half a gigabyte takes minutes
            unpack(archive, folder)
        settle(folder)
    except tarfile.TarError as error:
        raise RunFailedError("the guest ended without a whole result") from error
    except OSError as error:
        raise RunFailedError(f"what the guest left cannot be kept: {error}") from error


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
