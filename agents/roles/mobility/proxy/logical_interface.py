"""A node's system with one address over two links (RFC 7847), in a network that moves the address by itself.

It knows nothing of Proxy Mobile IPv6. It does what a bond of two interfaces does in its active-backup mode: it sends by
the link in use, and says there that the address is to be had by it, unasked (RFC 4861 7.2.6), until the router has
advertised it as the node's own. Then it says on the link that it has left that nobody has it there (RFC 2710 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.mip6.neighbour_messages import (
    KINDS,
    ListenerDone,
    NeighbourAdvertisement,
    NeighbourParseError,
    RouterAdvertisement,
    read_neighbour,
    solicited_node_group,
)
from agents.roles.kernel_orders import OwnAddress, SendLike, SetLogical
from agents.roles.mobility.on_one_link import OnOneLink, RouteMove
from agents.roles.role import HearNeighbours, NeighbourPacket

if TYPE_CHECKING:
    from random import Random

    from agents.mip6.neighbour_messages import NeighbourMessage
    from agents.roles.mn.call.links import Link

INTERFACE = "mn-logical"
# RFC 4861 10: RetransTimer.
AGAIN_S = 1.0


class LogicalInterface(OnOneLink):
    """A role. `config` is what the scenario says of the links and the triggers."""

    is_done_at_once = False

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__(config)
        del random
        self._home: str = config["home_address"]
        self._stations = {name: bytes.fromhex(one.replace(":", "")) for name, one in config["stations"].items()}
        # Since when, and when next, the link in use is told of the address; None: it knows.
        self._told_since_s = 0.0
        self._tell_at: float | None = None
        # What a router has said of packets' sizes.
        self._mtu: int | None = None
        # The links on which somebody may believe that it is there.
        self._told: list[Link] = []
        self._commands += [SetLogical(INTERFACE), OwnAddress(self._home, INTERFACE), HearNeighbours(KINDS)]

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """News from a radio, the GPS receiver, the battery; or what a router says."""
        if report["report"] == "neighbour":
            self._hear(report["packet"], now)
        else:
            super().receive_report(report, now=now)

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        is_back = self.state != RouteMove.NOWHERE and link is self._link and link.is_usable and bool(news)
        super()._link_told(link, news, now)
        if is_back and link is self._link:
            self._send_over(link, now)

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = super().get_timer(), self._tell_at
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """The link in use is told again, or a trigger's time has come."""
        if self._tell_at is not None and now >= self._tell_at:
            self._announce(now)
        super().handle_timer(now=now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _send_over(self, link: Link, now: float) -> None:
        """The word first: it is heard while the routes are changed, and what is sent then comes behind it."""
        self._told_since_s = now
        self._announce(now, link)
        self._commands.append(SendLike(self._home, link.address, self._mtu))

    def _announce(self, now: float, link: Link | None = None) -> None:
        link = link or self._link
        self._tell_at = now + AGAIN_S
        if link.is_usable:
            self._told = [*(one for one in self._told if one is not link), link]
            self._say(link, NeighbourAdvertisement(self._home, self._stations[link.name]))

    def _hear(self, packet: NeighbourPacket, now: float) -> None:
        try:
            message = read_neighbour(packet.message, packet.hops)
        except NeighbourParseError as error:
            self._tell("discarded", reason=str(error), remote=packet.source)
            return
        if not isinstance(message, RouterAdvertisement) or message.prefix != f"{self._home}/128":
            return
        if packet.interface != self._link.interface or self._tell_at is None:
            return
        self._tell_at = None
        if message.mtu != self._mtu:
            self._mtu = message.mtu
            self._commands.append(SendLike(self._home, self._link.address, self._mtu))
        self._tell("handover_done", link=self._link.name, took_s=round(now - self._told_since_s, 6))
        if self._other in self._told and self._other.is_usable:
            self._say(self._other, ListenerDone(solicited_node_group(self._home)))
        self._told = [self._link]

    def _say(self, link: Link, message: NeighbourMessage) -> None:
        self._commands.append(NeighbourPacket("", message.destination, message.packed(), link.interface, message.hops))
