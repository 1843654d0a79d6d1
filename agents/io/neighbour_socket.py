"""The raw socket for ICMPv6 on a link (RFC 4861, RFC 2710, RFC 5568 6.1); its checksums are the kernel's."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from agents.roles.role import NeighbourPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

# include/uapi/linux/icmpv6.h, in6.h; Python's socket module names most of them on some systems only.
ICMP6_FILTER = 1
IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, IPV6_HOPOPTS = 49, 50, 51, 52, 54
PACKET_INFO = struct.Struct("@16sI")
# A hop-by-hop options header with the router alert (RFC 2711 2.1), which what leaves one hop has (RFC 2710 3).
ON_LINK_HOPS = 1
ROUTER_ALERT = bytes((0, 0, 5, 2, 0, 0, 1, 0))
LARGEST, CONTROL_BYTES = 65536, 1024
MANY = 64


class NeighbourSocket:
    """Hears and sends them on all interfaces of this namespace."""

    def __init__(self, kinds: tuple[int, ...]) -> None:
        """Messages of these types alone are heard. Raises OSError for who may not (CAP_NET_RAW)."""
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, passing(kinds))
        for name in (IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT):
            self._socket.setsockopt(socket.IPPROTO_IPV6, name, 1)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def send(self, packet: NeighbourPacket) -> None:
        """Sends one, from an address that the kernel chooses if none is said; raises OSError where it refuses."""
        index = socket.if_nametoindex(packet.interface)
        source = socket.inet_pton(socket.AF_INET6, packet.source or "::")
        control = [
            (socket.IPPROTO_IPV6, IPV6_PKTINFO, PACKET_INFO.pack(source, index)),
            (socket.IPPROTO_IPV6, IPV6_HOPLIMIT, struct.pack("@i", packet.hops)),
        ]
        if packet.hops == ON_LINK_HOPS:
            control.append((socket.IPPROTO_IPV6, IPV6_HOPOPTS, ROUTER_ALERT))
        self._socket.sendmsg([packet.message], control, 0, (packet.destination, 0, 0, index))

    def received(self) -> Iterator[NeighbourPacket]:
        """What has come since the last call; not all of it when that is much."""
        for _ in range(MANY):
            try:
                data, control, _, remote = self._socket.recvmsg(LARGEST, CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error about something sent before
            said = {kind: value for _, kind, value in control}
            address, index = PACKET_INFO.unpack_from(said[IPV6_PKTINFO])
            (hops,) = struct.unpack_from("@i", said[IPV6_HOPLIMIT])
            try:
                interface = socket.if_indextoname(index)
            except OSError:
                continue  # it has gone meanwhile
            destination = socket.inet_ntop(socket.AF_INET6, address)
            yield NeighbourPacket(remote[0].partition("%")[0], destination, data, interface, hops)


def passing(kinds: tuple[int, ...]) -> bytes:
    """A filter that lets these types in alone: 256 bits in words of the machine's, each set keeps a type out."""
    words = [0xFFFFFFFF] * 8
    for kind in kinds:
        words[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack("@8I", *words)
