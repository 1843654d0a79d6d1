"""A user's Python tried in a process of its own, so that what never ends does not take this one with it."""

import re
import subprocess
import sys
from pathlib import Path

from testbed.scenario.reading.tree import bad

COMPUTING_S, WAITING_S = 10, 60
"""So much of the processor's time, which a busy machine does not use up, and of time at all."""
ENDLESS = "never ends"
# At a limit Python itself says where it is, and ends.
PROGRAM = f"""
import faulthandler, os, runpy, signal, sys
def stop(*_):
    sys.stderr.write("{ENDLESS}\\n")
    faulthandler.dump_traceback()
    os._exit(1)
signal.signal(signal.SIGPROF, stop)
signal.signal(signal.SIGALRM, stop)
signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[3]))
runpy.run_path(sys.argv[1])
"""
GRACE_S = 5


def try_python(path: Path) -> None:
    """Runs a Python file; raises BadScenarioError where it doesn't end by itself, and for nothing else."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(COMPUTING_S), str(WAITING_S)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", timeout=WAITING_S + GRACE_S, check=False,
        )  # fmt: skip
        said = done.stderr
    except subprocess.TimeoutExpired:
        raise _endless(path, 0) from None
    _, sign, trace = said.rpartition(f"{ENDLESS}\n")
    if sign:
        lines = re.findall(rf'File "{re.escape(str(path))}", line (\d+)', trace)
        raise _endless(path, int(lines[0]) if lines else 0)


def _endless(path: Path, line: int) -> Exception:
    what = f"this does not end, in {COMPUTING_S} s of computing or {WAITING_S} s of waiting"
    return bad(path, line, f"{what}; a topology should define NETWORK and do nothing else")
