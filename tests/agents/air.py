"""The links of a world, what the mobile node's kernel knows of them, and who is at their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.mn.node import MobileNode
from agents.role import LinkChange

if TYPE_CHECKING:
    from agents.cn.node import CorrespondentNode
    from agents.role import Tell
    from agents.rtp.playout_events import PlayoutEvent
    from agents.sip.address import Address


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


class Host:
    """A role, what it has opened, and what it has told."""

    def __init__(self, role: MobileNode | CorrespondentNode) -> None:
        self.role = role
        self.ua = role._call.ua if isinstance(role, MobileNode) else role._ua
        self.media = role._call.media if isinstance(role, MobileNode) else role._media
        self.open: set[Address] = set()
        self.told: list[tuple[float, Tell]] = []
        self.heard: list[PlayoutEvent] = []
