"""A mobile node's binding with one correspondent (RFC 6275 11.6, 11.7.2): tests of both its addresses, then an update.

Until the correspondent has acknowledged it, packets take the tunnel: then none is lost that a lost update would cost.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.mip6.binding_keys import binding_authenticator, binding_key, is_same
from agents.mip6.mobility_header import (
    COOKIE_BYTES,
    UNIT_S,
    BindingAcknowledgement,
    BindingError,
    BindingRefreshRequest,
    BindingStatus,
    BindingUpdate,
    CareOfTest,
    CareOfTestInit,
    HomeTest,
    HomeTestInit,
    MessageEnds,
    UpdateFlag,
    packed,
)
from agents.mip6.mobility_options import BindingAuthorization, NonceIndices
from agents.roles.kernel_orders import RouteDirectly
from agents.roles.mobility.registers import FIRST_TIMEOUT_S, LONGEST_TIMEOUT_S, TUNNELS
from agents.roles.role import MobilityPacket, Tell

if TYPE_CHECKING:
    from random import Random

    from agents.mip6.mobility_header import MobilityMessage, ParsedMobility
    from agents.roles.role import Command

# 12: MAX_RR_BINDING_LIFETIME. After so much of what was granted the addresses are tested again.
LIFETIME_S = 420
RENEW_AFTER = 0.75
_NONCES_EXPIRED = {
    BindingStatus.EXPIRED_HOME_NONCE, BindingStatus.EXPIRED_CARE_OF_NONCE, BindingStatus.EXPIRED_NONCES,
}  # fmt: skip
_UNKNOWN_BINDING = 1


class RouteState(StrEnum):
    """BY TUNNEL; TESTING both addresses; UPDATING the correspondent; DIRECT. REFUSED: it is asked no more."""

    BY_TUNNEL = "BY TUNNEL"
    TESTING = "TESTING"
    UPDATING = "UPDATING"
    DIRECT = "DIRECT"
    REFUSED = "REFUSED"


class _Token(NamedTuple):
    """A keygen token, and the number of the nonce that it was made by."""

    nonce: int
    token: bytes


class _Question:
    """A message that is sent until it is answered: with a new cookie each time (11.8)."""

    def __init__(self) -> None:
        self.cookie = b""
        self.due: float | None = None
        self._timeout_s = FIRST_TIMEOUT_S

    def asked(self, cookie: bytes, *, now: float, is_first: bool) -> None:
        self._timeout_s = FIRST_TIMEOUT_S if is_first else min(2 * self._timeout_s, LONGEST_TIMEOUT_S)
        self.cookie, self.due = cookie, now + self._timeout_s

    def is_due(self, now: float) -> bool:
        return self.due is not None and now >= self.due


class ReturnRoutability:
    """With one correspondent. What it wants is appended to `commands`."""

    def __init__(self, home: str, correspondent: str, random: Random, commands: list[Command]) -> None:
        self._home, self._correspondent, self._random, self._commands = home, correspondent, random, commands
        self.state = RouteState.BY_TUNNEL
        #: The address that is, or is to be, bound there.
        self.care_of = ""
        self._home_test, self._care_of_test, self._update = _Question(), _Question(), _Question()
        self._home_token: _Token | None = None
        self._care_of_token: _Token | None = None
        self._sequence = random.getrandbits(16)
        self._key = b""
        self._began_at = 0.0
        self._renew_at: float | None = None
        # What the kernel does now.
        self._direct_by: str | None = None

    def begin(self, care_of: str, *, now: float) -> None:
        """Both tests at once (11.6.1): that of the home address goes by the tunnel that is in use."""
        self.care_of, self._began_at, self._renew_at = care_of, now, None
        self._home_token = self._care_of_token = None
        self._update.due = None
        self.state = RouteState.TESTING
        self._ask_home(now, is_first=True)
        self._ask_care_of(now, is_first=True)

    def wants(self, care_of: str) -> bool:
        """Whether another address is bound, or none is, and the correspondent has not refused."""
        return self.state != RouteState.REFUSED and (self.state == RouteState.BY_TUNNEL or self.care_of != care_of)

    def stop(self) -> None:
        """Nothing is asked for any more."""
        if self.state in {RouteState.TESTING, RouteState.UPDATING}:
            self.state = RouteState.BY_TUNNEL
        self._home_test.due = self._care_of_test.due = self._update.due = None

    def moved(self, care_of: str, *, now: float) -> None:
        """The home agent has bound this address: what went straight from another one takes its tunnel now."""
        if self._direct_by not in {None, care_of}:
            self._route(None)
        if self.state == RouteState.TESTING and self._home_token is None and self._began_at < now:
            self._ask_home(now, is_first=True)  # the tunnel that it took may have gone

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (self._home_test.due, self._care_of_test.due, self._update.due, self._renew_at)
        return min((one for one in timers if one is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Asks again, or renews the binding before its time is over."""
        if self._home_test.is_due(now):
            self._ask_home(now, is_first=False)
        if self._care_of_test.is_due(now):
            self._ask_care_of(now, is_first=False)
        if self._update.is_due(now):
            self._send_update(now, is_first=False)
        if self._renew_at is not None and now >= self._renew_at:
            self.begin(self.care_of, now=now)

    def receive(self, packet: MobilityPacket, read: ParsedMobility, *, now: float) -> str:
        """A message of the correspondent's; returns why it does not count, "" where it does."""
        message = read.message
        if isinstance(message, HomeTest):
            return self._take_home_test(packet, message, now)
        if isinstance(message, CareOfTest):
            return self._take_care_of_test(packet, message, now)
        if isinstance(message, BindingAcknowledgement):
            return self._take_acknowledgement(message, read.covered, now)
        return self._take_request(message, now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _take_home_test(self, packet: MobilityPacket, test: HomeTest, now: float) -> str:
        """11.6.2: it came in a tunnel, and answers what is being asked."""
        is_asked = self._home_test.due is not None and test.cookie == self._home_test.cookie
        if not is_asked or packet.destination != self._home or not packet.interface.startswith(TUNNELS):
            return "a home test that nobody asked for"
        self._home_test.due = None
        self._home_token = _Token(test.nonce_index, test.token)
        self._update_if_tested(now)
        return ""

    def _take_care_of_test(self, packet: MobilityPacket, test: CareOfTest, now: float) -> str:
        is_asked = self._care_of_test.due is not None and test.cookie == self._care_of_test.cookie
        if not is_asked or packet.destination != self.care_of:
            return "a care-of test that nobody asked for"
        self._care_of_test.due = None
        self._care_of_token = _Token(test.nonce_index, test.token)
        self._update_if_tested(now)
        return ""

    def _take_acknowledgement(self, answer: BindingAcknowledgement, covered: bytes | None, now: float) -> str:
        """11.7.3; only that nonces have expired is said without a signature (9.5.4)."""
        if self.state != RouteState.UPDATING:
            return "answers nothing that is being asked"
        if answer.status in _NONCES_EXPIRED and answer.sequence == self._sequence:
            self.begin(self.care_of, now=now)
            return ""
        last = answer.options[-1] if answer.options else None
        wanted = binding_authenticator(self._key, self.care_of, self._correspondent, covered or b"")
        if not isinstance(last, BindingAuthorization) or not is_same(last.authenticator, wanted):
            return "not signed by the correspondent"
        if answer.status == BindingStatus.SEQUENCE_OUT_OF_WINDOW:
            self._sequence = answer.sequence
            self._send_update(now, is_first=True)
        elif answer.sequence != self._sequence:
            return "answers another update"
        else:
            self._answered(answer, now)
        return ""

    def _answered(self, answer: BindingAcknowledgement, now: float) -> None:
        self._update.due = None
        facts = {"correspondent": self._correspondent, "care_of": self.care_of}
        if not answer.is_accepted:
            self.state = RouteState.REFUSED
            self._commands.append(Tell("route_refused", {**facts, "code": answer.status}))
            return
        self.state = RouteState.DIRECT
        self._renew_at = now + RENEW_AFTER * min(answer.units * UNIT_S, LIFETIME_S)
        self._route(self.care_of)
        self._commands.append(Tell("route_optimised", {**facts, "took_s": round(now - self._began_at, 6)}))

    def _take_request(self, message: MobilityMessage, now: float) -> str:
        """It wants to hear where we are (11.7.4), has forgotten it (11.3.6), or knows nothing of all this."""
        if isinstance(message, BindingRefreshRequest) and self.state == RouteState.DIRECT:
            self.begin(self.care_of, now=now)
            return ""
        if isinstance(message, BindingError) and message.status != _UNKNOWN_BINDING:
            self.stop()
            self.state = RouteState.REFUSED
            return ""
        if isinstance(message, BindingError) and self._direct_by is not None:
            self._route(None)
            self.begin(self.care_of, now=now)
            return ""
        return "answers nothing that is being asked"

    def _update_if_tested(self, now: float) -> None:
        """5.2.5, 5.2.6: who has both tokens has the key."""
        if self._home_token is None or self._care_of_token is None:
            return
        self._key = binding_key(self._home_token.token, self._care_of_token.token)
        self.state = RouteState.UPDATING
        self._send_update(now, is_first=True)

    def _ask_home(self, now: float, *, is_first: bool) -> None:
        self._home_test.asked(self._random.randbytes(COOKIE_BYTES), now=now, is_first=is_first)
        self._send(self._home, HomeTestInit(self._home_test.cookie))

    def _ask_care_of(self, now: float, *, is_first: bool) -> None:
        self._care_of_test.asked(self._random.randbytes(COOKIE_BYTES), now=now, is_first=is_first)
        self._send(self.care_of, CareOfTestInit(self._care_of_test.cookie))

    def _send(self, source: str, message: MobilityMessage) -> None:
        data = packed(message, MessageEnds(source, self._correspondent))
        self._commands.append(MobilityPacket(source, self._correspondent, data))

    def _send_update(self, now: float, *, is_first: bool) -> None:
        if self._home_token is None or self._care_of_token is None:
            return
        self._update.asked(b"", now=now, is_first=is_first)
        self._sequence = (self._sequence + 1) % 0x10000
        indices = NonceIndices(self._home_token.nonce, self._care_of_token.nonce)
        update = BindingUpdate(
            self._sequence, UpdateFlag.ACKNOWLEDGE, LIFETIME_S // UNIT_S, (indices, BindingAuthorization())
        )
        data = packed(
            update, MessageEnds(self._home, self._correspondent),
            lambda covered: binding_authenticator(self._key, self.care_of, self._correspondent, covered),
        )  # fmt: skip
        self._commands.append(MobilityPacket(self.care_of, self._correspondent, data, source_home=self._home))

    def _route(self, care_of: str | None) -> None:
        self._direct_by = care_of
        self._commands.append(RouteDirectly(self._home, self._correspondent, care_of, is_mobile=True))
