"""The raw socket for what neighbours say of addresses (ICMPv6: RFC 4861, RFC 2710); its checksums are the kernel's."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from agents.mip6.neighbour_messages import KINDS, MLD_HOPS
from agents.roles.role import NeighbourPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

# include/uapi/linux/icmpv6.h, in6.h; Python's socket module names most of them on some systems only.
ICMP6_FILTER = 1
IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT, IPV6_HOPOPTS = 49, 50, 51, 52, 54
PACKET_INFO = struct.Struct("@16sI")
# A hop-by-hop options header with the router alert (RFC 2711 2.1), which what leaves one hop has (RFC 2710 3).
ROUTER_ALERT = bytes((0, 0, 5, 2, 0, 0, 1, 0))
LARGEST, CONTROL_BYTES = 65536, 1024
MANY = 64


class NeighbourSocket:
    """Hears and sends them on all interfaces of this namespace."""

    def __init__(self) -> None:
        """Raises OSError for who may not (CAP_NET_RAW)."""
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, passing(KINDS))
        for name in (IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT):
            self._socket.setsockopt(socket.IPPROTO_IPV6, name, 1)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def send(self, packet: NeighbourPacket) -> None:
        """Sends one, from an address that the kernel chooses; raises OSError when the system refuses."""
        index = socket.if_nametoindex(packet.interface)
        control = [
            (socket.IPPROTO_IPV6, IPV6_PKTINFO, PACKET_INFO.pack(bytes(16), index)),
            (socket.IPPROTO_IPV6, IPV6_HOPLIMIT, struct.pack("@i", packet.hops)),
        ]
        if packet.hops == MLD_HOPS:
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
            yield NeighbourPacket(interface, destination, data, hops, source=remote[0].partition("%")[0])


def passing(kinds: tuple[int, ...]) -> bytes:
    """A filter that lets these types in alone: 256 bits in words of the machine's, each set keeps a type out."""
    words = [0xFFFFFFFF] * 8
    for kind in kinds:
        words[kind >> 5] &= ~(1 << (kind & 31))
    return struct.pack("@8I", *words)
