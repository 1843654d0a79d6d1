"""What a message chart of a run shows, read from its captures: who spoke SIP with whom, and when media flowed.

A lifeline is a host, or one access link of the MN. A message stands in the chart once, with when it left its sender's
interface and when it came in at its receiver's; one that went over TCP with the segment that made it whole.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.folder.run_folder import AT_HOME, Event, Host, scenario_start_ns
from testbed.measure.rtp.streams import find_streams
from testbed.measure.said.matched_arrivals import match_arrivals
from testbed.measure.said.said_passages import SaidOfRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testbed.measure.call.recording import Recording
    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.folder.run_folder import Manifest, NodePorts
    from testbed.measure.rtp.streams import RtpPackets, Stream
    from testbed.measure.said.said_passages import SaidPassage
    from testbed.measure.sip.scan import SipMessage

PAUSE_NS = 2_000_000_000
"""Media that pause for longer on a path end, and begin anew."""

ABOUT_LEGS = frozenset({"silence", "said_again", "copies", "copies_end"})
"""What ends tell of the legs of a call; a leg is named by its two addresses."""

_NEVER_NS = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Lifeline:
    """One column of the chart. `interfaces` are those that were captured: without any, nobody knows what arrived."""

    name: str
    interfaces: frozenset[str]
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """One message on its way between two lifelines.

    `left_ns` is None when nobody saw it leave, `arrived_ns` when nobody saw it arrive; `is_lost`: its receiver was
    captured, and didn't get it. `repeat` counts those that were the same before it: its retransmissions.
    """

    message: SipMessage
    sender: int
    receiver: int
    left_ns: int | None
    arrived_ns: int | None
    is_lost: bool
    repeat: int

    @property
    def time_ns(self) -> int:
        """When it was first seen."""
        return self.message.time_ns


@dataclass(frozen=True, slots=True)
class MediaFlow:
    """RTP from one lifeline to another without a long pause.

    `first_ns` and `last_ns` are arrivals at the receiver, `packets` how many. Where nothing arrives they are those of
    the sender, and `packets` is 0, or None where the receiver was not captured. `sent_until_ns` is when the sender
    really stopped, if that was after the last arrival.
    """

    sender: int
    receiver: int
    first_ns: int
    last_ns: int
    packets: int | None
    sent_until_ns: int | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A message chart; `start_ns` is where scenario time begins, in a `capture` that is of no run its first packet.

    Of such a capture nobody knows where it was made: a message has `arrived_ns` only where several interfaces saw it.
    `said` are the messages of the `protocol` that moves a run's calls beside SIP; a capture of no run has none.
    """

    scheme: str | None
    seed: int | None
    start_ns: int
    lifelines: tuple[Lifeline, ...]
    passages: tuple[Passage, ...]
    flows: tuple[MediaFlow, ...]
    events: tuple[Event, ...]
    warnings: tuple[str, ...]
    capture: str | None = None
    protocol: str | None = None
    said: tuple[SaidPassage, ...] = ()


def draw_up(run: Recording) -> Chart:
    """Return the message chart of a run; `RunFolderError` when its folder is none."""
    manifest, events, traffic, said = run.manifest, run.events, run.traffic_of_hosts, SaidOfRun(run)
    capture, messages, rtp = traffic.capture, traffic.messages, traffic.rtp
    streams = find_streams(rtp)
    addresses = dict.fromkeys(end.ip for one in messages for end in (one.source, one.destination))
    addresses |= dict.fromkeys(end.ip for one in streams for end in (one.source, one.destination))
    addresses |= dict.fromkeys(said.ends)
    hosts = said.speakers()
    numbers = {one.interface for one in messages}.union(*(one.interfaces for one in streams))
    interfaces = {capture.interfaces[number].name or "" for number in numbers}
    places = _Places(_lifelines(manifest, hosts, events, tuple(addresses), interfaces), capture)
    return Chart(
        scheme=manifest.scheme,
        seed=manifest.seed,
        start_ns=scenario_start_ns(events, capture),
        lifelines=places.lifelines,
        passages=tuple(sorted(_passages(messages, places), key=lambda one: (one.time_ns, one.message.packet))),
        flows=tuple(_flows(rtp, streams, places)),
        events=tuple(_with_link(one, manifest) for one in events if one.link is not None or one.name in ABOUT_LEGS),
        warnings=(*manifest.warnings, *capture.warnings),
        protocol=said.protocol,
        said=tuple(said.passages(places.of_address, places.of_name(manifest))),
    )


