"""A network in memory with one virtual clock, and the nodes on it.

A fake, not a mock: real user agents, real bytes; only the wire and the clock are made up. `flow()` is the message
chart: one line per message, in the order of sending, `"INVITE mn.wifi -> cn"`, or `-x` where the network lost it; over
TCP `=>`, or `=x` where there was no connection. TCP loses nothing, but may be refused, and broken.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from agents.sip.message.address import TCP, UDP, Address, Datagram
from agents.sip.message.errors import SipParseError
from agents.sip.message.message import Message, Request
from agents.sip.session import events
from agents.sip.user_agent import Invitation, UserAgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.sip.session.abilities import Abilities
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session
    from agents.sip.transaction.timer import Timings

OFFER = b"v=0\r\no=- 1 1 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.1.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 10.0.9.1\r\ns=-\r\nc=IN IP4 10.0.9.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"
MOVED = b"v=0\r\no=- 1 2 IN IP4 10.0.1.1\r\ns=-\r\nc=IN IP4 10.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

#: Whoever sends what is injected.
STRANGER = Address("192.0.2.99", 5060)

E = TypeVar("E")


class Sent(NamedTuple):
    """A line of the chart."""

    at: float
    label: str
    sender: str
    receiver: str
    is_lost: bool
    message: Message | None
    is_tcp: bool = False

    def __str__(self) -> str:
        arrow = f"{'=' if self.is_tcp else '-'}{'x' if self.is_lost else '>'}"
        return f"{self.label} {self.sender} {arrow} {self.receiver}"


class Rule:
    """Something that happens to the next `times` datagrams with this label."""

    def __init__(self, label: str, times: int, sender: str | None) -> None:
        self.label = label
        self.times = times
        self.sender = sender
        self.extra = 0.0

    def takes(self, label: str, sender: str) -> bool:
        if self.times == 0 or self.label not in {label, "*"}:
            return False
        if self.sender is not None and self.sender not in {sender, sender.partition(".")[0]}:
            return False
        self.times -= 1
        return True


class Node:
    """A user agent with its addresses and the handlers of its role."""

    def __init__(self, network: Network, name: str, ua: UserAgent, addresses: dict[str, Address]) -> None:
        self.network = network
        self.name = name
        self.ua = ua
        self.addresses = addresses
        self.events: list[Event] = []
        self.handlers: dict[type, Callable[..., object]] = {}

    @property
    def address(self) -> Address:
        """The first one."""
        return next(iter(self.addresses.values()))

    def label(self, address: Address) -> str:
        """`mn`, or `mn.wifi` when it has several."""
        if len(self.addresses) == 1:
            return self.name
        return f"{self.name}.{next(name for name, own in self.addresses.items() if own == address)}"

    def on(self, kind: type[E], handler: Callable[[E], object]) -> None:
        """What the role does on an event."""
        self.handlers[kind] = handler

    def seen(self, kind: type[E]) -> list[E]:
        """The events of a kind, so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[E]) -> E:
        """The only event of a kind."""
        (event,) = self.seen(kind)
        return event

    def states(self, machine: str) -> list[str]:
        """The changes of state of a machine, as they were logged."""
        return [event.change for event in self.seen(events.StateChanged) if event.machine == machine]

    def call(
        self, callee: Node, *, body: bytes | None = OFFER, via: str | None = None, retry_of: Session | None = None,
        require: tuple[str, ...] = (), headers: tuple[tuple[str, str], ...] = (), call_id: str = "",
    ) -> Session:  # fmt: skip
        """An INVITE from the address `via`, or the first one."""
        local = self.addresses[via] if via else self.address
        invitation = Invitation(
            f"sip:{callee.name}@{callee.address.hostport}",
            f"sip:{self.name}@home.example",
            f"sip:{callee.name}@home.example",
            contact=local,
            body=body,
            require=require,
            headers=headers,
            call_id=call_id,
        )
        now = self.network.now
        return self.ua.invite(invitation, local=local, remote=callee.address, now=now, retry_of=retry_of)

    def take_events(self) -> None:
        """Hand new events to the role."""
        while event := self.ua.next_event():
            self.events.append(event)
            if handler := self.handlers.get(type(event)):
                handler(event)


