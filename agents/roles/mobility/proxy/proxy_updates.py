"""One mobile node at one mobile access gateway: an entry of its Binding Update List (RFC 5213 6.1, 6.9).

Updates are signed by RFC 4285's option, not by IPsec, and ordered by their time (5.5).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mip6.binding_keys import is_same
from agents.mip6.mobility_header import (
    PROXY_ANSWER,
    UNIT_S,
    BindingAcknowledgement,
    BindingStatus,
    BindingUpdate,
    MessageEnds,
    UpdateFlag,
    packed,
)
from agents.mip6.mobility_options import MessageAuthentication, MobilityOption, NodeIdentifier
from agents.mip6.proxy_options import (
    AccessTechnologyType,
    Handoff,
    HandoffIndicator,
    HomeNetworkPrefix,
    LinkLayerIdentifier,
    Timestamp,
)
from agents.roles.mobility.proxy.proxy_clock import NO_HOME, proxy_timestamp
from agents.roles.mobility.registers import FIRST_TIMEOUT_S, LONGEST_TIMEOUT_S
from agents.roles.role import MobilityPacket, Tell

if TYPE_CHECKING:
    from agents.mip6.binding_keys import HomeKey
    from agents.roles.role import Command

LIFETIME_S = 300
# After so much of what was granted it is asked for again.
RENEW_AFTER = 0.75
# How long a refusal holds, however often the node is heard.
AGAIN_AFTER_S = 4.0
_ANY_PREFIX = "::/0"
_P_AND_A = UpdateFlag.PROXY | UpdateFlag.ACKNOWLEDGE


class Attachment(StrEnum):
    """AWAY; ASKING the anchor; SERVED; LEAVING until the anchor has heard of it, or a while has passed."""

    AWAY = "AWAY"
    ASKING = "ASKING"
    SERVED = "SERVED"
    LEAVING = "LEAVING"


class Gateway(NamedTuple):
    """What a gateway is: its address to the anchor (Proxy-CoA), the anchor's, their key, its link, what it knows.

    `handoff` is what it says of a node that comes: whether another interface of it was in use before, if it knows that.
    """

    address: str
    anchor: str
    key: HomeKey
    technology: int
    handoff: Handoff
    clock_offset_s: float


class ProxyUpdates:
    """Asks the anchor for a node that is there, and tells it of one that is not. What it wants is in `commands`.

    `is_served`: the anchor's tunnel is this node's, since its last yes. What that means for the kernel is another's.
    """

    def __init__(self, gateway: Gateway, identifier: str, prefix: str, commands: list[Command]) -> None:
        self._gateway, self._identifier, self._prefix, self._commands = gateway, identifier, prefix, commands
        self.state = Attachment.AWAY
        self.is_served = False
        self.station = b""
        # Of what is being asked: sequence number, and what it said. Numbers and times go on (6.9.1.1, 5.5).
        self._asked: dict[int, tuple[Handoff, int]] = {}
        self._sequence = self._timestamp = 0
        self._handoff = gateway.handoff
        self._began_at = self._timeout_s = 0.0
        self._due: float | None = None
        self._renew_at = self._until = self._refused_until = 0.0

    def attached(self, station: bytes, now: float) -> None:
        """The node is on the link, by this link-layer address (6.9.1.1); it may have been so before."""
        if self.state == Attachment.ASKING or now < self._refused_until:
            return
        self.station = station
        self._ask(self._gateway.handoff, now)

    def left(self, now: float) -> None:
        """It is not there any more (6.9.1.4)."""
        if self.state in {Attachment.ASKING, Attachment.SERVED}:
            self.state, self._asked = Attachment.LEAVING, {}
            self._timeout_s = FIRST_TIMEOUT_S
            self._send(Handoff.UNKNOWN, now)

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [] if self._due is None else [self._due]
        if self.state == Attachment.SERVED:
            timers.append(self._renew_at)
        if self.is_served:
            timers.append(self._until)
        return min(timers, default=None)

    def handle_timer(self, now: float) -> None:
        """Asks again (6.9.4), renews (6.9.1.3), gives up."""
        if self._due is not None and now >= self._due:
            if self.state == Attachment.LEAVING:  # 6.9.1.4: after INITIAL_BINDACK_TIMEOUT
                self._end()
            else:
                self._timeout_s = min(2 * self._timeout_s, LONGEST_TIMEOUT_S)
                self._send(self._handoff, now)
        if self.state == Attachment.SERVED and now >= self._renew_at:
            self._ask(Handoff.NOT_CHANGED, now)
        if self.is_served and now >= self._until:
            self._commands.append(Tell("binding_expired", self._facts()))
            self.is_served = False

    def receive(self, answer: BindingAcknowledgement, covered: bytes | None, now: float) -> str:
        """An acknowledgement from the anchor; returns why it does not count, "" where it does (6.9.1.2)."""
        key, last = self._gateway.key, answer.options[-1] if answer.options else None
        if not isinstance(last, MessageAuthentication) or covered is None or last.spi != key.spi:
            return "not signed by the anchor"
        if not is_same(last.authenticator, key.authenticator(self._gateway.address, NO_HOME, covered)):
            return "not signed by the anchor"
        asked = self._asked.get(answer.sequence)
        if asked is None or not answer.flags & PROXY_ANSWER:
            return "answers nothing that is being asked"
        if not self._echoes(answer, *asked):
            return "says something else than what was asked"
        self._take(answer, now)
        return ""

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take(self, answer: BindingAcknowledgement, now: float) -> None:
        facts = {**self._facts(), "code": answer.status, "took_s": round(now - self._began_at, 6)}
        if self.state == Attachment.LEAVING:
            self._commands.append(Tell("deregistered", facts))
            self._end()
        elif answer.is_accepted:
            lifetime_s = answer.units * UNIT_S
            self._commands.append(Tell("registered", {**facts, "lifetime_s": lifetime_s}))
            self.state, self.is_served = Attachment.SERVED, True
            self._asked, self._due = {}, None
            self._renew_at, self._until = self._began_at + RENEW_AFTER * lifetime_s, self._began_at + lifetime_s
        elif answer.status != BindingStatus.TIMESTAMP_LOWER:  # 6.9.1.2 8: then it asks again, as if unanswered
            self._commands.append(Tell("registration_refused", facts))
            self._refused_until = now + AGAIN_AFTER_S
            self._end()

    def _echoes(self, answer: BindingAcknowledgement, handoff: Handoff, timestamp: int) -> bool:
        """6.9.1.2 6: what was said of the node stands in the answer; and so does the time, of one that was accepted."""
        wanted: set[MobilityOption] = {*self._about(handoff)}
        if answer.is_accepted:
            wanted |= {Timestamp(timestamp), HomeNetworkPrefix(self._prefix)}
        return wanted <= {*answer.options}

    def _about(self, handoff: Handoff) -> tuple[MobilityOption, ...]:
        return (
            NodeIdentifier(self._identifier), HandoffIndicator(handoff), AccessTechnologyType(self._gateway.technology),
            LinkLayerIdentifier(self.station),
        )  # fmt: skip

    def _ask(self, handoff: Handoff, now: float) -> None:
        self.state, self._asked, self._handoff = Attachment.ASKING, {}, handoff
        self._began_at, self._timeout_s = now, FIRST_TIMEOUT_S
        self._commands.append(Tell("registering", {**self._facts(), "handoff": int(handoff)}))
        self._send(handoff, now)

    def _send(self, handoff: Handoff, now: float) -> None:
        """6.9.1.5; the prefix is asked for where the node has just come, and known where it is or was here."""
        self._sequence = (self._sequence + 1) % 0x10000
        self._timestamp = max(proxy_timestamp(now + self._gateway.clock_offset_s), self._timestamp + 1)
        self._asked[self._sequence] = handoff, self._timestamp
        self._due = now + self._timeout_s
        is_known = self.state == Attachment.LEAVING or handoff == Handoff.NOT_CHANGED
        identifier, *about = self._about(handoff)
        options = (
            identifier, HomeNetworkPrefix(self._prefix if is_known else _ANY_PREFIX), *about,
            Timestamp(self._timestamp), MessageAuthentication(self._gateway.key.spi),
        )  # fmt: skip
        units = 0 if self.state == Attachment.LEAVING else LIFETIME_S // UNIT_S
        own, anchor = self._gateway.address, self._gateway.anchor
        data = packed(
            BindingUpdate(self._sequence, _P_AND_A, units, options), MessageEnds(own, anchor),
            lambda covered: self._gateway.key.authenticator(own, NO_HOME, covered),
        )  # fmt: skip
        self._commands.append(MobilityPacket(own, anchor, data))

    def _end(self) -> None:
        self.state, self.is_served, self._asked, self._due = Attachment.AWAY, False, {}, None

    def _facts(self) -> dict[str, Any]:
        return {"node": self._identifier, "care_of": self._gateway.address}
