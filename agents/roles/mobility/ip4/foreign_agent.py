"""The foreign agent of Mobile IPv4 (RFC 5944 2.3, 3.7, 4.2.2; RFC 3024 4.2, 5.1): a router that has visitors.

It says that it is there, passes on registrations and their replies, and is the end of the home agent's tunnel: what
comes out of it is handed over by the node's link-layer address, and what the node sends goes back through it. Not done:
associations of its own with nodes and home agents (3.5.3, 3.5.4), co-located care-of addresses through it (the R bit),
encapsulated delivery (RFC 3024 5.2), other encapsulations, names of nodes (RFC 2794), broadcasts.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip.agent_messages import (
    AFTER_ROLLOVER,
    ALL_SYSTEMS,
    ON_LINK_HOPS,
    SOLICITATION,
    AgentAdvertisement,
    AgentFlag,
    AgentSolicitation,
    read_agent_message,
)
from agents.mip.home_unreachable import UNREACHABLE, unreachable
from agents.mip.mip_messages import (
    PORT,
    RESERVED_FLAGS,
    Flag,
    MipParseError,
    RegistrationReply,
    RegistrationRequest,
    ReplyCode,
    parse_reply,
    parse_request,
)
from agents.roles.mobility.ip4.visitor_list import MOST_VISITORS, PENDING_S, Pending, VisitorList
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearLinks, LinkPacket, Open, Tell
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from random import Random

# 2.1: an interval of a third of the lifetime at most, and a second and three are what everybody has.
INTERVAL_S, LIFETIMES = 1.0, 3
LONGEST_S = 1800
# RFC 1256 4.1: the least interval is three quarters of the longest one.
SOONEST = 0.75
# The least between two refusals to the same node (3.7.2), and of how many nodes that is remembered.
BETWEEN_REFUSALS_S, MOST_REFUSED = 1.0, 64
ANY_HOPS, ALL_HOPS = 64, 255
_GROUP = bytes((0x01, 0x00, 0x5E, 0x00, 0x00, 0x01))
_MOST_NUMBER = 0xFFFF


class ForeignAgent(QuietRole):
    """A role. `config` says where it is: its address and prefix length on the link, and its care-of address."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        self._random = random
        self._address = Address(config["address"], PORT)
        self._care_of = Address(config["care_of"], PORT)
        self._prefix_length: int = config["prefix_length"]
        self._interface: str = config["interface"]
        self._interval_s: float = config.get("interval_s", INTERVAL_S)
        self._longest_s: int = config.get("longest_s", LONGEST_S)
        self._visitors = VisitorList(
            self._care_of.ip, self._interface, self._commands, config.get("room", MOST_VISITORS)
        )
        self._sequence = 0
        self._advertise_at: float | None = None
        self._refused: dict[str, float] = {}
        #: What was not answered or passed on, by why.
        self.discarded: Counter[str] = Counter()
        # What comes to the first one is heard with its frame, too: that it is open keeps the system from refusing it.
        self._commands += [Open(self._address, hop_limit=ALL_HOPS), Open(self._care_of, hop_limit=ANY_HOPS)]
        heard = (self._interface, config["core_interface"])
        self._commands.append(HearLinks(heard, (SOLICITATION, UNREACHABLE), PORT))

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A solicitation or a Registration Request on the link, or that a home agent cannot be reached."""
        if report["report"] != "link":
            return
        packet: LinkPacket = report["packet"]
        try:
            if packet.ports is not None and packet.interface == self._interface:
                self._take_request(packet, now)
            elif packet.ports is None:
                self._take_icmp(packet, now)
        except MipParseError as error:
            self._discard(str(error), packet.source)

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """A Registration Reply of a home agent."""
        if local == self._address:
            return
        try:
            reply, signatures = parse_reply(data)
        except MipParseError as error:
            self._discard(str(error), remote.hostport)
            return
        pending = self._visitors.asked(reply.home, reply.identification)
        if pending is None or remote.ip != pending.request.home_agent:  # 3.7.3.1
            self._discard("answers nothing that is being asked", remote.hostport)
            return
        self._visitors.answered(pending)
        if reply.is_accepted:
            self._accepted(pending, min(reply.lifetime_s, self._longest_s), now)
        end = max((one.covers + len(one.authenticator) for one in signatures), default=len(data))
        self._answer(pending.came, data[:end])

    def send_failed(self, datagram: Datagram, *, now: float) -> None:
        """There is no way to a home agent."""
        for one in self._visitors.asked_of(datagram.remote.ip):
            self._give_up(one, ReplyCode.HOME_NETWORK_UNREACHABLE, now)

    def get_timer(self) -> float | None:
        """When to advertise, or a request or registration is over."""
        timers = (self._advertise_at if self._advertise_at is not None else 0.0, self._visitors.get_timer())
        return min(timer for timer in timers if timer is not None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for one in self._visitors.overdue(now):
            self._give_up(one, ReplyCode.REGISTRATION_TIMEOUT, now)
        for home in self._visitors.expired(now):
            self._tell("visitor_expired", home)
        if self._advertise_at is None or now >= self._advertise_at:
            self._advertise(ALL_SYSTEMS, _GROUP)
            self._advertise_at = now + self._interval_s * self._random.uniform(SOONEST, 1.0)

    # -- agent discovery ----------------------------------------------------------------------------------------------

    def _take_icmp(self, packet: LinkPacket, now: float) -> None:
        """Who asks is answered alone, at once, where his frame came from (2.1)."""
        if packet.data[:1] == bytes((UNREACHABLE,)):
            self._take_unreachable(packet, now)
        elif packet.interface == self._interface and isinstance(read_agent_message(packet.data), AgentSolicitation):
            if packet.hops != ON_LINK_HOPS:
                self._discard(f"a solicitation with {packet.hops} hops", packet.source)
            else:
                self._advertise(packet.source, packet.link_layer)

    def _advertise(self, destination: str, link_layer: bytes) -> None:
        flags = AgentFlag.FOREIGN_AGENT | AgentFlag.REVERSE_TUNNEL
        if self._visitors.is_full:
            flags |= AgentFlag.BUSY
        said = AgentAdvertisement(
            self._sequence, round(self._interval_s * LIFETIMES), self._longest_s, flags, (self._care_of.ip,),
            (self._address.ip,), (self._prefix_length,),
        )  # fmt: skip
        self._sequence = self._sequence + 1 if self._sequence < _MOST_NUMBER else AFTER_ROLLOVER  # 2.3.2
        self._commands.append(
            LinkPacket(self._interface, link_layer, self._address.ip, destination, ON_LINK_HOPS, said.packed())
        )

    # -- registrations ------------------------------------------------------------------------------------------------

    def _take_request(self, packet: LinkPacket, now: float) -> None:
        if packet.destination != self._address.ip:
            return
        request, signatures = parse_request(packet.data)
        if packet.source != request.home:  # 3.6.1.1
            self._discard("a request that is not from its home address", packet.source)
            return
        if self._visitors.is_another_s(request, packet.link_layer):
            self._discard("a request that was sent from another link-layer address before", packet.source)
            return
        code = self._judge(request, packet, is_signed=bool(signatures))
        if code is not None:
            self._refuse(Pending(request, packet, now), code, now)
            return
        end = max(one.covers + len(one.authenticator) for one in signatures)  # what stands behind is removed (3.7.2.2)
        self._visitors.wait(Pending(request, packet, now + min(PENDING_S, request.lifetime_s or PENDING_S)))
        self._sending.append(Datagram(self._care_of, Address(request.home_agent, PORT), packet.data[:end]))

    def _judge(self, request: RegistrationRequest, packet: LinkPacket, *, is_signed: bool) -> ReplyCode | None:
        """Why it is not passed on (3.7.2, RFC 3024 4.2.1); None: it is."""
        is_ours = request.care_of == self._care_of.ip
        reasons = (
            (packet.hops != ALL_HOPS, ReplyCode.MOBILE_NODE_TOO_DISTANT),
            (request.flags & RESERVED_FLAGS or not is_signed, ReplyCode.POORLY_FORMED_REQUEST),
            (request.home_agent in {self._address.ip, self._care_of.ip}, ReplyCode.INVALID_HOME_AGENT),
            (request.flags & Flag.DECAPSULATED_BY_MOBILE_NODE, ReplyCode.PROHIBITED_BY_FOREIGN_AGENT),
            (request.lifetime_s and not is_ours, ReplyCode.INVALID_CARE_OF_ADDRESS),
            (request.flags & (Flag.GRE | Flag.MINIMAL_ENCAPSULATION), ReplyCode.ENCAPSULATION_UNAVAILABLE_THERE),
            (not request.flags & Flag.REVERSE_TUNNEL, ReplyCode.REVERSE_TUNNEL_MANDATORY),
            (request.lifetime_s > self._longest_s, ReplyCode.LIFETIME_TOO_LONG),
            (not self._visitors.has_room_for(request.home), ReplyCode.FOREIGN_AGENT_HAS_NO_RESOURCES),
        )
        return next((code for is_so, code in reasons if is_so), None)

    def _accepted(self, pending: Pending, lifetime_s: int, now: float) -> None:
        """The kernel does what the home agent has agreed to before the node is told (3.7.3.2)."""
        home = pending.request.home
        if lifetime_s:
            self._visitors.serve(pending, now + lifetime_s)
            self._tell("visitor_served", home, home_agent=pending.request.home_agent, lifetime_s=lifetime_s)
        else:
            self._visitors.release(home)
            self._tell("visitor_released", home)

    def _take_unreachable(self, packet: LinkPacket, now: float) -> None:
        """A router, or the home agent itself, has no use for what was passed on (3.7.3)."""
        found = unreachable(packet.data, self._care_of.ip, PORT)
        if found is not None:
            for one in self._visitors.asked_of(found.destination):
                self._give_up(one, found.code, now)

    def _give_up(self, pending: Pending, code: ReplyCode, now: float) -> None:
        self._visitors.answered(pending)
        self._refuse(pending, code, now)

    def _refuse(self, pending: Pending, code: ReplyCode, now: float) -> None:
        """By a reply that nobody has signed; not more often than once a second to the same node (3.7.2)."""
        request = pending.request
        self._refused = {home: at for home, at in self._refused.items() if now < at + BETWEEN_REFUSALS_S}
        if request.home in self._refused or len(self._refused) >= MOST_REFUSED:
            self._discard(f"refused by {int(code)} less than {BETWEEN_REFUSALS_S:g} s ago", request.home)
            return
        self._refused[request.home] = now
        self._tell("registration_refused", request.home, code=int(code), reason=code.name)
        lifetime_s = self._longest_s if code == ReplyCode.LIFETIME_TOO_LONG else request.lifetime_s
        reply = RegistrationReply(code, lifetime_s, request.home, request.home_agent, request.identification)
        self._answer(pending.came, reply.unsigned())

    def _answer(self, came: LinkPacket, data: bytes) -> None:
        """To who asked, by his link-layer address, from where he asked (3.7.2.3)."""
        ports = came.ports or (PORT, PORT)
        self._commands.append(
            LinkPacket(
                self._interface, came.link_layer, came.destination, came.source, ALL_HOPS, data, (ports[1], ports[0])
            )
        )

    def _tell(self, event: str, home: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        self._commands.append(Tell(event, {"home": home, "care_of": self._care_of.ip, **facts}))

    def _discard(self, reason: str, remote: str) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": remote}))
