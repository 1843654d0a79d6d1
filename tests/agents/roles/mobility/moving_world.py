"""A mobile node's system and its home agent, with two links between them; time is a number."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import MipParseError, parse_reply, parse_request
from agents.roles.kernel_orders import KernelOrder
from agents.roles.mobility.home_agent import HomeAgent
from agents.roles.mobility.mobile import MobileSystem
from agents.roles.role import LinkChange, Tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.role import Command
    from agents.sip.message.address import Datagram

HOME, AGENT = "10.10.0.254", "10.10.0.2"
CARE_OF = {"wifi": "10.1.0.2", "umts": "10.2.0.2"}
WAY_S = {"wifi": 0.0015, "umts": 0.110}
SECRET = "000102030405060708090a0b0c0d0e0f"  # noqa: S105
# The agents' clock began so long after 1970.
EPOCH_S = 1_767_225_600.0


class MovingWorld:
    """Both ends begin at 0 s; the mobile node is on both links, and its home agent is asked over the WiFi."""

    def __init__(
        self, *, bindings: str = "one", trigger: dict[str, Any] | None = None, key: str = SECRET,
        mobile_clock_s: float = EPOCH_S, **agent: Any,  # noqa: ANN401 - what a home agent's configuration has
    ) -> None:  # fmt: skip
        self.now = 0.0
        links = {name: {"interface": f"mn-{name}", "address": address} for name, address in CARE_OF.items()}
        mobile: dict[str, Any] = {
            "links": links, "first_link": "wifi", "second_link": "umts", "networks": {},
            "trigger": trigger or {"on": "signal", "below": -60.0}, "home_address": HOME, "home_agent": AGENT,
            "protocol": "Mobile IPv4", "spi": 256, "key": key, "bindings": bindings, "clock_offset_s": mobile_clock_s,
        }  # fmt: skip
        homes = {HOME: {"spi": 256, "key": SECRET}}
        about = {"address": AGENT, "interface": "home-eth0", "homes": homes, "clock_offset_s": EPOCH_S, **agent}
        self.mobile = MobileSystem(mobile, Random(1))
        self.agent = HomeAgent(about, Random(2))
        #: (time, who, command), of each the newest last.
        self.commands: list[tuple[float, str, Command]] = []
        #: (time, label, link): `RRQ` with the lifetime, `RRP` with the code.
        self.sent: list[tuple[float, str, str]] = []
        self.datagrams: list[Datagram] = []
        self.lost: set[str] = set()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._gone: set[str] = set()
        for name in CARE_OF:
            self.link(name, is_up=True)
        self.mobile.start(now=0.0)
        self.agent.start(now=0.0)
        self._flush()

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

    def run(self, until: float) -> None:
        """Lets time pass."""
        while (at := self._next()) is not None and at <= until:
            self.now = max(self.now, at)
            while self._due and self._due[0][0] <= self.now:
                heappop(self._due)[2]()
                self._flush()
            for role in (self.mobile, self.agent):
                role.handle_timer(now=self.now)
            self._flush()
        self.now = until

    def replay(self, datagram: Datagram) -> None:
        """Somebody sends the home agent what was sent to it before."""
        self.agent.receive_datagram(
            datagram.data, local=datagram.remote, remote=datagram.local._replace(ip="10.66.0.2"), now=self.now
        )
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
        timers = [self._due[0][0] if self._due else None, self.mobile.get_timer(), self.agent.get_timer()]
        return min((one for one in timers if one is not None), default=None)

    def _flush(self) -> None:
        for who, role in (("mn", self.mobile), ("home", self.agent)):
            while (command := role.next_command()) is not None:
                self.commands.append((self.now, who, command))
            for datagram in role.datagrams_to_send():
                self._carry(datagram)

    def _carry(self, datagram: Datagram) -> None:
        care_of = datagram.local.ip if datagram.remote.ip == AGENT else datagram.remote.ip
        link = next((name for name, address in CARE_OF.items() if address == care_of), "")
        label = label_of(datagram.data)
        self.sent.append((self.now, label, link))
        self.datagrams.append(datagram)
        if label in self.lost or link in self._gone or not link:
            self.lost.discard(label)
            return
        role = self.agent if datagram.remote.ip == AGENT else self.mobile
        self._order += 1

        def arrive() -> None:
            if link not in self._gone:
                role.receive_datagram(datagram.data, local=datagram.remote, remote=datagram.local, now=self.now)

        heappush(self._due, (self.now + WAY_S[link], self._order, arrive))


def label_of(data: bytes) -> str:
    """`RRQ 300`, with S where it is set; `RRP 0`."""
    try:
        request, _ = parse_request(data)
    except MipParseError:
        return f"RRP {parse_reply(data)[0].code}"
    return f"RRQ {request.lifetime_s}{' S' if request.flags & 0x80 else ''}"
