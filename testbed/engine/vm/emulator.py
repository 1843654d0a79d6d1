"""The virtual machine: one emulated CPU whose clock counts instructions, memory devices, no network, no disk.

Why each option is there: the CPU executes one instruction per nanosecond of guest time and idle time is skipped
(`-icount shift=0,sleep=off`), so that neither the host's speed nor its load can be seen from inside. Everything the
guest reads or writes is memory, never I/O that finishes whenever the host pleases. Two of the options are traps when
changed: `shift=auto` and `align=on` bring the host's clock back in.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from qemu.qmp import EventListener, QMPClient

from testbed.engine.errors import RunFailedError
from testbed.engine.guest.following import last_line
from testbed.engine.guest.needs import EMULATOR, RUN_NEEDS, require
from testbed.engine.vm.memory_sizes import MemorySize

ORDER_MIB = 64
# No source of randomness, and no vector extensions beyond SSE4.2: those cost the emulator more than they give (a run
# with "max" takes a third longer). A fixed model also means the same machine under every version of the emulator.
CPU_MODEL = "Nehalem-v1"
KERNEL_COMMAND_LINE = (
    "console=ttyS0 quiet panic=-1 mitigations=off"
    " nokaslr norandmaps random.trust_cpu=off random.trust_bootloader=off"  # one seed, one run
    " init_on_alloc=0 apparmor=0 audit=0 transparent_hugepage=never"  # fewer instructions
)
# Recording makes the CPU and the emulator's own loop take turns. Without it the loop now and then looks at the clock
# while the CPU is just falling idle and has not yet accounted for its last instructions; then it skips those too, and
# the guest's clock is some nanoseconds ahead from then on (icount_start_warp_timer). The record itself is of no use.
TAKE_TURNS = "rr=record,rrfile=/dev/null"
# What is to be saved can't be recorded. On one of the host's processors the loop gets hold of that moment only where
# the CPU's thread is taken from it right then.
ONE_PROCESSOR = ("taskset", "--cpu-list")
START = "2026-01-01T00:00:00"
# The processor and its clock: one that counts instructions, as said above, or several by the host's, as anywhere else.
VIRTUAL_TIME = (
    *("-smp", "1", "-cpu", CPU_MODEL, "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"),
    *("-rtc", f"base={START},clock=vm"),
)
WALL_CLOCK = ("-smp", "2", "-cpu", CPU_MODEL, "-accel", "tcg,thread=multi", "-rtc", f"base={START},clock=host")
MIGRATION_POLL_S = 0.02
MIGRATION_LIMIT_S = 600.0
WRITTEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class MachineFiles:
    """Everything a machine is made of; `order` and `outcome` are memory that host and guest share."""

    kernel: Path
    initramfs: Path
    root: Path
    root_mib: int
    order: Path
    outcome: Path
    console: Path
    progress: Path
    memory: MemorySize


def memory_device(name: str, path: Path, size_mib: int, *, read_only: bool) -> list[str]:
    """The arguments for a file that the guest sees as a memory device."""
    backend = f"memory-backend-file,id={name},share=on,mem-path={path},size={size_mib}M"
    if read_only:
        return ["-object", f"{backend},readonly=on", "-device", f"nvdimm,memdev={name},unarmed=on"]
    return ["-object", backend, "-device", f"nvdimm,memdev={name}"]


def arguments(files: MachineFiles, clock: Sequence[str] = VIRTUAL_TIME) -> list[str]:
    """The emulator's arguments, all of them but the control channel."""
    return [
        *("-machine", "q35,nvdimm=on", "-m", f"{files.memory.own_mib}M,slots=4,maxmem=8G", *clock),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *("-no-reboot", "-action", "watchdog=pause", "-device", "i6300esb"),
        *memory_device("root", files.root, files.root_mib, read_only=True),
        *memory_device("order", files.order, ORDER_MIB, read_only=True),
        *memory_device("outcome", files.outcome, files.memory.outcome_mib, read_only=False),
        # Files, because a pipe that is full would make the guest wait for the host.
        *("-chardev", f"file,id=console,path={files.console}", "-serial", "chardev:console"),
        *("-chardev", f"file,id=progress,path={files.progress}", "-serial", "chardev:progress"),
        *("-kernel", str(files.kernel), "-initrd", str(files.initramfs), "-append", KERNEL_COMMAND_LINE),
    ]


