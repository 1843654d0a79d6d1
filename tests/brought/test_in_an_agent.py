"""A user's code in an agent: what it writes, raises, or never returns from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# As the lab starts an agent: file objects that nobody else keeps (lab/processes/spawn).
AGENT = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
sys.stdout, sys.stderr = open(1, "w"), open(2, "w", buffering=1)
from agents.io import brought_code
from agents.roles.mn.schemes import SCHEMES
brought_code.LOOK_EVERY_S = 0.05
order = {{"kind": "scheme", "name": "mine", "module": "mine.py", "attribute": "SCHEME"}}

def run(events):
    SCHEMES["mine"].loaded()(None).triggered(now=1.0)
    events.write('{{"event": "call_ended"}}\\n')
    events.flush()

brought_code.run_brought({{"brought": [order]}}, Path({folder!r}), run)
"""
MINE = """import os, sys, time
from agents.roles.mn.schemes import Scheme, SchemeRow
class Mine(Scheme):
    def triggered(self, *, now):
        {}
SCHEME = SchemeRow(api=1, about="mine", scheme=Mine)
"""


def agent(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.py").write_text(MINE.format(line), encoding="utf-8")
    argv = [sys.executable, "-c", AGENT.format(root=str(ROOT), folder=str(folder))]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "line", ["print('hello')", "os.write(1, b'hello')", "os.system('echo hello')", "sys.stdout.writelines(['hello'])"]
)
def test_what_it_writes_is_in_the_log_and_not_among_the_events(tmp_path: Path, line: str) -> None:
    done = agent(tmp_path, line)
    assert done.returncode == 0, done.stderr
    said = [json.loads(one) for one in done.stdout.splitlines()]
    assert said[-1] == {"event": "call_ended"}
    assert "hello" in done.stderr
    if "print" in line:
        assert said[0] == {"warning": "mine.py writes to standard output: that is in the agent's log"}


@pytest.mark.parametrize(
    ("line", "last"),
    [
        ("raise ValueError('no such thing')", "mine.py:5: ValueError: no such thing"),
        ("sys.exit(0)", "mine.py:5: SystemExit: 0"),
        ("self.enter('HERE')", "mine.py:5: AttributeError: 'NoneType' object has no attribute 'tell'"),
        ("while True: pass", "mine.py:5: TimeoutError: triggered() has not returned for 3 s"),
        ("time.sleep(1000)", "mine.py:5: TimeoutError: triggered() has not returned for 3 s"),
    ],
)
def test_its_fault_is_the_log_s_last_line(tmp_path: Path, line: str, last: str) -> None:
    done = agent(tmp_path, line)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == last
    assert not list(tmp_path.rglob("*.pyc"))
