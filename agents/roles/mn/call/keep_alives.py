"""Keeping the NAT's mapping of signalling, so that the peer's requests come in: STUN over a dialog's flow.

Whether the peer takes it is agreed with the INVITE (RFC 6223), and how often it is sent is what its answer says. An
answer that names another address than before, or none at all, means that the flow is not what it was (RFC 5626 4.4.2):
then the peer has to hear where we are now, by a re-INVITE that changes nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_transactions import StunAsked, StunTransactions
from agents.stun.stun_values import parse_xored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from agents.sip.message.address import Address, Datagram, Flow
    from agents.sip.session.session import Session

#: RFC 5626 4.4.1: of the time that the server recommends.
LEAST_SHARE = 0.8
# RFC 8489 5: of an answer to Binding, the only method here, the first byte has a bit of its class alone.
_ANSWER = b"\x01"


class _Kept(NamedTuple):
    """A dialog's flow: how often to send, when next, and where the peer has seen us; None before it has."""

    flow: Flow
    interval_s: float
    next_at: float
    seen: Address | None = None


class KeepAlives:
    """Of all dialogs of one call. `tell` takes an event and its facts."""

    def __init__(self, random: Random, tell: Callable[..., None]) -> None:
        self._random, self._tell = random, tell
        self._kept: dict[Session, _Kept] = {}
        self._transactions = StunTransactions(random)

    def follow(self, sessions: Iterable[Session], *, now: float) -> None:
        """Those that are up are kept, where the peer wants it; over their new flow, if they have moved."""
        kept = {}
        for session in sessions:
            interval_s = None if session.is_over or session.state != "CONFIRMED" else session.keep_alive_s
            if interval_s is None:
                continue
            known, flow = self._kept.get(session), session.flow
            if known is None or known.flow != flow:
                known = _Kept(flow, interval_s, now + self._wait(interval_s))
            kept[session] = known
        for session in self._kept.keys() - kept.keys():
            self._transactions.forget(session)
        self._kept = kept

    @staticmethod
    def takes(data: bytes) -> bool:
        """Whether it is an answer to something of STUN's: no message of SIP begins so (RFC 5626 8)."""
        return data[:1] == _ANSWER

    def receive(self, data: bytes, *, now: float) -> None:
        """What came to the port of SIP and is STUN; what answers nothing of ours is dropped."""
        try:
            message = StunMessage.parse(data)
            asked = self._transactions.find(message)
            if asked is None or message.kind not in {MessageClass.SUCCESS, MessageClass.ERROR}:
                return
            value = message.get(Attribute.XOR_MAPPED_ADDRESS)
            seen = None if value is None else parse_xored(value, message.transaction)
        except StunParseError:
            return
        self._transactions.end(message.transaction)
        session, kept = self._of(asked)
        if session is None or kept is None:
            return
        if seen is None or kept.seen not in {None, seen}:
            self._failed(session, kept, seen, now)
        else:
            self._kept[session] = kept._replace(seen=seen)

    def get_timer(self) -> float | None:
        """When something is to be sent, or given up."""
        timers = (*(one.next_at for one in self._kept.values()), self._transactions.get_timer())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Send what is due."""
        for session, one in self._kept.items():
            if now >= one.next_at:
                self._transactions.begin(StunAsked(Method.BINDING, (), *one.flow, session), (), None, now=now)
                self._kept[session] = one._replace(next_at=now + self._wait(one.interval_s))
        for asked in self._transactions.handle_timer(now=now):
            unheard, kept = self._of(asked)
            if unheard is not None and kept is not None:
                self._failed(unheard, kept, None, now)

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        waiting, self._transactions.sending = self._transactions.sending, []
        return waiting

    def _of(self, asked: StunAsked) -> tuple[Session | None, _Kept | None]:
        """The dialog that a request was for, unless it is over, or has moved since."""
        for session, kept in self._kept.items():
            if session is asked.purpose and kept.flow == (asked.local, asked.remote):
                return session, kept
        return None, None

    def _failed(self, session: Session, kept: _Kept, seen: Address | None, now: float) -> None:
        """RFC 5626 4.5, of a dialog: the peer hears from where we are seen now."""
        was, by_now = (None if one is None else one.hostport for one in (kept.seen, seen))
        self._tell("flow_failed", local=kept.flow.local.hostport, was=was, seen=by_now)
        self._kept[session] = kept._replace(seen=seen)
        session.refresh(now=now)

    def _wait(self, interval_s: float) -> float:
        return self._random.uniform(LEAST_SHARE, 1.0) * interval_s
