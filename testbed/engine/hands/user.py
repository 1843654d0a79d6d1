"""Whoever works in a lab by hand: a terminal, which is joined to the lab's prompt, and where captures are streamed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import termios
import tty
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from testbed.engine.engine import Report
    from testbed.lab.plan import HandsOrder

#: Ctrl-], as telnet has it: ends all, where the lab does not answer any more.
ESCAPE = b"\x1d"
#: Ctrl-D, which ends a prompt.
END_OF_INPUT = b"\x04"
CHUNK = 65536
ANY_TERM = "vt100"
PROMPT_IS_THERE = "prompt"
#: Of the lab's (lab/hands/prompt.py).
PROMPT = b"testbed> "


class Joined:
    """The user at the lab's prompt: what the lab reports and prints is told here, what is typed goes there."""

    def __init__(
        self, terminal: socket.socket, report: Report, stack: contextlib.ExitStack, *, has_prompt: bool
    ) -> None:
        self._terminal = terminal
        self._report = report
        self._stack = stack
        self._has_prompt = has_prompt
        self._shown = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self.escaped = asyncio.Event()
        """The user has had enough of it."""

    def told(self, line: dict[str, Any]) -> None:
        """A report: keys go to the prompt from when that is there."""
        if self._has_prompt and sys.stdin.isatty() and line.get("stage") == PROMPT_IS_THERE:
            self._stack.enter_context(self._key_by_key())
        self._report(line)

    def printed(self, data: bytes) -> None:
        """What the lab's terminal shows. Where no keys are pressed, each prompt takes a line, and the last one its end.

        More at once would go to the command that runs meanwhile.
        """
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self._shown = (self._shown + data)[-len(PROMPT) :]
        if self._shown == PROMPT and not sys.stdin.isatty():
            self._later(self._next_line())

    async def _next_line(self) -> None:
        line = await asyncio.to_thread(sys.stdin.buffer.readline)
        await self._send(line or END_OF_INPUT)

    @contextlib.contextmanager
    def _key_by_key(self) -> Iterator[None]:
        loop, own = asyncio.get_running_loop(), sys.stdin.fileno()

        def typed() -> None:
            data = os.read(own, CHUNK)
            if not data or ESCAPE in data:
                self.escaped.set()
                return
            self._later(self._send(data))

        before = termios.tcgetattr(own)
        tty.setraw(own)
        loop.add_reader(own, typed)
        try:
            yield
        finally:
            loop.remove_reader(own)
            termios.tcsetattr(own, termios.TCSADRAIN, before)

    async def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the lab has ended meanwhile
            await asyncio.get_running_loop().sock_sendall(self._terminal, data)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@dataclass(frozen=True)
class User:
    """`has_prompt`: standard input and output are joined to the lab's prompt; `stream` takes captures as pcapng."""

    has_prompt: bool
    stream: IO[bytes] | None = None

    def order(self, hangs_up: str) -> HandsOrder:
        """What the lab has to know; where the terminal and the stream are there, the engine says."""
        columns, rows = shutil.get_terminal_size()
        term = os.environ.get("TERM", ANY_TERM)
        return {
            "terminal": "", "stream": "", "term": term, "rows": rows, "columns": columns, "hangs_up": hangs_up,
        }  # fmt: skip

    @contextlib.asynccontextmanager
    async def joined(self, terminal: socket.socket, stream: socket.socket, report: Report) -> AsyncIterator[Joined]:
        """Joins the lab's two ports to the user's."""
        loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as stack:
            joined = Joined(terminal, report, stack, has_prompt=self.has_prompt)
            for port, take in ((terminal, joined.printed), (stream, self._streamed)):
                port.setblocking(False)
                loop.add_reader(port.fileno(), pass_on, loop, port, take)
                stack.callback(loop.remove_reader, port.fileno())
            yield joined

    def _streamed(self, data: bytes) -> None:
        if self.stream is not None:
            with contextlib.suppress(BrokenPipeError):  # nobody watches any more; the run goes on
                self.stream.write(data)
                self.stream.flush()


def pass_on(loop: asyncio.AbstractEventLoop, port: socket.socket, take: Callable[[bytes], None]) -> None:
    """What has come from a port, to who takes it."""
    data = port.recv(CHUNK)
    if data:
        take(data)
    else:
        loop.remove_reader(port.fileno())
