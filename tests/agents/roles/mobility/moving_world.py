"""A mobile node's system and its home agent, with two links between them; time is a number."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import MipParseError, parse_reply, parse_request
from agents.roles.mobility.ip4.home_agent import HomeAgent
from agents.roles.mobility.mobile import MobileSystem

from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Role
    from agents.sip.message.address import Datagram

HOME, AGENT = "10.10.0.254", "10.10.0.2"
CARE_OF = {"wifi": "10.1.0.2", "umts": "10.2.0.2"}
SECRET = "000102030405060708090a0b0c0d0e0f"  # noqa: S105
# The agents' clock began so long after 1970.
EPOCH_S = 1_767_225_600.0


class MovingWorld(TwoLinkWorld):
    """Its home agent is asked over the WiFi. Labels: `RRQ` with the lifetime, `RRP` with the code."""

    def __init__(
        self, *, bindings: str = "one", trigger: dict[str, Any] | None = None, key: str = SECRET,
        mobile_clock_s: float = EPOCH_S, **agent: Any,  # noqa: ANN401 - what a home agent's configuration has
    ) -> None:  # fmt: skip
        super().__init__(CARE_OF)
        mobile: dict[str, Any] = {
            **about_links(CARE_OF, trigger), "protocol": "Mobile IPv4", "home_address": HOME, "home_agent": AGENT,
            "spi": 256, "key": key, "bindings": bindings, "clock_offset_s": mobile_clock_s,
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        about = {"address": AGENT, "interface": "home-eth0", "homes": homes, "clock_offset_s": EPOCH_S, **agent}
        self.mobile = MobileSystem(mobile, Random(1))
        self.agent = HomeAgent(about, Random(2))
        self.datagrams: list[Datagram] = []
        self.begin()

    def replay(self, datagram: Datagram) -> None:
        """Somebody sends the home agent what was sent to it before."""
        self.agent.receive_datagram(
            datagram.data, local=datagram.remote, remote=datagram.local._replace(ip="10.66.0.2"), now=self.now
        )
        self._flush()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, "home": self.agent}

    def _flush(self) -> None:
        super()._flush()
        for role in self.roles().values():
            for datagram in role.datagrams_to_send():
                self._send(datagram)

    def _send(self, datagram: Datagram) -> None:
        care_of = datagram.local.ip if datagram.remote.ip == AGENT else datagram.remote.ip
        link = next((name for name, address in CARE_OF.items() if address == care_of), "")
        self.datagrams.append(datagram)
        role = self.roles()["home" if datagram.remote.ip == AGENT else "mn"]

        def arrive() -> None:
            role.receive_datagram(datagram.data, local=datagram.remote, remote=datagram.local, now=self.now)

        self._carry(label_of(datagram.data), link, arrive)


def label_of(data: bytes) -> str:
    """`RRQ 300`, with S where it is set; `RRP 0`."""
    try:
        request, _ = parse_request(data)
    except MipParseError:
        return f"RRP {parse_reply(data)[0].code}"
    return f"RRQ {request.lifetime_s}{' S' if request.flags & 0x80 else ''}"
