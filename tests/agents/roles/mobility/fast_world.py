"""A mobile node's system between two access routers with fast handovers, and its home agent; time is a number."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip6.fast_messages import (
    FastBindingAcknowledgement,
    FastBindingUpdate,
    HandoverAcknowledge,
    HandoverInitiate,
)
from agents.mip6.mobility_header import parsed
from agents.mip6.proxy_advertisements import ArrivalAtRouter, ProxyAdvertisement, parsed_neighbour
from agents.roles.kernel_orders import HoldBack, LetGo
from agents.roles.mobility.ip6.access_router import AccessRouter
from agents.roles.mobility.ip6.fast_mobile import FastMobileSystem
from agents.roles.mobility.ip6.ipv6_home_agent import Ipv6HomeAgent
from agents.roles.role import MobilityPacket, NeighbourPacket

from .bound_world import AGENT, CARE_OF, EPOCH_S, HOME, SECRET, label_of
from .two_link_world import WAY_S, TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

ROUTER = {"wifi": "2001:db8:a01::1", "umts": "2001:db8:a02::1"}
LINK_LOCAL = {"wifi": "fe80::1", "umts": "fe80::2"}
OF_LINK = {"spi": 512, "key": "101112131415161718191a1b1c1d1e1f"}
OF_ROUTERS = {"spi": 768, "key": "202122232425262728292a2b2c2d2e2f"}
WIRE_S = 0.0005


def about_router(link: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what a router's configuration has
    """The configuration of a link's router."""

    def known(name: str) -> dict[str, Any]:
        prefix = f"{ROUTER[name].removesuffix('1')}/64"
        return {"address": ROUTER[name], "prefix": prefix, "link_layer": f"02000000000{1 + (name == 'umts')}"}

    return {
        **known(link), "interface": f"{link}-air", "link_local": LINK_LOCAL[link],
        "neighbours": [{**known(name), **OF_ROUTERS} for name in ROUTER if name != link],
        "nodes": {CARE_OF[link]: OF_LINK}, **more,
    }  # fmt: skip


class FastWorld(TwoLinkWorld):
    """The node is on both links. Labels: `FBU 10`, `FBack 0`, `HI 0`, with U where it buffers, `HAck 0`, `UNA` …

    What nobody answers goes to who is in `silent`. `held` is what a kernel says of a buffer when it is asked.
    """

    def __init__(self, **routers: dict[str, Any]) -> None:
        super().__init__(CARE_OF)
        links = {name: {"address": ROUTER[name], "link_layer": f"02000000001{place}", **OF_LINK}
                 for place, name in enumerate(ROUTER)}  # fmt: skip
        about: dict[str, Any] = {
            **about_links(CARE_OF, None), "protocol": "Fast Mobile IPv6", "home_address": HOME, "home_agent": AGENT,
            "identifier": "mn@home.example", "spi": 256, "key": SECRET, "bindings": "one", "routers": links,
            "clock_offset_s": EPOCH_S,
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        of_agent = {"address": AGENT, "interface": "home-eth0", "homes": homes, "clock_offset_s": EPOCH_S}
        self.mobile = FastMobileSystem(about, Random(1))
        self.agent = Ipv6HomeAgent(of_agent, Random(2))
        self.routers = {name: AccessRouter(about_router(name, **routers.get(name, {})), Random(3)) for name in ROUTER}
        self.silent: set[str] = set()
        self.held = {"packets": 6, "bytes": 1884, "overflowed": 0}
        self.packets: list[MobilityPacket] = []
        #: Who holds packets back now.
        self.holding: set[str] = set()
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name; routers by that of their link."""
        return {"mn": self.mobile, "home": self.agent, **self.routers}

    def restart(self, link: str) -> None:
        """A link's router forgets all that it knew."""
        self.routers[link] = AccessRouter(about_router(link), Random(4))
        self._flush()

    def hand(self, who: str, packet: MobilityPacket) -> None:
        """Somebody sends this to one of them."""
        if who not in self.silent:
            self.roles()[who].receive_report({"report": "mobility", "packet": packet}, now=self.now)
            self._flush()

    def hand_neighbour(self, who: str, packet: NeighbourPacket) -> None:
        """The same of ICMPv6."""
        if who not in self.silent:
            self.roles()[who].receive_report({"report": "neighbour", "packet": packet}, now=self.now)
            self._flush()

    def chart(self, since: float = 0.0) -> list[str]:
        """What was sent from then on, each with its link."""
        return [f"{label} {link}" for at, label, link in self.sent if at >= since]

    def _obey(self, who: str, command: Command) -> None:
        if isinstance(command, MobilityPacket):
            self.packets.append(command)
            self._send(command)
        elif isinstance(command, NeighbourPacket):
            self._send_neighbour(who, command)
        elif isinstance(command, HoldBack):
            self.holding.add(who)
        elif isinstance(command, LetGo):
            self.holding.discard(who)
            self.roles()[who].receive_report({"report": "held", **self.held}, now=self.now)

    def _send(self, packet: MobilityPacket) -> None:
        """By the link of the node's address, or by a wire where there is none."""
        ends = {packet.source, packet.destination}
        link = next((name for name, address in CARE_OF.items() if address in ends), "wire")
        who = next((name for name, address in ROUTER.items() if address == packet.destination), "mn")
        to = "home" if packet.destination == AGENT else who
        comes = packet._replace(interface=f"mn-{link}" if to == "mn" else "")
        self._carry(labelled(packet), link, lambda: self.hand(to, comes))

    def _send_neighbour(self, who: str, packet: NeighbourPacket) -> None:
        link = packet.interface.removeprefix("mn-") if who == "mn" else who
        to, interface = (link, f"{link}-air") if who == "mn" else ("mn", f"mn-{link}")
        self._carry(
            neighbour_label(packet), link, lambda: self.hand_neighbour(to, packet._replace(interface=interface))
        )


WAY_S["wire"] = WIRE_S


def labelled(packet: MobilityPacket) -> str:
    """`FBU 10`, `FBack 0`, `HI 0 U`, `HAck 0`; else as without fast handovers."""
    message = parsed(packet.message, None).message
    if isinstance(message, FastBindingUpdate):
        return f"FBU {message.lifetime_s}"
    if isinstance(message, FastBindingAcknowledgement):
        return f"FBack {message.status}"
    if isinstance(message, HandoverInitiate):
        return f"HI {message.code}{' U' if message.flags & 0x40 else ''}"
    return f"HAck {message.code}" if isinstance(message, HandoverAcknowledge) else label_of(packet)


def neighbour_label(packet: NeighbourPacket) -> str:
    """`RtSolPr`, `PrRtAdv 1` with the number of routers, `UNA`."""
    message = parsed_neighbour(packet.message)
    if isinstance(message, ProxyAdvertisement):
        return f"PrRtAdv {len(message.neighbours)}"
    return "UNA" if isinstance(message, ArrivalAtRouter) else "RtSolPr"
