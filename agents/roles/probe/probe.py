"""A role that measures links: numbered datagrams at set times, to be looked at in captures of both ends."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.quiet_role import QuietRole
from agents.roles.role import Open, Tell
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from collections.abc import Iterator

IP_AND_UDP_BYTES = 28


class Stage(NamedTuple):
    """So many probes of so many bytes (at IP), each this many seconds after the one before; the first one at `at_s`."""

    at_s: float
    ip_bytes: int
    probes: int
    interval_s: float


class Probe(QuietRole):
    """A role. `config` has `flows`, each with addresses and stages, and `end_s`, when all of it is over.

    What comes in, and what was not sent, the captures say.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self._end_s: float = config["end_s"]
        self._zero = 0.0
        self._ways: list[tuple[Address, Address]] = []
        # When which flow sends what next.
        self._due: list[tuple[float, int, bytes, Iterator[tuple[float, bytes]]]] = []
        self._ended = False
        for number, flow in enumerate(config["flows"]):
            local = Address(*flow["local"])
            self._ways.append((local, Address(*flow["remote"])))
            self._commands.append(Open(local, is_patient=True))
            probes = numbered([Stage(**stage) for stage in flow["stages"]])
            for at, data in probes:
                self._due.append((at, number, data, probes))
                break
        heapify(self._due)

    def start(self, *, now: float) -> None:
        """The stages' times count from here."""
        self._zero = now

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next; None before the start."""
        if not self._zero or self._ended:
            return None
        return self._zero + (self._due[0][0] if self._due else self._end_s)

    def handle_timer(self, *, now: float) -> None:
        """Send what is due."""
        while self._due and self._zero + self._due[0][0] <= now:
            _, number, data, probes = self._due[0]
            local, remote = self._ways[number]
            self._sending.append(Datagram(local, remote, data))
            following = next(probes, None)
            if following is None:
                heappop(self._due)
            else:
                heapreplace(self._due, (following[0], number, following[1], probes))
        if not self._due and now >= self._zero + self._end_s:
            self._ended = True
            self._commands.append(Tell("call_ended", {}))


def numbered(stages: list[Stage]) -> Iterator[tuple[float, bytes]]:
    """Times and contents of all probes; they begin with the stage in one byte, and the number in four."""
    for index, stage in enumerate(stages):
        for number in range(stage.probes):
            head = bytes([index]) + number.to_bytes(4, "big")
            yield stage.at_s + number * stage.interval_s, head.ljust(stage.ip_bytes - IP_AND_UDP_BYTES, b"\0")
