"""Agents as processes: what is said of one that is no more."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from testbed.lab.processes.agents import AgentProcess
from tests.rules import ROOT

if TYPE_CHECKING:
    from pathlib import Path


class Ended:
    """In place of the process: it has ended."""

    def __init__(self, status: int) -> None:
        self._status = status

    def wait(self, _: float) -> int:
        return self._status


def obituary(folder: Path, status: int, log: str, config: dict[str, Any]) -> str:
    agent = AgentProcess.__new__(AgentProcess)  # without the process, which needs a network namespace
    agent.name, agent._log = "mn", folder / "mn.log"
    agent._brought = [one["module"] for one in config.get("brought", ())]
    agent._program = Ended(status)  # type: ignore[assignment]
    agent._log.write_text(log)
    return agent.obituary()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "agent mn ended with status 1: mine.py:5: ValueError: no"),
        (
            3,
            "agent mn, which has mine.py in it, ended with status 3;"
            " the last line of logs/mn.log: mine.py:5: ValueError: no",
        ),
        (-9, "agent mn was killed by signal 9; the last line of logs/mn.log: mine.py:5: ValueError: no"),
    ],
)
def test_only_an_exception_s_last_line_is_said_to_be_the_reason(tmp_path: Path, status: int, said: str) -> None:
    config = {"brought": [{"module": "mine.py"}]}
    assert obituary(tmp_path, status, "2.1 CALLING\nmine.py:5: ValueError: no\n", config) == said


def test_without_a_user_s_file_none_is_named(tmp_path: Path) -> None:
    assert obituary(tmp_path, 3, "x\n", {}) == "agent mn ended with status 3; the last line of logs/mn.log: x"


class Talking:
    """In place of the process: one that has much to say when its input ends."""

    def __init__(self, code: str) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stdin, self.stdout = self._process.stdin, self._process.stdout
        self.wait, self.kill = self._process.wait, self._process.kill


def test_an_agent_is_heard_out() -> None:
    """More than a pipe holds: unread, it would wait for ever, and be killed."""
    lines = 3000
    agent = AgentProcess.__new__(AgentProcess)
    agent._rest = b""
    code = (
        f"import sys, json; sys.stdin.read()\nfor n in range({lines}): print(json.dumps({{'event': 'x' * 40, 'n': n}}))"
    )
    agent._program = Talking(code)  # type: ignore[assignment]
    assert [one["n"] for one in agent.stop()] == list(range(lines))
    assert agent._program.wait(1.0) == 0
    agent._program.stdout.close()


def test_an_agent_s_log_begins_with_its_own_words() -> None:
    """The agent's module is run by runpy, which warns of one that is loaded already."""
    code = (
        "import runpy, sys; from testbed.lab.processes.spawn import preload; preload(); sys.argv = ['agents'];"
        "runpy.run_module('agents', run_name='__main__', alter_sys=True)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "usage: python -m agents ROLE CONFIG"
    assert "RuntimeWarning" not in done.stderr
