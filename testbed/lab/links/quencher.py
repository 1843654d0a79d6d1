"""A router on an access link that asks the mobile node to send less: ICMP Source Quench, made by scapy.

RFC 792 wants in it the IP header and eight bytes of the packet that it is about. So it is about one that has just
arrived: the newest that was seen on the link, and none when nothing arrives any more.
"""

import socket

from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

from testbed.lab.network import AccessLink
from testbed.lab.network.addresses import bare
from testbed.lab.processes.attacker import socket_in
from testbed.lab.spaces import Spaces

ETH_P_IP = 0x0800
UDP_HEADER = 8
SOURCE_QUENCH = 4


class Quencher:
    """Looks at what arrives at a link's router from the mobile node."""

    def __init__(self, net: Spaces, link: AccessLink) -> None:
        router = net[link.router.node]
        self._own, self._mobile = bare(link.router.address), bare(link.node.address)
        self._tap = socket_in(router, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._tap.bind((link.router.name, ETH_P_IP))
        self._tap.setblocking(False)
        self._raw = socket_in(router, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def quench(self) -> bool:
        """Sends one; False when nothing has arrived since the last time that it could be about."""
        newest = self._newest()
        if newest is None:
            return False
        about = Raw(newest[: (newest[0] & 0xF) * 4 + UDP_HEADER])
        packet = IP(src=self._own, dst=self._mobile) / ICMP(type=SOURCE_QUENCH) / about
        self._raw.sendto(bytes(packet), (self._mobile, 0))
        return True

    def _newest(self) -> bytes | None:
        """The newest UDP packet from the mobile node's address."""
        newest, source = None, socket.inet_aton(self._mobile)
        while True:
            try:
                data = self._tap.recv(65536)
            except BlockingIOError:
                return newest
            if data[9] == socket.IPPROTO_UDP and data[12:16] == source:
                newest = data
