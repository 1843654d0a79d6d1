"""Programs that others wrote, as agents: phones and servers with their own files, ports, and ways of being told."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from testbed.lab.plan import Foreign, Telling
from testbed.lab.spaces import NodeSpace, entered

STOP_LIMIT_S = 3.0
UDP_TABLES = ("udp", "udp6")
# What of an agent's reports a program can be told.
TOLD = {"call": "call", "hang-up": "hang_up"}


class ForeignProcess:
    """One running program. What it says goes to a log; nothing of it is understood.

    It runs in a folder of the run's logs, which is its home too, so that its files can be looked at afterwards.
    """

    ends_run = False

    def __init__(self, net: Mapping[str, NodeSpace], program: Foreign, logs: Path) -> None:
        """Raises OSError where it can't be started at all."""
        self.name = program["name"]
        self.is_mobile = program["is_mobile"]
        self._program = program
        self._node = net[program["node"]]
        self._log = logs / f"{self.name}.log"
        self._folder = folder = logs / self.name
        self._write_files()
        with self._log.open("wb") as log:
            self._process = self._node.popen(
                program["command"], cwd=folder, env=environment(folder),
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._end = os.pidfd_open(self._process.pid)
        self._tell(program["start"])

    def fileno(self) -> int:
        """The descriptor that can be read when the program has ended."""
        return self._end

    @property
    def ready(self) -> bool:
        """Whether it listens on all of its ports, and has said what there is to be said then."""
        return not self.awaited()

    def awaited(self) -> str:
        """What it has not done yet that makes it ready; empty when it is."""
        wanted = self._program["ready"]
        if wanted["says"] not in self._log.read_text(errors="replace"):
            return f"it has not said {wanted['says']!r}"
        with entered(self._node):
            tables = [Path(f"/proc/thread-self/net/{name}").read_text() for name in UDP_TABLES]
        missing = set(wanted["udp"]) - {port for table in tables for port in bound_ports(table)}
        return f"nobody listens on UDP port {min(missing)}" if missing else ""

    @property
    def within_s(self) -> float:
        """How long it may take until it is ready."""
        return self._program["ready"]["within_s"]

    @property
    def title(self) -> str:
        """How it is called in complaints: with the file that describes it."""
        return f"{self.name} ({self._program['file']})"

    def heard(self) -> None:
        """It has ended: that is all that can be heard of it."""

    def tell(self, report: dict[str, Any]) -> None:
        """Of all reports, that its user calls or hangs up is what it can be told."""
        name = TOLD.get(report["report"])
        if name == "call":
            self._tell(self._program["call"])
        elif name == "hang_up":
            self._tell(self._program["hang_up"])

    def stop(self) -> list[dict[str, Any]]:
        """Asks the program to end; kills it when that does not help. Of its folder, plain files are kept.

        What it says is for its log alone: nothing of it is returned.
        """
        self._tell(self._program["stop"])
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        for path in sorted(self._folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                path.unlink()
        return []

    def kill(self) -> None:
        """Ends the program at once, as a crash would."""
        self._process.kill()

    def status(self) -> int:
        """How it ended; raises subprocess.TimeoutExpired where it has not."""
        return int(self._process.wait(STOP_LIMIT_S))

    def obituary(self) -> str:
        """Why the program is no more: its status, and where to look."""
        return f"{self.title}: {self._program['command'][0]} {ended(self.status(), self._log)}"

    def _write_files(self) -> None:
        self._folder.mkdir()
        for name, content in self._program["files"].items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("latin-1"))
        for name in self._program["executables"]:
            (self._folder / name).chmod(0o755)

    def _tell(self, telling: Telling) -> None:
        """Tells it; one that has just died is found out when its end is seen."""
        if "types" in telling:
            self._type(telling["types"])
        if "signal" in telling:
            self._process.send_signal(signal.Signals[f"SIG{telling['signal']}"])
        if "runs" in telling:
            with self._log.open("ab") as log:
                run(self._node, telling["runs"], self._folder, log)

    def _type(self, text: str) -> None:
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return


def run(node: NodeSpace, command: list[str], folder: Path, log: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - a file
    """Starts a command in a node; what it says goes to `log`."""
    process: subprocess.Popen[bytes] = node.popen(
        command, cwd=folder, env=environment(folder),
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return process


def ended(status: int, log: Path) -> str:
    """How a program ended, and the last line of its log: that need not be the reason."""
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    last = log.read_text(errors="replace").strip().splitlines()[-1:]
    return how + (f"; the last line of logs/{log.name}: {last[0]}" if last else f"; logs/{log.name} is empty")


def environment(home: Path) -> dict[str, str]:
    """What a program is told of its surroundings: nothing of the person who runs it."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def bound_ports(table: str) -> set[int]:
    """The local ports in a table of the kernel's UDP sockets (/proc/net/udp)."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {int(row[1].rpartition(":")[2], 16) for row in rows}
