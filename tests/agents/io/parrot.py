"""A small role for tests of the driver: repeats what it hears, and tells of everything.

`python -m tests.agents.io.parrot PORT`: listens on 127.0.0.1:PORT, and patiently on PORT+2 of 127.0.0.1 and .2.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from agents.io.driver import Driver
from agents.roles.role import Attach, Note, Open, Tell
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from agents.roles.role import Command, LinkChange

HERE = "127.0.0.1"
TIMER_S = 0.05


class Parrot:
    """A role."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._commands: list[Command] = [Open(Address(HERE, port)), Note("a detail")]
        self._commands += [Open(Address(ip, port + 2), is_patient=True) for ip in (HERE, "127.0.0.2")]
        self._commands += [Open(Address(HERE, port)), Open(Address("192.0.2.1", port))]  # once more; and not ours
        self._out: list[Datagram] = []
        self._timer: float | None = None

    def start(self, *, now: float) -> None:
        self._timer = now + TIMER_S
        self._tell("started", zero_s=now)

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        at = now if came is None else came
        waited_s = time.monotonic() - at
        self._tell("heard", data=data.decode(), port=local.port - self._port, at=at, now=now, waited_s=waited_s)
        if local.port == self._port:
            self._out.append(Datagram(local, remote, data))

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        self._tell("refused", local=datagram.local.ip)
        if datagram.local.ip != HERE:
            self._out.append(Datagram(Address(HERE, self._port), datagram.remote, b"by another way"))

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        self._tell("reported", **report)
        if report["report"] == "attach":
            self._commands.append(Attach("umts"))
        elif report["report"] == "send":
            remote = Address(HERE, report["port"])
            self._out.append(Datagram(Address("192.0.2.1", self._port), remote, b"hello"))

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        self._tell("link", interface=change.interface)

    def get_timer(self) -> float | None:
        return self._timer

    def handle_timer(self, *, now: float) -> None:
        due = self._timer or 0.0
        self._timer = None
        self._tell("timer", late_s=now - due)

    def datagrams_to_send(self) -> list[Datagram]:
        waiting, self._out = self._out, []
        return waiting

    def next_command(self) -> Command | None:
        return self._commands.pop(0) if self._commands else None

    def _tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        self._commands.append(Tell(event, facts))


if __name__ == "__main__":
    Driver(Parrot(int(sys.argv[1]))).run()
