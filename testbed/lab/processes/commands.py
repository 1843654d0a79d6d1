"""Commands of a scenario in its nodes: begun at their time, ended after it. Whatever they do, the run goes on."""

import os
import selectors
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.lab.journal import Journal
from testbed.lab.plan import CommandOrder
from testbed.lab.processes.foreign import ended, run
from testbed.lab.spaces import NodeSpace

STOP_LIMIT_S = 1.0
# By the signal, or as a shell's script says that it was.
ENDED_AS_TOLD = (-signal.SIGTERM, 128 + signal.SIGTERM)


@dataclass
class Command:
    """One that has begun; `is_told` when it has been asked to end."""

    order: CommandOrder
    log: Path
    process: subprocess.Popen[bytes]
    end: int
    is_told: bool = False

    def fileno(self) -> int:
        """The descriptor that can be read when it has ended."""
        return self.end

    def status(self) -> int:
        """How it ended; raises subprocess.TimeoutExpired where it has not."""
        return int(self.process.wait(STOP_LIMIT_S))

    def stop(self) -> None:
        """Asks it to end."""
        self.is_told = True
        self.process.send_signal(signal.SIGTERM)

    def complaint(self) -> str:
        """What a reader of the results should know of its end; nothing where it ended well, or as it was told to."""
        status = self.status()
        if status == 0 or (self.is_told and status in ENDED_AS_TOLD):
            return ""
        for_s = self.order["for_s"]
        how = f", told to end after {for_s:g} s," if self.is_told and for_s is not None else ""
        what = f"'{self.order['command'][0]}' in {self.order['node']}{how}"
        return f"{self.order['place']}: {what} {ended(status, self.log)}"


class MissingCommandError(Exception):
    """There is no such command in the guest; the message is one line."""


class Commands:
    """All commands of a run. What they say goes to `logs/NAME.log`.

    Their ends are heard through the selector, whose data are functions to call; `later` calls one after some seconds.
    """

    def __init__(
        self,
        net: Mapping[str, NodeSpace],
        logs: Path,
        journal: Journal,
        selector: selectors.BaseSelector,
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._net = net
        self._logs = logs
        self._journal = journal
        self._selector = selector
        self._later = later
        self._running: list[Command] = []
        self.warnings: list[str] = []
        """Of commands that there are not, and of those that failed."""

    def begin(self, order: CommandOrder) -> None:
        """Begins a command; its end is told, and a bad one is a warning."""
        node, words = order["node"], " ".join(order["command"])
        try:
            command = self.start(order)
        except MissingCommandError as error:
            self.warnings.append(str(error))
            self._journal.add("lab", "command_missing", node=node, command=words)
            return
        self._journal.add("lab", "command", node=node, command=words)
        self._selector.register(command, selectors.EVENT_READ, lambda: self._ended(command))
        if order["for_s"] is not None:
            self._later(order["for_s"], command.stop)

    def _ended(self, command: Command) -> None:
        self._selector.unregister(command)
        order = command.order
        status = command.status()
        self._journal.add("lab", "command_ended", node=order["node"], command=order["command"][0], status=status)
        if complaint := command.complaint():
            self.warnings.append(complaint)

    def start(self, order: CommandOrder) -> Command:
        """Begins one; raises MissingCommandError."""
        folder, word = self._logs / order["name"], order["command"][0]
        folder.mkdir(exist_ok=True)
        if shutil.which(word if "/" not in word else str(folder / word)) is None:
            advice = "name the Debian package that has it: 'packages: […]'"
            raise MissingCommandError(f"{order['place']}: there is no command '{word}' in {order['node']}; {advice}")
        path = self._logs / f"{order['name']}.log"
        with path.open("wb") as log:
            process = run(self._net[order["node"]], order["command"], folder, log)
        self._running.append(Command(order, path, process, os.pidfd_open(process.pid)))
        return self._running[-1]

    def close(self) -> None:
        """Ends those that still run."""
        for command in self._running:
            if command.process.poll() is None:
                command.stop()
        for command in self._running:
            try:
                command.status()
            except subprocess.TimeoutExpired:
                command.process.kill()
