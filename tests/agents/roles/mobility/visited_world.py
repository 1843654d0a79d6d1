"""A node's system, the foreign agents of its two links, and its home agent, by Mobile IPv4; time is a number.

Labels: `AS` and `AA` (solicitation, advertisement), `RRQ 300` (lifetime), `RRP 0` (code) over the air, each with its
link; behind an agent the link is `wifi-core`, `umts-core`.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip.agent_messages import AgentAdvertisement, AgentFlag, AgentSolicitation, read_agent_message
from agents.mip.mip_messages import PORT, Flag, Key, MipParseError, RegistrationRequest, parse_reply, parse_request
from agents.roles.kernel_orders import NoLongerServe, ReachRouter, SendByRouter, ServeNode
from agents.roles.mobility.clock import ntp_timestamp
from agents.roles.mobility.ip4.foreign_agent import ForeignAgent
from agents.roles.mobility.ip4.foreign_mobile import ForeignMobileSystem
from agents.roles.mobility.ip4.home_agent import HomeAgent
from agents.roles.role import LinkPacket
from agents.sip.message.address import Address, Datagram

from .two_link_world import TwoLinkWorld, about_links

if TYPE_CHECKING:
    from agents.roles.role import Command, Role

HOME, HOME_AGENT = "10.10.0.254", "10.10.0.2"
ON_LINK = {"wifi": "10.1.0.2", "umts": "10.2.0.2"}
AGENTS = {"wifi": "10.1.0.1", "umts": "10.2.0.1"}
CARE_OF = {"wifi": "10.0.1.2", "umts": "10.0.2.2"}
STATIONS = {"wifi": bytes((2, 0, 0, 0, 0, 1)), "umts": bytes((2, 0, 0, 0, 0, 5))}
ROUTERS = {"wifi": bytes((2, 0, 0, 0, 0, 4)), "umts": bytes((2, 0, 0, 0, 0, 8))}
STRANGER = bytes((2, 0, 0, 0, 0, 0x66))
SECRET = "000102030405060708090a0b0c0d0e0f"  # noqa: S105
KEY = Key(256, bytes.fromhex(SECRET))
# The agents' clock began so long after 1970. What is between a foreign agent and the home agent takes so long.
EPOCH_S, CORE_S = 1_767_225_600.0, 0.0005
OFFERS = AgentFlag.FOREIGN_AGENT | AgentFlag.REVERSE_TUNNEL


class VisitedWorld(TwoLinkWorld):
    """`home_agent` is what its configuration has besides, `agents` what theirs have, by link."""

    def __init__(
        self, *, trigger: dict[str, Any] | None = None, home_agent: dict[str, Any] | None = None,
        agents: dict[str, dict[str, Any]] | None = None, key: str = SECRET,
    ) -> None:  # fmt: skip
        super().__init__(ON_LINK)
        mobile: dict[str, Any] = {
            **about_links(ON_LINK, trigger), "protocol": "Mobile IPv4 with foreign agents", "home_address": HOME,
            "home_agent": HOME_AGENT, "spi": 256, "key": key, "bindings": "one", "clock_offset_s": EPOCH_S,
        }  # fmt: skip
        self.mobile = ForeignMobileSystem(mobile, Random(1))
        self.home_agent = HomeAgent(
            {
                "address": HOME_AGENT, "interface": "home-eth0", "homes": {HOME: {"spi": 256, "key": SECRET}},
                "clock_offset_s": EPOCH_S, **(home_agent or {}),
            },
            Random(2),
        )  # fmt: skip
        self._about = {
            link: {
                "address": AGENTS[link], "care_of": CARE_OF[link], "prefix_length": 24, "interface": f"{link}-gw-air",
                "core_interface": f"{link}-gw-core", **(agents or {}).get(link, {}),
            }
            for link in AGENTS
        }  # fmt: skip
        self.agents = {link: ForeignAgent(about, Random(3)) for link, about in self._about.items()}
        #: Who hears nothing and says nothing, by name.
        self.dead: set[str] = set()
        #: By which link the node sends, and by which link-layer address each agent serves it.
        self.sends_by = ""
        self.served: dict[str, bytes] = {}
        #: All datagrams between agents, and packets over the air, in order.
        self.datagrams: list[Datagram] = []
        self.packets: list[tuple[str, LinkPacket]] = []
        self._reached: dict[str, str] = {}
        self.begin()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        agents: dict[str, Role] = {f"{link}-gw": one for link, one in self.agents.items()}
        return {"mn": self.mobile, **agents, "home": self.home_agent}

    def restart(self, link: str) -> None:
        """An agent forgets all that it knew, and counts from 0 again."""
        self.agents[link] = ForeignAgent(self._about[link], Random(4))
        self.served.pop(link, None)
        self.dead.discard(f"{link}-gw")
        self._flush()

    def hand(self, who: str, packet: LinkPacket) -> None:
        """Somebody on a link sends this to one of them."""
        if who not in self.dead:
            self.roles()[who].receive_report({"report": "link", "packet": packet}, now=self.now)
            self._flush()

    def advertise(
        self, link: str = "wifi", *, source: str = "10.1.0.66", link_layer: bytes = STRANGER,
        **said: Any,  # noqa: ANN401 - what an advertisement has
    ) -> None:  # fmt: skip
        """Somebody on a link says that there is an agent."""
        about = {
            "sequence": 5, "lifetime_s": 3, "longest_s": 1800, "flags": OFFERS, "care_of": ("10.66.0.2",),
            "routers": ("10.1.0.66",), "prefixes": (24,), **said,
        }  # fmt: skip
        message = AgentAdvertisement(**about).packed()
        self.hand("mn", LinkPacket(f"mn-{link}", link_layer, source, "224.0.0.1", 1, message))

    def chart(self) -> list[str]:
        """What was sent, without advertisements and times."""
        return [one for one in self.labels() if not one.startswith("AA ")]

    def times(self, wanted: str) -> list[float]:
        """When that was sent, by label and link."""
        return [at for at, label, link in self.sent if f"{label} {link}" == wanted]

    def _flush(self) -> None:
        super()._flush()
        for who, role in self.roles().items():
            for datagram in role.datagrams_to_send():
                if who not in self.dead:
                    self._send(who, datagram)

    def _obey(self, who: str, command: Command) -> None:
        link = who.removesuffix("-gw")
        if isinstance(command, LinkPacket):
            if who not in self.dead:
                self._send_on_link(who, command)
        elif isinstance(command, ReachRouter):
            self._reached[command.router] = command.interface.removeprefix("mn-")
        elif isinstance(command, SendByRouter):
            self.sends_by = self._reached[command.router]
        elif isinstance(command, ServeNode):
            self.served[link] = command.link_layer
        elif isinstance(command, NoLongerServe):
            self.served.pop(link, None)

    def _send_on_link(self, who: str, packet: LinkPacket) -> None:
        self.packets.append((who, packet))
        link = packet.interface.removeprefix("mn-").removesuffix("-gw-air")
        if packet.ports is not None:
            is_for_node = packet.link_layer == STATIONS[link]
            reply = Datagram(Address(HOME, packet.ports[1]), Address(packet.source, packet.ports[0]), packet.data)
            self._carry(label_of(packet.data), link, lambda: self._receive("mn", reply) if is_for_node else None)
            return
        said = read_agent_message(packet.data)
        assert said is not None
        label = "AS" if isinstance(said, AgentSolicitation) else "AA"
        to, interface, sender = (
            (f"{link}-gw", f"{link}-gw-air", STATIONS) if who == "mn" else ("mn", f"mn-{link}", ROUTERS)
        )
        came = packet._replace(interface=interface, link_layer=sender[link])
        self._carry(label, link, lambda: self.hand(to, came))

    def _send(self, who: str, datagram: Datagram) -> None:
        self.datagrams.append(datagram)
        if who == "mn":
            link = self._reached[datagram.remote.ip]
            came = LinkPacket(
                f"{link}-gw-air", STATIONS[link], HOME, datagram.remote.ip, 255, datagram.data, (PORT, PORT)
            )
            self._carry(label_of(datagram.data), link, lambda: self.hand(f"{link}-gw", came))
            return
        care_of = datagram.local.ip if who != "home" else datagram.remote.ip
        link = next(name for name, one in CARE_OF.items() if one == care_of)
        label, to = label_of(datagram.data), "home" if datagram.remote.ip == HOME_AGENT else f"{link}-gw"
        self.sent.append((self.now, label, f"{link}-core"))
        if f"{label} core" in self.lost or datagram.remote.ip not in {HOME_AGENT, care_of}:
            self.lost.discard(f"{label} core")
            return
        came_at = Datagram(datagram.remote, datagram.local, datagram.data)
        self.after(CORE_S, lambda: self._receive(to, came_at))

    def _receive(self, who: str, datagram: Datagram) -> None:
        if who not in self.dead:
            role = self.roles()[who]
            role.receive_datagram(datagram.data, local=datagram.local, remote=datagram.remote, now=self.now)
            self._flush()


def label_of(data: bytes) -> str:
    """`RRQ 300`, `RRP 0`."""
    try:
        return f"RRQ {parse_request(data)[0].lifetime_s}"
    except MipParseError:
        return f"RRP {parse_reply(data)[0].code}"


BEGUN = ["AS wifi", "AS umts", "RRQ 300 wifi", "RRQ 300 wifi-core", "RRP 0 wifi-core", "RRP 0 wifi"]
"""What is said until the node has registered over the WiFi."""


def begun(**world: Any) -> VisitedWorld:  # noqa: ANN401 - what a world takes
    made = VisitedWorld(**world)
    made.run(1.0)
    return made


def moved(world: VisitedWorld, until: float = 3.0) -> VisitedWorld:
    world.signal()
    world.run(until)
    return world


def request(
    world: VisitedWorld, *, flags: Flag = Flag.REVERSE_TUNNEL, lifetime_s: int = 300, home: str = HOME,
    home_agent: str = HOME_AGENT, care_of: str = CARE_OF["wifi"], stamp_s: float = 0.0,
) -> bytes:  # fmt: skip
    """One that somebody makes by hand who has the node's key, `stamp_s` off the time."""
    identification = ntp_timestamp(world.now + EPOCH_S + stamp_s)
    return RegistrationRequest(flags, lifetime_s, home, home_agent, care_of, identification).signed(KEY)


def asked(
    world: VisitedWorld, data: bytes, *, source: str = HOME, link_layer: bytes = STATIONS["wifi"], hops: int = 255,
    to: str = AGENTS["wifi"],
) -> int | None:  # fmt: skip
    """Hands this to the WiFi's agent; returns the code of its own refusal, None where there is none."""
    before = len(world.packets)
    world.hand("wifi-gw", LinkPacket("wifi-gw-air", link_layer, source, to, hops, data, (PORT, PORT)))
    replies = [one for who, one in world.packets[before:] if who == "wifi-gw" and one.ports is not None]
    assert len(replies) <= 1
    return parse_reply(replies[0].data)[0].code if replies else None
