"""Transport addresses, and the datagrams that go between them."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple

#: RFC 3261 19.1.2, table 1, note (1).
DEFAULT_PORT = 5060


class Address(NamedTuple):
    """An IP address literal, without brackets for IPv6, and a UDP port."""

    ip: str
    port: int

    @property
    def hostport(self) -> str:
        """As it stands in a URI or a Via: `192.0.2.1:5060`, `[2001:db8::1]:5060`."""
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class Flow(NamedTuple):
    """The two ends of a message's way, ours first."""

    local: Address
    remote: Address


class Datagram(NamedTuple):
    """Bytes with where they leave from and where they go: a mobile node has several local addresses."""

    local: Address
    remote: Address
    data: bytes


def is_ip_literal(host: str) -> bool:
    """Whether a URI's host (IPv6 without brackets) can be sent to without a look-up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
