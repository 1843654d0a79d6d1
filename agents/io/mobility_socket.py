"""The raw socket for mobility headers (RFC 6275 6.1), with what stands beside them in the IPv6 header's extensions.

The kernel has its own idea of their checksum, which is not that of the RFC where there is a home address: it makes and
checks none here. What it hands out has source and destination exchanged with the addresses in the extension already.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from typing import TYPE_CHECKING

from agents.roles.role import MobilityPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

MOBILITY = 135
# include/uapi/linux/in6.h; Python's socket module names most of them on some systems only.
IPV6_CHECKSUM, IPV6_RECVPKTINFO, IPV6_PKTINFO = 7, 49, 50
IPV6_RECVRTHDR, IPV6_RTHDR, IPV6_RECVDSTOPTS, IPV6_DSTOPTS = 56, 57, 58, 59
LARGEST, CONTROL_BYTES = 65536, 1024
MANY = 64
HOME_ADDRESS_OPTION, PADN = 0xC9, 1
# Next header (the kernel fills it in), length in units of 8 bytes; four bytes of padding, so that the option begins at
# 8n + 6; the option (6.3).
OPTIONS_HEADER = struct.Struct("!BBBB2xBB16s")
# Next header, length, type 2, one segment left, reserved, the one address (6.4).
ROUTING_HEADER = struct.Struct("!BBBB4x16s")
PACKET_INFO = struct.Struct("@16sI")


class MobilitySocket:
    """Hears and sends mobility headers for all addresses of this namespace."""

    def __init__(self) -> None:
        """Raises OSError for who may not (CAP_NET_RAW)."""
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, MOBILITY)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_IPV6, IPV6_CHECKSUM, -1)
        for name in (IPV6_RECVPKTINFO, IPV6_RECVRTHDR, IPV6_RECVDSTOPTS):
            self._socket.setsockopt(socket.IPPROTO_IPV6, name, 1)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Hears no more."""
        self._socket.close()

    def send(self, packet: MobilityPacket) -> None:
        """Sends one; raises OSError when the system refuses."""
        index = socket.if_nametoindex(packet.interface) if packet.interface else 0
        control = [(socket.IPPROTO_IPV6, IPV6_PKTINFO, PACKET_INFO.pack(_packed(packet.source), index))]
        destination = packet.destination
        if packet.source_home:
            control.append((socket.IPPROTO_IPV6, IPV6_DSTOPTS, home_address_header(packet.source_home)))
        if packet.destination_home:  # the kernel puts the address inside into the IPv6 header, and this one inside
            control.append((socket.IPPROTO_IPV6, IPV6_RTHDR, routing_header(packet.destination)))
            destination = packet.destination_home
        self._socket.sendmsg([packet.message], control, 0, (destination, 0))

    def received(self) -> Iterator[MobilityPacket]:
        """What has come since the last call; not all of it when that is much."""
        for _ in range(MANY):
            try:
                data, control, _, remote = self._socket.recvmsg(LARGEST, CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error about something sent before
            yield as_packet(data, remote[0], {kind: value for _, kind, value in control})


def as_packet(data: bytes, source: str, control: dict[int, bytes]) -> MobilityPacket:
    """What the kernel hands out, with addresses as they were on the wire; `control` is by the kind of its messages."""
    address, index = PACKET_INFO.unpack_from(control[IPV6_PKTINFO])
    packet = MobilityPacket(source, _text(address), data)
    with contextlib.suppress(OSError):  # it has gone meanwhile
        packet = packet._replace(interface=socket.if_indextoname(index))
    care_of = address_in_options(control.get(IPV6_DSTOPTS, b""))
    if care_of:
        packet = packet._replace(source=care_of, source_home=source)
    routing = control.get(IPV6_RTHDR, b"")
    if len(routing) >= ROUTING_HEADER.size and routing[2] == 2:
        care_of = _text(ROUTING_HEADER.unpack_from(routing)[4])
        packet = packet._replace(destination=care_of, destination_home=packet.destination)
    return packet


def home_address_header(home: str) -> bytes:
    """A destination options header with the home address option."""
    return OPTIONS_HEADER.pack(0, OPTIONS_HEADER.size // 8 - 1, PADN, 2, HOME_ADDRESS_OPTION, 16, _packed(home))


def routing_header(address: str) -> bytes:
    """A type 2 routing header."""
    return ROUTING_HEADER.pack(0, ROUTING_HEADER.size // 8 - 1, 2, 1, _packed(address))


def address_in_options(header: bytes) -> str:
    """What is in the home address option of a destination options header; "" without one."""
    at = 2
    while at + 1 < len(header):
        kind, size = header[at], header[at + 1]
        if kind == HOME_ADDRESS_OPTION and size == 16 and at + 18 <= len(header):
            return _text(header[at + 2 : at + 18])
        at += 1 if kind == 0 else 2 + size
    return ""


def _packed(address: str) -> bytes:
    return ipaddress.IPv6Address(address).packed


def _text(address: bytes) -> str:
    return str(ipaddress.IPv6Address(address))
