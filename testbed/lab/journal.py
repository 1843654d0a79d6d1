"""The timeline as it happened: one JSON object a line, in the order of time."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[[str], None]


class Journal:
    """Collects events of the lab and of the agents, reports each one, and writes them down at the end.

    What happens before the zero is set is of no run: it is reported, and written, only where there never is one.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._events: list[dict[str, Any]] = []
        self._has_begun = False
        self._zero_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)

    def start(self, zero_ns: int) -> None:
        """Sets the zero of scenario time (nanoseconds since 1970, the clock of the captures)."""
        self._zero_ns = zero_ns
        self._events = []
        self._has_begun = True

    @property
    def zero_ns(self) -> int:
        """The zero of scenario time in nanoseconds since 1970."""
        return self._zero_ns

    def add(self, source: str, event: str, *, time_ns: int | None = None, **facts: Any) -> None:  # noqa: ANN401
        """Records that `event` happened at `source`, now or at `time_ns`."""
        if time_ns is None:
            time_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        entry = {
            "time_ns": time_ns,
            "t_s": round((time_ns - self._zero_ns) / 1e9, 6),
            "source": source,
            "event": event,
            **facts,
        }
        self._events.append(entry)
        if self._has_begun:
            self._say(json.dumps(entry))

    def stage(self, name: str) -> None:
        """Reports what is being done before scenario time begins, or after it has ended; not an event."""
        self._say(json.dumps({"stage": name, "clock_s": round(time.monotonic(), 6)}))

    def tick(self, t_s: int) -> None:
        """Reports that scenario time has come this far; not an event."""
        self._say(json.dumps({"t_s": t_s}))

    def write(self, path: Path) -> None:
        """Writes the events in the order of time; events of equal time keep the order in which they were told."""
        for entry in () if self._has_begun else self._events:
            self._say(json.dumps(entry))
        ordered = sorted(self._events, key=lambda entry: int(entry["time_ns"]))
        path.write_text("".join(json.dumps(entry) + "\n" for entry in ordered))