def _with_link(event: Event, manifest: Manifest) -> Event:
    """Return an event about a leg with the MN's link that it goes over, in place of its addresses."""
    ends = (event.fields.get("local"), event.fields.get("remote"))
    link = next((manifest.mn.addresses[one] for one in ends if one in manifest.mn.addresses), None)
    if event.name not in ABOUT_LEGS or link is None:
        return event
    fields = {name: value for name, value in event.fields.items() if name not in ("local", "remote")}
    return Event(event.time_ns, event.t_s, event.source, event.name, {**fields, "link": link})


def _lifelines(
    manifest: Manifest, hosts: Sequence[Host], events: Iterable[Event], addresses: Sequence[str], interfaces: set[str]
) -> tuple[Lifeline, ...]:
    """Return MN's links, then the hosts that speak, addresses that nobody has, and CN.

    `addresses` and `interfaces` are those that something was said from or to. A link's later addresses are in `events`.
    """
    own = defaultdict(set)
    for address, link in manifest.mn.addresses.items():
        own[link].add(address)
    for event in events:
        if event.link in manifest.mn.interfaces and isinstance(event.fields.get("address"), str):
            own[event.link].add(event.fields["address"])
    mn, cn = (_host(role, name, hosts) for role, name in ((manifest.mn, "mn"), (manifest.cn, "cn")))
    kept = manifest.mn.kept
    links = [
        Lifeline(f"{mn.name} {link}", frozenset({interface} if kept is None else ()), frozenset(own[link]))
        for link, interface in manifest.mn.interfaces.items()
    ]
    if kept is not None:  # what is said there leaves and comes by whichever link
        links.append(Lifeline(f"{mn.name} {AT_HOME}", mn.interfaces, frozenset({kept})))
    between = [
        Lifeline(host.name, host.interfaces, host.addresses)
        for host in hosts
        if host.name not in {mn.name, cn.name} and (host.addresses & {*addresses} or host.interfaces & interfaces)
    ]
    last = Lifeline(cn.name, cn.interfaces, cn.addresses)
    known = {address for line in (*links, *between, last) for address in line.addresses}
    strangers = [Lifeline(one, frozenset(), frozenset({one})) for one in addresses if one not in known]
    return (*links, *between, *strangers, last)


def _host(role: NodePorts, name: str, hosts: Iterable[Host]) -> Host:
    """Return the host that has a role in the call; without a plan, as the manifest has it."""
    interfaces = frozenset(role.interfaces.values())
    named = (host for host in hosts if host.interfaces & interfaces)
    return next(named, Host(name, interfaces, frozenset(role.addresses)))


class _Places:
    """Which lifeline an address, or a capture interface, belongs to."""

    def __init__(self, lifelines: tuple[Lifeline, ...], capture: Capture) -> None:
        names = [one.name for one in capture.interfaces]
        self.lifelines = lifelines
        self.of_address = {address: number for number, line in enumerate(lifelines) for address in line.addresses}
        of_name = {name: number for number, line in enumerate(lifelines) for name in line.interfaces}
        self.of_interface = {number: of_name[name] for number, name in enumerate(names) if name in of_name}
        self.captured = set(self.of_interface.values())

    def of_name(self, manifest: Manifest) -> dict[str, int]:
        """Return the lifelines by their names, and those of the MN's links by its interfaces."""
        links = {interface: number for number, interface in enumerate(manifest.mn.interfaces.values())}
        return {line.name: number for number, line in enumerate(self.lifelines)} | links

    def of(self, sighting: SipMessage) -> int:
        """Return the lifeline whose capture interface saw a message."""
        return self.of_interface[sighting.interface]

    def interfaces(self, lifeline: int) -> list[int]:
        """Return the capture interfaces of a lifeline, as numbers."""
        return [number for number, line in self.of_interface.items() if line == lifeline]


