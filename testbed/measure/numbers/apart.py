"""Work of others' code, done in a child: whatever it does there, this process goes on, and knows what became of it.

The child is a fork, so that it has all that this process has measured; other threads of this process are not in it.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import warnings
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

GRACE_S = 1.0
"""What raises nothing when its time is up, since it is in C or catches everything, is ended so much later."""
_FORK = multiprocessing.get_context("fork")
_PLACE = re.compile(r'^  File "(.*)", line (\d+) in ', re.MULTILINE)


class Ended(NamedTuple):
    """How a child ended that still had something to do, and at which files and lines, the innermost first."""

    how: str
    places: tuple[tuple[str, int], ...]

    def line_of(self, path: Path) -> int:
        """Return the innermost line of a file that it was at; 0 where it was at none, or that is not known."""
        names = [str(one).encode("ascii", "backslashreplace").decode() for one in (path.absolute(), path.resolve())]
        return next((line for name, line in self.places if name in names), 0)  # as faulthandler writes them


def do_apart(work: Callable[[Callable[[object], None]], None], limit_s: float) -> tuple[list[Any], Ended | None]:
    """Have a fork of this process do `work`; return what it told, and how it ended if that was too early.

    `work` gets a function that tells something plain (numbers, text); it has `limit_s` for each thing that it tells.
    """
    answers, told = _FORK.Pipe(duplex=False)
    with tempfile.TemporaryFile("w+", encoding="ascii", errors="replace") as traces:
        child = _FORK.Process(target=_child, args=(work, told, traces, limit_s), daemon=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12 on: a fork beside threads; see above
            child.start()
        told.close()
        try:
            heard, is_done = _hear(answers, limit_s + 3 * GRACE_S)
            child.join(GRACE_S)  # threads that it has left behind may go on
            how = None if is_done else _said(child, traces, limit_s)
        finally:
            child.kill()
            child.join()
            answers.close()
    return heard, how


def _hear(answers: Connection, limit_s: float) -> tuple[list[Any], bool]:
    """Return what a child told, and whether it said that this was all."""
    heard = list[Any]()
    try:
        while answers.poll(limit_s):
            is_all, answer = answers.recv()
            if is_all:
                return heard, True
            heard.append(answer)
    except (EOFError, OSError):
        pass  # it has ended
    return heard, False


def _said(child: BaseProcess, traces: IO[str], limit_s: float) -> Ended:
    traces.seek(0)
    text = traces.read()
    places = tuple((name, int(line)) for name, line in _PLACE.findall(text))
    status = child.exitcode
    if status is None or text.startswith("Timeout"):
        return Ended(f"not done after {limit_s:g} s", places)
    if status < 0:
        return Ended(f"ended by {signal.Signals(-status).name}", places)
    return Ended(f"ended Python with status {status}", places)


def _child(work: Callable[[Callable[[object], None]], None], told: Connection, traces: IO[str], limit_s: float) -> None:
    """Do the work, with standard output for nobody, and with no ear for signals that are this process's parent's."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(2, 1)
    faulthandler.enable(traces)

    def tell(answer: object) -> None:
        told.send((False, answer))
        faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=traces)

    faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=traces)
    work(tell)
    told.send((True, None))
    sys.stderr.flush()
    os._exit(0)  # not what the others' code has left to be done at the end
