"""Python programs as children of this process, which has loaded their modules already.

Starting an interpreter and loading SIP, RTP and netlink takes an agent a second of the guest's time; a fork takes
milliseconds. Otherwise it is as if the program had been started in the node's namespace with `python -m`.
"""

import contextlib
import gc
import importlib
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

from pyroute2 import netns

from agents.roles.mn.schemes import SCHEMES
from agents.roles.mn.triggers import TRIGGERS
from testbed.lab.spaces import NodeSpace

# Of our own agents and links: loaded before the first of them starts. All but what runpy runs anew.
PRELOADED = (
    "agents.io.driver", "agents.rtp.au", "agents.io.kernel", "agents.sip.digest.client",
    "agents.roles.mn.mobile_node", "agents.roles.mn.registration",
    "agents.roles.cn.correspondent_node", "agents.roles.b2bua.back_to_back", "agents.roles.registrar.registrar_node",
    "testbed.lab.links.managed_way",
)  # fmt: skip
POLL_S = 0.01


def preload() -> None:
    """Loads what the agents will need."""
    for name in PRELOADED:
        importlib.import_module(name)
    for scheme in SCHEMES.values():
        scheme.loaded()
    for trigger in TRIGGERS.values():
        trigger.loaded()
    # What is loaded stays: the agents' collectors need not look at it, which would also copy its pages.
    gc.collect()
    gc.freeze()


class Program:
    """A Python program in a node's network namespace; `stdin` and `stdout` are pipes, its errors go to a file."""

    def __init__(self, node: NodeSpace, arguments: list[str], errors: Path) -> None:
        """`arguments` are those of `python -m`: the module, then its own."""
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        with errors.open("wb") as log:
            sys.stdout.flush()
            sys.stderr.flush()
            self.pid = os.fork()
            if self.pid == 0:
                become(node, arguments, (in_read, out_write, log.fileno()))
        os.close(in_read)
        os.close(out_write)
        self.stdin = os.fdopen(in_write, "wb", buffering=0)
        self.stdout = os.fdopen(out_read, "rb", buffering=0)
        self._status: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self, timeout_s: float) -> int:
        """Waits for the end; raises subprocess.TimeoutExpired."""
        limit = time.monotonic() + timeout_s
        while (status := self.poll()) is None:
            if time.monotonic() > limit:
                raise subprocess.TimeoutExpired(str(self.pid), timeout_s)
            time.sleep(POLL_S)
        return status

    def kill(self) -> None:
        """SIGKILL; one that has ended already is left alone."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def become(node: NodeSpace, arguments: list[str], descriptors: tuple[int, int, int]) -> None:
    """In the child: enters the namespace and runs the module as a program. Never returns."""
    status = 1
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        netns.setns(node.namespace)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
        sys.argv = list(arguments)
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter itself would do
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
