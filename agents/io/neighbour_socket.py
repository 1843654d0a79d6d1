"""The raw socket for ICMPv6 between a node and its router, of the types that fast handovers have (RFC 5568 6.1, 6.3).

The kernel makes and checks the checksum. What has come over a router has no 255 hops left, and is none of these.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from agents.roles.role import NeighbourPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

# include/uapi/linux/icmpv6.h, in6.h; Python's socket module names most of them on some systems only. A bit that is set
# keeps messages of that type out.
ICMPV6_FILTER = 1
IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 49, 50, 51, 52
FAST_HANDOVER, NEIGHBOUR_ADVERTISEMENT = 154, 136
HOPS = 255
PACKET_INFO, HOP_LIMIT = struct.Struct("@16sI"), struct.Struct("@i")
LARGEST, CONTROL_BYTES = 65536, 256
MANY = 64


class NeighbourSocket:
    """Hears and sends them at all interfaces of this namespace."""

    def __init__(self) -> None:
        """Raises OSError for who may not (CAP_NET_RAW)."""
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self._socket.setblocking(False)
        heard = [0xFFFFFFFF] * 8
        for kind in (FAST_HANDOVER, NEIGHBOUR_ADVERTISEMENT):
            heard[kind // 32] &= ~(1 << kind % 32)
        self._socket.setsockopt(socket.IPPROTO_ICMPV6, ICMPV6_FILTER, struct.pack("@8I", *heard))
        for name in (IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT):
            self._socket.setsockopt(socket.IPPROTO_IPV6, name, 1)
        self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, HOPS)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hears no more."""
        self._socket.close()

    def send(self, packet: NeighbourPacket) -> None:
        """Sends one; raises OSError when the system refuses."""
        source = socket.inet_pton(socket.AF_INET6, packet.source)
        info = PACKET_INFO.pack(source, socket.if_nametoindex(packet.interface))
        control = [(socket.IPPROTO_IPV6, IPV6_PKTINFO, info)]
        self._socket.sendmsg([packet.message], control, 0, (packet.destination, 0))

    def received(self) -> Iterator[NeighbourPacket]:
        """What has come since the last call; not all of it when that is much."""
        for _ in range(MANY):
            try:
                data, control, _, remote = self._socket.recvmsg(LARGEST, CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error about something sent before
            about = {kind: value for _, kind, value in control}
            (hops,) = HOP_LIMIT.unpack(about[IPV6_HOPLIMIT])
            address, index = PACKET_INFO.unpack(about[IPV6_PKTINFO])
            if hops == HOPS:
                destination = socket.inet_ntop(socket.AF_INET6, address)
                source = remote[0].partition("%")[0]
                yield NeighbourPacket(source, destination, data, socket.if_indextoname(index))
