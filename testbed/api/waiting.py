"""Waiting for coroutines, in a plain function: also where a loop runs already, as in a notebook."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

Outcome = TypeVar("Outcome")


def wait_for(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Runs `work` to its end and returns what it returns, or raises what it raises.

    A thread with a running loop can't run another: then a thread of its own does it. A KeyboardInterrupt here cancels
    the work and waits until it has cleaned up.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _Elsewhere(work).wait()


class _Elsewhere(Generic[Outcome]):
    """Work in a thread of its own."""

    def __init__(self, work: Coroutine[Any, Any, Outcome]) -> None:
        self._work = work
        self._begun = threading.Event()
        self._ended = threading.Event()  # Thread.join, once interrupted, takes the thread for ended (CPython 3.11)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._outcome: list[Outcome] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="testbed", daemon=True)

    def wait(self) -> Outcome:
        """See `wait_for`."""
        try:
            self._thread.start()
            self._ended.wait()
        except KeyboardInterrupt:
            self._begun.wait()
            if self._loop is not None and self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)
            self._ended.wait()
            raise
        if self._error is not None:
            raise self._error
        return self._outcome[0]

    def _run(self) -> None:
        try:
            self._outcome.append(asyncio.run(self._main()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self._error = error
        finally:
            self._begun.set()
            self._ended.set()

    async def _main(self) -> Outcome:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._begun.set()
        return await self._work
