"""Client transactions of STUN over UDP (RFC 8489 6.2.1): a request is sent until it is answered, or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.address import Address, Datagram
from agents.stun.stun_message import TRANSACTION_BYTES, MessageClass, StunMessage
from agents.stun.stun_values import xored

if TYPE_CHECKING:
    from random import Random

RTO_S = 0.5
#: How often a request is sent, and for how many RTO the last one waits for its answer: Rc, Rm.
MOST_SENT, LAST_WAIT = 7, 16


class StunAsked(NamedTuple):
    """What a request is for: its method, its own attributes, from which address of ours it goes, and where to.

    Addresses among them are written as the XOR attributes have them. `purpose` is for who asked. `tries` are those
    before this one: each has another nonce. `most_sent`: how often it is sent before it is given up.
    """

    method: int
    attributes: tuple[tuple[int, bytes | Address], ...]
    local: Address
    remote: Address
    purpose: object
    tries: int = 0
    most_sent: int = MOST_SENT


class _Pending:
    """A request that waits for its answer."""

    def __init__(self, asked: StunAsked, data: bytes, *, is_signed: bool, now: float) -> None:
        self.asked = asked
        self.data = data
        self.is_signed = is_signed
        self.sent = 0
        self.wait_s = RTO_S / 2
        self.due = now
        self.has_been_sent(now)

    def has_been_sent(self, now: float) -> None:
        """Once more: the next time is after twice as long, and after the last one it is waited for still longer."""
        self.sent += 1
        self.wait_s = LAST_WAIT * RTO_S if self.sent >= self.asked.most_sent else 2 * self.wait_s
        self.due = now + self.wait_s


class StunTransactions:
    """All of one client; `has_fingerprint`: on ports that have other things than STUN."""

    def __init__(self, random: Random, *, has_fingerprint: bool = False) -> None:
        """The identifiers are drawn from `random`."""
        self._random, self._has_fingerprint = random, has_fingerprint
        self._pending: dict[bytes, _Pending] = {}
        self.sending: list[Datagram] = []

    def draw(self) -> bytes:
        """A new identifier (RFC 8489 5)."""
        return self._random.randbytes(TRANSACTION_BYTES)

    def begin(self, asked: StunAsked, who: tuple[tuple[int, bytes], ...], key: bytes | None, *, now: float) -> None:
        """Sends a request; `who` are the attributes that say who asks, signed by `key`."""
        transaction = self.draw()
        own = tuple(
            (number, value if isinstance(value, bytes) else xored(value, transaction))
            for number, value in asked.attributes
        )
        message = StunMessage(MessageClass.REQUEST, asked.method, transaction, (*own, *who))
        data = message.to_bytes(key, has_fingerprint=self._has_fingerprint)
        pending = _Pending(asked, data, is_signed=key is not None, now=now)
        self._pending[transaction] = pending
        self.sending.append(Datagram(asked.local, asked.remote, data))

    def find(self, message: StunMessage) -> StunAsked | None:
        """What a response is for; None for one that answers nothing."""
        pending = self._pending.get(message.transaction)
        return None if pending is None or pending.asked.method != message.method else pending.asked

    def is_signed(self, transaction: bytes) -> bool:
        """Whether a request that waits said who it is from."""
        return self._pending[transaction].is_signed

    def end(self, transaction: bytes) -> None:
        """It has been answered."""
        self._pending.pop(transaction, None)

    def repeat_no_more(self, purpose: object, *, now: float) -> None:
        """These are still waited for, but not sent again (RFC 8445 7.3.1.4: cancelled)."""
        for one in self._pending.values():
            if one.asked.purpose == purpose:
                one.asked = one.asked._replace(most_sent=one.sent)
                one.due = now + LAST_WAIT * RTO_S

    def forget(self, purpose: object) -> None:
        """Nobody waits for these any more."""
        self._pending = {name: one for name, one in self._pending.items() if one.asked.purpose != purpose}

    def forget_all(self) -> None:
        """Nobody waits for anything."""
        self._pending.clear()

    def get_timer(self) -> float | None:
        """When a request is to be sent again, or given up."""
        return min((one.due for one in self._pending.values()), default=None)

    def handle_timer(self, *, now: float) -> list[StunAsked]:
        """Sends again what is due; returns what is given up."""
        given_up = []
        for transaction, one in list(self._pending.items()):
            if now < one.due:
                continue
            if one.sent >= one.asked.most_sent:
                del self._pending[transaction]
                given_up.append(one.asked)
                continue
            one.has_been_sent(now)
            self.sending.append(Datagram(one.asked.local, one.asked.remote, one.data))
        return given_up
