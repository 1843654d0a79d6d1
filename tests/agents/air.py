"""The links of a world, what the mobile node's kernel knows of them, and who is at their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.roles.b2bua.back_to_back import BackToBack
from agents.roles.mn.mobile_node import MobileNode
from agents.roles.registrar.registrar_node import RegistrarNode
from agents.roles.role import LinkChange

from .roles.learning_relay import LearningRelay
from .roles.turn_server import TurnServer

if TYPE_CHECKING:
    from agents.media.call_media import CallMedia
    from agents.roles.cn.correspondent_node import CorrespondentNode
    from agents.roles.role import Splice, Tell
    from agents.rtp.playout_events import PlayoutEvent
    from agents.sip.message.address import Address


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

    def __init__(
        self, role: MobileNode | CorrespondentNode | BackToBack | RegistrarNode | LearningRelay | TurnServer
    ) -> None:
        self.role = role
        self._media: CallMedia | None = None
        if isinstance(role, BackToBack):
            self.ua = role._office.ua
        elif isinstance(role, MobileNode):
            self.ua, self._media = role._call.ua, role._call.media
        elif isinstance(role, RegistrarNode):
            self.ua = role._ua
        elif not isinstance(role, LearningRelay | TurnServer):  # which have no dialogs of its own
            self.ua, self._media = role._ua, role._media
        #: What `get_timer` of the role said last.
        self.timer: float | None = None
        self.open: set[Address] = set()
        self.splices: dict[Address, Splice] = {}
        self.told: list[tuple[float, Tell]] = []
        self.heard: list[PlayoutEvent] = []

    @property
    def media(self) -> CallMedia:
        """Who talks and listens here."""
        assert self._media is not None, "nobody listens here"
        return self._media

    @property
    def legs(self) -> list[object]:
        """What media still go to."""
        if self._media is not None:
            return list(self._media.legs)
        if isinstance(self.role, RegistrarNode | LearningRelay | TurnServer):
            return []
        assert isinstance(self.role, BackToBack)
        office = self.role._office
        return [*office.relays, *office.holding, *office.handlers]