class Network:
    """Carries datagrams; lossless and in order unless told otherwise."""

    def __init__(self, seed: int = 1, delay: float = 0.01) -> None:
        self.now = 0.0
        self.nodes: dict[str, Node] = {}
        self.sent: list[Sent] = []
        #: One-way delay by the names of sender and receiver, also with the interface: ("mn.wifi", "cn").
        self.delays: dict[tuple[str, str], float] = {}
        self.jitter = 0.0
        self.loss = 0.0
        self.duplication = 0.0
        #: Nodes that refuse TCP.
        self.refusing: set[str] = set()
        # Both ends of each connection by the other: our address there, and the peer's address as it is seen there.
        self._ends: dict[tuple[Address, Address], tuple[Address, Address]] = {}
        self._default_delay = delay
        self._rng = Random(seed)
        self._losses: list[Rule] = []
        self._copies: list[Rule] = []
        self._holds: list[Rule] = []
        self._wire: list[tuple[float, int, Datagram]] = []
        self._order = 0

    def node(
        self, name: str, *, interfaces: dict[str, str] | None = None, abilities: Abilities | None = None,
        timings: Timings | None = None,
    ) -> Node:  # fmt: skip
        """A node; without `interfaces` (name: IP address) it gets one address."""
        number = len(self.nodes) + 1
        ips = interfaces or {"eth0": f"10.0.{number}.1"}
        ua = UserAgent(Random(number), abilities, timings)
        node = Node(self, name, ua, {key: Address(ip, 5060) for key, ip in ips.items()})
        self.nodes[name] = node
        return node

    def lose(self, label: str, times: int = 1, *, sender: str | None = None) -> None:
        """Lose the next datagrams with this label, `"INVITE"`, `"200 INVITE"` or `"*"`; -1 times is for ever."""
        self._losses.append(Rule(label, times, sender))

    def duplicate(self, label: str, times: int = 1, *, sender: str | None = None) -> None:
        """Deliver the next ones twice."""
        self._copies.append(Rule(label, times, sender))

    def hold(self, label: str, seconds: float, times: int = 1, *, sender: str | None = None) -> None:
        """Deliver the next ones so much later, behind others that were sent after them."""
        rule = Rule(label, times, sender)
        rule.extra = seconds
        self._holds.append(rule)

    def run(self, seconds: float = 1.0) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        self._flush()
        while (at := self._next_at()) is not None and at <= end:
            self._advance(at)
        self.now = end

    def settle(self, limit: float = 600.0) -> None:
        """Run until no node waits for anything; fails after `limit` seconds of the virtual clock."""
        end = self.now + limit
        self._flush()
        while (at := self._next_at()) is not None:
            assert at <= end, f"still busy at {at}: {[node.ua.get_timer() for node in self.nodes.values()]}"
            self._advance(at)

    def break_connections(self) -> None:
        """Every connection is gone, and both ends see it."""
        ends, self._ends = self._ends, {}
        for local, remote in ends:
            if node := self._owner(local):
                node.ua.send_failed(Datagram(local, remote, b""), now=self.now)
        self._flush()

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._ends) // 2

    def inject(self, data: bytes, *, to: Node, remote: Address = STRANGER) -> None:
        """Hand bytes of nobody's making to a node."""
        to.ua.receive_datagram(data, local=to.address, remote=remote, now=self.now)
        self._flush()

    def flow(self, since: int = 0) -> list[str]:
        """The chart, from line `since` on."""
        return [str(line) for line in self.sent[since:]]

    def messages(self, label: str) -> list[Message]:
        """What was sent under a label."""
        return [line.message for line in self.sent if line.label == label and line.message is not None]

    def request(self, label: str) -> Request:
        """The last request under a label."""
        message = self.messages(label)[-1]
        assert isinstance(message, Request)
        return message

    def _next_at(self) -> float | None:
        timers = [timer for node in self.nodes.values() if (timer := node.ua.get_timer()) is not None]
        if self._wire:
            timers.append(self._wire[0][0])
        return min(timers, default=None)

    def _advance(self, at: float) -> None:
        self.now = max(self.now, at)
        while self._wire and self._wire[0][0] <= self.now:
            datagram = heappop(self._wire)[2]
            if receiver := self._owner(datagram.remote):
                receiver.ua.receive_datagram(datagram.data, local=datagram.remote, remote=datagram.local, now=self.now)
                receiver.take_events()
        for node in self.nodes.values():
            node.ua.handle_timer(now=self.now)
        self._flush()

    def _flush(self) -> None:
        for node in self.nodes.values():
            node.take_events()
            while datagrams := node.ua.datagrams_to_send():
                for datagram in datagrams:
                    self._carry(node, datagram)
                node.take_events()

    def _carry_by_tcp(self, node: Node, datagram: Datagram) -> None:
        """Connects, if there is no connection yet; who is refused is told at once."""
        here = datagram.local, datagram.remote
        owner = self._owner(datagram.remote._replace(transport=UDP))
        if here not in self._ends and owner is not None and owner.name not in self.refusing:
            self._order += 1
            caller = Address(datagram.local.ip, 40000 + self._order, TCP)
            there = datagram.remote._replace(transport=UDP), caller
            self._ends[here], self._ends[there] = there, here
        sender = node.label(datagram.local)
        label, message = describe(datagram.data)
        there_or_none = self._ends.get(here)
        if there_or_none is None:
            receiver = owner.label(datagram.remote._replace(transport=UDP)) if owner else datagram.remote.hostport
            self.sent.append(Sent(self.now, label, sender, receiver, is_lost=True, message=message, is_tcp=True))
            node.ua.send_failed(datagram, now=self.now)
            return
        local, remote = there_or_none
        receiving = self._owner(local)
        assert receiving is not None
        receiver = receiving.label(local)
        self.sent.append(Sent(self.now, label, sender, receiver, is_lost=False, message=message, is_tcp=True))
        self._order += 1
        delay = self.delays.get((sender, receiver), self._default_delay)
        heappush(self._wire, (self.now + delay, self._order, Datagram(remote, local, datagram.data)))

    def _carry(self, node: Node, datagram: Datagram) -> None:
        if datagram.remote.transport == TCP:
            self._carry_by_tcp(node, datagram)
            return
        receiver = self._owner(datagram.remote)
        sender_label = node.label(datagram.local)
        receiver_label = receiver.label(datagram.remote) if receiver else datagram.remote.hostport
        label, message = describe(datagram.data)
        is_lost = any(rule.takes(label, sender_label) for rule in self._losses) or self._rng.random() < self.loss
        self.sent.append(Sent(self.now, label, sender_label, receiver_label, is_lost, message))
        if is_lost:
            return
        delay = self.delays.get((sender_label, receiver_label), self._default_delay)
        delay += sum(rule.extra for rule in self._holds if rule.takes(label, sender_label))
        copies = 1 + any(rule.takes(label, sender_label) for rule in self._copies)
        copies += self._rng.random() < self.duplication
        for _ in range(copies):
            self._order += 1
            at = self.now + delay + self._rng.random() * self.jitter
            heappush(self._wire, (at, self._order, datagram))

    def _owner(self, address: Address) -> Node | None:
        return next((node for node in self.nodes.values() if address in node.addresses.values()), None)


