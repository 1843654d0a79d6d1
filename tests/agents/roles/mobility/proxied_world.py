"""A node's system, two access gateways and their anchor, by Proxy Mobile IPv6; time is a number.

Labels: `NA`, `RA`, `Done` over the air, each with its link; `PBU 300 2` (lifetime, handoff indicator), `PBA 0` in the
core, with the link of the gateway.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip6.binding_keys import HomeKey
from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import MessageAuthentication, MobilityOption, NodeIdentifier
from agents.mip6.neighbour_messages import (
    ListenerDone,
    NeighbourAdvertisement,
    RouterAdvertisement,
    read_neighbour,
    solicited_node_group,
)
from agents.mip6.proxy_options import (
    AccessTechnologyType,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLayerIdentifier,
    Timestamp,
)
from agents.roles.kernel_orders import Deliver, NoLongerServe, SendLike, ServeNode
from agents.roles.mobility.proxy.access_gateway import AccessGateway
from agents.roles.mobility.proxy.logical_interface import LogicalInterface
from agents.roles.mobility.proxy.mobility_anchor import MobilityAnchor
from agents.roles.mobility.proxy.proxy_clock import NO_HOME, proxy_timestamp
from agents.roles.role import MobilityPacket, NeighbourPacket

from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

HOME, ANCHOR = "2001:db8:a0a::fe", "2001:db8:a0a::2"
ON_LINK = {"wifi": "2001:db8:a01::2", "umts": "2001:db8:a02::2"}
GATEWAYS = {"wifi": "2001:db8:a00:100::2", "umts": "2001:db8:a00:200::2"}
STATIONS = {"wifi": "02:00:00:00:00:01", "umts": "02:00:00:00:00:05"}
KEYS: dict[str, dict[str, Any]] = {"wifi": {"spi": 512, "key": "01" * 16}, "umts": {"spi": 513, "key": "02" * 16}}
TECHNOLOGIES = {"wifi": 4, "umts": 7}
IDENTIFIER = "mn@home.example"
P_AND_A = UpdateFlag.PROXY | UpdateFlag.ACKNOWLEDGE
# The agents' clock began so long after 1970. What is between a gateway and the anchor takes so long.
EPOCH_S, CORE_S = 1_767_225_600.0, 0.0005
NEIGHBOURS = {NeighbourAdvertisement: "NA", RouterAdvertisement: "RA", ListenerDone: "Done"}


class ProxiedWorld(TwoLinkWorld):
    """`anchor` is what its configuration has besides, `gateways` what theirs have, by link."""

    def __init__(
        self, *, handoff: int = 2, trigger: dict[str, Any] | None = None, anchor: dict[str, Any] | None = None,
        gateways: dict[str, dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(ON_LINK)
        about = {**about_links(ON_LINK, trigger), "home_address": HOME, "stations": STATIONS}
        self.mobile = LogicalInterface(about, Random(1))
        self._of_anchor: dict[str, Any] = {
            "address": ANCHOR, "interface": "home-eth0", "clock_offset_s": EPOCH_S,
            "gateways": {one: KEYS[link] for link, one in GATEWAYS.items()},
            "homes": {HOME: {"identifier": IDENTIFIER, "gateways": [*GATEWAYS.values()]}}, **(anchor or {}),
        }  # fmt: skip
        self.anchor = MobilityAnchor(self._of_anchor, Random(2))
        self.gateways = {
            link: AccessGateway(
                {
                    "address": own, "anchor": ANCHOR, "interface": f"{link}-gw-air", "home_address": HOME,
                    "identifier": IDENTIFIER, "station": STATIONS[link], "technology": TECHNOLOGIES[link],
                    "handoff": handoff, "clock_offset_s": EPOCH_S, **KEYS[link], **(gateways or {}).get(link, {}),
                },
                Random(3),
            )
            for link, own in GATEWAYS.items()
        }  # fmt: skip
        #: Whether the anchor hears anything, and all that was said to it and by it.
        self.is_silent = False
        self.packets: list[MobilityPacket] = []
        #: By which link the node sends, at which gateways its packets may pass, and to which the anchor sends them.
        self.sends_by, self.served, self.delivers_to = "", set[str](), ""
        self._tunnels: dict[str, str] = {}
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, **{f"{link}-gw": one for link, one in self.gateways.items()}, "home": self.anchor}

    def restart_anchor(self) -> None:
        """It forgets all that it knew."""
        self.anchor = MobilityAnchor(self._of_anchor, Random(4))
        self._flush()

    def hand(self, who: str, packet: MobilityPacket | NeighbourPacket) -> None:
        """Somebody sends this to one of them."""
        kind = "mobility" if isinstance(packet, MobilityPacket) else "neighbour"
        self.roles()[who].receive_report({"report": kind, "packet": packet}, now=self.now)
        self._flush()

    def _obey(self, who: str, command: Command) -> None:
        link = who.removesuffix("-gw")
        if isinstance(command, SendLike):
            self.sends_by = next(name for name, one in ON_LINK.items() if one == command.like)
        elif isinstance(command, ServeNode):
            self.served.add(link)
        elif isinstance(command, NoLongerServe):
            self.served.discard(link)
        elif isinstance(command, Deliver):
            bound = self.anchor._tunnels.bound(HOME)
            self.delivers_to = next((name for name, one in GATEWAYS.items() if one in bound), "")
        elif isinstance(command, NeighbourPacket):
            self._say(who, command)
        elif isinstance(command, MobilityPacket):
            self._send(command)

    def _say(self, who: str, packet: NeighbourPacket) -> None:
        """Over the air: what the node says is heard by the gateway of the link, and the other way round."""
        link = packet.interface.removeprefix("mn-").removesuffix("-gw-air")
        to, interface = ("mn", f"mn-{link}") if who != "mn" else (f"{link}-gw", f"{link}-gw-air")
        message = read_neighbour(packet.message, packet.hops)
        assert message is not None
        came = packet._replace(interface=interface, source="fe80::1")
        self._carry(NEIGHBOURS[type(message)], link, lambda: self.hand(to, came))

    def _send(self, packet: MobilityPacket) -> None:
        """Through the core, which loses what a label in `lost` says."""
        self.packets.append(packet)
        is_up = packet.destination == ANCHOR
        link = next((name for name, one in GATEWAYS.items() if one in {packet.source, packet.destination}), "")
        label = label_of(packet)
        self.sent.append((self.now, label, link))
        if label in self.lost or (is_up and self.is_silent) or not link:
            self.lost.discard(label)
            return
        self.after(CORE_S, lambda: self.hand("home" if is_up else f"{link}-gw", packet))


def label_of(packet: MobilityPacket) -> str:
    """Its kind, with the lifetime in seconds and the handoff indicator, or the status."""
    message, _ = parsed(packet.message, None)
    if isinstance(message, BindingUpdate):
        handoff = next((one.value for one in message.options if isinstance(one, HandoffIndicator)), 0)
        return f"PBU {message.units * 4} {handoff}"
    return f"PBA {message.status}" if isinstance(message, BindingAcknowledgement) else "?"


BEGUN = ["NA wifi", "PBU 300 2 wifi", "PBA 0 wifi", "RA wifi"]
"""What is said until the node is served over the WiFi."""


def begun(**world: Any) -> ProxiedWorld:  # noqa: ANN401 - what a world takes
    made = ProxiedWorld(**world)
    made.run(1.0)
    return made


def moved(world: ProxiedWorld, until: float = 3.0) -> ProxiedWorld:
    world.signal()
    world.run(until)
    return world


def leave(world: ProxiedWorld) -> None:
    """The WiFi's gateway hears that the node is there no longer."""
    said = ListenerDone(solicited_node_group(HOME))
    world.hand("wifi-gw", NeighbourPacket("fe80::1", said.destination, said.packed(), "wifi-gw-air", said.hops))


