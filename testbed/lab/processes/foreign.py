"""Programs that others wrote, as agents: phones and servers with their own files, ports, and ways of being told."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from mininet.net import Mininet

from testbed.lab.plan import Foreign

STOP_LIMIT_S = 3.0
UDP_TABLES = ("udp", "udp6")


class ForeignProcess:
    """One running program. What it says goes to a log; nothing of it is understood.

    It runs in a folder of the run's logs, which is its home too, so that its files can be looked at afterwards.
    """

    ends_run = False

    def __init__(self, net: Mininet, program: Foreign, logs: Path) -> None:
        self.name = program["name"]
        self._program = program
        self._node = net[program["node"]]
        self._log = logs / f"{self.name}.log"
        self._folder = folder = logs / self.name
        folder.mkdir()
        for name, content in program["files"].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode("latin-1"))
        with self._log.open("wb") as log:
            self._process = self._node.popen(
                program["command"], cwd=folder, env=environment(folder),
                stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self._end = os.pidfd_open(self._process.pid)
        self._type(program["start"])

    def fileno(self) -> int:
        """The descriptor that can be read when the program has ended."""
        return self._end

    @property
    def ready(self) -> bool:
        """Whether it listens on all of its ports, and has said what there is to be said then."""
        if self._program.get("says_ready", "") not in self._log.read_text(errors="replace"):
            return False
        tables = [Path(f"/proc/{self._node.pid}/net/{name}").read_text() for name in UDP_TABLES]
        return set(self._program["udp_ports"]) <= {port for table in tables for port in bound_ports(table)}

    def heard(self) -> None:
        """It has ended: that is all that can be heard of it."""

    def tell(self, report: dict[str, Any]) -> None:
        """Of all reports, that its user hangs up is the one that it can be told."""
        if report["report"] == "hang-up":
            self._type(self._program["hang_up"])

    def stop(self) -> None:
        """Asks the program to end; kills it when that does not help. Of its folder, plain files are kept."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        for path in sorted(self._folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                path.unlink()

    def kill(self) -> None:
        """Ends the program at once, as a crash would."""
        self._process.kill()

    def obituary(self) -> str:
        """Why the program is no more: its status and the last line of its log."""
        status = self._process.wait(STOP_LIMIT_S)
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        return f"{self.name}, {self._program['command'][0]}, {how}" + (f": {last[0]}" if last else "")

    def _type(self, text: str) -> None:
        """Types into the program; one that has just died is found out when its end is seen."""
        try:
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return


def environment(home: Path) -> dict[str, str]:
    """What a program is told of its surroundings: nothing of the person who runs it."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def bound_ports(table: str) -> set[int]:
    """The local ports in a table of the kernel's UDP sockets (/proc/net/udp)."""
    rows = (line.split() for line in table.splitlines()[1:])
    return {int(row[1].rpartition(":")[2], 16) for row in rows}
