"""A mobile node's system in the domain of an anchor point, and its home agent far behind that; time is a number."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip6.mobility_header import BindingUpdate, UpdateFlag, parsed
from agents.roles.kernel_orders import SendBy
from agents.roles.mobility.ip6.hierarchical_binding import regional_address
from agents.roles.mobility.ip6.hierarchical_mobile import HierarchicalMobileSystem
from agents.roles.mobility.ip6.ipv6_home_agent import Ipv6HomeAgent
from agents.roles.mobility.ip6.mobility_anchor_point import MobilityAnchorPoint
from agents.roles.role import MobilityPacket

from .bound_world import AGENT, CARE_OF, EPOCH_S, HOME, SECRET, label_of
from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

POINT, IDENTIFIER = "2001:db8:a00:100::1", "000000fffe000001"
REGIONAL = regional_address(POINT, IDENTIFIER)
SECRET_HERE = "303132333435363738393a3b3c3d3e3f"  # noqa: S105
OF_POINT = {"spi": 1024, "key": SECRET_HERE}
DOMAIN = ["2001:db8:a01::/64", "2001:db8:a02::/64"]
# From the anchor point to the home agent.
HOME_S = 0.05


class HierarchicalWorld(TwoLinkWorld):
    """The node is on both links. Labels: `BU 300 L` to the anchor point, `BU 296 H` to the home agent, `BA 0`.

    Who is in `silent` hears nothing. What goes to and from the home agent passes the anchor point's tunnel, if it has
    one to that link.
    """

    def __init__(
        self, *, key: str = SECRET_HERE, mobile_clock_s: float = EPOCH_S, agent: dict[str, Any] | None = None,
        silent: frozenset[str] = frozenset(), **point: Any,  # noqa: ANN401 - of an anchor point's configuration
    ) -> None:  # fmt: skip
        super().__init__(CARE_OF)
        about: dict[str, Any] = {
            **about_links(CARE_OF, None), "protocol": "Hierarchical Mobile IPv6", "home_address": HOME,
            "home_agent": AGENT, "identifier": "mn@home.example", "spi": 256, "key": SECRET, "bindings": "one",
            "anchor_point": {**OF_POINT, "address": POINT, "key": key}, "interface_identifier": IDENTIFIER,
            "clock_offset_s": mobile_clock_s,
        }  # fmt: skip
        self._of_point = {
            "address": POINT, "interface": "core-wifi", "homes": {REGIONAL: OF_POINT}, "domain": DOMAIN,
            "clock_offset_s": EPOCH_S, **point,
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        of_agent = {"address": AGENT, "interface": "home-eth0", "homes": homes, "clock_offset_s": EPOCH_S}
        self.mobile = HierarchicalMobileSystem(about, Random(1))
        self.point = MobilityAnchorPoint(self._of_point, Random(2))
        self.agent = Ipv6HomeAgent({**of_agent, **(agent or {})}, Random(3))
        self.silent = {*silent}
        self.packets: list[MobilityPacket] = []
        self._sends_by = "wifi"
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, "point": self.point, "home": self.agent}

    def restart_point(self) -> None:
        """The anchor point forgets all that it knew."""
        self.point = MobilityAnchorPoint(self._of_point, Random(4))
        self._flush()

    def hand(self, who: str, packet: MobilityPacket) -> None:
        """Somebody sends this to one of them."""
        if who not in self.silent:
            self.roles()[who].receive_report({"report": "mobility", "packet": packet}, now=self.now)
            self._flush()

    def chart(self, since: float = 0.0) -> list[str]:
        """What was sent from then on, each with its link."""
        return [f"{label} {link}" for at, label, link in self.sent if at >= since]

    def _obey(self, who: str, command: Command) -> None:
        if isinstance(command, SendBy) and command.address == REGIONAL:
            self._sends_by = command.interface.removeprefix("mip-")
        if isinstance(command, MobilityPacket):
            self.packets.append(command)
            self._send(who, command)

    def _send(self, who: str, packet: MobilityPacket) -> None:
        label, local = labelled(packet), next((one for one, has in CARE_OF.items() if has in packet[:2]), "")
        if who == "point" or (who == "mn" and local):
            to = "mn" if who == "point" else "point"
            self._carry(label, local, lambda: self.hand(to, packet))
        elif who == "mn":
            link = self._sends_by

            def decapsulated() -> None:
                if link == self._bound():
                    self.after(HOME_S, lambda: self.hand("home", packet))

            self._carry(label, link, decapsulated)
        else:
            self.after(HOME_S, lambda: self._carry(label, self._bound(), lambda: self.hand("mn", packet)))

    def _bound(self) -> str:
        """The link to which the anchor point tunnels; "" for none."""
        return next((one for one, has in CARE_OF.items() if has in self.point._tunnels.bound(REGIONAL)), "")


def labelled(packet: MobilityPacket) -> str:
    """As without an anchor point, with L for a local update."""
    message = parsed(packet.message, None).message
    is_local = isinstance(message, BindingUpdate) and message.flags & UpdateFlag.LOCAL
    return f"{label_of(packet)}{' L' if is_local else ''}"
