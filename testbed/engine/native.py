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
import subprocess
import sys
from pathlib import Path

from testbed.engine.engine import Place, Report, Say
from testbed.engine.errors import MissingRequirementError, RunFailedError
from testbed.engine.run_records import PLAN_FILE, recorded
from testbed.lab.plan import Plan

PROGRAMS = {
    "tc": "iproute2",
    "ip": "iproute2",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
NAMESPACES_REMEDY = "start the container with --privileged, or use --engine vm"
NETEM_REMEDY = (
    "install a kernel that has it (Debian: apt-get install linux-image-amd64, then reboot;"
    " Ubuntu: apt-get install linux-modules-extra-$(uname -r))"
)
# The namespaces of a run, whose first process ends them.
NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
# Beyond the plan's own limit: starting and ending, on a machine that has much else to do.
GRACE_S = 300.0
CHUNK = 65536


class NativeEngine:
    """Needs root and, for links with a delay, a kernel with sch_netem. Not reproducible."""

    name = "native"
    reproducible = False

    async def prepare(self, plan: Plan, say: Say) -> Place:
        """Raises MissingRequirementError, with what would mend it, where this machine can't carry out the plan."""
        if os.geteuid() != 0:
            raise MissingRequirementError("the native engine needs root: run it with sudo, or use --engine vm")
        missing = sorted({package for program, package in programs(plan).items() if shutil.which(program) is None})
        if missing:
            raise MissingRequirementError(f"the native engine needs more: apt-get install {' '.join(missing)}")
        if not may_unshare():
            raise MissingRequirementError(f"namespaces are forbidden to root here: {NAMESPACES_REMEDY}")
        if any(radio["supplicant"] is not None for radio in plan["radios"].values()):
            raise MissingRequirementError("hwsim is a module of the whole machine's kernel: use --engine vm")
        if not has_veth():
            raise MissingRequirementError(
                f"this kernel has no veth or no bridge, so there can be no network: {NETEM_REMEDY}, or use --engine vm"
            )
        if plan["shapes"] and not has_netem():
            raise MissingRequirementError(
                f"this kernel has no sch_netem, so links would have no delay: {NETEM_REMEDY}, or use --engine vm"
            )
        if plan["gates"] and not has_fq():
            raise MissingRequirementError(
                "this kernel has no sch_fq, act_mirred or cls_matchall, so no link could change its rate or lose"
                f" packets at its times: {NETEM_REMEDY}, or use --engine vm"
            )
        return ThisMachine()


def programs(plan: Plan) -> dict[str, str]:
    """What this plan starts, and the packages of Debian that bring it."""
    found = dict(PROGRAMS)
    if plan["patterns"]:
        found["nft"] = "nftables"
    if any(radio["address"] == "dhcp" for radio in plan["radios"].values()):
        found["busybox"] = "busybox-static"
    for one in plan["programs"]:
        if one["packages"] and "/" not in one["command"][0]:
            found[one["command"][0]] = " ".join(one["packages"])
    return found


class ThisMachine:
    """This machine's kernel; every run in namespaces of its own."""

    async def run(self, plan: Plan, folder: Path, report: Report) -> None:
        """Carries out the plan in namespaces of its own."""
        folder = folder.resolve()  # the lab, and `testbed clean`, work from other folders than this process
        folder.mkdir(parents=True, exist_ok=True)
        plan_file = folder / PLAN_FILE
        plan_file.write_text(json.dumps(plan))
        (folder / "logs").mkdir(exist_ok=True)
        with recorded(folder) as record, (folder / "logs" / "lab.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL", "--"),
                *NAMESPACES,
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
    rest = b""
    while data := await process.stdout.read(CHUNK):
        *lines, rest = (rest + data).split(b"\n")  # of any length: a user's scheme may have much to tell
        for line in lines:
            with contextlib.suppress(ValueError):
                report(json.loads(line))
    await process.wait()


def may_unshare() -> bool:
    """Whether a run can have namespaces of its own; root may not everywhere."""
    return subprocess.run([*NAMESPACES, "true"], capture_output=True, check=False).returncode == 0


def has_veth() -> bool:
    """Whether this kernel has what networks are made of, tried as below."""
    lines = "link add one type veth peer name other\nlink add switch type bridge\n"
    argv = ["unshare", "--net", "--", "ip", "-batch", "-"]
    return subprocess.run(argv, input=lines.encode(), capture_output=True, check=False).returncode == 0


def has_netem() -> bool:
    """Whether this kernel shapes links, tried in a namespace that is gone afterwards."""
    argv = ["unshare", "--net", "--", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def has_fq() -> bool:
    """Whether packets can leave at their times, and by another interface, tried as above."""
    lines = "qdisc add dev lo root fq\nqdisc add dev lo ingress\n"
    lines += "filter add dev lo ingress matchall action mirred egress redirect dev lo\n"
    argv = ["unshare", "--net", "--", "tc", "-batch", "-"]
    return subprocess.run(argv, input=lines.encode(), capture_output=True, check=False).returncode == 0


def last_line(log: Path) -> str:
    """The last line of a log file, or a hint that it is empty."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
