"""Transport addresses, and the messages that go between them."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

#: RFC 3261 19.1.2, table 1, note (1).
DEFAULT_PORT = 5060
UDP, TCP = "UDP", "TCP"


class Address(NamedTuple):
    """An IP address literal, without brackets for IPv6, a port, and a peer's transport.

    Ours are for both transports (RFC 3261 18.2.1) and are written with UDP. That of a peer who has opened a TCP
    connection is its end of it, where nobody listens.
    """

    ip: str
    port: int
    transport: str = UDP

    @property
    def hostport(self) -> str:
        """As it stands in a URI or a Via: `192.0.2.1:5060`, `[2001:db8::1]:5060`."""
        return f"{self.host}:{self.port}"

    @property
    def host(self) -> str:
        """The address as a URI's host: `192.0.2.1`, `[2001:db8::1]`."""
        return f"[{self.ip}]" if ":" in self.ip else self.ip


class Flow(NamedTuple):
    """The two ends of a message's way, ours first."""

    local: Address
    remote: Address

    @property
    def is_reliable(self) -> bool:
        """Whether the transport repeats what gets lost."""
        return self.remote.transport != UDP

    def over(self, transport: str) -> Flow:
        """The same by another transport."""
        return Flow(self.local, self.remote._replace(transport=transport))


class Datagram(NamedTuple):
    """Bytes with where they leave from and where they go: a mobile node has several local addresses.

    To a TCP address they go over the connection with it, which is opened when there is none.
    """

    local: Address
    remote: Address
    data: bytes


@lru_cache(maxsize=256)  # a node speaks with few others
def ip_literal(host: str) -> str | None:
    """The address that a URI's host is (IPv6 without brackets), as the kernel tells where packets come from.

    Of IPv6 there are many ways to write the same one (RFC 5118 4.5, RFC 5952). None for a name, which somebody would
    have to look up; and with a zone, whose name is one of the machine that wrote it (RFC 4007 11.2).
    """
    if "%" in host:
        return None
    try:
        return str(ip_address(host))
    except ValueError:
        return None
