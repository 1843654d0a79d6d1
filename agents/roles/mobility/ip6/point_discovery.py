"""A mobile node's system that does not know yet where the anchor point is: its links' routers say it (RFC 5380 7.1).

Not done: another anchor point than the first one, on a link of another domain (section 8); that is told.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.map_option import (
    ROUTER_ADVERTISEMENT,
    AnchorPoint,
    chosen,
    packed_solicitation,
    points_in,
)
from agents.mip6.neighbour_messages import ALL_ROUTERS, ND_HOPS, NeighbourParseError
from agents.roles.mobility.ip6.hierarchical_mobile import HierarchicalMobileSystem
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearNeighbours, NeighbourPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.roles.role import Command, LinkChange

# RFC 4861 10: RTR_SOLICITATION_INTERVAL, MAX_RTR_SOLICITATIONS.
INTERVAL_S, MOST = 4.0, 3


class _Asked(NamedTuple):
    """How often a link's router has been asked, and until when there is time for an answer."""

    times: int
    until: float


class PointDiscovery(QuietRole):
    """A role. `config` is the system's, without the anchor point's address; once that is known, it is the system."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        self._config, self._random = config, random
        self._links = {one["interface"]: (name, one["address"]) for name, one in config["links"].items()}
        self._system: HierarchicalMobileSystem | None = None
        self._point: AnchorPoint | None = None
        self._asked: dict[str, _Asked] = {}
        # What there was before the system: its beginning, how links are, and what was last reported of each kind.
        self._begins: float | None = None
        self._changes: dict[str, LinkChange] = {}
        self._reports: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._commands.append(HearNeighbours((ROUTER_ADVERTISEMENT,)))

    def start(self, *, now: float) -> None:
        """From now on the triggers count."""
        self._begins = now
        if self._system is not None:
            self._system.start(now=now)

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A router's word, or what is for the system."""
        if report["report"] == "neighbour":
            self._hear(report["packet"], now)
        elif self._system is not None:
            self._system.receive_report(report, now=now)
        else:
            self._reports[report["report"], report.get("link")] = report

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The router of a link that is there is asked."""
        self._changes[change.interface] = change
        if self._system is not None:
            self._system.link_changed(change, now=now)
        if change.interface not in self._links:
            return
        if not change.is_up or self._links[change.interface][1] not in change.addresses:
            self._asked.pop(change.interface, None)
        elif change.interface not in self._asked:
            self._ask(change.interface, 1, now)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [one.until for one in self._asked.values() if one.times]
        if self._system is not None and (timer := self._system.get_timer()) is not None:
            timers.append(timer)
        return min(timers, default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for interface, (times, until) in list(self._asked.items()):
            if times and now >= until:
                self._ask(interface, times + 1, now)
        if self._system is not None:
            self._system.handle_timer(now=now)

    def next_command(self) -> Command | None:
        """The oldest command not yet taken, of its own first."""
        own = super().next_command()
        return own if own is not None or self._system is None else self._system.next_command()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _ask(self, interface: str, times: int, now: float) -> None:
        name, address = self._links[interface]
        if times > MOST:
            self._asked[interface] = _Asked(0, now)
            self._commands.append(Tell("no_anchor_point", {"link": name, "reason": "no answer"}))
            return
        self._asked[interface] = _Asked(times, now + INTERVAL_S)
        self._commands.append(NeighbourPacket(address, ALL_ROUTERS, packed_solicitation(), interface))

    def _hear(self, packet: NeighbourPacket, now: float) -> None:
        if packet.interface not in self._links:
            return
        try:
            if packet.hops != ND_HOPS or not ipaddress.IPv6Address(packet.source).is_link_local:
                raise NeighbourParseError("is of no router of this link")  # noqa: TRY301 - as what is in it may be wrong
            points = points_in(packet.message)
        except NeighbourParseError as error:
            self._commands.append(Tell("discarded", {"reason": str(error), "remote": packet.source}))
            return
        if not points:  # advertisements are of other things too
            return
        self._asked[packet.interface] = _Asked(0, now)
        name, _ = self._links[packet.interface]
        found = chosen(points)
        if self._point is None and found is not None:
            self._point = found
            self._commands.append(Tell("anchor_point", {"link": name, **found._asdict()}))
            self._begin(found, now)
        elif self._point is None or self._point.address not in {one.address for one in points if one.may_be_asked}:
            said = [one._asdict() for one in points]
            self._commands.append(Tell("anchor_point_not_here", {"link": name, "points": said}))

    def _begin(self, point: AnchorPoint, now: float) -> None:
        """The system hears what it would have heard."""
        about = {**self._config["anchor_point"], "address": point.address}
        self._system = HierarchicalMobileSystem({**self._config, "anchor_point": about}, self._random)
        if self._begins is not None:
            self._system.start(now=self._begins)
        for change in self._changes.values():
            self._system.link_changed(change, now=now)
        for report in self._reports.values():
            self._system.receive_report(report, now=now)


def system_of(config: dict[str, Any], random: Random) -> HierarchicalMobileSystem | PointDiscovery:
    """With an anchor point that is told, or one that is to be heard of."""
    is_told = "address" in config["anchor_point"]
    return (HierarchicalMobileSystem if is_told else PointDiscovery)(config, random)
