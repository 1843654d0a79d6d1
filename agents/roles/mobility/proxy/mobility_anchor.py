"""The local mobility anchor (RFC 5213 5): takes the packets of mobile nodes, and tunnels them to where these are.

Proxy Binding Updates are signed by RFC 4285's option, and ordered by their time. A node has one prefix, which is the
one address that it keeps; so a new session of it takes the place of the one before. Not done: ordering by sequence
numbers (5.5), link-local addresses for gateways (8.7), prefixes of the anchor's choice.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.binding_keys import HomeKey, is_same
from agents.mip6.mobility_header import (
    PROXY_ANSWER,
    UNIT_S,
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
    parsed,
)
from agents.mip6.mobility_options import MessageAuthentication, MobilityOption, MobilityParseError
from agents.mip6.proxy_options import HomeNetworkPrefix, Timestamp
from agents.roles.mobility.care_of_tunnels import CareOfTunnels
from agents.roles.mobility.proxy.proxy_clock import NO_HOME, proxy_time_s, proxy_timestamp
from agents.roles.mobility.proxy.proxy_request import Lookup, ProxyRequest, ProxySession
from agents.roles.quiet_role import QuietRole
from agents.roles.role import HearMobility, MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

# 9.1: TimestampValidityWindow, MaxDelayBeforeNewBCEAssign, MinDelayBeforeBCEDelete; and what is granted at most.
VALIDITY_S = 0.3
NEW_AFTER_S = 1.5
DELETE_AFTER_S = 10.0
LONGEST_S = 1800


class _Waiting(NamedTuple):
    """A request that waits until the gateway before has let the node go, or until then (5.4.1.2 4)."""

    packet: MobilityPacket
    request: ProxyRequest
    until: float


class MobilityAnchor(QuietRole):
    """A role. `config` says where it is, whose home that is, and which gateways there are; each has a key."""

    def __init__(self, config: dict[str, Any], random: Random) -> None:
        super().__init__()
        del random
        self._address: str = config["address"]
        self._offset_s: float = config["clock_offset_s"]
        self._longest_s: int = config.get("longest_s", LONGEST_S)
        self._keys = {one: HomeKey.of(has) for one, has in config["gateways"].items()}
        self._home_of = {one["identifier"]: home for home, one in config["homes"].items()}
        # Of a node: by which gateways it may be registered.
        self._allowed = {home: frozenset(one["gateways"]) for home, one in config["homes"].items()}
        self._tunnels = CareOfTunnels(self._address, config["interface"], config["homes"])
        self._sessions: dict[str, ProxySession] = {}
        self._waiting: dict[str, _Waiting] = {}
        self._newest: dict[str, int] = {}
        #: What was not answered, by why.
        self.discarded: Counter[str] = Counter()
        self._commands = self._tunnels.commands
        self._commands.append(HearMobility())

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """A Proxy Binding Update."""
        if report["report"] == "mobility":
            self.handle_timer(now=now)
            self._hear(report["packet"], now)

    def get_timer(self) -> float | None:
        """When the next session is over, or has waited for long enough."""
        timers = [one.until for one in self._waiting.values()]
        timers += [one.deleted_at for one in self._sessions.values() if one.deleted_at is not None]
        timers += [one for one in (self._tunnels.get_timer(),) if one is not None]
        return min(timers, default=None)

    def handle_timer(self, *, now: float) -> None:
        """What is over is deleted (5.3.5); who has waited for long enough has a new session."""
        self._tunnels.expire(now)
        for home, session in list(self._sessions.items()):
            is_bound = bool(self._tunnels.bound(home))
            if now >= session.deleted_at if session.deleted_at is not None else not is_bound:
                del self._sessions[home]
        for home, one in list(self._waiting.items()):
            if now >= one.until:
                self._admit(home, one, now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _hear(self, packet: MobilityPacket, now: float) -> None:
        """5.3.1, in its order."""
        try:
            message, covered = parsed(packet.message, MessageEnds(packet.source, packet.destination))
        except MobilityParseError as error:
            self._discard(str(error), packet)
            return
        if not isinstance(message, BindingUpdate) or not message.flags & UpdateFlag.PROXY or packet.source_home:
            self._discard("no proxy registration", packet)
            return
        last = message.options[-1] if message.options else None
        if covered is None or not isinstance(last, MessageAuthentication):
            self._discard("not signed", packet)
            return
        request, key = ProxyRequest(message), self._keys.get(packet.source)
        if key is None:
            self._answer(packet, request, BindingStatus.GATEWAY_NOT_AUTHORIZED, now)
            return
        wanted = key.authenticator(packet.source, NO_HOME, covered)
        is_signed = last.spi == key.spi and is_same(last.authenticator, wanted)
        home = self._home_of.get(request.identifier or "")
        status = self._judge(packet, request, home, is_signed=is_signed, now=now)
        if status != BindingStatus.ACCEPTED or home is None:
            self._answer(packet, request, status, now)
        else:
            self._look_up(packet, request, home, now)

    def _judge(
        self, packet: MobilityPacket, request: ProxyRequest, home: str | None, *, is_signed: bool, now: float
    ) -> BindingStatus:
        """The first reason to refuse it; ACCEPTED, which is 0, where there is none."""
        if not is_signed:
            return BindingStatus.FAILED_AUTHENTICATION
        if request.identifier is None:
            return BindingStatus.MISSING_NODE_IDENTIFIER
        if home is None:
            return BindingStatus.NOT_THIS_ANCHOR
        if packet.source not in self._allowed[home]:
            return BindingStatus.GATEWAY_NOT_AUTHORIZED
        is_for = request.is_for(f"{home}/128")
        prefix = BindingStatus.ACCEPTED if is_for else BindingStatus.PREFIX_NOT_AUTHORIZED
        return self._judge_time(request, home, now) or request.missing or prefix

    def _judge_time(self, request: ProxyRequest, home: str, now: float) -> BindingStatus:
        """5.5, 6 to 9."""
        if request.timestamp is None:
            return BindingStatus.TIMESTAMP_REQUIRED
        if request.timestamp <= self._newest.get(home, 0):
            return BindingStatus.TIMESTAMP_LOWER
        if abs(proxy_time_s(request.timestamp) - now - self._offset_s) > VALIDITY_S:
            return BindingStatus.PROXY_TIMESTAMP_MISMATCH
        return BindingStatus.ACCEPTED

    def _look_up(self, packet: MobilityPacket, request: ProxyRequest, home: str, now: float) -> None:
        """Whose session it is about (5.4.1), and what becomes of it (5.3.2 to 5.3.5)."""
        session = self._sessions.get(home)
        found = request.look_up(session, packet.source)
        if not request.units:
            if found is Lookup.UPDATE and session is not None and session.gateway == packet.source:
                self._let_go(packet, request, home, session, now)
            else:  # 5.3.5 1: it is elsewhere by now
                self._commands.append(Tell("deregistration_ignored", {"home": home, "care_of": packet.source}))
        elif found is Lookup.WAIT:
            before = self._waiting.get(home)
            until = now + NEW_AFTER_S if before is None or before.packet.source != packet.source else before.until
            self._waiting[home] = _Waiting(packet, request, until)
            if before is None:
                self._commands.append(Tell("waiting", {"home": home, "care_of": packet.source}))
        elif found is Lookup.NEW and session is not None:  # its prefix is in use
            given = BindingStatus.NO_RESOURCES if request.asks_for_prefix else BindingStatus.PREFIX_NOT_AUTHORIZED
            self._answer(packet, request, given, now)
        else:
            self._admit(home, _Waiting(packet, request, now), now)

    def _admit(self, home: str, one: _Waiting, now: float) -> None:
        """The node is at this gateway from now on (5.3.2 to 5.3.4)."""
        self._waiting.pop(home, None)
        packet, request = one.packet, one.request
        lifetime_s = min(request.units * UNIT_S, self._longest_s // UNIT_S * UNIT_S)
        self._newest[home] = request.timestamp or 0
        self._sessions[home] = request.session(packet.source)
        self._tunnels.bind(home, packet.source, request.sequence, now + lifetime_s, keeps_others=False)
        facts = {"home": home, "care_of": packet.source, "lifetime_s": lifetime_s, "handoff": request.handoff}
        self._commands.append(Tell("registered", facts))
        self._answer(packet, request, BindingStatus.ACCEPTED, now, home=home, lifetime_s=lifetime_s)

    def _let_go(
        self, packet: MobilityPacket, request: ProxyRequest, home: str, session: ProxySession, now: float
    ) -> None:
        """The gateway has the node no longer (5.3.5): for a while another one may still take up its session."""
        self._newest[home] = request.timestamp or 0
        self._sessions[home] = session._replace(deleted_at=now + DELETE_AFTER_S)
        self._tunnels.release(home, None)
        self._commands.append(Tell("deregistered", {"home": home, "care_of": packet.source}))
        self._answer(packet, request, BindingStatus.ACCEPTED, now, home=home)
        if (waiting := self._waiting.get(home)) is not None:
            self._admit(home, waiting, now)

    def _answer(
        self, packet: MobilityPacket, request: ProxyRequest, status: BindingStatus, now: float, *, home: str = "",
        lifetime_s: int = 0,
    ) -> None:  # fmt: skip
        """5.3.6; to who has no key with us it can't be signed, and he has no reason to believe it."""
        if status != BindingStatus.ACCEPTED:
            why = {"code": int(status), "reason": status.name, "remote": packet.source}
            self._commands.append(Tell("registration_refused", {"node": request.identifier or "", **why}))
        is_late = status in {BindingStatus.PROXY_TIMESTAMP_MISMATCH, BindingStatus.TIMESTAMP_LOWER}
        stamp = proxy_timestamp(now + self._offset_s) if is_late else request.timestamp
        prefixes = (HomeNetworkPrefix(f"{home}/128"),) if home else request.prefixes
        key = self._keys.get(packet.source)
        options: tuple[MobilityOption, ...] = (
            *request.reflected(prefixes), *(() if stamp is None else (Timestamp(stamp),)),
            *(() if key is None else (MessageAuthentication(key.spi),)),
        )  # fmt: skip
        answer = BindingAcknowledgement(int(status), PROXY_ANSWER, request.sequence, lifetime_s // UNIT_S, options)
        ends = MessageEnds(packet.destination, packet.source)
        if key is None:
            data = packed(answer, ends)
        else:
            data = packed(answer, ends, lambda covered: key.authenticator(packet.source, NO_HOME, covered))
        self._commands.append(MobilityPacket(packet.destination, packet.source, data))

    def _discard(self, reason: str, packet: MobilityPacket) -> None:
        self.discarded[reason] += 1
        self._commands.append(Tell("discarded", {"reason": reason, "remote": packet.source}))
