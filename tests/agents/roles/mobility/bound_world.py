"""A mobile node's system, its home agent, and a correspondent, by Mobile IPv6; two links between; time is a number."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip6.mobility_header import (
    BindingAcknowledgement,
    BindingError,
    BindingUpdate,
    UpdateFlag,
    parsed,
)
from agents.roles.kernel_orders import Deliver, KernelOrder, SendBy
from agents.roles.mobility.ipv6_home_agent import Ipv6HomeAgent
from agents.roles.mobility.mobile import MobileSystem
from agents.roles.role import LinkChange, MobilityPacket, Tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.role import Command, Role

HOME, AGENT, CN = "2001:db8:a0a::fe", "2001:db8:a0a::2", "2001:db8:a14::2"
CARE_OF = {"wifi": "2001:db8:a01::2", "umts": "2001:db8:a02::2"}
WAY_S = {"wifi": 0.0015, "umts": 0.110}
SECRET = "000102030405060708090a0b0c0d0e0f"  # noqa: S105
# The agents' clock began so long after 1970.
EPOCH_S = 1_767_225_600.0
NAMES = {0: "BRR", 1: "HoTI", 2: "CoTI", 3: "HoT", 4: "CoT", 5: "BU", 6: "BA", 7: "BE"}


class BoundWorld:
    """All begin at 0 s; the mobile node is on both links, and its home agent is asked over the WiFi."""

    def __init__(
        self, *, trigger: dict[str, Any] | None = None, key: str = SECRET, mobile_clock_s: float = EPOCH_S,
        mobile: dict[str, Any] | None = None, **agent: Any,  # noqa: ANN401 - what a home agent's configuration has
    ) -> None:  # fmt: skip
        self.now = 0.0
        links = {name: {"interface": f"mn-{name}", "address": address} for name, address in CARE_OF.items()}
        about: dict[str, Any] = {
            "links": links, "first_link": "wifi", "second_link": "umts", "networks": {}, "protocol": "Mobile IPv6",
            "trigger": trigger or {"on": "signal", "below": -60.0}, "home_address": HOME, "home_agent": AGENT,
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
        #: (time, who, command), of each the newest last.
        self.commands: list[tuple[float, str, Command]] = []
        #: (time, label, link): `BU 300`, `BA 0`, `HoTI`; of what went through a tunnel, the tunnel's link.
        self.sent: list[tuple[float, str, str]] = []
        self.packets: list[MobilityPacket] = []
        self.lost: set[str] = set()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._gone: set[str] = set()
        self._sends_by, self._delivers_by = "wifi", ""
        for name in CARE_OF:
            self.link(name, is_up=True)
        for role in self.roles().values():
            role.start(now=0.0)
        self._flush()

    def roles(self) -> dict[str, Role]:
        """Who takes part, by name."""
        return {"mn": self.mobile, "home": self.agent}

    def link(self, name: str, *, is_up: bool) -> None:
        """The kernel's news of a link."""
        (self._gone.discard if is_up else self._gone.add)(name)
        addresses = frozenset([CARE_OF[name]] if is_up else [])
        self.mobile.link_changed(LinkChange(f"mn-{name}", is_up, addresses, is_up), now=self.now)
        self._flush()

    def signal(self, dbm: float = -70.0, link: str = "wifi") -> None:
        """What a radio reports."""
        self.mobile.receive_report({"report": "signal", "link": link, "signal_dbm": dbm}, now=self.now)
        self._flush()

    def restart_agent(self) -> None:
        """The home agent forgets all that it knew."""
        self.agent = Ipv6HomeAgent(self._of_agent, Random(3))
        self._flush()

    def run(self, until: float) -> None:
        """Lets time pass."""
        while (at := self._next()) is not None and at <= until:
            self.now = max(self.now, at)
            while self._due and self._due[0][0] <= self.now:
                heappop(self._due)[2]()
                self._flush()
            for role in self.roles().values():
                role.handle_timer(now=self.now)
            self._flush()
        self.now = until

    def hand(self, who: str, packet: MobilityPacket) -> None:
        """Somebody sends this to one of them."""
        self.roles()[who].receive_report({"report": "mobility", "packet": packet}, now=self.now)
        self._flush()

    def told(self, event: str, who: str = "") -> list[dict[str, Any]]:
        """The facts of all lines of the timeline that are called so."""
        found = ((whose, one) for _, whose, one in self.commands if isinstance(one, Tell))
        return [one.facts for whose, one in found if one.event == event and who in {"", whose}]

    def orders(self, who: str) -> list[Command]:
        """What the kernel of one was to do, in order."""
        said = (one for _, whose, one in self.commands if whose == who)
        return [one for one in said if isinstance(one, KernelOrder)]

    def labels(self) -> list[str]:
        """What was sent, without times."""
        return [f"{label} {link}" for _, label, link in self.sent]

    def _next(self) -> float | None:
        timers = [self._due[0][0] if self._due else None, *(role.get_timer() for role in self.roles().values())]
        return min((one for one in timers if one is not None), default=None)

    def _flush(self) -> None:
        for who, role in self.roles().items():
            while (command := role.next_command()) is not None:
                self.commands.append((self.now, who, command))
                if isinstance(command, SendBy):
                    self._sends_by = command.interface.removeprefix("mip-")
                if isinstance(command, Deliver):
                    self._delivers_by = command.interfaces[0] if command.interfaces else ""
                if isinstance(command, MobilityPacket):
                    self._carry(who, command)

    def _carry(self, who: str, packet: MobilityPacket) -> None:
        """By the link of its care-of address; from or to the home address by the tunnel that is in use."""
        ends = {packet.source, packet.destination}
        link = next((name for name, address in CARE_OF.items() if address in ends), self._tunnel(who))
        to = {AGENT: "home", CN: "cn"}.get(packet.destination, "mn")
        label = label_of(packet)
        self.sent.append((self.now, label, link))
        self.packets.append(packet)
        if label in self.lost or link in self._gone or not link:
            self.lost.discard(label)
            return
        self._order += 1
        comes = packet._replace(interface=f"mip-{link}" if HOME in ends else f"mn-{link}")

        def arrive() -> None:
            if link not in self._gone:
                self.hand(to, comes)

        heappush(self._due, (self.now + WAY_S[link], self._order, arrive))

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
