"""An access router that says where the anchor point is, to who asks (RFC 5380 7: it is told so by its operator).

Not done: advertisements that nobody has asked for, an answer to who has no address yet, and asking the anchor point
whether it is still there (section 10).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip6.map_option import ROUTER_SOLICITATION, AnchorPoint, is_solicitation, packed_advertisement
from agents.mip6.neighbour_messages import ND_HOPS, NeighbourParseError
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearNeighbours, NeighbourPacket, Tell

if TYPE_CHECKING:
    from random import Random


class PointAdvertiser(QuietRole):
    """A role. `config` says on which interface it is heard, by which link-local address, and the anchor point."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        self._interface: str = config["interface"]
        self._link_local: str = config["link_local"]
        self._point = AnchorPoint(**config["anchor_point"])
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._commands.append(HearNeighbours((ROUTER_SOLICITATION,)))

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A Router Solicitation, if it is one of the link's."""
        del now
        if report["report"] != "neighbour" or report["packet"].interface != self._interface:
            return
        packet = report["packet"]
        if why := self._wrong(packet):
            self.discarded[why] += 1
            self._commands.append(Tell("discarded", {"reason": why, "remote": packet.source}))
            return
        answer = packed_advertisement(self._point)
        self._commands.append(NeighbourPacket(self._link_local, packet.source, answer, self._interface))

    @staticmethod
    def _wrong(packet: NeighbourPacket) -> str:
        """Why it is not answered; "" where it is (RFC 4861 6.1.1)."""
        if packet.hops != ND_HOPS:
            return "has come over a router"
        if ipaddress.IPv6Address(packet.source).is_unspecified:
            return "nobody to answer"
        try:
            return "" if is_solicitation(packet.message) else "no router solicitation"
        except NeighbourParseError as error:
            return str(error)
