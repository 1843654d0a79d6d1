"""One allocation of a TURN client, which moves with it (RFC 8656 7 to 12, RFC 8016 3).

Bytes and times in; datagrams, events and one timer out. What has to be known of real servers: coturn 4.6.1 does what a
Refresh with a ticket asks for, and answers it by 24 bytes that are no message: a MESSAGE-INTEGRITY over nothing. So
nobody waits for that answer: data go over the new way at once, which RFC 8016 3.2.2 does not recommend but has the
server survive, and that data come back over it proves the move as well. The Refresh is sent again all the same, as what
is not answered is: the second one coturn answers as it should, with the ticket for another move.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_transactions import StunAsked, StunTransactions
from agents.stun.stun_values import parse_error, parse_xored, xored
from agents.turn.channels import (
    FIRST_CHANNEL,
    LAST_CHANNEL,
    channel_data,
    channel_number,
    is_channel_data,
    parse_channel_data,
)
from agents.turn.turn_values import EVEN_AND_NEXT, UDP_TRANSPORT, parse_seconds, seconds

if TYPE_CHECKING:
    from random import Random

    from agents.turn.turn_credentials import TurnCredentials

UNAUTHENTICATED, ALLOCATION_MISMATCH, STALE_NONCE = 401, 437, 438
#: How many nonces one request may be refused for: RFC 8489 9.2.5 has no limit, and a server may be out of order.
MOST_TRIES = 3
#: RFC 8656 8: "a minute before"; of shorter ones half. Permissions live for 5 minutes (9), channels for 10 (12).
REFRESH_BEFORE_S = 60.0
PERMISSION_REFRESH_S, CHANNEL_REFRESH_S = 240.0, 540.0


class AllocationState(StrEnum):
    """IDLE, ALLOCATING until it is answered, then ALLOCATED; RELEASING until that is answered. LOST, OVER: for good."""

    IDLE = "IDLE"
    ALLOCATING = "ALLOCATING"
    ALLOCATED = "ALLOCATED"
    RELEASING = "RELEASING"
    LOST = "LOST"
    OVER = "OVER"


class Allocated(NamedTuple):
    """Who sends to `relayed` reaches us. `token`: of the next port up, kept for 30 s. `mobile`: with a ticket."""

    relayed: Address
    token: bytes | None
    mobile: bool


class AllocationMoved(NamedTuple):
    """The server has us at `local` now: it has answered, or else data have come there."""

    local: Address
    answered: bool


class MoveRefused(NamedTuple):
    """It has us where we were: the server's code; None where it has answered nothing."""

    code: int | None


class AllocationLost(NamedTuple):
    """There is none, or none any more: the server's code; None where it has answered nothing."""

    code: int | None


AllocationEvent = Allocated | AllocationMoved | MoveRefused | AllocationLost


