"""A mobile node's system, its home agent, and a correspondent, by Mobile IPv6; two links between; time is a number."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingError,
    BindingUpdate,
    UpdateFlag,
    parsed,
)
from agents.roles.kernel_orders import Deliver, SendBy
from agents.roles.mobility.ip6.ipv6_home_agent import Ipv6HomeAgent
from agents.roles.mobility.mobile import MobileSystem
from agents.roles.role import MobilityPacket

from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

HOME, AGENT, CN = "2001:db8:a0a::fe", "2001:db8:a0a::2", "2001:db8:a14::2"
CARE_OF = {"wifi": "2001:db8:a01::2", "umts": "2001:db8:a02::2"}
SECRET = "000102030405060708090a0b0c0d0e0f"  # noqa: S105
# The agents' clock began so long after 1970.
EPOCH_S = 1_767_225_600.0
NAMES = {0: "BRR", 1: "HoTI", 2: "CoTI", 3: "HoT", 4: "CoT", 5: "BU", 6: "BA", 7: "BE"}


class BoundWorld(TwoLinkWorld):
    """Its home agent is asked over the WiFi. Labels: `BU 300`, `BA 0`, `HoTI`; by a tunnel they go over its link."""

    def __init__(
        self, *, trigger: dict[str, Any] | None = None, key: str = SECRET, mobile_clock_s: float = EPOCH_S,
        mobile: dict[str, Any] | None = None, **agent: Any,  # noqa: ANN401 - what a home agent's configuration has
    ) -> None:  # fmt: skip
        super().__init__(CARE_OF)
        about: dict[str, Any] = {
            **about_links(CARE_OF, trigger), "protocol": "Mobile IPv6", "home_address": HOME, "home_agent": AGENT,
            "identifier": "mn@home.example", "spi": 256, "key": key, "bindings": "one",
            "clock_offset_s": mobile_clock_s, **(mobile or {}),
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        self._of_agent = {
            "address": AGENT,
            "interface": "home-eth0",
            "homes": homes,
            "clock_offset_s": EPOCH_S,
            **agent,
        }
        self.mobile = MobileSystem(about, Random(1))
        self.agent = Ipv6HomeAgent(self._of_agent, Random(2))
        self.packets: list[MobilityPacket] = []
        self._sends_by, self._delivers_by = "wifi", ""
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, "home": self.agent}

    def restart_agent(self) -> None:
        """The home agent forgets all that it knew."""
        self.agent = Ipv6HomeAgent(self._of_agent, Random(3))
        self._flush()

    def hand(self, who: str, packet: MobilityPacket) -> None:
        """Somebody sends this to one of them."""
        self.roles()[who].receive_report({"report": "mobility", "packet": packet}, now=self.now)
        self._flush()

    def _obey(self, who: str, command: Command) -> None:
        if isinstance(command, SendBy):
            self._sends_by = command.interface.removeprefix("mip-")
        if isinstance(command, Deliver):
            self._delivers_by = command.interfaces[0] if command.interfaces else ""
        if isinstance(command, MobilityPacket):
            self._send(who, command)

    def _send(self, who: str, packet: MobilityPacket) -> None:
        """By the link of its care-of address; from or to the home address by the tunnel that is in use."""
        ends = {packet.source, packet.destination}
        link = next((name for name, address in CARE_OF.items() if address in ends), self._tunnel(who))
        to = {AGENT: "home", CN: "cn"}.get(packet.destination, "mn")
        self.packets.append(packet)
        comes = packet._replace(interface=f"mip-{link}" if HOME in ends else f"mn-{link}")
        self._carry(label_of(packet), link, lambda: self.hand(to, comes))

    def _tunnel(self, who: str) -> str:
        """The link that a tunnel takes, whose packets the agent takes for those of the address that is bound."""
        bound = next((name for name, one in CARE_OF.items() if one in self.agent._tunnels.bound(HOME)), "")
        return bound if who != "mn" or bound == self._sends_by else ""


def label_of(packet: MobilityPacket) -> str:
    """`BU 300 H`, with the lifetime in seconds; `BA 0`, with the status; else its name."""
    message, _ = parsed(packet.message, None)
    name = NAMES[message.kind]
    if isinstance(message, BindingUpdate):
        return f"{name} {message.units * 4}{' H' if message.flags & UpdateFlag.HOME_REGISTRATION else ''}"
    return f"{name} {message.status}" if isinstance(message, BindingAcknowledgement | BindingError) else name