def update(
    world: ProxiedWorld, source: str = GATEWAYS["wifi"], *, key: dict[str, Any] | None = None, stamp_s: float = 0.0,
    without: type[MobilityOption] | None = None, node: str = IDENTIFIER, prefix: str = "::/0", handoff: int = 2,
    units: int = 75, station: str = STATIONS["wifi"], technology: int = 4, flags: UpdateFlag = P_AND_A,
) -> MobilityPacket:  # fmt: skip
    """One that somebody makes by hand, `stamp_s` off the time."""
    association = key or KEYS["wifi"]
    signs = HomeKey(association["spi"], bytes.fromhex(association["key"]))
    options = (
        NodeIdentifier(node), HomeNetworkPrefix(prefix), HandoffIndicator(handoff), AccessTechnologyType(technology),
        LinkLayerIdentifier(bytes.fromhex(station.replace(":", ""))),
        Timestamp(proxy_timestamp(world.now + EPOCH_S + stamp_s)),
    )  # fmt: skip
    kept = *(one for one in options if not (without and isinstance(one, without))), MessageAuthentication(signs.spi)
    data = packed(
        BindingUpdate(999, flags, units, kept), MessageEnds(source, ANCHOR),
        lambda covered: signs.authenticator(source, NO_HOME, covered),
    )  # fmt: skip
    return MobilityPacket(source, ANCHOR, data)


def answered(world: ProxiedWorld, packet: MobilityPacket) -> int | None:
    """Hands this to the anchor; returns the status of its answer, None where there is none."""
    before = len(world.packets)
    world.hand("home", packet)
    answers = [parsed(one.message, None).message for one in world.packets[before:] if one.source == ANCHOR]
    assert len(answers) <= 1
    first = answers[0] if answers else None
    return first.status if isinstance(first, BindingAcknowledgement) else None
