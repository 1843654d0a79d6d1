"""The ICE agent of one stream: the session whose pairs media take, and after a restart the one that is to follow.

Bytes and times in; datagrams, events and one timer out. Media go over the pairs of the session before until the next
one has its own (RFC 8445 9).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from agents.ice.ice_description import IceDescription
from agents.ice.ice_role import IceRole
from agents.ice.ice_session import BAD_REQUEST, UNAUTHENTICATED, IceSession, IceState
from agents.sip.message.address import Datagram
from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage, StunParseError
from agents.stun.stun_values import error

if TYPE_CHECKING:
    from random import Random

    from agents.ice.check_list import CandidatePair
    from agents.sip.message.address import Address


class PairsSelected(NamedTuple):
    """Media take these from now on, by component."""

    pairs: dict[int, CandidatePair]


class ChecksFailed(NamedTuple):
    """No pair works; media go where they went before, if they went anywhere."""


class ConsentLost(NamedTuple):
    """Nothing may be sent for a component any more."""

    component: int


IceEvent = PairsSelected | ChecksFailed | ConsentLost


class IceAgent:
    """One, for the time of a call."""

    def __init__(self, random: Random, *, is_controlling: bool) -> None:
        """`is_controlling`: whether we have made the first offer (RFC 8445 6.1.1)."""
        self._random = random
        self._role = IceRole(random, is_controlling=is_controlling)
        self._current: IceSession | None = None
        self._next: IceSession | None = None
        self._events: list[IceEvent] = []
        self._out: list[Datagram] = []
        #: What was refused, and what was not understood or not believed, by its reason.
        self.counts = Counter[str]()

    @property
    def is_controlling(self) -> bool:
        """Whether we nominate."""
        return self._role.is_controlling

    @property
    def is_restarting(self) -> bool:
        """Whether a session is under way that has no pairs yet."""
        return self._next is not None

    @property
    def ours(self) -> IceDescription | None:
        """What we have said last."""
        newest = self._next or self._current
        return None if newest is None else newest.ours

    @property
    def theirs(self) -> IceDescription | None:
        """What the peer has said last."""
        newest = self._next or self._current
        return None if newest is None else newest.theirs

    def selected(self, component: int) -> CandidatePair | None:
        """The pair that is sent on; None where nothing may be sent."""
        return None if self._current is None else self._current.selected.get(component)

    # -- what is asked for ---------------------------------------------------------------------------------------------

    def restart(self, addresses: dict[int, Address]) -> IceDescription:
        """Begins another session, be it the first one, in which we are at these addresses, by component.

        One that was under way is forgotten.
        """
        ours = IceDescription.draw(addresses, self._random)
        self._next = IceSession(ours, self._role, self._random, self.counts)
        return ours

    def take(self, theirs: IceDescription, *, now: float) -> None:
        """The peer has answered, or has offered before; it says the same again where nothing is new."""
        if self._next is not None and self._next.theirs is None:
            self._next.take(theirs, now=now)
            self._look()

    def stay(self) -> None:
        """The restart has come to nothing."""
        self._next = None

    def stop(self) -> None:
        """The call is over: nothing is asked any more, and nobody is known."""
        self._current = self._next = None

    # -- in ------------------------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, *, local: Address, remote: Address, now: float) -> None:
        """One for which `is_stun` holds."""
        try:
            message = StunMessage.parse(data)
        except StunParseError:
            self.counts["no message"] += 1
            return
        if not message.has_fingerprint or message.method != Method.BINDING:  # RFC 8445 7.3: it is a must
            self.counts["a message that is none of ICE"] += 1
        elif message.kind == MessageClass.REQUEST:
            self._requested(message, local, remote, now)
        elif message.kind in {MessageClass.SUCCESS, MessageClass.ERROR}:
            session = next((one for one in self._sessions() if one.knows(message)), None)
            if session is None:
                self.counts["an answer to nothing"] += 1
            else:
                session.answered(message, local, remote, now=now)
        self._look()

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = (session.get_timer() for session in self._sessions())
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        for session in self._sessions():
            session.handle_timer(now=now)
        self._look()

    # -- out -----------------------------------------------------------------------------------------------------------

    def datagrams_to_send(self) -> list[Datagram]:
        """What is to be sent now."""
        waiting, self._out = self._out, []
        for session in self._sessions():
            waiting += session.datagrams_to_send()
        return waiting

    def next_event(self) -> IceEvent | None:
        """The oldest that nobody has taken yet."""
        return self._events.pop(0) if self._events else None

    # -- inside --------------------------------------------------------------------------------------------------------

    def _sessions(self) -> list[IceSession]:
        return [one for one in (self._current, self._next) if one is not None]

    def _requested(self, message: StunMessage, local: Address, remote: Address, now: float) -> None:
        """RFC 8489 9.1.3: the user's name says which session is meant, ours before the colon (RFC 8445 7.3)."""
        name = message.get(Attribute.USERNAME)
        mine = b"" if name is None else name.partition(b":")[0]
        session = next((one for one in self._sessions() if one.ours.ufrag.encode() == mine), None)
        if session is not None and message.integrity:
            session.requested(message, local, remote, now=now)
            return
        code = BAD_REQUEST if name is None or not message.integrity else UNAUTHENTICATED
        self.counts[f"a check, by {code}"] += 1
        attributes = (
            (int(Attribute.ERROR_CODE), error(code, "")),
        )  # short: nobody is to be sent more by his own bytes
        answer = StunMessage(MessageClass.ERROR, Method.BINDING, message.transaction, attributes)
        self._out.append(Datagram(local, remote, answer.to_bytes(has_fingerprint=True)))

    def _look(self) -> None:
        """What has become of the sessions."""
        if self._next is not None and self._next.state == IceState.COMPLETED:
            if self._current is not None:  # what it still has to say is said
                self._out += self._current.datagrams_to_send()
            self._current, self._next = self._next, None
            self._events.append(PairsSelected(dict(self._current.selected)))
        elif self._next is not None and self._next.state == IceState.FAILED:
            self._next = None
            self._events.append(ChecksFailed())
        if self._current is not None:
            self._events += [ConsentLost(component) for component in self._current.expired]
            self._current.expired.clear()
