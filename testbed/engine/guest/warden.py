"""Runs a program, and ends with it whatever it has started: `python warden.py PARENT PROGRAM ARGUMENT…`.

Programs that build images start others, in sessions and namespaces of their own; whoever is killed leaves them running.
All of them become children of this process when their own parents end (PR_SET_CHILD_SUBREAPER), so it can find them:
when the program has ended, when this process is told to end (SIGTERM), and when PARENT has ended, by SIGKILL too.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # include/uapi/linux/prctl.h
# For what the program itself undoes: mounts, a folder with half a system.
GRACE_S = 10.0
POLL_S = 0.02


class ToldToEndError(Exception):
    """SIGTERM, or the parent's end."""


def tell(number: int, frame: FrameType | None) -> None:
    """The handler of SIGTERM; it counts once."""
    signal.signal(number, signal.SIG_IGN)
    raise ToldToEndError


def main(parent: int, program: list[str]) -> NoReturn:
    """Ends with the program's status; 128 and the signal's number where a signal has ended it, as shells say it."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, tell)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    status = 128 + signal.SIGTERM
    child = 0
    try:
        if os.getppid() != parent:
            raise ToldToEndError  # noqa: TRY301 - it has ended before we could ask to be told
        child = started(program)
        status = status_of(child)
    except ToldToEndError:
        if child:
            end_kindly(child)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kill_all()
    os._exit(status)


def started(program: list[str]) -> int:
    """The process of a program, which leads a group of its own."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        with contextlib.suppress(OSError):
            os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
        os._exit(127)
    return child


def status_of(child: int) -> int:
    """Waits for the program's end; what it has left to us ends meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def end_kindly(child: int) -> None:
    """Tells the program and its group to end, and waits a while for that."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGTERM)
    limit = time.monotonic() + GRACE_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < limit:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                return
            if not pid:
                time.sleep(POLL_S)


def kill_all() -> None:
    """Kills all children, and theirs, which are ours then, until there are none."""
    with contextlib.suppress(ChildProcessError):
        while True:
            for pid in children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.wait()


def children() -> list[int]:
    """The processes that have this one for a parent."""
    found = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(word) for word in found.read_text().split()]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