class Allocation:
    """One, with its permissions and channels."""

    def __init__(self, server: Address, credentials: TurnCredentials, random: Random) -> None:
        """Nothing is sent until `allocate`. Its nonce is in its `credentials`: coturn has one for each allocation."""
        self._server, self._credentials = server, credentials
        self._transactions = StunTransactions(random)
        self._local: Address | None = None
        self._before: Address | None = None
        self._ticket: bytes | None = None
        self._refresh_at: float | None = None
        # The channel of each peer, those that the server has confirmed, and when they and permissions are renewed.
        self._channels: dict[Address, int] = {}
        self._bound: set[int] = set()
        self._renew: dict[tuple[Method, Address], float] = {}
        self._events: list[AllocationEvent] = []
        self._out: list[Datagram] = []
        self.state = AllocationState.IDLE
        #: Where our data come from, for peers.
        self.relayed: Address | None = None
        #: Whether the server has not yet been seen to know where we are.
        self.is_moving = False
        #: What was not understood or not believed, and why.
        self.doubted: list[str] = []

    @property
    def is_mobile(self) -> bool:
        """Whether it can be moved: the server has given a ticket that was not used yet."""
        return self.state == AllocationState.ALLOCATED and self._ticket is not None

    # -- what is asked for ---------------------------------------------------------------------------------------------

    def allocate(self, local: Address, *, token: bytes | None = None, now: float) -> None:
        """Asks for an even port, and for the next one to be kept; or for the one that was kept for this token."""
        self.state, self._local = AllocationState.ALLOCATING, local
        which = (Attribute.EVEN_PORT, EVEN_AND_NEXT) if token is None else (Attribute.RESERVATION_TOKEN, token)
        attributes = ((Attribute.REQUESTED_TRANSPORT, UDP_TRANSPORT), which, (Attribute.MOBILITY_TICKET, b""))
        self._ask(StunAsked(Method.ALLOCATE, attributes, local, self._server, Method.ALLOCATE), now)

    def permit(self, ip: str, *, now: float) -> None:
        """Lets a host send to us (RFC 8656 9)."""
        self._renewable(Method.CREATE_PERMISSION, Address(ip, 0), now)

    def bind(self, peer: Address, *, now: float) -> None:
        """Has a channel for a peer: data for it have a header of four bytes from when it is confirmed (RFC 8656 12)."""
        if peer in self._channels or FIRST_CHANNEL + len(self._channels) > LAST_CHANNEL:
            return
        self._channels[peer] = FIRST_CHANNEL + len(self._channels)
        self._renewable(Method.CHANNEL_BIND, peer, now)

    def move(self, local: Address, *, now: float) -> bool:
        """From now on we are at `local`: a Refresh with the ticket (RFC 8016 3.2.1). False where it can't be moved."""
        if not self.is_mobile or self._ticket is None or local == self._local:
            return False
        self._before, self._local, self.is_moving = self._local, local, True
        attributes = ((Attribute.MOBILITY_TICKET, self._ticket),)
        self._ask(StunAsked(Method.REFRESH, attributes, local, self._server, Attribute.MOBILITY_TICKET), now)
        return True

    def stay(self) -> None:
        """Stops moving: we are where we were, and the ticket is not to be used again."""
        if self.is_moving:
            self._transactions.forget(Attribute.MOBILITY_TICKET)
            self.is_moving, self._local, self._ticket = False, self._before, None

    def release(self, *, now: float) -> None:
        """Gives it back (RFC 8656 8: a lifetime of 0)."""
        if self.state == AllocationState.ALLOCATING:
            self._transactions.forget_all()
            self.state = AllocationState.OVER
        if self.state != AllocationState.ALLOCATED or self._local is None:
            return
        self._transactions.forget_all()
        self._renew.clear()
        self._refresh_at, self.state = None, AllocationState.RELEASING
        self._ask(
            StunAsked(Method.REFRESH, ((Attribute.LIFETIME, seconds(0)),), self._local, self._server, Method.REFRESH),
            now,
        )

    def send(self, data: bytes, peer: Address) -> None:
        """To a peer: by its channel, or else by a Send indication (RFC 8656 11)."""
        if self.state != AllocationState.ALLOCATED or self._local is None:
            return
        channel = self._channels.get(peer)
        if channel is not None and channel in self._bound:
            out = channel_data(channel, data)
        else:
            transaction = self._transactions.draw()
            attributes = ((Attribute.XOR_PEER_ADDRESS, xored(peer, transaction)), (Attribute.DATA, data))
            out = StunMessage(MessageClass.INDICATION, Method.SEND, transaction, attributes).to_bytes()
        self._out.append(Datagram(self._local, self._server, out))

    # -- in ------------------------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, *, local: Address, now: float) -> tuple[Address, bytes] | None:
        """From the server; returns a peer's data, and whose they are."""
        try:
            if is_channel_data(data):
                return self._by_channel(data, local)
            message = StunMessage.parse(data)
            if message.kind == MessageClass.INDICATION and message.method == Method.DATA:
                return self._data(message, local)
            if message.kind in {MessageClass.SUCCESS, MessageClass.ERROR}:
                self._answered(message, now)
        except StunParseError as error:
            self.doubted.append(str(error))
        return None

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = [self._transactions.get_timer(), self._refresh_at, *self._renew.values()]
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for asked in self._transactions.handle_timer(now=now):
            self._failed(asked, None)
        if self._refresh_at is not None and now >= self._refresh_at and self._local is not None:
            self._refresh_at = None  # 8016 3.2.1: who has not moved must not show a ticket
            self._ask(StunAsked(Method.REFRESH, (), self._local, self._server, Method.REFRESH), now)
        for (method, peer), due in list(self._renew.items()):
            if now >= due:
                self._renewable(method, peer, now)

    # -- out -----------------------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now: requests before data."""
        waiting, self._out = self._transactions.sending + self._out, []
        self._transactions.sending = []
        return waiting

    def next_event(self) -> AllocationEvent | None:
        """The oldest that nobody has taken yet."""
        return self._events.pop(0) if self._events else None

    # -- inside --------------------------------------------------------------------------------------------------------

    def _ask(self, asked: StunAsked, now: float) -> None:
        self._transactions.begin(asked, *self._credentials.proof(), now=now)

    def _renewable(self, method: Method, peer: Address, now: float) -> None:
        if self._local is None or self.state != AllocationState.ALLOCATED:
            return
        attributes: tuple[tuple[int, bytes | Address], ...] = ((Attribute.XOR_PEER_ADDRESS, peer),)
        period_s = PERMISSION_REFRESH_S
        if method == Method.CHANNEL_BIND:
            attributes = ((Attribute.CHANNEL_NUMBER, channel_number(self._channels[peer])), *attributes)
            period_s = CHANNEL_REFRESH_S
        self._renew[method, peer] = now + period_s
        self._ask(StunAsked(method, attributes, self._local, self._server, (method, peer)), now)

    def _by_channel(self, data: bytes, local: Address) -> tuple[Address, bytes]:
        """RFC 8656 12.6: of a channel that we have not asked for nothing is taken; its data may overtake the answer."""
        channel, payload = parse_channel_data(data)
        peer = next((peer for peer, number in self._channels.items() if number == channel), None)
        if peer is None:
            raise StunParseError(f"channel {channel:#06x} is of nobody")
        self._heard_at(local)
        return peer, payload

    def _data(self, message: StunMessage, local: Address) -> tuple[Address, bytes]:
        """RFC 8656 11.3."""
        peer, data = message.get(Attribute.XOR_PEER_ADDRESS), message.get(Attribute.DATA)
        if peer is None or data is None:
            raise StunParseError("a Data indication without peer or data")
        found = parse_xored(peer, message.transaction)
        self._heard_at(local)
        return found, data

    def _heard_at(self, local: Address) -> None:
        """Data over the new way: the server has taken the Refresh, whatever it answers; another ticket may follow."""
        if self.is_moving and local == self._local:
            self._ticket = None
            self._has_moved(local, answered=False)

    def _has_moved(self, local: Address, *, answered: bool) -> None:
        self.is_moving = False
        self._events.append(AllocationMoved(local, answered))

    def _answered(self, message: StunMessage, now: float) -> None:
        """RFC 8489 6.3.3, 6.3.4, 9.2.5."""
        asked = self._transactions.find(message)
        if asked is None:
            raise StunParseError("a response to nothing that was asked")
        code = None
        if message.kind == MessageClass.ERROR:
            code = parse_error(message.get(Attribute.ERROR_CODE) or b"").code
        is_signed = self._transactions.is_signed(message.transaction)
        if code == STALE_NONCE or (code == UNAUTHENTICATED and not is_signed):
            self._transactions.end(message.transaction)
            if asked.tries + 1 < MOST_TRIES and self._credentials.challenged(message):
                self._ask(asked._replace(tries=asked.tries + 1), now)
            else:
                self._failed(asked, code)
            return
        if code != UNAUTHENTICATED and not self._credentials.have_signed(message):
            raise StunParseError("a response that the server has not signed")
        if code is None and not message.unknown:
            self._succeeded(asked, message, now)
            self._transactions.end(message.transaction)
        else:
            self._transactions.end(message.transaction)
            self._failed(asked, code)

    def _succeeded(self, asked: StunAsked, message: StunMessage, now: float) -> None:
        if asked.purpose == Method.ALLOCATE:
            self._allocated(message, now)
        elif asked.purpose == Attribute.MOBILITY_TICKET:
            self._extend(message, now)
            self._ticket = message.get(Attribute.MOBILITY_TICKET) or None
            if self.is_moving:
                self._has_moved(asked.local, answered=True)
        elif asked.purpose == Method.REFRESH:
            if self.state == AllocationState.RELEASING:
                self.state = AllocationState.OVER
            else:
                self._extend(message, now)
        elif asked.method == Method.CHANNEL_BIND:
            (peer,) = (value for _, value in asked.attributes if isinstance(value, Address))
            self._bound.add(self._channels[peer])

    def _allocated(self, message: StunMessage, now: float) -> None:
        relayed = message.get(Attribute.XOR_RELAYED_ADDRESS)
        if relayed is None:
            raise StunParseError("an allocation without an address")
        self.relayed = parse_xored(relayed, message.transaction)
        self._extend(message, now)
        self._ticket = message.get(Attribute.MOBILITY_TICKET) or None
        self.state = AllocationState.ALLOCATED
        token = message.get(Attribute.RESERVATION_TOKEN)
        self._events.append(Allocated(self.relayed, token, mobile=self._ticket is not None))

    def _extend(self, message: StunMessage, now: float) -> None:
        """RFC 8656 7.3, 8.3: how long it lives."""
        lifetime_s = parse_seconds(message.get(Attribute.LIFETIME) or b"")
        self._refresh_at = now + max(lifetime_s - REFRESH_BEFORE_S, lifetime_s / 2)

    def _failed(self, asked: StunAsked, code: int | None) -> None:
        """Refused, or nothing has come (RFC 8656 7.4, 8.3; RFC 8016 3.1.4)."""
        if asked.purpose == Attribute.MOBILITY_TICKET:
            if self.is_moving:
                self.stay()
                self._events.append(MoveRefused(code))
        elif asked.purpose in {Method.ALLOCATE, Method.REFRESH}:
            if self.state == AllocationState.RELEASING:
                self.state = AllocationState.OVER
                return
            self._transactions.forget_all()
            self._renew.clear()
            self._refresh_at, self.state = None, AllocationState.LOST
            self._events.append(AllocationLost(code))
        else:  # data go on as indications, or don't: a peer that is not permitted is not heard
            self.doubted.append(f"{Method(asked.method).name} refused: {code}")
