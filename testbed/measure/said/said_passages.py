"""The messages beside SIP on their way between lifelines: of what keeps an address, or moves media."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.measure.call.recording import Traffic
from testbed.measure.folder.run_folder import read_nodes
from testbed.measure.mobility.protocols_seen import moved_by
from testbed.measure.said.matched_arrivals import match_arrivals
from testbed.measure.said.words_said import SAID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from testbed.measure.call.recording import Recording
    from testbed.measure.capture.capture import Capture
    from testbed.measure.folder.run_folder import Host
    from testbed.measure.said.words_said import SaidMessage, SaidWords


@dataclass(frozen=True, slots=True)
class SaidPassage:
    """One message on its way between two lifelines, with the fields of a SIP message's `Passage`."""

    words: SaidWords
    sender: int
    receiver: int
    left_ns: int | None
    arrived_ns: int | None
    is_lost: bool
    repeat: int

    @property
    def time_ns(self) -> int:
        """When it was first seen."""
        return min(one for one in (self.left_ns, self.arrived_ns) if one is not None)


class SaidOfRun:
    """What was said in a run beside SIP: by which protocol, and every sighting of a message; nothing in most runs."""

    def __init__(self, run: Recording) -> None:
        """Reads the captures of those who may speak it."""
        self.protocol = moved_by(run.manifest, run.exchanges) if run.exchanges else None
        self._manifest = run.manifest
        self._nodes = read_nodes(run.folder)
        self._messages: list[SaidMessage] = []
        self._capture: Capture | None = None
        if self.protocol is None or not self._nodes:
            return
        row = SAID[self.protocol]
        inside = set() if run.manifest.mn.inside is None else {run.manifest.mn.inside}
        names = {name for one in self._nodes if row.at_routers or not one.forwards for name in one.interfaces}
        self._capture = run.captures.at((names | inside) & {*run.captures.names})
        traffic = Traffic(self._capture, run.manifest)
        self._messages = sorted(row.find(self._capture, traffic.datagrams), key=lambda one: one.time_ns)

    @property
    def ends(self) -> list[str]:
        """The addresses of nodes that it was said from and to."""
        known = {address for one in self._nodes for address in one.addresses}
        said = dict.fromkeys(end for one in self._messages for end in (one.source, one.destination))
        return [one for one in said if one in known]

    def speakers(self) -> tuple[Host, ...]:
        """The hosts of the run's network, and those of its routers that speak."""
        ends = {*self.ends}
        return tuple(one for one in self._nodes if not one.forwards or one.addresses & ends)

    def passages(self, line_of_address: Mapping[str, int], line_of_name: Mapping[str, int]) -> Iterator[SaidPassage]:
        """Yield each message once, in order of time.

        Lifelines are found by the addresses that they have, and else by the names of nodes and of the MN's interfaces:
        a link-local address is that of whoever was seen with it.
        """
        same: dict[tuple[str, str, bytes], list[SaidMessage]] = defaultdict(list)
        for one in self._messages:
            same[one.source, one.destination, one.data].append(one)
        found = []
        for (source, destination, _), sightings in same.items():
            ends = self._place(source, sightings[0]), self._place(destination, sightings[-1])
            sender, receiver = (
                line_of_address.get(address, line_of_name.get(line))
                for address, (_, line) in zip((source, destination), ends, strict=True)
            )
            if sender is None or receiver is None:
                continue
            left, arrived = ([one for one in sightings if self._node_at(one) == node] for node, _ in ends)
            pairs = match_arrivals(left, arrived if ends[0][0] != ends[1][0] else [])
            for repeat, (departure, arrival) in enumerate(pairs):
                found.append(
                    SaidPassage(
                        words=sightings[0].words,
                        sender=sender,
                        receiver=receiver,
                        left_ns=None if departure is None else departure.time_ns,
                        arrived_ns=None if arrival is None else arrival.time_ns,
                        is_lost=arrival is None,
                        repeat=repeat,
                    )
                )
        yield from sorted(found, key=lambda one: one.time_ns)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _place(self, address: str, sighting: SaidMessage) -> tuple[str, str]:
        """Return the node that has an address, or where it was seen; and what its lifeline may be called."""
        mobile = self._manifest.mn
        if mobile.has(address):
            return self._mobile, self._mobile
        node = next((one.name for one in self._nodes if address in one.addresses), None)
        if node is not None:
            return node, node
        seen_at = self._node_at(sighting)
        return seen_at, self._interface(sighting) if seen_at == self._mobile else seen_at

    @property
    def _mobile(self) -> str:
        interfaces = {*self._manifest.mn.interfaces.values()}
        return next((one.name for one in self._nodes if one.interfaces & interfaces), "")

    def _interface(self, sighting: SaidMessage) -> str:
        return "" if self._capture is None else self._capture.interfaces[sighting.interface].name or ""

    def _node_at(self, sighting: SaidMessage) -> str:
        name = self._interface(sighting)
        found = next((one.name for one in self._nodes if name in one.interfaces), "")
        return self._mobile if name == self._manifest.mn.inside else found
