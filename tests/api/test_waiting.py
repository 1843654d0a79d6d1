"""Work that is waited for in a plain function: within a loop too, and interrupted there, as in a notebook."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from testbed.api.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def interruptible() -> Iterator[None]:
    """An interrupt is heard, whatever the shell said: one that puts a command into the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


async def named() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_without_a_loop_it_runs_here() -> None:
    assert wait_for(named()) == threading.current_thread().name


def test_within_a_loop_it_runs_in_a_thread_of_its_own() -> None:
    async def cell() -> str:
        return wait_for(named())

    assert asyncio.run(cell()) == "testbed"


@pytest.mark.usefixtures("interruptible")
def test_interrupt_cancels_the_work_which_cleans_up_first() -> None:
    said: list[str] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)  # what a notebook's stop button does
            await asyncio.sleep(1000)
        finally:
            said.append("cleaned up")

    async def cell() -> None:
        wait_for(work())

    loop = asyncio.new_event_loop()
    task = loop.create_task(cell())
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(task)
    assert said == ["cleaned up"]
    assert isinstance(task.exception(), KeyboardInterrupt)
    loop.close()
