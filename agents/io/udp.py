"""A UDP socket that says when the kernel received what it hands out."""

from __future__ import annotations

import socket
import time
from struct import Struct
from typing import TYPE_CHECKING

from agents.sip.message.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LARGEST_DATAGRAM = 65536
# How many datagrams are taken in one go: of SIP, which takes its time, and of media, which come in crowds.
FEW, MANY = 8, 64
# include/uapi/asm-generic/socket.h; Python's socket module does not name it.
SO_TIMESTAMPNS = 35
TIMESPEC = Struct("qq")
CONTROL_BYTES = socket.CMSG_SPACE(TIMESPEC.size)


class UdpSocket:
    """Bound to exactly one address: answers leave from where the question came (RFC 3581 4)."""

    def __init__(self, local: Address, hop_limit: int | None = None) -> None:
        """Raises OSError where this is no address of ours; `hop_limit` is that of what is sent, of IPv4."""
        self.local = local
        family = socket.AF_INET6 if ":" in local.ip else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        if hop_limit is not None:
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop_limit)
        try:
            self._socket.bind(local[:2])
        except OSError:
            self._socket.close()
            raise
        # When there was nothing more: what is read later did not come before this.
        self._looked_at = time.monotonic()
        # One buffer for all: asking for 64 kB anew each time costs more than what is done with 172 bytes of speech.
        self._buffer = bytearray(LARGEST_DATAGRAM)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Gives the address back."""
        self._socket.close()

    def send(self, data: bytes, remote: Address) -> None:
        """Sends a datagram; raises OSError when the system refuses."""
        self._socket.sendto(data, remote[:2])

    def splice(
        self, source: Address, ways: Iterable[tuple[UdpSocket, Address]], ask: Callable[[bytes, Address], None]
    ) -> Callable[[], None]:
        """What to call when a packet is there: it passes it on if it is from `source`, and asks about all others.

        One system call for each packet in and out, and nothing else on the way: this is what a busy relay does all day.
        A packet that can't be sent is lost, as on a wire.
        """
        receive, buffer, view = self._socket.recvfrom_into, self._buffer, memoryview(self._buffer)
        expected = (*source[:2], 0, 0) if ":" in source.ip else source[:2]
        sends = [(way._socket.sendto, tuple(remote[:2])) for way, remote in ways]  # noqa: SLF001 - of our own kind

        def pass_on() -> None:
            try:
                size, remote = receive(buffer)
            except OSError:  # nothing there, or an ICMP error about something sent before
                return
            if remote != expected:
                ask(bytes(view[:size]), Address(remote[0], remote[1]))
                return
            packet = view[:size]
            for send, target in sends:
                try:  # noqa: SIM105 - costs nothing where all is well, which `suppress` does not
                    send(packet, target)
                except OSError:
                    pass

        return pass_on

    def received(self, most: int = FEW) -> Iterator[tuple[bytes, Address, float]]:
        """What has come: bytes, sender, and time of arrival in seconds of the monotonic clock.

        No more than `most`, so that whoever sends faster than we read does not keep us from everything else; what is
        left has the selector report at once again.

        The kernel begins to stamp a while after the first socket of the machine has asked for it, a capture's for one;
        what comes before that has the time of its reading (net/core/dev.c, net_enable_timestamp). A wall clock that is
        set in between makes no time of arrival earlier than the last look at this socket, or later than this one.
        """
        earliest, looked_at = self._looked_at, time.monotonic()
        offset_ns: int | None = None
        for _ in range(most):
            try:
                size, control, _, remote = self._socket.recvmsg_into((self._buffer,), CONTROL_BYTES)
            except BlockingIOError:
                self._looked_at = looked_at
                return
            except OSError:
                continue  # an ICMP error about something sent before (RFC 1122 4.1.3.3); it is told once
            if offset_ns is None:
                # The kernel stamps with the clock that captures have; it may be set, the monotonic one may not.
                offset_ns = time.monotonic_ns() - time.time_ns()
            seconds, nanoseconds = TIMESPEC.unpack(control[0][2])
            at = max((seconds * 1_000_000_000 + nanoseconds + offset_ns) * 1e-9, earliest)
            if at > looked_at:  # it came while this loop ran, or the clock was set back
                at = min(at, time.monotonic())
            yield bytes(self._buffer[:size]), Address(remote[0], remote[1]), at
