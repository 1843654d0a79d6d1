"""How many calls a second the B2BUA sets up on one core: SIPp calls SIPp through it. Needs root.

`python -m tests.bench.bench_signalling [B2BUA_SIMPLE]`: with the path of Sippy's program, that is measured beside ours.

A call is INVITE, 180, 200, ACK, BYE, 200 on both sides, over UDP, without media. A rate counts as carried when no call
of it failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench_relay import GENERATOR, OWN, cpu_s, two_namespaces

RATES = (25, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 1000)
SECONDS = 8


class Outcome(NamedTuple):
    """Calls that succeeded and failed, and milliseconds of processor time for each."""

    done: int
    failed: int
    cpu_ms: float


def load(space: str, rate: int, pid: int, scratch: Path) -> Outcome:
    """So many calls a second."""
    inside = ["ip", "netns", "exec", space, "taskset", "-c", "0", "sipp"]
    answering = subprocess.Popen(
        [*inside, "-sn", "uas", "-i", GENERATOR, "-p", "5070", "-nostdin"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=scratch,
    )  # fmt: skip
    cpu = cpu_s(pid)
    calls = rate * SECONDS
    argv = [*inside, "-sn", "uac", "-i", GENERATOR, "-p", "5080", "-rsa", f"{OWN}:5060", "-r", f"{rate}"]
    argv += ["-m", f"{calls}", "-d", "0", "-timeout", f"{SECONDS + 20}", "-nostdin", f"{GENERATOR}:5070"]
    try:
        said = subprocess.run(argv, check=False, capture_output=True, text=True, errors="replace", cwd=scratch).stdout
    finally:
        answering.kill()
        answering.wait()
    done = int(re.findall(r"Successful call *\|[^|]*\| *(\d+)", said)[-1])
    return Outcome(done, calls - done, 1000 * (cpu_s(pid) - cpu) / max(1, done))


def ours() -> list[str]:
    """Our B2BUA, as a command."""
    return [sys.executable, "-m", "tests.bench.open_b2bua", OWN]


def sippy(program: str, scratch: Path) -> list[str]:
    """Sippy's simple one. It sends all calls on to one address, and logs to a file."""
    return [program, "-f", "-l", OWN, "-p", "5060", "-n", f"{GENERATOR}:5070", "-L", str(scratch / "sippy.log")]


def best_rate(name: str, command: list[str], spaces: tuple[str, str], scratch: Path) -> Outcome:
    """Raises the rate until calls fail; returns the last outcome without a failure."""
    b2bua_space, load_space = spaces
    best = Outcome(0, 0, float("inf"))
    for rate in RATES:
        process = subprocess.Popen(
            ["ip", "netns", "exec", b2bua_space, "taskset", "-c", "1", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for_port(b2bua_space)
            outcome = load(load_space, rate, process.pid, scratch)
        finally:
            process.kill()
            process.wait()
        failed = f"{outcome.failed} of {outcome.done + outcome.failed} failed"
        print(f"{name}, {rate} calls/s: {failed}, {outcome.cpu_ms:.2f} ms of a core for each", flush=True)
        if outcome.failed:
            break
        best = outcome
    print(f"{name}: {best.done / SECONDS:.0f} calls/s without a failure")
    return best


def wait_for_port(space: str) -> None:
    """Until somebody listens on SIP's port; raises RuntimeError after a while."""
    for _ in range(100):
        table = subprocess.run(["ip", "netns", "exec", space, "ss", "-lun"], check=True, capture_output=True, text=True)
        if ":5060 " in table.stdout:
            return
        time.sleep(0.1)
    raise RuntimeError("the B2BUA did not start")


def main() -> None:
    """Ours, and Sippy's where its program is named, on the same load."""
    if os.geteuid() != 0:
        sys.exit("the benchmark of signalling makes network namespaces: run it as root")
    if shutil.which("sipp") is None:
        sys.exit("sipp is not here: apt-get install --no-install-recommends sip-tester")
    with two_namespaces() as spaces, tempfile.TemporaryDirectory(prefix="testbed-bench-") as name:
        scratch = Path(name)
        mine = best_rate("B2BUA", ours(), spaces, scratch)
        if len(sys.argv) < 2:
            print("Sippy's was not measured: name its b2bua_simple")
            return
        theirs = best_rate("Sippy", sippy(sys.argv[1], scratch), spaces, scratch)
    if theirs.done:
        rates, work = mine.done / theirs.done, theirs.cpu_ms / mine.cpu_ms
        print(f"B2BUA / Sippy: {rates:.1f} times the calls/s; Sippy takes {work:.1f} times the processor time for each")


if __name__ == "__main__":
    main()
