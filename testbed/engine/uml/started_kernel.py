"""Starts the kernel as a program, on a processor of its own, and ends it.

Why its options are there: docs/engines.md. The command line is stirred into the guest's random numbers, so there is no
path in it: a folder of the run's own is what the guest knows by /proc/self/cwd.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

from testbed.engine.errors import MissingRequirementError
from testbed.engine.guest.needs import PROCESSOR, program
from testbed.engine.guest.recipes import EPOCH
from testbed.engine.uml.processors import processor_of_our_own

MEMORY_MIB = 512
SHARED = "/proc/self/cwd"
COMMAND_LINE = (
    *(f"mem={MEMORY_MIB}M", "root=/dev/root", "rootfstype=hostfs", f"rootflags={SHARED}/root", "ro"),
    *("con=null", "con0=null,fd:1", "ssl=null", "quiet", "panic=-1"),
    *("norandmaps", "random.trust_bootloader=on", "random.trust_cpu=off"),
    *("time-travel=inf-cpu", f"time-travel-start={EPOCH * 10**9}"),
    *("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "PYTHONHASHSEED=0"),
    f"OUTDIR={SHARED}",
)
START = ("init=/usr/bin/python3", "--", "/init.py")
Seccomp = Literal["auto", "on", "off"]
"""How the guest's system calls are caught: by seccomp(2) or, half as quickly, by ptrace(2); the bytes are the same."""
# The guest's memory is a file: in memory, where a file there may be carried out, else beside the run.
FAST_MEMORY = Path("/dev/shm")  # noqa: S108 - the file has no name there once it is made
# Of its memory a guest uses a third; the rest costs nothing.
NEEDED_BYTES = 256 << 20

UML_NEEDS = (PROCESSOR, program("setpriv", "util-linux"), program("taskset", "util-linux"))


def memory_folder(workspace: Path) -> Path:
    """Where the guest's memory goes; raises MissingRequirementError where it can't be anywhere."""
    for folder in (FAST_MEMORY, workspace):
        with contextlib.suppress(OSError):
            room = os.statvfs(folder)
            if not room.f_flag & os.ST_NOEXEC and room.f_bavail * room.f_frsize > NEEDED_BYTES:
                return folder
    raise MissingRequirementError(
        f"the guest needs {NEEDED_BYTES >> 20} MB in {FAST_MEMORY} or beside the run, where files may be carried out:"
        f" sudo mount -o remount,exec {FAST_MEMORY}, or use --engine vm"
    )


@contextlib.asynccontextmanager
async def machine(
    kernel: Path, workspace: Path, radios: int, seccomp: Seccomp
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A guest whose root is `root` of that folder, and which finds its order there; ended whatever happens.

    It also dies with this process, should that be killed. What it says goes to `console`.
    """
    more = [f"seccomp={seccomp}"]
    more += [f"mac80211_hwsim.radios={radios}"] if radios else []
    environment = {"HOME": str(workspace), "TMPDIR": str(memory_folder(workspace))}
    with processor_of_our_own() as processor, (workspace / "console").open("wb") as console:
        process = await asyncio.create_subprocess_exec(
            *("taskset", "--cpu-list", str(processor), "setpriv", "--pdeathsig", "KILL", "--", str(kernel)),
            *(*COMMAND_LINE, *more, *START),
            stdin=asyncio.subprocess.DEVNULL, stdout=console, stderr=console, cwd=workspace, env=environment,
            start_new_session=True,  # each program of the guest is a process of ours: one signal ends them all
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
