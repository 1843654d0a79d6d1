"""ICMP that the kernel keeps to itself: Source Quench, which it counts and forgets (RFC 6633 3)."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from agents.roles.mn.quench import SOURCE_QUENCH

if TYPE_CHECKING:
    from collections.abc import Iterator

# include/uapi/linux/icmp.h; Python's socket module names neither. A bit that is set keeps messages of that type out.
SOL_RAW, ICMP_FILTER = 255, 1
ALL_BUT_SOURCE_QUENCH = 0xFFFFFFFF & ~(1 << SOURCE_QUENCH)
LARGEST = 65536
MANY = 64


class QuenchSocket:
    """Hears every Source Quench that comes to this namespace, IP header and all."""

    def __init__(self) -> None:
        """Raises OSError for who may not (CAP_NET_RAW)."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setblocking(False)
        self._socket.setsockopt(SOL_RAW, ICMP_FILTER, ALL_BUT_SOURCE_QUENCH.to_bytes(4, sys.byteorder))

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hears no more."""
        self._socket.close()

    def received(self) -> Iterator[bytes]:
        """What has come since the last call; not all of it when that is much."""
        for _ in range(MANY):
            try:
                yield self._socket.recv(LARGEST)
            except BlockingIOError:
                return
