"""A worker's process: whoever wants to be rid of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from testbed.campaign.local_worker import LocalWorker

if TYPE_CHECKING:
    import pytest


def test_it_is_ended_once_though_two_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C has the sweep end it, and the thread that waits for its answer sees that it has gone."""
    worker = LocalWorker()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait = process.wait

    def wait_meanwhile(timeout: float | None = None) -> int:
        worker.stop()
        return wait(timeout)

    monkeypatch.setattr(process, "wait", wait_meanwhile)
    monkeypatch.setattr(worker, "_process", process)
    worker.stop()
    assert process.returncode is not None