def describe(data: bytes) -> tuple[str, Message | None]:
    """The label of a datagram on the chart: `INVITE`, `180 INVITE`, `BYE`; `400 ?` for what no parser reads."""
    try:
        message = Message.parse(data)
    except SipParseError:
        return f"{data.split()[1].decode() if data.startswith(b'SIP/2.0 ') else ''} ?", None
    if isinstance(message, Request):
        return message.method, message
    return f"{message.status} {message.cseq.method}", message


def accept_calls(node: Node, body: bytes = ANSWER) -> None:
    """A role that takes every call and every change at once."""
    node.on(events.IncomingInvite, lambda event: event.session.accept(body, now=node.network.now))
    node.on(events.ReinviteReceived, lambda event: event.session.accept_reinvite(body, now=node.network.now))


def two_phones(**options: Abilities | Timings | None) -> tuple[Network, Node, Node]:
    """A mobile node with two interfaces, and a correspondent node that takes calls."""
    network = Network()
    mn = network.node("mn", interfaces={"wifi": "10.0.1.1", "umts": "10.0.2.1"}, **options)  # type: ignore[arg-type]
    cn = network.node("cn", interfaces={"eth0": "10.0.9.1"}, **options)  # type: ignore[arg-type]
    accept_calls(cn)
    return network, mn, cn
