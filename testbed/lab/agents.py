"""Agents as processes: started in their node's namespace, told of reports by lines in, heard by lines out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from mininet.net import Mininet

from testbed.lab.plan import PYTHON, Agent

READY = "READY"
STOP_LIMIT_S = 3.0


class AgentProcess:
    """One running agent. Its standard output carries events as JSON lines; its errors go to a log."""

    def __init__(self, net: Mininet, agent: Agent, config: Path, log: Path) -> None:
        self.name = agent["name"]
        self.ends_run = agent["ends_run"]
        self.log = log
        self.ready = False
        self.stopping = False
        config.write_text(json.dumps(agent["config"]))
        with log.open("wb") as errors:
            self.process: subprocess.Popen[bytes] = net[agent["node"]].popen(
                [*(sys.executable if word == PYTHON else word for word in agent["argv"]), str(config)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait on for what the agent says."""
        if self.process.stdout is None:
            raise ValueError("the agent has no output")
        return self.process.stdout.fileno()

    def heard(self) -> list[dict[str, Any]] | None:
        """What the agent has said since the last call, as parsed lines; None when it has ended."""
        data = os.read(self.fileno(), 65536)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        said = []
        for line in lines:
            if line.strip() == READY.encode():
                self.ready = True
            elif line.strip():
                said.append(json.loads(line))
        return said

    def tell(self, report: dict[str, Any]) -> None:
        """Sends the agent a line; one that has just died is found out when its output ends."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            try:
                self.process.stdin.write(json.dumps(report).encode() + b"\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                self.process.stdin = None

    def stop(self) -> None:
        """Ends the agent by ending its input; kills it when that does not help."""
        self.stopping = True
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def obituary(self) -> str:
        """Why the agent is no more: its status and the last line of its log."""
        status = self.process.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        return f"agent {self.name} {how}" + (f": {last[0]}" if last else "")