def _passages(messages: Iterable[SipMessage], places: _Places) -> Iterator[Passage]:
    """Yield each message once, however many interfaces saw it; one that was sent again is another one.

    At the interface of the host that it is for a message arrives; at any other host's it leaves, whatever it says of
    where it is from.
    """
    same: dict[tuple[object, ...], list[SipMessage]] = defaultdict(list)
    for one in messages:
        what = (one.method, one.status, one.transaction, one.from_tag, one.to_tag, one.size)
        same[one.source, one.destination, *what].append(one)
    for sightings in same.values():
        receiver = places.of_address[sightings[0].destination.ip]
        arrived = [one for one in sightings if places.of_interface.get(one.interface) == receiver]
        left = [one for one in sightings if places.of_interface.get(one.interface) != receiver]
        for repeat, (departure, arrival) in enumerate(match_arrivals(left, arrived)):
            message = departure or arrival
            if message is not None:
                yield Passage(
                    message=message,
                    sender=places.of_address[message.source.ip] if departure is None else places.of(departure),
                    receiver=receiver,
                    left_ns=None if departure is None else departure.time_ns,
                    arrived_ns=None if arrival is None else arrival.time_ns,
                    is_lost=arrival is None and receiver in places.captured,
                    repeat=repeat,
                )


def _flows(rtp: RtpPackets, streams: Iterable[Stream], places: _Places) -> Iterator[MediaFlow]:
    """Yield the media from lifeline to lifeline, whichever ports and SSRCs they have."""
    parts: dict[tuple[int, int], list[Stream]] = defaultdict(list)
    for stream in streams:
        parts[places.of_address[stream.source.ip], places.of_address[stream.destination.ip]].append(stream)
    numbers = {endpoint: number for number, endpoint in enumerate(rtp.endpoints)}
    for (sender, receiver), mine in parts.items():
        rows = np.zeros(len(rtp), dtype=np.bool_)
        for one in mine:
            ends = (rtp.source == numbers[one.source]) & (rtp.destination == numbers[one.destination])
            rows |= ends & (rtp.ssrc == one.ssrc)
        here = np.isin(rtp.interface, places.interfaces(receiver))
        arrived, left = np.sort(rtp.time_ns[rows & here]), np.sort(rtp.time_ns[rows & ~here])
        if not len(arrived):
            packets = 0 if receiver in places.captured else None
            yield from (MediaFlow(sender, receiver, first, last, packets, None) for first, last, _ in spans_of(left))
            continue
        spans = list(spans_of(arrived))
        nexts = [*(first for first, _, _ in spans[1:]), _NEVER_NS]
        for (first, last, packets), following in zip(spans, nexts, strict=True):
            yield MediaFlow(sender, receiver, first, last, packets, _sent_until(left, last, following))


def _sent_until(left: Ints, last_ns: int, following_ns: int) -> int | None:
    """Return when the sender stopped, or fell silent itself, if that was after the last arrival."""
    begun = [last for first, last, _ in spans_of(left) if first <= last_ns]
    later = left[(left > last_ns) & (left < following_ns) & (left <= max(begun, default=0))]
    return int(later[-1]) if len(later) else None


def spans_of(times: Ints) -> Iterator[tuple[int, int, int]]:
    """Yield first, last and count of what follows each other without a long pause."""
    for part in np.split(times, np.flatnonzero(np.diff(times) > PAUSE_NS) + 1):
        if len(part):
            yield int(part[0]), int(part[-1]), len(part)
