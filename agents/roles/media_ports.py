"""Ports for media: taken in turn, given back when a call is over, closed when nothing comes to them any more."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from agents.media.reports import control_of
from agents.roles.role import Close, Open
from agents.sip.message.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.role import Command

# 64*T1: as long as a call's transactions live, packets that are late come to a socket, and to no error.
DRAIN_S = 32.0
# So many ports of calls that are over stay open at most, for who calls again and again.
MOST_DRAINING = 16
#: Descriptors that are for anything else: SIP, connections, files.
SET_ASIDE = 256
#: What a process has of them if nobody says so: the soft limit of Linux.
DESCRIPTORS = 1024


class MediaPorts:
    """Even ports, each with the next one for RTCP (RFC 3550 11)."""

    def __init__(
        self, first: int, last: int, commands: list[Command], *,
        descriptors: int = DESCRIPTORS, is_patient: bool = True, closed: Callable[[Address], None] | None = None,
    ) -> None:  # fmt: skip
        """From `first` up to `last`; what is to be opened and closed goes to `commands`; for `is_patient` see `Open`.

        Of the process's `descriptors` some are set aside, of the others each port takes two. `closed` is told of each
        port that is closed.
        """
        self._ports = range(first, last + 1, 2)
        self._commands = commands
        self._most = min(len(self._ports), max(1, (descriptors - SET_ASIDE) // 2))
        self._is_patient = is_patient
        self._closed = closed
        self._next = 0
        self._open: set[Address] = set()
        self._draining: deque[tuple[float, Address]] = deque()

    def free(self, ip: str) -> Address | None:
        """The next of an address of ours; None when all are open, or have all descriptors (RFC 3264 5.1)."""
        if len(self._open) >= self._most:
            self._close(1)
        if len(self._open) >= self._most:
            return None
        while (local := Address(ip, self._ports[self._next])) in self._open:
            self._next = (self._next + 1) % len(self._ports)
        return local

    def open(self, local: Address) -> None:
        """Take one that is free."""
        self._next = (self._next + 1) % len(self._ports)
        self._open.add(local)
        both = (local, control_of(local))
        self._commands += [Open(one, is_patient=self._is_patient, is_media=not self._is_patient) for one in both]

    def give_back(self, local: Address, *, now: float) -> None:
        """Nobody is told of it any more; what is on its way there still has a socket to come to."""
        self._draining.append((now + DRAIN_S, local))
        self._close(len(self._draining) - MOST_DRAINING)

    def close(self, local: Address) -> None:
        """At once."""
        self._open.discard(local)
        self._commands += [Close(local), Close(control_of(local))]
        if self._closed is not None:
            self._closed(local)

    def get_timer(self) -> float | None:
        """When the next one that was given back is closed."""
        return self._draining[0][0] if self._draining else None

    def handle_timer(self, *, now: float) -> None:
        """Close those whose time is over."""
        self._close(sum(at <= now for at, _ in self._draining))

    def _close(self, count: int) -> None:
        for _ in range(min(count, len(self._draining))):
            self.close(self._draining.popleft()[1])
