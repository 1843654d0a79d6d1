"""Agents as processes: started in their node's namespace, told of reports by lines in, heard by lines out."""

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from testbed.lab.plan import Agent
from testbed.lab.processes.foreign import ended
from testbed.lab.processes.spawn import Program
from testbed.lab.spaces import NodeSpace

READY = "READY"
STOP_LIMIT_S = 3.0
# The status after an exception, of which the log's last line tells.
EXCEPTION = 1


class AgentProcess:
    """One running agent. Its standard output carries events as JSON lines; its errors go to a log."""

    def __init__(self, net: Mapping[str, NodeSpace], agent: Agent, logs: Path, command: Sequence[str] = ()) -> None:
        """`command` is another Python module to run, and its arguments before the configuration's file."""
        self.name = agent["name"]
        self.ends_run = agent["ends_run"]
        self.ready = False
        self._brought = [one["module"] for one in agent["config"].get("brought", ())]
        self._log = logs / f"{self.name}.log"
        config = logs / f"{self.name}.json"
        config.write_text(json.dumps(agent["config"]))
        for name, text in agent.get("files", {}).items():
            path = logs / self.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self._program = Program(net[agent["node"]], [*(command or ("agents", agent["role"])), str(config)], self._log)
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait on for what the agent says."""
        return self._program.stdout.fileno()

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
        try:
            self._program.stdin.write(json.dumps(report).encode() + b"\n")
        except BrokenPipeError:
            return

    def stop(self) -> list[dict[str, Any]]:
        """Ends the agent by ending its input, and hears it out; kills it when that does not help."""
        self._program.stdin.close()
        said: list[dict[str, Any]] = []
        limit = time.monotonic() + STOP_LIMIT_S
        while select.select([self], [], [], max(0.0, limit - time.monotonic()))[0]:
            more = self.heard()
            if more is None:
                break
            said += more
        try:
            self._program.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.kill()
        return said

    def kill(self) -> None:
        """Ends the agent at once, as a crash would."""
        self._program.kill()

    def obituary(self) -> str:
        """Why the agent is no more: what it says of itself where an exception ended it, else where to look."""
        status = self._program.wait(STOP_LIMIT_S)
        if status == EXCEPTION:
            last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            return f"agent {self.name} ended with status {status}: {''.join(last)}"
        brought = ", ".join(self._brought)
        whose = f", which has {brought} in it," if brought and status >= 0 else ""
        return f"agent {self.name}{whose} {ended(status, self._log)}"
