"""A mobile node's system whose WiFi is its home network, and its home agent, the router there; time is a number.

Labels: `RRQ` with the lifetime, `RRP` with the code, each with its link.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import PORT
from agents.roles.kernel_orders import BeAtHome, Deliver, GiveBack, Intercept, LeaveHome, SendBy
from agents.roles.mobility.ip4.coming_home import ReturningSystem
from agents.roles.mobility.ip4.home_agent import HomeAgent
from agents.roles.role import LinkPacket
from agents.sip.message.address import Address

from .moving_world import EPOCH_S, SECRET, label_of
from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role
    from agents.sip.message.address import Datagram

HOME, ROUTER = "10.10.0.254", "10.10.0.1"
ON_LINK = {"wifi": "10.10.0.2", "umts": "10.2.0.2"}
STATION = bytes((2, 0, 0, 0, 0, 1))


class ReturningWorld(TwoLinkWorld):
    """`agent` is what a home agent's configuration has besides."""

    def __init__(self, *, trigger: dict[str, Any] | None = None, key: str = SECRET, **agent: Any) -> None:  # noqa: ANN401
        super().__init__(ON_LINK)
        about: dict[str, Any] = {
            **about_links(ON_LINK, trigger), "protocol": "Mobile IPv4", "home_address": HOME, "home_agent": ROUTER,
            "spi": 256, "key": key, "bindings": "one", "clock_offset_s": EPOCH_S,
            "at_home": {"link": "wifi", "router": ROUTER},
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        self.mobile = ReturningSystem(about, Random(1))
        self.agent = HomeAgent(
            {
                "address": ROUTER, "interface": "home-air", "homes": homes, "clock_offset_s": EPOCH_S, "is_home": True,
                **agent,
            },
            Random(2),
        )  # fmt: skip
        self.is_silent = False
        #: Who answers for the address on its network: "mn", "home" or nobody; by which link the node sends.
        self.answers, self.sends_by = set[str](), ""
        self.datagrams: list[Datagram] = []
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, "home": self.agent}

    def say(self, data: bytes, link_layer: bytes = STATION) -> None:
        """Somebody on the home network sends this to the home agent, from the node's address."""
        packet = LinkPacket("home-air", link_layer, HOME, ROUTER, 255, data, (PORT, PORT))
        self.agent.receive_report({"report": "link", "packet": packet}, now=self.now)
        self._flush()

    def _obey(self, who: str, command: Command) -> None:
        if isinstance(command, BeAtHome):
            self.answers.add("mn")
            self.sends_by = "wifi"
        elif isinstance(command, LeaveHome):
            self.answers.discard("mn")
        elif isinstance(command, Intercept):
            self.answers.add("home")
        elif isinstance(command, GiveBack):
            self.answers.discard("home")
        elif isinstance(command, SendBy):
            self.sends_by = command.interface.removeprefix("mip-")

    def _flush(self) -> None:
        super()._flush()
        for who, role in self.roles().items():
            for datagram in role.datagrams_to_send():
                self._send(who, datagram)

    def _send(self, who: str, datagram: Datagram) -> None:
        """From home, or to it, over the WiFi; the home agent hears that with its frame, and by its socket as well."""
        self.datagrams.append(datagram)
        own = datagram.local.ip if who == "mn" else datagram.remote.ip
        link = "wifi" if own == HOME else next(name for name, one in ON_LINK.items() if one == own)

        def arrive() -> None:
            role = self.roles()["home" if who == "mn" else "mn"]
            if who == "mn" and self.is_silent:
                return
            if who == "mn" and own == HOME:
                self.say(datagram.data)
            role.receive_datagram(
                datagram.data, local=datagram.remote, remote=Address(own, PORT) if who == "mn" else datagram.local,
                now=self.now,
            )  # fmt: skip
            self._flush()

        self._carry(label_of(datagram.data), link, arrive)

    def delivers_to(self) -> tuple[str, ...]:
        """By which tunnels the home agent sends on what is for the node."""
        said = [one for one in self.orders("home") if isinstance(one, Deliver)]
        return said[-1].interfaces if said else ()
