"""A UDP socket that says when the kernel received what it hands out."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING

from agents.sip.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LARGEST_DATAGRAM = 65536
# include/uapi/asm-generic/socket.h; Python's socket module does not name it.
SO_TIMESTAMPNS = 35
TIMESPEC = Struct("qq")
CONTROL_BYTES = socket.CMSG_SPACE(TIMESPEC.size)


class UdpSocket:
    """Bound to exactly one address: answers leave from where the question came (RFC 3581 4)."""

    def __init__(self, local: Address) -> None:
        """Raises OSError where this is no address of ours."""
        self.local = local
        family = socket.AF_INET6 if ":" in local.ip else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        try:
            self._socket.bind(local[:2])
        except OSError:
            self._socket.close()
            raise
        # One buffer for all: asking for 64 kB anew each time costs more than what is done with 172 bytes of speech.
        self._buffer = bytearray(LARGEST_DATAGRAM)
        self._view = memoryview(self._buffer)
        self._source: tuple[str | int, ...] = ()
        self._ways: list[tuple[Callable[[memoryview, tuple[str | int, ...]], int], tuple[str | int, ...]]] = []

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Gives the address back."""
        self._socket.close()

    def send(self, data: bytes, remote: Address) -> None:
        """Sends a datagram; raises OSError when the system refuses."""
        self._socket.sendto(data, remote[:2])

    def splice(self, source: Address, ways: Iterable[tuple[UdpSocket, Address]]) -> None:
        """From now on `pass_on` sends what comes from `source` to these."""
        self._source = tuple(source[:2])
        self._ways = [(way._socket.sendto, tuple(remote[:2])) for way, remote in ways]  # noqa: SLF001 - of our own kind

    @property
    def is_spliced(self) -> bool:
        """Whether there is somewhere to pass things on to."""
        return bool(self._ways)

    def pass_on(self) -> tuple[bytes, Address] | None:
        """Takes one packet and passes it on; gives back one that somebody else sent.

        One system call for each packet in and out, and nothing made on the way: this is what a busy relay does all day.
        One that can't be sent is lost, as on a wire.
        """
        try:
            size, remote = self._socket.recvfrom_into(self._buffer)
        except OSError:  # nothing there, or an ICMP error about something sent before
            return None
        if remote != self._source:
            return bytes(self._buffer[:size]), Address(remote[0], remote[1])
        data = self._view[:size]
        for send, target in self._ways:
            with suppress(OSError):
                send(data, target)
        return None

    def received(self) -> Iterator[tuple[bytes, Address, float]]:
        """All that has come: bytes, sender, and time of arrival in seconds of the monotonic clock.

        The kernel begins to stamp a while after the first socket of the machine has asked for it, a capture's for one;
        what comes before that has the time of its reading (net/core/dev.c, net_enable_timestamp).
        """
        offset_ns: int | None = None
        while True:
            try:
                size, control, _, remote = self._socket.recvmsg_into((self._buffer,), CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error about something sent before (RFC 1122 4.1.3.3); it is told once
            if offset_ns is None:
                # The kernel stamps with the clock that captures have; it may be set, the monotonic one may not.
                offset_ns = time.monotonic_ns() - time.time_ns()
            seconds, nanoseconds = TIMESPEC.unpack(control[0][2])
            at = (seconds * 1_000_000_000 + nanoseconds + offset_ns) * 1e-9
            yield bytes(self._buffer[:size]), Address(remote[0], remote[1]), at
