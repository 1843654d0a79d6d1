"""A mobile access gateway (RFC 5213 6): an access router that keeps the addresses of nodes on its link, in their name.

It hears of them by what they say on the link of their address, and knows them by their link-layer address: both are
the link layer's business in a real access network (6.5, 6.6, 6.13). Not done: probing a node that has said nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import BindingAcknowledgement, MessageEnds, parsed
from agents.mip6.mobility_options import MobilityParseError, NodeIdentifier
from agents.mip6.neighbour_messages import (
    KINDS,
    ListenerDone,
    NeighbourAdvertisement,
    NeighbourParseError,
    RouterAdvertisement,
    read_neighbour,
    solicited_node_group,
)
from agents.mip6.proxy_options import Handoff
from agents.roles.kernel_orders import NoLongerServe, ServeNode, SetTunnel
from agents.roles.mobility.proxy.proxy_updates import Attachment, Gateway, ProxyUpdates
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearMobility, HearNeighbours, NeighbourPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.roles.role import MobilityPacket

TUNNEL = "mag-lma"
# Of the tunnel: an Ethernet's, less a header of IPv6 (RFC 2473 7.1). The node is told (6.9.2 3).
TUNNEL_MTU = 1460


class AccessGateway(QuietRole):
    """A role. `config` says where it is and where the anchor is, and which node it may serve (its policy, 6.2)."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        self._interface: str = config["interface"]
        self._anchor: str = config["anchor"]
        self._own: str = config["address"]
        self._home: str = config["home_address"]
        self._identifier: str = config["identifier"]
        self._station = bytes.fromhex(config["station"].replace(":", ""))
        gateway = Gateway(
            self._own, self._anchor, HomeKey.of(config), config["technology"],
            Handoff(config["handoff"]), config["clock_offset_s"],
        )  # fmt: skip
        self._commands += [HearMobility(), HearNeighbours(KINDS), SetTunnel(TUNNEL, self._own, self._anchor)]
        self._updates = ProxyUpdates(gateway, self._identifier, f"{self._home}/128", self._commands)
        self._is_routed = False
        #: What was not believed, by why.
        self.discarded: Counter[str] = Counter()

    @property
    def state(self) -> Attachment:
        """The node's."""
        return self._updates.state

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """What a node says on the link, or what the anchor answers."""
        if report["report"] == "neighbour" and report["packet"].interface == self._interface:
            self._hear_neighbour(report["packet"], now)
        elif report["report"] == "mobility":
            self._hear_anchor(report["packet"], now)
        self._route()

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return self._updates.get_timer()

    def handle_timer(self, *, now: float) -> None:
        """Asks again, or gives up."""
        self._updates.handle_timer(now)
        self._route()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear_neighbour(self, packet: NeighbourPacket, now: float) -> None:
        """Of addresses that are not its business it says nothing: links are full of them."""
        try:
            message = read_neighbour(packet.message, packet.hops)
        except NeighbourParseError as error:
            self._discard(str(error), packet.source)
            return
        if isinstance(message, ListenerDone) and message.group == solicited_node_group(self._home):
            self._updates.left(now)
        elif isinstance(message, NeighbourAdvertisement) and message.address == self._home:
            if message.link_layer != self._station:
                self._discard("another's address", packet.source)
            else:
                self._updates.attached(message.link_layer, now)

    def _hear_anchor(self, packet: MobilityPacket, now: float) -> None:
        try:
            message, covered = parsed(packet.message, MessageEnds(packet.source, packet.destination))
        except MobilityParseError as error:
            self._discard(str(error), packet.source)
            return
        if not isinstance(message, BindingAcknowledgement) or packet.source != self._anchor:
            self._discard("no acknowledgement of the anchor's", packet.source)
        elif NodeIdentifier(self._identifier) not in message.options:
            self._discard("about a node that is not served", packet.source)
        elif why := self._updates.receive(message, covered, now):
            self._discard(why, packet.source)
        elif self.state == Attachment.SERVED:  # 6.9.1.2 14
            self._route()
            said = RouterAdvertisement(f"{self._home}/128", TUNNEL_MTU)
            self._commands.append(NeighbourPacket("", said.destination, said.packed(), self._interface, said.hops))

    def _route(self) -> None:
        """The kernel does what the anchor has agreed to (6.9.1.2 11 to 13), before the node is told."""
        if self._updates.is_served == self._is_routed:
            return
        self._is_routed = self._updates.is_served
        if self._is_routed:
            self._commands.append(ServeNode(self._home, self._interface, self._updates.station, TUNNEL))
        else:
            self._commands.append(NoLongerServe(self._home, self._interface, TUNNEL))

    def _discard(self, reason: str, remote: str) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": remote}))
