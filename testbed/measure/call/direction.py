"""One direction of a call: every RTP packet as its sender and as its receiver saw it, on whatever path.

A **path** is the MN's address that a packet goes to or comes from, named by the link that has it; a packet between
others (sent to a relay, say) has none. Where the packet is in another one, it is the outer one's: so an MN that keeps
its address, and the home agent that tunnels to it, are measured as any other one and a relay; where there is an anchor
point on the way, in whose tunnel that of the home agent is, it is the relay. Where the network keeps it, tunnels end at
the links' gateways, and at the MN it is the link of the interface; so it is on a link that is the MN's home, where
nothing is tunnelled, at both of its ends. A **key** numbers the packets of a direction: the extended sequence number,
going on over SSRC changes. A **new packet** is the first arrival of a key on any interface of the receiver.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.mobility.outermost import outermost
from testbed.measure.rtp import stream_numbers
from testbed.measure.rtp.credible import is_regular
from testbed.measure.rtp.streams import nominal_clock
from testbed.measure.sip.announced import Announcements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.folder.run_folder import Manifest, NodePorts
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.sip.announced import Format

NO_PATH = -1
NO_DELAY = int(np.iinfo(np.int64).min)


@dataclass(frozen=True, slots=True)
class Sightings:
    """RTP packets at one end, in order of time, copies too; one entry a packet.

    `path` indexes the direction's links or is `NO_PATH`; `timestamp` is the RTP timestamp without wrap-around;
    `segment` counts the SSRCs; `row` is the packet's place in the `RtpPackets` that it was taken from.
    """

    time_ns: Ints
    key: Ints
    path: Ints
    timestamp: Ints
    segment: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.time_ns)

    def pick(self, which: NDArray[Any]) -> Sightings:
        """Return the packets that a mask or a list of positions names."""
        return Sightings(*(getattr(self, one.name)[which] for one in fields(self)))


@dataclass(frozen=True)
class Direction:
    """What was sent and what was received in one direction; `keys` is how many sequence numbers were used.

    `onto` and `off` are what went onto the paths and what came off them: they end at the relay, where there is one.

    `observed`: all of the receiver was captured, so that what was not received did not arrive. `formats` are the
    payload types at both ends and at the relay, with the names of their encodings, as they were announced.
    `ended_ns`: when the call was over, where the media don't end there; `unsaid` packets up to it count as sent,
    `unexplained` ones do not, of a sender that could have sent them, and `unheard_after` ones after it are left out.
    """

    links: tuple[str, ...]
    sent: Sightings
    received: Sightings
    keys: int
    clock_hz: int | None
    observed: bool
    onto: Sightings
    off: Sightings
    formats: tuple[tuple[int, str], ...] = ((0, "PCMU"),)
    ended_ns: int | None = None
    unsaid: int = 0
    unexplained: int = 0
    unheard_after: int = 0

    @property
    def codecs(self) -> frozenset[str]:
        """The encodings of its packets, in capital letters."""
        return frozenset(name.upper() for _, name in self.formats)

    @cached_property
    def new(self) -> Sightings:
        """The new packets, in order of arrival."""
        return self.received.pick(stream_numbers.first_arrivals(self.received.key))

    @cached_property
    def delay_ns(self) -> Ints:
        """One-way delay of every received packet; `NO_DELAY` where its sending was not captured.

        From the sender's first capture of the key *on that path*; where the sender's packets have no path (it sends to
        a relay), from its first capture of the key.
        """
        by_path = self._sent_at(self.received.path)
        anywhere = self._sent_at(np.full(len(self.received), NO_PATH))
        sent_at = np.where(by_path == NO_DELAY, anywhere, by_path)
        return np.where(sent_at == NO_DELAY, NO_DELAY, self.received.time_ns - sent_at)

    def _sent_at(self, path: Ints) -> Ints:
        """Return when the sender first sent each received key on `path`; `NO_DELAY` where it did not."""
        if not len(self.sent):
            return np.full(len(path), NO_DELAY)
        width = len(self.links) + 1
        sent, firsts = np.unique(self.sent.key * width + self.sent.path + 1, return_index=True)
        wanted = self.received.key * width + path + 1
        at = np.minimum(np.searchsorted(sent, wanted), len(sent) - 1)
        return np.where(sent[at] == wanted, self.sent.time_ns[firsts[at]], NO_DELAY)

    @cached_property
    def first_sent_ns(self) -> dict[int, int]:
        """Key -> when the sender first sent it, on whatever path."""
        keys, firsts = np.unique(self.sent.key, return_index=True)
        return dict(zip(keys.tolist(), self.sent.time_ns[firsts].tolist(), strict=True))

    def carried(self, path: int) -> tuple[Ints, Ints]:
        """Return the different keys that went onto a path, and those that came off it."""
        onto, off = (np.unique(one.key[one.path == path]) for one in (self.onto, self.off))
        return onto, off

    @property
    def end_ns(self) -> int | None:
        """When the last packet was seen at either end, or the call was over; None without any."""
        if self.ended_ns is not None:
            return self.ended_ns
        last = [int(one.time_ns[-1]) for one in (self.sent, self.received) if len(one)]
        return max(last) if last else None

    def jitter_ns(self, which: Sightings) -> NDArray[np.float64] | None:
        """Return the interarrival jitter over these packets, SSRC by SSRC; None without a clock."""
        if self.clock_hz is None:
            return None
        parts = [which.pick(which.segment == segment) for segment in np.unique(which.segment)]
        found = [stream_numbers.jitter(part.time_ns, part.timestamp & 0xFFFFFFFF, self.clock_hz) for part in parts]
        return np.concatenate([np.empty(0), *found])


def directions(
    capture: Capture, rtp: RtpPackets, manifest: Manifest, announced: Announcements | None = None
) -> dict[str, Direction]:
    """Return the call's media by direction: `to_mn` received at the MN's interfaces, `to_cn` at the CN's.

    Without what was `announced`, payload types mean what RFC 3551 says.
    """
    said = Announcements() if announced is None else announced
    mn, cn = manifest.mn, manifest.cn
    outer = _outer_ends(capture, rtp, manifest)
    return {
        "to_mn": _direction(capture, rtp, manifest, outer, said, sender=cn, receiver=mn),
        "to_cn": _direction(capture, rtp, manifest, outer, said, sender=mn, receiver=cn),
    }


@dataclass(frozen=True, slots=True)
class _OuterEnds:
    """The addresses that packets went from and to, whatever is in them; `source` and `destination` index `ips`."""

    ips: list[str]
    source: NDArray[Any]
    destination: NDArray[Any]


def _outer_ends(capture: Capture, rtp: RtpPackets, manifest: Manifest) -> _OuterEnds:
    """Behind a NAT nobody has an address but the MN: what is around packets has its own, on that link."""
    if manifest.mn.kept is not None:
        ips, source, destination = outermost(capture, rtp.packet)
        own = {link: address for address, link in manifest.mn.addresses.items()}
        inside = {nat.address: own[nat.link] for nat in manifest.nats if nat.link in own}
        return _OuterEnds([inside.get(ip, ip) for ip in ips], source, destination)
    return _OuterEnds([one.ip for one in rtp.endpoints], rtp.source, rtp.destination)


def _direction(
    capture: Capture,
    rtp: RtpPackets,
    manifest: Manifest,
    outer: _OuterEnds,
    announced: Announcements,
    *,
    sender: NodePorts,
    receiver: NodePorts,
) -> Direction:
    links, mn, relay = manifest.links, manifest.mn, manifest.point or manifest.relay
    inner = [one.ip for one in rtp.endpoints]
    sent = _at(capture, rtp, sender) & _has(inner, rtp.source, sender)
    received = _at(capture, rtp, receiver) & _has(inner, rtp.destination, receiver)
    mn_side = outer.destination if receiver is mn else outer.source
    ways = mn.outer_ends
    link_of = np.array([links.index(ways[one]) if one in ways else NO_PATH for one in outer.ips])
    relayed = np.zeros(len(sent), dtype=np.bool_)
    if relay is not None:
        at_relay, other = (outer.destination, outer.source) if sender is mn else (outer.source, outer.destination)
        is_way = np.array([one in ways for one in outer.ips] or [False], dtype=np.bool_)
        relayed = _at(capture, rtp, relay) & _has(outer.ips, at_relay, relay) & is_way[other]
    bare = _links_of_interfaces(capture, links, mn, relay)[rtp.interface]
    if relay is not None and mn.home_link is not None:  # as it leaves for the MN, or comes from it, in no tunnel
        is_kept = np.array([one == mn.kept for one in outer.ips] or [False], dtype=np.bool_)
        relayed |= _at(capture, rtp, relay) & is_kept[mn_side] & (bare != NO_PATH)
    rows = np.flatnonzero(sent | received | relayed)
    rows = rows[np.argsort(rtp.time_ns[rows], kind="stable")]
    key, timestamp, segment, keys = _number(rtp, rows)
    path = link_of[mn_side[rows]] if len(rows) else np.empty(0, dtype=np.int64)
    if mn.gateways or mn.home_link is not None:
        path = np.where(path == NO_PATH, bare[rows], path)
    whole = Sightings(
        time_ns=rtp.time_ns[rows],
        key=key,
        path=_before_relay(key, path, relayed[rows]) if sender is mn else path,
        timestamp=timestamp,
        segment=segment,
        row=rows,
    )
    kept = rows[segment >= 0]
    meanings = _meanings(rtp, kept, announced)
    straight = np.zeros(len(sent), dtype=np.bool_)
    straight[rows] = path != NO_PATH  # between a path and the other end, without the relay
    seen = {"sent": sent, "received": received, "onto": relayed | sent & straight, "off": relayed | received & straight}
    sightings = {name: whole.pick(which[rows] & (segment >= 0)) for name, which in seen.items()}
    if mn.kept is not None:
        own, others = ("sent", ("received", "off")) if sender is mn else ("received", ("sent", "onto"))
        sightings |= {name: _sent_on(sightings[name], sightings[own]) for name in others}
    has_relay = bool(relayed.any())
    return Direction(
        links=links,
        sent=sightings["sent"],
        received=sightings["received"],
        onto=sightings["onto" if has_relay and receiver is mn else "sent"],
        off=sightings["off" if has_relay and sender is mn else "received"],
        keys=keys,
        clock_hz=_clock_hz(rtp, kept, meanings),
        formats=tuple((number, f"type {number}" if one is None else one.codec) for number, one in meanings.items()),
        observed={*receiver.interfaces.values()} <= {one.name for one in capture.interfaces},
    )


def _meanings(rtp: RtpPackets, rows: Ints, announced: Announcements) -> dict[int, Format | None]:
    """Return what each payload type of these packets means, where somebody said so."""
    found = {}
    for number in np.unique(rtp.payload_type[rows]).tolist():
        mine = rows[rtp.payload_type[rows] == number]
        source, destination = (rtp.endpoints[int(ends[mine[0]])] for ends in (rtp.source, rtp.destination))
        span = int(rtp.time_ns[mine[0]]), int(rtp.time_ns[mine[-1]])
        found[number] = announced.meaning(source, destination, number, *span)
    return found


def _clock_hz(rtp: RtpPackets, rows: Ints, meanings: dict[int, Format | None]) -> int | None:
    """Return the RTP clock that all have; as it seems, where not all is known."""
    clocks = {None if one is None else one.clock_hz for one in meanings.values()}
    if len(clocks) == 1 and None not in clocks:
        return clocks.pop()
    return nominal_clock(rtp.payload_type[rows], rtp.time_ns[rows], rtp.timestamp[rows])


def _links_of_interfaces(capture: Capture, links: tuple[str, ...], mn: NodePorts, relay: NodePorts | None) -> Ints:
    """Return the link of each of the capture's interfaces at an end of one: the MN's, the relay's on its home link.

    `NO_PATH` of others.
    """
    names = {interface: links.index(link) for link, interface in mn.interfaces.items()}
    if relay is not None and mn.home_link is not None and mn.home_link in relay.interfaces:
        names[relay.interfaces[mn.home_link]] = links.index(mn.home_link)
    return np.array([names.get(one.name or "", NO_PATH) for one in capture.interfaces] or [NO_PATH], dtype=np.int64)


def _before_relay(key: Ints, path: Ints, relayed: NDArray[np.bool_]) -> Ints:
    """Return the path of each packet; one that a relay sent came over that of the first copy that the relay got."""
    firsts = np.flatnonzero(relayed)
    if not len(firsts):
        return path
    keys, places = np.unique(key[firsts], return_index=True)
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    return np.where((path == NO_PATH) & (keys[at] == key), path[firsts][places][at], path)


def _sent_on(there: Sightings, at_mn: Sightings) -> Sightings:
    """Return the packets seen elsewhere with the path that they had at the MN, whatever they were addressed to.

    A router may send on over another path what was for the address on one, and back (RFC 5568). Copies on two paths
    are left alone: one that is missing at the MN was lost.
    """
    paths = np.unique(np.stack([at_mn.key, at_mn.path]), axis=1)
    keys, firsts, counts = np.unique(paths[0], return_index=True, return_counts=True)
    keys, path = keys[counts == 1], paths[1][firsts][counts == 1]
    if not len(keys):
        return there
    at = np.minimum(np.searchsorted(keys, there.key), len(keys) - 1)
    is_known = keys[at] == there.key
    as_addressed = np.unique(there.key[is_known & (path[at] == there.path)])
    moves = is_known & (there.path != NO_PATH) & (path[at] != NO_PATH) & ~np.isin(there.key, as_addressed)
    return replace(there, path=np.where(moves, path[at], there.path))


def _at(capture: Capture, rtp: RtpPackets, node: NodePorts) -> NDArray[np.bool_]:
    """Return which packets were captured at the node's own interfaces."""
    names = set(node.interfaces.values())
    own = np.array([one.name in names for one in capture.interfaces] or [False], dtype=np.bool_)
    return own[rtp.interface]


