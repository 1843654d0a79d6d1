"""Telling a network's nodes that packets for somebody else's address go to us from now on."""

from __future__ import annotations

import socket
import struct

BROADCAST = b"\xff" * 6
ETHERTYPE_ARP = 0x0806
ARP_REPLY = 2
ALL_NODES = "ff02::1"
NEIGHBOUR_ADVERTISEMENT, TARGET_LINK_LAYER_ADDRESS = 136, 2
ROUTER, OVERRIDE = 0x80, 0x20
HOPS = 255


def announce(address: str, interface: str, link_layer: bytes = b"") -> None:
    """A gratuitous ARP reply (RFC 5944 4.6), or an unsolicited neighbour advertisement (RFC 6275 10.4.1).

    ARP may say that somebody else has it, at this link-layer address; without one it is the interface's own.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, ETHERTYPE_ARP))
        own = sock.getsockname()[4]
        if ":" not in address:
            ip = socket.inet_aton(address)
            whose = link_layer or own
            arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, ARP_REPLY) + whose + ip + whose + ip
            sock.send(BROADCAST + own + struct.pack("!H", ETHERTYPE_ARP) + arp)
            return
    index = socket.if_nametoindex(interface)
    target = socket.inet_pton(socket.AF_INET6, address)
    said = struct.pack("!BBHB3x", NEIGHBOUR_ADVERTISEMENT, 0, 0, ROUTER | OVERRIDE) + target
    said += bytes((TARGET_LINK_LAYER_ADDRESS, 1)) + own
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOPS)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.sendto(said, (ALL_NODES, 0, 0, index))
