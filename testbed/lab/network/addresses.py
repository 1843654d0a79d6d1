"""Addresses as text, and what a mobile node configures with them: without libraries, so that scenarios have it too."""

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """A way into the network as the mobile node configures it; `gateway_mac` is given where nothing resolves it."""

    interface: str
    address: str
    gateway: str
    gateway_mac: str | None
    table: int


def bare(address: str) -> str:
    """An address without its prefix length: "10.1.0.2/24" gives "10.1.0.2"."""
    return address.partition("/")[0]


def is_ip6(address: str) -> bool:
    """Whether an address, or an address with a prefix length, is one of IPv6."""
    return ":" in address


def link_local(mac: str) -> str:
    """The link-local address that follows from an Ethernet address (RFC 4291, appendix A)."""
    octets = [int(octet, 16) for octet in mac.split(":")]
    octets[0] ^= 2
    identifier = bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]])
    return socket.inet_ntop(socket.AF_INET6, bytes([0xFE, 0x80, 0, 0, 0, 0, 0, 0]) + identifier)