def _has(ips: Sequence[str], end: NDArray[Any], node: NodePorts) -> NDArray[np.bool_]:
    """Return which packets have an address of the node as this end; `end` indexes `ips`."""
    own = np.array([node.has(one) for one in ips] or [False], dtype=np.bool_)
    which: NDArray[np.bool_] = own[end]
    return which


def _number(rtp: RtpPackets, rows: Ints) -> tuple[Ints, Ints, Ints, int]:
    """Return key, unwrapped timestamp and segment (-1: no RTP stream) of each row, and how many keys there are.

    Both ends of an SSRC are numbered together, in order of time, so that a key means the same packet at both.
    """
    key = np.zeros(len(rows), dtype=np.int64)
    timestamp = np.zeros(len(rows), dtype=np.int64)
    segment = np.full(len(rows), -1, dtype=np.int64)
    ssrc = rtp.ssrc[rows]
    values, firsts = np.unique(ssrc, return_index=True)
    keys = count = 0
    for value in values[np.argsort(firsts, kind="stable")]:
        mine = np.flatnonzero(ssrc == value)
        extended = stream_numbers.extend_sequence(rtp.sequence[rows[mine]])
        stamps = rtp.timestamp[rows[mine]]
        if not is_regular(extended, stamps):
            continue
        key[mine] = keys + extended - extended.min()
        timestamp[mine[0]] = stamps[0]
        timestamp[mine[1:]] = stamps[0] + np.cumsum(np.diff(stamps).astype(np.int32), dtype=np.int64)
        segment[mine] = count
        keys += int(extended.max() - extended.min()) + 1
        count += 1
    return key, timestamp, segment, keys
