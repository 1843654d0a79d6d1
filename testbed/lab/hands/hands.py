"""Who works in the lab by hand: a prompt on a terminal, what is ordered there, and a stream of what is captured."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from testbed.lab.hands.standing_lab import DONE, LEAVE, StandingLab, standing_lab

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.lab.network import Network
    from testbed.lab.plan import HandsOrder, Plan
    from testbed.lab.spaces import Spaces

STOP_LIMIT_S = 3.0
#: A guest's serial port takes some 100 kB in a second.
STREAM_LIMIT_S = 60.0
CHUNK = 65536


class Hands:
    """The prompt's process, on its terminal."""

    def __init__(self, standing: StandingLab, order: HandsOrder) -> None:
        """Raises OSError where the terminal can't be opened."""
        self._heard = b""
        self._orders, told = os.pipe()
        heard, self._answers = os.pipe()
        terminal = os.open(order["terminal"], os.O_RDWR | os.O_NOCTTY)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "testbed.lab.hands.prompt", json.dumps(standing), str(told), str(heard)],
                stdin=terminal, stdout=terminal, stderr=terminal, pass_fds=[told, heard], start_new_session=True,
                env={**os.environ, "TERM": order["term"]},
            )  # fmt: skip
        finally:
            os.close(terminal)
            os.close(told)
            os.close(heard)

    def fileno(self) -> int:
        """Readable when something is ordered, or nothing will be any more."""
        return self._orders

    def heard(self) -> list[dict[str, Any]]:
        """What is ordered: steps, and `READY`; `LEAVE` is the last, also where the prompt has died."""
        data = os.read(self._orders, CHUNK)
        if not data:
            return [{"do": LEAVE}]
        *lines, self._heard = (self._heard + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def answer(self) -> None:
        """Tells that a step has been done: the prompt waits for it."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._answers, DONE)

    def close(self) -> None:
        """Ends it as a terminal that is closed would."""
        stop(self._process)
        os.close(self._orders)
        os.close(self._answers)


class CaptureStream:
    """The process that streams."""

    def __init__(self, captures: Path, target: str, log: Path) -> None:
        with log.open("wb") as errors:
            words = [sys.executable, "-m", "testbed.lab.hands.stream", str(captures), target]
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=errors)

    def close(self) -> None:
        """Ends it when what has been captured by now is streamed."""
        stop(self._process, STREAM_LIMIT_S)


def hands_of(plan: Plan, net: Spaces, network: Network) -> Hands | None:
    """Those of a plan that has any, at a prompt."""
    order = plan.get("hands")
    return None if order is None or not order["terminal"] else Hands(standing_lab(net, network, order), order)


def stream_of(plan: Plan, out: Path) -> CaptureStream | None:
    """That of a plan which wants one; `out` has its captures."""
    order = plan.get("hands")
    if order is None or not order["stream"]:
        return None
    return CaptureStream(out / "captures", order["stream"], out / "logs" / "stream.log")


def stop(process: subprocess.Popen[bytes], limit_s: float = STOP_LIMIT_S) -> None:
    """Ends a process, by force where asking does not help."""
    if process.poll() is None:
        process.send_signal(signal.SIGHUP)
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
