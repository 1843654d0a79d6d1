"""The packet socket for what IPv4 says on a link before routes and neighbours are known: with the frame's addresses."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
from typing import TYPE_CHECKING

from agents.internet_checksum import internet_checksum
from agents.roles.role import LinkPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.roles.role import HearLinks

# include/uapi/linux/if_ether.h, if_packet.h, asm-generic/socket.h; Python's socket module names some of them.
ETH_P_IP = 0x0800
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA = 263, 1, 8
PACKET_MR_MULTICAST = 0
SO_ATTACH_FILTER = 26
TP_STATUS_CSUMNOTREADY = 8
# struct packet_mreq: index, kind, length and bytes of the address.
MEMBERSHIP = struct.Struct("@iHH8s")
AGENTS_GROUP = bytes((0x01, 0x00, 0x5E, 0x00, 0x00, 0x0B))
ETHERNET_BYTES = 6
ICMP, UDP = socket.IPPROTO_ICMP, socket.IPPROTO_UDP
IP_HEADER, UDP_HEADER = struct.Struct("!BBHHHBBH4s4s"), struct.Struct("!HHHH")
VERSION_AND_LENGTH, DO_NOT_FRAGMENT = 0x45, 0x4000
LARGEST, CONTROL_BYTES = 65536, 256
MANY = 64


class LinkSocket:
    """Hears and sends on some interfaces of this namespace."""

    def __init__(self, order: HearLinks) -> None:
        """Raises OSError for who may not (CAP_NET_RAW), or where there is no such interface."""
        self._interfaces = frozenset(order.interfaces)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.setblocking(False)
        attach(self._socket, program(order.icmp_types, order.udp_port))
        with contextlib.suppress(BlockingIOError):  # what came before there was a filter
            while self._socket.recv(LARGEST):
                pass
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        for name in order.interfaces:
            wanted = MEMBERSHIP.pack(
                socket.if_nametoindex(name), PACKET_MR_MULTICAST, ETHERNET_BYTES, AGENTS_GROUP.ljust(8, b"\0")
            )
            self._socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, wanted)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def send(self, packet: LinkPacket) -> None:
        """Sends one; raises OSError where the system refuses."""
        self._socket.sendto(as_bytes(packet), (packet.interface, ETH_P_IP, 0, 0, packet.link_layer))

    def received(self) -> Iterator[LinkPacket]:
        """What has come since the last call; not all of it when that is much."""
        for _ in range(MANY):
            try:
                data, control, _, remote = self._socket.recvmsg(LARGEST, CONTROL_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # an interface has gone down
            interface, _, kind, _, link_layer = remote
            if kind == socket.PACKET_OUTGOING or interface not in self._interfaces:
                continue
            status = next(
                (struct.unpack_from("@I", value)[0] for _, name, value in control if name == PACKET_AUXDATA), 0
            )
            packet = as_packet(data, interface, link_layer, is_summed=not status & TP_STATUS_CSUMNOTREADY)
            if packet is not None:
                yield packet


def as_packet(data: bytes, interface: str, link_layer: bytes, *, is_summed: bool) -> LinkPacket | None:
    """What is in an IPv4 packet of those that the filter lets in; None where it is not whole, or its checksum wrong.

    Not `is_summed`: it was sent on this machine, and nobody has made the checksum of its datagram yet.
    """
    first, _, length, _, _, hops, protocol, _, source, destination = IP_HEADER.unpack_from(data.ljust(IP_HEADER.size))
    begin = 4 * (first & 0x0F)
    if not IP_HEADER.size <= begin <= length <= len(data):
        return None
    body = data[begin:length]
    about = (interface, link_layer, socket.inet_ntoa(source), socket.inet_ntoa(destination), hops)
    if protocol != UDP:
        return None if internet_checksum(body) else LinkPacket(*about, body)
    sender, receiver, size, said = UDP_HEADER.unpack_from(body.ljust(UDP_HEADER.size))
    if not UDP_HEADER.size <= size <= len(body):
        return None
    if is_summed and said and internet_checksum(pseudo_header(source, destination, size) + body[:size]):
        return None
    return LinkPacket(*about, body[UDP_HEADER.size : size], (sender, receiver))


def as_bytes(packet: LinkPacket) -> bytes:
    """An IPv4 packet, with its header's checksum and that of its ICMP message or datagram."""
    source, destination = socket.inet_aton(packet.source), socket.inet_aton(packet.destination)
    body, protocol = packet.data[:2] + bytes(2) + packet.data[4:], ICMP
    body = body[:2] + internet_checksum(body).to_bytes(2, "big") + body[4:]
    if packet.ports is not None:
        protocol, size = UDP, UDP_HEADER.size + len(packet.data)
        whole = UDP_HEADER.pack(*packet.ports, size, 0) + packet.data
        total = internet_checksum(pseudo_header(source, destination, size) + whole) or 0xFFFF
        body = UDP_HEADER.pack(*packet.ports, size, total) + packet.data
    length = IP_HEADER.size + len(body)
    fields = (VERSION_AND_LENGTH, 0, length, 0, DO_NOT_FRAGMENT, packet.hops, protocol)
    total = internet_checksum(IP_HEADER.pack(*fields, 0, source, destination))
    return IP_HEADER.pack(*fields, total, source, destination) + body


def pseudo_header(source: bytes, destination: bytes, size: int) -> bytes:
    """What UDP's checksum has besides (RFC 768)."""
    return source + destination + struct.pack("!BBH", 0, UDP, size)


# A classic filter's instructions, linux/filter.h: what to do, how far to skip if so and if not, and with which number.
LOAD_BYTE, LOAD_HALF, LOAD_BYTE_WITHIN, LOAD_HALF_WITHIN, SKIP_HEADER = 0x30, 0x28, 0x50, 0x48, 0xB1
IF_EQUAL, IF_BITS, RETURN = 0x15, 0x45, 0x06
INSTRUCTION = struct.Struct("@HBBI")
PROTOCOL_AT, FRAGMENT_AT, UDP_PORT_AT = 9, 6, 2
FRAGMENT_BITS = 0x1FFF


def program(icmp_types: tuple[int, ...], udp_port: int) -> list[tuple[int, int, int, int]]:
    """A filter over IPv4 packets: ICMP of these types, and datagrams to this port; later fragments are neither."""
    many = len(icmp_types)
    return [
        (LOAD_HALF, 0, 0, FRAGMENT_AT),
        (IF_BITS, many + 9, 0, FRAGMENT_BITS),
        (SKIP_HEADER, 0, 0, 0),
        (LOAD_BYTE, 0, 0, PROTOCOL_AT),
        (IF_EQUAL, 0, many + 2, ICMP),
        (LOAD_BYTE_WITHIN, 0, 0, 0),
        *((IF_EQUAL, many - number + 3, 0, one) for number, one in enumerate(icmp_types)),
        (RETURN, 0, 0, 0),
        (IF_EQUAL, 0, 3, UDP),
        (LOAD_HALF_WITHIN, 0, 0, UDP_PORT_AT),
        (IF_EQUAL, 0, 1, udp_port),
        (RETURN, 0, 0, LARGEST),
        (RETURN, 0, 0, 0),
    ]


def attach(sock: socket.socket, instructions: list[tuple[int, int, int, int]]) -> None:
    """Has the kernel hand out only what this filter lets in; raises OSError."""
    code = b"".join(INSTRUCTION.pack(*one) for one in instructions)
    buffer = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(instructions), ctypes.addressof(buffer))
    )
