"""A guest that carries out a plan, as the host sees it: what it reports, its end, and what it has left."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from testbed.engine.errors import RunFailedError
from testbed.engine.guest.guest_code import with_own_numbers

POLL_S = 0.05
# A guest reports each second of its own time. Even with the host's processors loaded many times over, that takes
# a second or two; a guest that is silent for this long hangs.
SILENCE_LIMIT_S = 300.0
# What a traceback of our code may stand in.
LOGS = (".log", ".txt")

Say = Callable[[dict[str, Any]], None]


def console_end(console: Path) -> str:
    """How the guest's console ends."""
    return f"the guest's console ends with: {last_line(console)}"


async def follow(process: asyncio.subprocess.Process, progress: Path, say: Say) -> None:
    """Passes on what the guest reports until it has ended; raises RunFailedError when it falls silent."""
    seen = 0
    heard = time.monotonic()
    while True:
        ended = process.returncode is not None
        lines, seen = new_lines(progress, seen)
        for line in lines:
            heard = time.monotonic()
            with contextlib.suppress(ValueError):
                say(json.loads(line))
        if ended:
            return
        if time.monotonic() - heard > SILENCE_LIMIT_S:
            raise RunFailedError(f"the guest has not been heard of for {SILENCE_LIMIT_S:.0f} s")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), POLL_S)


def new_lines(path: Path, seen: int) -> tuple[list[bytes], int]:
    """The complete lines after the first `seen` bytes, and how many bytes are now seen."""
    if not path.exists():
        return [], seen
    with path.open("rb") as file:
        file.seek(seen)
        data = file.read()
    whole = data.rfind(b"\n") + 1
    return data[:whole].splitlines(), seen + whole


def settle(folder: Path) -> None:
    """Looks at what a guest has left; raises RunFailedError when that is no whole run."""
    for log in (folder / "logs").glob("*"):
        if log.suffix in LOGS:
            log.write_bytes(with_own_numbers(log.read_bytes()))
    error_file = folder / "logs" / "lab-error.txt"
    if error_file.exists():
        raise RunFailedError(f"the lab failed: {last_line(error_file)}")
    if not (folder / "outcome.json").exists():
        raise RunFailedError("the guest ended without a result")


def keep_logs(workspace: Path, logs: Path) -> None:
    """Keeps the guest's console and what the emulator said."""
    logs.mkdir(exist_ok=True)
    for name in ("console", "emulator.log"):
        source = workspace / name
        if source.exists() and source.stat().st_size:
            (logs / f"{source.stem}.log").write_bytes(with_own_numbers(source.read_bytes()))


def last_line(log: Path) -> str:
    """The last line of a log file, or a hint that it is empty."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
