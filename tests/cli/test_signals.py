"""SIGTERM and SIGHUP end the command as Ctrl-C does: what it was doing is undone, one line, status 1."""

import signal
import subprocess
import sys

import pytest

from testbed.cli.main import RUNS_FAULT
from tests.patience import PATIENCE_S

WORK = """
import asyncio
from functools import partial
from testbed.api.waiting import wait_for
from testbed.cli.main import commands, main

async def work():
    # When it has begun to sleep: a signal that comes while it is still on its way there undoes nothing.
    asyncio.get_running_loop().call_soon(partial(print, "begun", flush=True))
    try:
        await asyncio.sleep(1000)
    finally:
        await asyncio.sleep(0)
        print("undone", flush=True)

commands.main = lambda *arguments, **options: wait_for(work())
main([])
"""


def ended(*numbers: signal.Signals, given: str) -> tuple[int, str, str]:
    """What becomes of the work when these signals come, one after the other, where the shell has set others."""
    argv = ["env", given, sys.executable, "-c", WORK]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        for number in numbers:
            process.send_signal(number)
        out, said = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, said.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_undoes_what_was_under_way(number: signal.Signals) -> None:
    assert ended(number, given="--default-signal=INT,TERM,HUP") == (RUNS_FAULT, "undone\n", "stopped")


def test_a_second_one_does_not_end_the_undoing() -> None:
    numbers = [signal.SIGTERM, signal.SIGHUP, signal.SIGTERM]
    assert ended(*numbers, given="--default-signal=INT,TERM,HUP") == (RUNS_FAULT, "undone\n", "stopped")


def test_in_the_background_where_ctrl_c_is_ignored() -> None:
    assert ended(signal.SIGINT, signal.SIGTERM, given="--ignore-signal=INT") == (RUNS_FAULT, "undone\n", "stopped")


def test_nohup_is_left_alone() -> None:
    assert ended(signal.SIGHUP, signal.SIGTERM, given="--ignore-signal=HUP") == (RUNS_FAULT, "undone\n", "stopped")
