"""Captures: one tcpdump for each interface, nanosecond stamps, and the kernel's word on what was dropped."""

import re
import signal
import subprocess
import time
from pathlib import Path

from mininet.net import Mininet

from testbed.lab.network import Interface

BUFFER_KIB = 4096
STOP_LIMIT_S = 60.0
# The kernel hands packets over in blocks, a block that is not full after a second (libpcap's timeout, as tcpdump sets
# it). What is in such a block when tcpdump is told to end is lost, and nobody counts it.
FLUSH_S = 1.5
DROPPED = re.compile(r"(\d+) packets? dropped by kernel")


class CapturingError(Exception):
    """A capture could not be started."""


class Captures:
    """All captures of a run."""

    def __init__(self, net: Mininet, interfaces: list[Interface], folder: Path, monitors: tuple[str, ...] = ()) -> None:
        """Starts them, also on `monitors`, interfaces of no node; returns when all listen. Raises CaptureError."""
        folder.mkdir(parents=True, exist_ok=True)
        starters = {interface.name: net[interface.node].popen for interface in interfaces}
        starters |= dict.fromkeys(monitors, subprocess.Popen)
        self._processes = {
            name: start(
                [
                    *("tcpdump", "-i", name, "-n", "-s", "0", "-B", str(BUFFER_KIB), "-Z", "root"),
                    *("--time-stamp-precision=nano", "-w", str(folder / f"{name}.pcap")),
                ],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            )
            for name, start in starters.items()
        }  # fmt: skip
        for name, process in self._processes.items():
            first = process.stderr.readline()
            if "listening on" not in first:
                raise CapturingError(f"tcpdump on {name}: {first.strip()}")

    def stop(self) -> tuple[list[str], list[str]]:
        """Ends them; returns what failed (a capture that is not whole) and warnings (one that dropped packets)."""
        time.sleep(FLUSH_S)
        for process in self._processes.values():
            process.send_signal(signal.SIGINT)
        failures, warnings = [], []
        for name, process in self._processes.items():
            try:
                _, said = process.communicate(timeout=STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                failures.append(f"the capture on {name} did not end and may be cut off")
                continue
            dropped = DROPPED.search(said)
            if dropped is None:
                failures.append(f"the capture on {name} ended early: {said.strip().splitlines()[-1:]}")
            elif dropped[1] != "0":
                warnings.append(f"the capture on {name} dropped {dropped[1]} packets")
        return failures, warnings
