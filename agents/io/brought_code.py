"""An agent with code in it that its user brought: what goes wrong there is told by the user's file and line.

Standard output is the agent's channel for events, so what the user's code writes there goes to the log, by whatever way
it is written. A call of it that does not return is ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING

from agents.loading import LoadingError, ModuleAt, blamed
from agents.roles.mn.brought import adopt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType
    from typing import Any, TextIO

LOOK_EVERY_S = 1.0
# So many looks in a row that find the same call of the user's code: it waits for ever, or computes for ever. In a guest
# that is a time in which it can do nothing at all for the call.
MOST_LOOKS = 4


def run_brought(config: dict[str, Any], folder: Path, run: Callable[[TextIO], None]) -> None:
    """Runs an agent, once what `config` says of the user's modules in `folder` has been loaded."""
    events = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.stdout = Diverted(sys.stderr, sys.stdout, lambda: warn(events, config["brought"]))
    watch = Watch(str(folder))
    try:
        for one in config["brought"]:
            adopt(one["kind"], one["name"], ModuleAt(str(folder), one["module"], one["attribute"]))
        run(events)
    except BaseException as error:
        watch.end()
        found = error if isinstance(error, LoadingError) else blamed(error, str(folder))
        if found is None:
            raise
        traceback.print_exc()
        sys.stderr.write(f"{found}\n")  # the log's last line, which says why the agent has ended
        sys.exit(1)
    watch.end()


def warn(events: TextIO, brought: list[dict[str, str]]) -> None:
    """Tells the lab that there is something in the log that was meant for standard output."""
    files = ", ".join(one["module"] for one in brought)
    events.write(json.dumps({"warning": f"{files} writes to standard output: that is in the agent's log"}) + "\n")
    events.flush()


class Diverted:
    """Standard output for the user's code: leads to `log`, and says so the first time."""

    def __init__(self, log: TextIO, before: TextIO, tell: Callable[[], None]) -> None:
        self._log = log
        self._before = before  # kept: the end of it would close descriptor 1, which is the log's now
        self._tell: Callable[[], None] | None = tell

    def write(self, text: str) -> int:
        """Writes to the log."""
        if self._tell is not None:
            self._tell()
            self._tell = None
        return self._log.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)


class Watch:
    """Looks once a second whether one and the same call of the user's code still runs."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._frame: FrameType | None = None
        self._looks = 0
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY_S, LOOK_EVERY_S)

    def end(self) -> None:
        """Looks no more."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _look(self, _: int, frame: FrameType | None) -> None:
        """Raises TimeoutError in the user's code when it does not return."""
        outermost = None
        while frame is not None:
            outermost = frame if frame.f_code.co_filename.startswith(self._folder) else outermost
            frame = frame.f_back
        self._looks = self._looks + 1 if outermost is not None and outermost is self._frame else 1
        self._frame = outermost
        if outermost is not None and self._looks >= MOST_LOOKS:
            self._looks = 0
            raise TimeoutError(f"{outermost.f_code.co_name}() has not returned for {MOST_LOOKS - 1} s")
