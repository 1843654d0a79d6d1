"""A mobile node's registration, and its registrar, on a network in memory with one virtual clock."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from agents.roles.mn.call.links import Link
from agents.roles.mn.registration import Registration
from agents.roles.registrar.registrar_node import RegistrarNode
from agents.roles.role import Tell
from agents.sip.digest.client import Account, DigestClient
from agents.sip.message.address import Address
from agents.sip.message.message import Response
from agents.sip.user_agent import UserAgent
from tests.agents.sip.network import Sent, describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.roles.role import Role
    from agents.sip.message.address import Datagram
    from agents.sip.message.message import Message

DOMAIN, REALM = "home.example", "registrar.home.example"
AOR = f"sip:mn@{DOMAIN}"
WIFI, UMTS = "sip:mn@10.1.0.2:5060", "sip:mn@10.2.0.2:5060"
INSTANCE = "urn:uuid:00000000-0000-4000-8000-0000000000aa"
HERE = Address("10.10.0.2", 5070)
DELAYS = {"wifi": 0.002, "umts": 0.11}


class Home:
    """`flow()` is the chart. Links are usable from the beginning, but for those in `without`."""

    def __init__(
        self, style: str = "proactive", *, supports: str = "proactive", knows: str = "secret", expires_s: int = 3600,
        without: tuple[str, ...] = (), starts_at: float = 0.0, **policy: int,
    ) -> None:  # fmt: skip
        self.now = 0.0
        self.links = {"wifi": Link("wifi", "mn-wifi", "10.1.0.2"), "umts": Link("umts", "mn-umts", "10.2.0.2")}
        #: Links that lose all, and those that the system refuses to send on.
        self.cut: set[str] = set()
        self.refusing: set[str] = set()
        self.told: list[tuple[float, str, dict[str, Any]]] = []
        self.sent: list[Sent] = []
        #: Changes answers on their way, by label.
        self.edits: dict[str, Callable[[Response], None]] = {}
        credentials = DigestClient([Account("mn", knows, REALM)], Random(5))
        self.ua = UserAgent(Random(6), credentials=credentials)
        self.registrar = RegistrarNode(
            {
                "address": HERE.ip, "port": HERE.port, "domain": DOMAIN, "realm": REALM, "users": {"mn": "secret"},
                "policy": {"is_proactive": supports == "proactive", "is_outbound": supports == "outbound", **policy},
            },
            Random(7),
        )  # fmt: skip
        config = {
            "address": HERE.ip, "port": HERE.port, "domain": DOMAIN, "user": "mn", "style": style,
            "instance": INSTANCE, "expires_s": expires_s,
        }  # fmt: skip
        pair = (self.links["wifi"], self.links["umts"])
        self.registration = Registration(config, self.ua, credentials, pair, Random(8), self._tell)
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = 0
        for name in self.links:
            if name not in without:
                self.links[name].is_up = self.links[name].has_address = True
        self.registration.start(now=starts_at)

    def link_up(self, name: str) -> None:
        self.cut.discard(name)
        self.links[name].is_up = self.links[name].has_address = True
        self.registration.link_changed(self.links[name], now=self.now)
        self._flush()

    def link_down(self, name: str) -> None:
        """The kernel says that it is gone."""
        self.cut.add(name)
        self.links[name].is_up = False
        self.registration.link_changed(self.links[name], now=self.now)
        self._flush()

    def hand_over(self, name: str) -> None:
        """The handover to this link has succeeded."""
        self.registration.follow(self.links[name], now=self.now)
        self._flush()

    def run(self, seconds: float) -> None:
        """Lets so much time pass."""
        end = self.now + seconds
        self._flush()
        while (at := self._next_at()) is not None and at <= end:
            self.now = max(self.now, at)
            while self._due and self._due[0][0] <= self.now:
                heappop(self._due)[2]()
                self._flush()
            self._fire()
        self.now = end

    def flow(self, since: float = 0.0) -> list[str]:
        """The chart, from a time on."""
        return [str(line) for line in self.sent if line.at >= since]

    def contacts(self, since: float = 0.0) -> list[list[str]]:
        """The Contact rows of each REGISTER, from a time on."""
        sent = [line.message for line in self.sent if line.label == "REGISTER" and line.at >= since]
        return [message.headers.get_all("contact") for message in sent if message is not None]

    def bound(self) -> list[str]:
        """What the registrar has."""
        return [binding.contact.text for binding in self.registrar.bindings.of(AOR)]

    def events(self, event: str) -> list[dict[str, Any]]:
        """The facts of the node's events of this name."""
        return [facts for _, name, facts in self.told if name == event]

    def requests(self) -> list[Message]:
        """Every REGISTER."""
        return [line.message for line in self.sent if line.label == "REGISTER" and line.message is not None]

    # -- inside -------------------------------------------------------------------------------------------------------

    def _tell(self, event: str, **facts: object) -> None:
        self.told.append((self.now, event, facts))

    def _next_at(self) -> float | None:
        timers = [self.ua.get_timer(), self.registration.get_timer(), self.registrar.get_timer()]
        return min([*(one for one in timers if one is not None), *(one[0] for one in self._due[:1])], default=None)

    def _fire(self) -> None:
        for part in (self.ua, self.registration, self.registrar):
            if (timer := part.get_timer()) is not None and timer <= self.now:
                part.handle_timer(now=self.now)
                self._flush()
                assert (again := part.get_timer()) is None or again > self.now, "a timer that is due for ever"

    def _flush(self) -> None:
        self._take_events()
        for datagram in self.ua.datagrams_to_send():
            self._carry(datagram, is_up=True)
        for datagram in self.registrar.datagrams_to_send():
            self._carry(datagram, is_up=False)
        while (command := self.registrar.next_command()) is not None:
            if isinstance(command, Tell):
                self.told.append((self.now, f"registrar: {command.event}", command.facts))

    def _take_events(self) -> None:
        while (event := self.ua.next_event()) is not None:
            self.registration.receive_event(event, now=self.now)

    def _carry(self, datagram: Datagram, *, is_up: bool) -> None:
        ip = datagram.local.ip if is_up else datagram.remote.ip
        link = next(link for link in self.links.values() if link.address == ip)
        if is_up and link.name in self.refusing:
            self.ua.send_failed(datagram, now=self.now)
            self._flush()
            return
        label, message = describe(datagram.data)
        data = datagram.data
        if isinstance(message, Response) and label in self.edits:
            self.edits[label](message)
            data = bytes(message)
        is_lost = link.name in self.cut
        ends = (f"mn.{link.name}", "home") if is_up else ("home", f"mn.{link.name}")
        self.sent.append(Sent(self.now, label, *ends, is_lost, message))
        if is_lost:
            return
        self._order += 1
        to: Role | UserAgent = self.registrar if is_up else self.ua
        heappush(self._due, (self.now + DELAYS[link.name], self._order, lambda: self._deliver(to, datagram, data)))

    def _deliver(self, to: Role | UserAgent, datagram: Datagram, data: bytes) -> None:
        to.receive_datagram(data, local=datagram.remote, remote=datagram.local, now=self.now)
