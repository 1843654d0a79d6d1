"""The native engine: the same lab on this machine's own kernel, in wall-clock time.

Everything happens inside fresh namespaces (network, mounts, processes). Their first process dies with this one, and
with it every process, interface and mount of the run: so nothing can be left over, whatever is killed, and two runs
cannot meet. What is left of a run that was killed is a record of it, which `testbed clean` reads.
"""

import asyncio
import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from testbed.engine.cache import cache_folder
from testbed.engine.engine import Place, Report, Say
from testbed.engine.errors import MissingRequirementError, RunFailedError
from testbed.lab.plan import Plan

PROGRAMS = {
    "mnexec": "mininet",
    "tcpdump": "tcpdump",
    "tc": "iproute2",
    "ip": "iproute2",
    "ifconfig": "net-tools",
    "setpriv": "util-linux",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
CHROOT_REMEDY = "enter it as a container does (pivot_root; systemd-nspawn, podman), or use --engine vm"
NETEM_REMEDY = (
    "install a kernel that has it (Debian: apt-get install linux-image-amd64, then reboot;"
    " Ubuntu: apt-get install linux-modules-extra-$(uname -r))"
)
# Beyond the plan's own limit: starting and ending.
GRACE_S = 60.0


class NativeEngine:
    """Needs root, Mininet's mnexec and, for links with a delay, a kernel with sch_netem. Not reproducible."""

    name = "native"
    reproducible = False

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Raises MissingRequirementError, with what would mend it, where this machine can't carry out the plan."""
        if os.geteuid() != 0:
            raise MissingRequirementError("the native engine needs root: run it with sudo, or use --engine vm")
        missing = sorted({package for program, package in programs(plan).items() if shutil.which(program) is None})
        if missing:
            raise MissingRequirementError(f"the native engine needs more: apt-get install {' '.join(missing)}")
        if is_chroot():
            raise MissingRequirementError(f"Mininet's mnexec would leave this chroot: {CHROOT_REMEDY}")
        if any(radio["supplicant"] is not None for radio in plan["radios"].values()):
            raise MissingRequirementError("hwsim is a module of the whole machine's kernel: use --engine vm")
        if plan["shapes"] and not has_netem():
            raise MissingRequirementError(
                f"this kernel has no sch_netem, so links would have no delay: {NETEM_REMEDY}, or use --engine vm"
            )
        return ThisMachine()


def programs(plan: Plan) -> dict[str, str]:
    """What this plan starts, and the packages of Debian that bring it."""
    found = dict(PROGRAMS)
    if plan["patterns"]:
        found["nft"] = "nftables"
    if any(radio["address"] == "dhcp" for radio in plan["radios"].values()):
        found["busybox"] = "busybox-static"
    return found


class ThisMachine:
    """This machine's kernel; every run in namespaces of its own."""

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan in namespaces of its own."""
        folder = folder.resolve()  # the lab, and `testbed clean`, work from other folders than this process
        folder.mkdir(parents=True, exist_ok=True)
        plan_file = folder / ".plan.json"
        plan_file.write_text(json.dumps(plan))
        (folder / "logs").mkdir(exist_ok=True)
        with recorded(folder) as record, (folder / "logs" / "lab.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--"),
                *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
                *(sys.executable, "-m", "testbed.lab", str(plan_file), str(folder)),
                cwd=Path(__file__).parents[2],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
            record(process.pid)
            try:
                async with asyncio.timeout(plan["limit_s"] + GRACE_S):
                    await follow(process, report)
            except TimeoutError:
                raise RunFailedError("the run did not end in time") from None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                plan_file.unlink(missing_ok=True)
        if not (folder / "outcome.json").exists():
            raise RunFailedError(f"the lab ended without a result: {last_line(folder / 'logs' / 'lab.log')}")

    def identity(self) -> dict[str, str]:
        """The kernel that ran it."""
        return {"kernel_release": platform.release(), "machine": platform.machine()}


async def follow(process: asyncio.subprocess.Process, report: Report) -> None:
    """Passes on what the lab reports until it has ended."""
    if process.stdout is None:
        raise RuntimeError("the lab has no output")
    async for line in process.stdout:
        with contextlib.suppress(ValueError):
            report(json.loads(line))
    await process.wait()


def has_netem() -> bool:
    """Whether this kernel shapes links, tried in a namespace that is gone afterwards."""
    argv = ["unshare", "--net", "--", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def is_chroot() -> bool:
    """Whether / is not that of this mount namespace, which mnexec enters; needs root."""
    argv = ["nsenter", "--mount=/proc/self/ns/mnt", "--", "test", f"/proc/{os.getpid()}/root", "-ef", "/"]
    return subprocess.run(argv, capture_output=True, check=False).returncode != 0


def last_line(log: Path) -> str:
    """The last line of a log file, or a hint that it is empty."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


# -- records of runs, for `testbed clean` -----------------------------------------------------------------------------


def records_folder() -> Path:
    """Where a native run leaves a record while it lasts."""
    folder = cache_folder() / "native-runs"
    folder.mkdir(exist_ok=True)
    return folder


@contextlib.contextmanager
def recorded(folder: Path) -> Iterator[Callable[[int], None]]:
    """Records a run before anything of it exists, and forgets it when it has ended."""
    path = records_folder() / f"{os.getpid()}-{time.time_ns()}.json"
    record = {"folder": str(folder), "owner": identity_of(os.getpid()), "lab": None}
    note(path, record)
    try:
        yield lambda pid: note(path, {**record, "lab": identity_of(pid)})
    finally:
        path.unlink(missing_ok=True)


def note(path: Path, record: dict[str, Any]) -> None:
    """Writes down what has come into being; whoever reads finds the record whole, or the one before."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(record))
    unfinished.rename(path)


def identity_of(pid: int) -> dict[str, int | str | None]:
    """A process by its number and its start, which tells it from a later one with the same number."""
    return {"pid": pid, "started": start_time(pid)}


def start_time(pid: int) -> str | None:
    """When a process started (field 22 of /proc/PID/stat, after its state); None when it has ended."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else after_name[19]


def is_alive(identity: dict[str, Any] | None) -> bool:
    """Whether this very process still runs."""
    return (
        identity is not None and identity["started"] is not None and start_time(identity["pid"]) == identity["started"]
    )


def clean() -> list[str]:
    """Ends what killed runs left, by record; returns a line for each."""
    for path in records_folder().glob("*.unfinished"):
        if start_time(int(path.name.partition("-")[0])) is None:
            path.unlink(missing_ok=True)
    return [clean_up(path) for path in sorted(records_folder().glob("*.json"))]


def clean_up(path: Path) -> str:
    """Ends what the run of one record left, unless it still runs; returns what was done."""
    try:
        record = json.loads(path.read_text())
        folder, owner, lab = Path(record["folder"]), record["owner"], record["lab"]
        if is_alive(owner):
            return f"{folder}: still running, left alone"
        if is_alive(lab):
            os.kill(lab["pid"], signal.SIGKILL)
            done = f"{folder}: ended process {lab['pid']} and with it its namespaces"
        else:
            done = f"{folder}: nothing was left but its record"
        (folder / ".plan.json").unlink(missing_ok=True)
    except (ValueError, KeyError, TypeError) as error:
        done = f"{path}: no record of a run, removed ({error})"
    path.unlink(missing_ok=True)
    return done