def emulator_version() -> str:
    """The emulator's own version line, part of what a snapshot is named by.

    Raises MissingRequirementError where something is missing without which it can't be run.
    """
    require("running the guest", RUN_NEEDS)
    return subprocess.run([EMULATOR, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


class Machine:
    """A running emulator and the control channel to it (QMP)."""

    def __init__(self, process: asyncio.subprocess.Process, control: QMPClient) -> None:
        self.process = process
        self.control = control
        self._watchdog = EventListener("WATCHDOG")
        control.register_listener(self._watchdog)

    async def save_when_frozen(self, state: Path, limit_s: float) -> None:
        """Waits until the guest has itself frozen, then writes the machine's state to `state`.

        Raises RunFailedError when the guest ends, or is not frozen, within `limit_s` seconds of wall time.
        """
        frozen = asyncio.create_task(self._watchdog.get())
        ended = asyncio.create_task(self.process.wait())
        done, pending = await asyncio.wait({frozen, ended}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if frozen not in done:
            raise RunFailedError("the guest did not come up")
        with state.open("wb") as file:
            await self._migrate("migrate", f"exec:cat > {name_for_others(file)}")

    async def restore(self, state: Path) -> None:
        """Loads a saved state and lets the guest run on. The emulator must have been started with `incoming`."""
        with state.open("rb") as file:
            await self._migrate("migrate-incoming", f"exec:cat {name_for_others(file)}")
        await self.control.execute("cont")

    async def _migrate(self, command: str, uri: str) -> None:
        """Both directions of saving: memory that is shared with files (the images) is left out."""
        capability = {"capability": "x-ignore-shared", "state": True}
        await self.control.execute("migrate-set-capabilities", {"capabilities": [capability]})
        await self.control.execute("migrate-set-parameters", {"max-bandwidth": 1 << 40})
        await self.control.execute(command, {"uri": uri})
        for _ in range(int(MIGRATION_LIMIT_S / MIGRATION_POLL_S)):
            answer = await self.control.execute("query-migrate")
            status = answer.get("status") if isinstance(answer, dict) else None
            if status == "completed":
                return
            if status == "failed":
                break
            await asyncio.sleep(MIGRATION_POLL_S)
        raise RunFailedError(f"the emulator could not {command} its state")


@contextlib.contextmanager
def opened(files: MachineFiles) -> Iterator[tuple[MachineFiles, list[int]]]:
    """The same files, open, by the names that the emulator has for its descriptors; and these.

    So no character of a path is an option of the emulator's, and what is not there can't be made by it: it makes a
    memory's file where there is none, even one that it may only read (exec.c, file_ram_open).
    """
    flags = {"outcome": os.O_RDWR, "console": WRITTEN, "progress": WRITTEN}
    with contextlib.ExitStack() as stack:
        found: dict[str, int] = {}
        for name, path in vars(files).items():
            if isinstance(path, Path):
                found[name] = os.open(path, flags.get(name, os.O_RDONLY) | os.O_CLOEXEC)
                stack.callback(os.close, found[name])
        names: dict[str, Any] = {name: Path(f"/dev/fd/{number}") for name, number in found.items()}
        yield replace(files, **names), [*found.values()]


@contextlib.asynccontextmanager
async def machine(
    files: MachineFiles,
    log: Path,
    *,
    incoming: bool,
    is_saved: bool,
    clock: Sequence[str] = VIRTUAL_TIME,
    ports: Mapping[str, socket.socket] | None = None,
) -> AsyncIterator[Machine]:
    """Starts an emulator and ends it, whatever happens; it also dies with this process, should that be killed.

    `incoming` prepares it for `Machine.restore`; otherwise the guest boots at once. `is_saved` allows for
    `Machine.save_when_frozen`: the emulator can't save what it records, so such a machine does not take turns, but has
    one of the host's processors. `ports` are further serial ports, by their names: what the guest writes there comes
    out of the socket's other end, and what is written to that end comes in.
    """
    for path, size_mib in ((files.order, ORDER_MIB), (files.outcome, files.memory.outcome_mib)):
        with path.open("ab"):
            os.truncate(path, size_mib << 20)
    ours, theirs = socket.socketpair()
    control_arguments = ["-chardev", f"socket,id=control,fd={theirs.fileno()}", "-mon", "chardev=control,mode=control"]
    start = ["-incoming", "defer", "-S"] if incoming else []
    turns = [] if is_saved or clock != VIRTUAL_TIME else ["-icount", TAKE_TURNS]
    processors = sorted(os.sched_getaffinity(0))
    alone = [*ONE_PROCESSOR, str(processors[os.getpid() % len(processors)])] if is_saved else []
    ports = ports or {}
    more = [
        word
        for name, port in ports.items()
        for word in ("-chardev", f"socket,id={name},fd={port.fileno()}", "-serial", f"chardev:{name}")
    ]
    with log.open("wb") as errors, theirs, opened(files) as (by_number, descriptors):
        process = await asyncio.create_subprocess_exec(
            *(*alone, "setpriv", "--pdeathsig", "KILL", "--", EMULATOR),
            *(*arguments(by_number, clock), *control_arguments, *more, *start, *turns),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=[theirs.fileno(), *descriptors, *(port.fileno() for port in ports.values())],
        )
    control = QMPClient("testbed")
    try:
        try:
            await control.connect(ours)
        except Exception as error:
            raise RunFailedError(f"the emulator did not start: {last_line(log)}") from error
        yield Machine(process, control)
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        with contextlib.suppress(Exception):  # the other end is gone: only our end is left to close
            await control.disconnect()


def name_for_others(file: BinaryIO) -> str:
    """A name of an open file for other processes of this user, the same whatever its path is made of."""
    return f"/proc/{os.getpid()}/fd/{file.fileno()}"
