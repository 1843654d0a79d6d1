"""How many calls a second the B2BUA sets up on one core: SIPp calls SIPp through it. Needs root.

A call is INVITE, 180, 200, ACK, BYE, 200 on both sides, over UDP, without media. A rate counts as carried when no call
of it failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from tests.bench.bench_relay import GENERATOR, OWN, cpu_s, two_namespaces

RATES = (25, 50, 100, 150, 200, 300, 400, 600, 800)
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


def main() -> None:
    """Raises the rate until calls fail."""
    if os.geteuid() != 0:
        sys.exit("the benchmark of signalling makes network namespaces: run it as root")
    if shutil.which("sipp") is None:
        sys.exit("sipp is not here: apt-get install --no-install-recommends sip-tester")
    best = 0
    with two_namespaces() as (b2bua_space, load_space), tempfile.TemporaryDirectory(prefix="testbed-bench-") as scratch:
        for rate in RATES:
            argv = ["ip", "netns", "exec", b2bua_space, "taskset", "-c", "1"]
            process = subprocess.Popen(
                [*argv, sys.executable, "-m", "tests.bench.open_b2bua", OWN],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            if process.stdout is None or process.stdout.readline() != b"READY\n":
                raise RuntimeError("the B2BUA did not start")
            threading.Thread(target=process.stdout.read, daemon=True).start()  # it tells what happens
            try:
                outcome = load(load_space, rate, process.pid, Path(scratch))
            finally:
                process.kill()
                process.wait()
            failed = f"{outcome.failed} of {outcome.done + outcome.failed} failed"
            print(f"{rate} calls/s: {failed}, {outcome.cpu_ms:.2f} ms of a core for each", flush=True)
            if outcome.failed:
                break
            best = rate
    print(f"B2BUA: {best} calls/s without a failure")


if __name__ == "__main__":
    main()
