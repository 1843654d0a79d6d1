"""How many packets a second `testbed measure` takes, beside tshark and scapy on the same file, and how much memory.

    python -m tests.bench.bench_measure

Every figure is of a whole process, from its start to its end. The files are made anew and removed (see `big_capture`);
a process of its own makes them, because Linux counts a parent's memory to the peak of the child that it starts.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

RUNS = 5
RUNS_OF_OTHERS = 3  # but for those that take longer than a minute
MILLIONS = 10
BYTES_A_MILLION = 250_000_000
TESTBED = str(Path(sys.executable).with_name("testbed"))


class Cost(NamedTuple):
    """What a process took: seconds of wall time and of processor time, and its peak memory in bytes."""

    wall_s: float
    cpu_s: float
    peak: int


def cost(*command: str) -> Cost:
    """Run a command and say what it took; raises CalledProcessError when it fails."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(costs: list[Cost]) -> Cost:
    """The median of each."""
    return Cost(*(statistics.median(one) for one in zip(*costs, strict=True)))


def show(name: str, packets: int, one: Cost) -> None:
    """A line."""
    print(
        f"{name}: {packets / one.wall_s:,.0f} packets/s ({one.wall_s:.2f} s; {one.cpu_s:.2f} s of a processor), "
        f"{one.peak / 1e6:.0f} MB",
        flush=True,
    )


def make(path: Path, millions: int) -> str:
    """Make a capture of so many million packets and read it once, so that it lies in memory for everybody."""
    subprocess.run([sys.executable, "-m", "tests.bench.big_capture", str(path), str(millions)], check=True)
    return str(path)


def against_others(folder: Path) -> None:
    """One million packets, and everybody on them."""
    path = make(folder / "million.pcapng", 1)
    packets = 1_000_000
    ours = median([cost(TESTBED, "measure", path, "--json") for _ in range(RUNS)])
    show(f"testbed measure, median of {RUNS}", packets, ours)
    others = {
        "tshark -q -z rtp,streams": ["tshark", "-q", "--enable-heuristic", "rtp_udp", "-z", "rtp,streams", "-r", path],
        "tshark, RTP by the SDP alone": ["tshark", "-q", "-z", "rtp,streams", "-r", path],
    }
    for way in ("layers", "rtp", "reader"):
        others[f"scapy, {way}"] = [sys.executable, "-m", "tests.bench.scapy_streams", way, path]
    for name, command in others.items():
        theirs = cost(*command)
        if theirs.wall_s < 60:
            theirs = median([theirs, *(cost(*command) for _ in range(RUNS_OF_OTHERS - 1))])
        show(name, packets, theirs)
        ratios = f"{theirs.wall_s / ours.wall_s:.1f} ({theirs.cpu_s / ours.cpu_s:.1f} by processor time)"
        print(f"testbed measure / {name}: {ratios}", flush=True)


def memory(folder: Path) -> None:
    """The peak on ten times as many."""
    needed, free = MILLIONS * BYTES_A_MILLION, shutil.disk_usage(folder).free
    if free < 1.2 * needed:
        print(f"memory was not measured: {folder} has {free / 1e9:.1f} GB free, the file takes {needed / 1e9:.1f}")
        return
    path = make(folder / "millions.pcapng", MILLIONS)
    show(f"testbed measure, {MILLIONS} million packets", MILLIONS * 1_000_000, cost(TESTBED, "measure", path, "--json"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="testbed-bench-") as name:
        against_others(Path(name))
        memory(Path(name))
