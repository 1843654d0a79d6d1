"""Packets of strangers in the captures of all nodes, whatever is in them: known by the hops that they have left."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from agents.mip6.mobility_header import MOBILITY
from agents.stun.stun_message import is_stun
from testbed.lab.attack_plan import STRANGE_HOPS
from testbed.measure.capture.capture import words
from testbed.measure.folder.run_captures import RunCaptures
from testbed.measure.folder.run_folder import read_nodes
from testbed.measure.headers.ethernet import IPV4, IPV6
from testbed.measure.mobility.outermost import ETHERNET, HEADER, outermost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from testbed.attacks.tried import Span
    from testbed.measure.capture.capture import Booleans, Capture, Ints

# So many routers take a hop each, at most.
_MOST_ROUTERS = 8
_IP4, _IP6 = 20, 40
_UDP, _UDP_HEADER = 17, 8
# Where ICMP has the packet that it is about (RFC 792; RFC 4443 3.1).
_QUOTED_AT = 8
# What of the class stands in the second byte of STUN's type: with the first one's last bit it is 0 of requests.
_CLASS = 0x10
# ICMP and ICMPv6 by IP's number: what hosts and routers say about packets, neighbours among it; and the types of those
# that say why a packet was not taken (RFC 792; RFC 4443 3).
_ABOUT_PACKETS = {1: frozenset({3, 12}), 58: frozenset({1, 4})}
REFUSAL = "ICMP"


class StrangePacket(NamedTuple):
    """A packet at a node: its outermost ends, its hops, and IP's number of what is in it.

    `data` is all of it, from IP's header on, and `head` how long that is, without what may follow it.
    """

    time_ns: int
    node: str
    source: str
    target: str
    hops: int
    protocol: int
    data: bytes
    head: int

    @property
    def payload(self) -> bytes:
        """What is behind IP's header."""
        return self.data[self.head :]

    def datagram(self, port: int = 0) -> bytes:
        """What is in a datagram of UDP, from that port if any is named; nothing where it is none."""
        is_from = port in {0, int.from_bytes(self.payload[:2])}
        return self.payload[_UDP_HEADER:] if self.protocol == _UDP and is_from else b""

    @property
    def is_strange(self) -> bool:
        """Whether a stranger has sent it by hand."""
        return _is_strange(self.hops)

    @property
    def is_refusal(self) -> bool:
        """Whether it says that a packet of a stranger's was not taken, whomever it says that to."""
        data = self.payload
        if len(data) <= _QUOTED_AT + 8 or data[0] not in _ABOUT_PACKETS.get(self.protocol, frozenset()):
            return False
        return _is_strange(data[_QUOTED_AT + (8 if data[_QUOTED_AT] >> 4 == 4 else 7)])


class StrangeEvidence:
    """One run folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nodes = read_nodes(folder)

    def node_of(self, address: str) -> str:
        """The node that has an address at the start."""
        return next(one.name for one in self._nodes if address in one.addresses)

    def sent(self, node: str, source: str, target: str, span: Span) -> int:
        """How many packets left the stranger's node for a target."""
        return sum((one.node, one.source, one.target) == (node, source, target) for one in self._strange(span))

    def arrived(self, source: str, target: str, span: Span) -> int:
        """How many of them came to it."""
        node = self.node_of(target)
        return sum((one.node, one.source, one.target) == (node, source, target) for one in self._strange(span))

    def answers(self, source: str, target: str, span: Span) -> Iterator[StrangePacket]:
        """What the target sends to whomever the packets said that they are from, and what it says about them."""
        node = self.node_of(target)
        for one in self._packets:
            is_for = one.target == source or one.is_refusal
            if (one.node, one.source) == (node, target) and is_for and one.time_ns in span:
                yield one

    def diverted(self, stranger: str, span: Span, status_of: Callable[[StrangePacket], int | None]) -> int:
        """How many packets came to the stranger's address that are no answers, and not about packets or ways."""
        node = self.node_of(stranger)
        return sum(
            (one.node, one.target) == (node, stranger)
            and one.protocol not in {*_ABOUT_PACKETS, MOBILITY}
            and one.time_ns in span
            and status_of(one) is None
            and not _asks(one)
            for one in self._packets
        )

    # -- inside -------------------------------------------------------------------------------------------------------

    def _strange(self, span: Span) -> Iterator[StrangePacket]:
        return (one for one in self._packets if one.is_strange and one.time_ns in span)

    @cached_property
    def _packets(self) -> list[StrangePacket]:
        """Those that have a stranger's hops, and those that are for one."""
        node_of = {name: one.name for one in self._nodes for name in one.interfaces}
        capture = RunCaptures(self._folder).at(node_of.keys() & {*RunCaptures(self._folder).names})
        nodes = [node_of[one.name or ""] for one in capture.interfaces]
        hops, protocol, head = _fixed(capture)
        is_strange = _is_strange(hops)
        everything = np.arange(len(capture))
        names, sources, targets = outermost(capture, everything)
        strangers = {names[number] for number in np.unique(sources[is_strange])}
        to_them = np.isin(targets, [number for number, name in enumerate(names) if name in strangers])
        found = []
        wanted = is_strange | ((to_them | np.isin(protocol, [*_ABOUT_PACKETS])) & (hops > 0))
        for row in np.flatnonzero(wanted).tolist():
            start = int(capture.offset[row])
            data = capture.data[start + HEADER : start + int(capture.captured[row])].tobytes()
            ends = names[int(sources[row])], names[int(targets[row])]
            place = int(capture.time_ns[row]), nodes[int(capture.interface[row])]
            found.append(StrangePacket(*place, *ends, int(hops[row]), int(protocol[row]), data, int(head[row])))
        return sorted(found, key=lambda one: one.time_ns)


@overload
def _is_strange(hops: int) -> bool: ...
@overload
def _is_strange(hops: Ints) -> Booleans: ...
def _is_strange(hops: int | Ints) -> bool | Booleans:
    """Whether what has so many hops left was sent by a stranger."""
    return (hops > STRANGE_HOPS - _MOST_ROUTERS) & (hops <= STRANGE_HOPS)


def _asks(packet: StrangePacket) -> bool:
    """Whether it is a request of STUN, which asks whether there is a way, and brings nothing of a call."""
    data = packet.datagram()
    return is_stun(data) and not data[0] & 1 and not data[1] & _CLASS


def _fixed(capture: Capture) -> tuple[Ints, Ints, Ints]:
    """Hops left, number of what is in it, and length of IP's header of each packet; 0 of what is no IP."""
    hops, protocol, head = (np.zeros(len(capture), dtype=np.int64) for _ in range(3))
    is_framed = (capture.linktype == ETHERNET) & (capture.captured >= HEADER + _IP4)
    kind = np.zeros(len(capture), dtype=np.int64)
    at = capture.offset + HEADER
    kind[is_framed] = words(capture.data, ">u2")[at[is_framed] - 2]
    for wanted, size, hops_at, protocol_at in ((IPV4, _IP4, 8, 9), (IPV6, _IP6, 7, 6)):
        rows = np.flatnonzero((kind == wanted) & (capture.captured >= HEADER + size))
        hops[rows], protocol[rows] = capture.data[at[rows] + hops_at], capture.data[at[rows] + protocol_at]
        head[rows] = size
    return hops, protocol, head
