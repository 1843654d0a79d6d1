"""The links of a world: what becomes of datagrams on them, and what the mobile node's kernel knows of them."""

from __future__ import annotations

from typing import NamedTuple

from agents.role import LinkChange


class Way(NamedTuple):
    """Either direction of a link: seconds, more or less, and the share that gets lost."""

    delay: float
    jitter: float = 0.0
    loss: float = 0.0


WIFI, UMTS = Way(0.0015, 0.001), Way(0.110, 0.020)


class Link:
    """A way between the mobile node and the other one. The air and what the kernel knows of it are two things."""

    def __init__(self, name: str, address: str, way: Way, *, is_attached: bool) -> None:
        self.name, self.address, self.up, self.down = name, address, way, way
        self.has_carrier = self.is_configured = is_attached
        #: Datagrams vanish.
        self.is_cut = not is_attached
        #: The system refuses to send.
        self.is_refusing = False
        #: How long the radio takes to attach; None for ever.
        self.attach_s: float | None = 2.0

    def news(self, *, is_routed: bool = True) -> LinkChange:
        addresses = frozenset([self.address] if self.is_configured else [])
        return LinkChange(f"mn-{self.name}", self.has_carrier, addresses, self.is_configured and is_routed)
