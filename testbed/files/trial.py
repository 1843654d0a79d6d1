"""A user's Python tried in a process of its own, so that what never ends does not take this one with it."""

import re
import subprocess
import sys
from pathlib import Path

from testbed.scenario.reading.tree import bad

LIMIT_S = 10
# Started without a shell; at the limit Python itself says where it is, and ends.
PROGRAM = f"""
import faulthandler, runpy, sys
faulthandler.dump_traceback_later({LIMIT_S}, exit=True)
runpy.run_path(sys.argv[1])
"""
GRACE_S = 5


def try_python(path: Path) -> None:
    """Runs a Python file; raises BadScenarioError where it doesn't end by itself, and for nothing else."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", timeout=LIMIT_S + GRACE_S, check=False,
        )  # fmt: skip
        said = done.stderr
    except subprocess.TimeoutExpired:
        raise _endless(path, 0) from None
    if said.startswith("Timeout ("):
        lines = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', said)
        raise _endless(path, int(lines[-1]) if lines else 0)


def _endless(path: Path, line: int) -> Exception:
    what = f"this does not end within {LIMIT_S} s; a topology should define NETWORK and do nothing else"
    return bad(path, line, what)
