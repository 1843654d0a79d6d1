"""The home agent of Mobile IPv4 (RFC 5944 3.8, 4.2.3, 4.6): takes the packets of a mobile node that is away.

It tunnels them to each care-of address that is bound (3.8.2.2, 4.2.3), and takes what comes back through those tunnels
(RFC 3024 4.3.2). A node that is at home it hears by its frames: its own routes would not let it in as long as they lead
elsewhere. Not done: foreign agents' authentication, broadcasts, discovery by broadcast, other encapsulations.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.mip.mip_messages import (
    INFINITY_S,
    PORT,
    Flag,
    Key,
    MipParseError,
    RegistrationReply,
    ReplyCode,
    parse_request,
)
from agents.roles.kernel_orders import GiveBack
from agents.roles.mobility.care_of_tunnels import CareOfTunnels
from agents.roles.mobility.clock import ntp_timestamp, time_of_day_s, with_time_of
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearLinks, Open, Tell
from agents.sip.message.address import Address, Datagram

if TYPE_CHECKING:
    from random import Random

    from agents.mip.mip_messages import RegistrationRequest
    from agents.roles.role import LinkPacket

# How far a mobile node's clock may be from ours, and for how long a binding is granted at most.
TOLERANCE_S = 7.0
LONGEST_S = 1800
# How many care-of addresses of one node may be bound at once; each costs a copy of every packet.
MOST_BINDINGS = 3
_OTHER_ENCAPSULATIONS = Flag.GRE | Flag.MINIMAL_ENCAPSULATION


class HomeAgent(QuietRole):
    """A role. `config` says where it is, on which interface of the home network, and whose home that is."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        self._address = Address(config["address"], PORT)
        self._offset_s: float = config["clock_offset_s"]
        self._keys = {home: Key(one["spi"], bytes.fromhex(one["key"])) for home, one in config["homes"].items()}
        self._room: int = config.get("room", MOST_BINDINGS)
        self._longest_s: int = config.get("longest_s", LONGEST_S)
        self._tunnels = CareOfTunnels(self._address.ip, config["interface"], self._keys)
        self._newest: dict[str, int] = {}
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._interface: str = config["interface"]
        self._is_home: bool = config.get("is_home", False)
        self._commands = self._tunnels.commands
        self._commands.append(Open(self._address, hop_limit=255))
        if self._is_home:
            self._commands.append(HearLinks((self._interface,), (), PORT))

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A Registration Request of a node at home."""
        if report["report"] != "link":
            return
        packet: LinkPacket = report["packet"]
        if packet.source in self._keys and packet.destination == self._address.ip and packet.ports is not None:
            self._take(packet.data, self._address, Address(packet.source, packet.ports[0]), now, packet.link_layer)

    def receive_datagram(
        self, data: bytes, *, local: Address, remote: Address, now: float, came: float | None = None
    ) -> None:
        """A Registration Request; one of a node at home was heard with its frame."""
        if not (self._is_home and remote.ip in self._keys):
            self._take(data, local, remote, now)

    def get_timer(self) -> float | None:
        """When the next binding is over."""
        return self._tunnels.get_timer()

    def handle_timer(self, *, now: float) -> None:
        """Bindings whose time is over are deleted, without a word (3.8)."""
        self._tunnels.expire(now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take(self, data: bytes, local: Address, remote: Address, now: float, station: bytes = b"") -> None:
        self._tunnels.expire(now)
        try:
            request, signatures = parse_request(data)
        except MipParseError as error:
            self._discard(str(error), remote)
            return
        key = self._keys.get(request.home)
        if key is None or not signatures:  # 3.8.2.1 a
            self._discard("no association" if key is None else "not signed", remote)
            return
        code, identification = self._judge(request, is_signed=signatures[0].is_by(key, data), now=now)
        lifetime_s = min(request.lifetime_s, self._longest_s)
        if code <= ReplyCode.ACCEPTED_ALONE:
            self._bind(request, lifetime_s, now, station)
            self._tell("registered", request, lifetime_s=lifetime_s, bound=list(self._tunnels.bound(request.home)))
        else:
            self._tell("registration_refused", request, code=int(code), reason=code.name, remote=remote.hostport)
        reply = RegistrationReply(code, lifetime_s, request.home, self._address.ip, identification)
        self._sending.append(Datagram(local, remote, reply.signed(key)))

    def _judge(self, request: RegistrationRequest, *, is_signed: bool, now: float) -> tuple[ReplyCode, int]:
        """What to answer, and by which identification (3.8.2.1, 3.8.2.3, 5.7.1)."""
        if not is_signed:
            return ReplyCode.MOBILE_NODE_FAILED_AUTHENTICATION, request.identification
        clock = now + self._offset_s
        is_near = abs(time_of_day_s(request.identification) - clock) <= TOLERANCE_S
        bound = self._tunnels.bound(request.home)
        known = bound.get(request.care_of)
        is_again = known is not None and known.number == request.identification
        if not is_near or (request.identification <= self._newest.get(request.home, 0) and not is_again):
            return ReplyCode.IDENTIFICATION_MISMATCH, with_time_of(request.identification, ntp_timestamp(clock))
        if request.home_agent != self._address.ip:
            return ReplyCode.UNKNOWN_HOME_AGENT, request.identification
        if request.flags & _OTHER_ENCAPSULATIONS:
            return ReplyCode.ENCAPSULATION_UNAVAILABLE, request.identification
        is_new = bool(request.lifetime_s) and request.care_of not in bound
        if is_new and request.flags & Flag.SIMULTANEOUS_BINDINGS and len(bound) >= self._room > 1:
            return ReplyCode.TOO_MANY_BINDINGS, request.identification
        can_more = self._room > 1 or not request.flags & Flag.SIMULTANEOUS_BINDINGS
        return ReplyCode.ACCEPTED if can_more else ReplyCode.ACCEPTED_ALONE, request.identification

    def _bind(self, request: RegistrationRequest, lifetime_s: int, now: float, station: bytes) -> None:
        """Keeps the binding list (3.8.2.2); a node at home has the link-layer address `station` (4.6)."""
        home, care_of = request.home, request.care_of
        known = self._tunnels.bound(home).get(care_of)
        if known is not None and known.number == request.identification:
            return  # the same request once more
        self._newest[home] = request.identification
        if not lifetime_s:
            self._tunnels.release(home, None if care_of == home else care_of)
            if care_of == home and station:
                self._commands.append(GiveBack(home, self._interface, station))
            return
        keeps = bool(request.flags & Flag.SIMULTANEOUS_BINDINGS) and self._room > 1
        ends = None if lifetime_s == INFINITY_S else now + lifetime_s
        self._tunnels.bind(home, care_of, request.identification, ends, keeps_others=keeps)

    def _tell(self, event: str, request: RegistrationRequest, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        self._commands.append(Tell(event, {"home": request.home, "care_of": request.care_of, **facts}))

    def _discard(self, reason: str, remote: Address) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": remote.hostport}))
