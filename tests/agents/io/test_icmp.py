"""The socket that hears Source Quench, on the real kernel, in a network namespace of its own."""

from __future__ import annotations

import socket
import time

from pyroute2 import IPRoute
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Raw

from agents.io.icmp import QuenchSocket
from agents.roles.mn.quench import parse_quench
from tests.patience import PATIENCE_S

from .namespace import in_a_namespace

US, ROUTER = "127.0.0.1", "127.0.0.9"


def quench_and_others() -> list[list[object]]:
    """What is heard of an echo, an unreachable and a Source Quench."""
    with IPRoute() as netlink:
        (loopback,) = netlink.link_lookup(ifname="lo")
        netlink.link("set", index=loopback, state="up")
    about = Raw(bytes(IP(src=US, dst="10.20.0.2") / UDP(sport=20000, dport=30000))[:28])
    sock = QuenchSocket()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for kind in (8, 3, 4):
        raw.sendto(bytes(IP(src=ROUTER, dst=US) / ICMP(type=kind) / about), (US, 0))
    limit, heard = time.monotonic() + PATIENCE_S, list(sock.received())
    while not heard and time.monotonic() < limit:
        heard += sock.received()
    raw.close()
    sock.close()
    found = [parse_quench(packet) for packet in heard]
    return [[one.router, *one.source[:2], *one.destination[:2]] for one in found if one is not None] + [[len(heard)]]


def test_source_quench_is_heard_and_nothing_else() -> None:
    assert in_a_namespace(quench_and_others) == [[ROUTER, US, 20000, "10.20.0.2", 30000], [1]]
