"""A call whose media go directly between the MN and a peer that can hand over itself (paper, Figure 7).

Both sides have dialogs with us and not with each other. So what one side says in its dialog is said again in the other
one, and the identifiers in a Handover header are replaced by those that the peer knows (RFC 7092 4.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.b2bua.shared import SERVER_TIMEOUT, refuse
from agents.roles.standby import standby_of
from agents.sip.message.errors import LocalProtocolError
from agents.sip.message.handover import NAME, OPTION_TAG, STANDBY, HandoverHeader
from agents.sip.session import events

if TYPE_CHECKING:
    from agents.roles.b2bua.shared import Office
    from agents.sip.session.events import Event, IncomingInvite
    from agents.sip.session.session import Session

NOT_ACCEPTABLE_HERE = 488
REQUEST_PENDING = 491
DECLINE = 603


class Direct:
    """One pair of sessions, and during a handover another one."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._others: dict[Session, Session] = {}
        self._asked: dict[Session, Session] = {}
        # Sessions with the peer that began by standing by.
        self._standing: set[Session] = set()

    def join(self, mn: Session, peer: Session, *, now: float) -> None:
        """The peer has accepted: so do we, with its media and its proof (RFC 3261 8.2.4)."""
        answer = peer.remote_sdp
        if answer is None or mn.is_over:
            peer.hang_up(now=now)
            mn.hang_up(now=now)
            return
        response = peer.last_response
        proven = response is not None and OPTION_TAG in response.tags("require")
        applied = (OPTION_TAG,) if proven and OPTION_TAG in mn.invite.tags("supported") else ()
        self._pair(mn, peer, now)
        mn.accept(answer, require=applied, now=now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """Says it again on the other side."""
        if isinstance(event, events.ReinviteReceived):
            self._ask(event.session, now)
        elif isinstance(event, events.ReinviteAnswered):
            self._pass_on_answer(event.session, now)
        elif isinstance(event, events.ReinviteCancelled):
            self._asked = {asked: asker for asked, asker in self._asked.items() if asker is not event.session}
        elif isinstance(event, events.ReinviteRejected):
            asker = self._asked.pop(event.session, None)
            if asker is not None and not asker.is_over:
                asker.reject_reinvite(event.status if event.response is not None else SERVER_TIMEOUT, now=now)
        elif isinstance(event, events.Established):
            self.join(self._asked.pop(event.session), event.session, now=now)
        elif isinstance(event, events.InviteRejected):
            self._standing.discard(event.session)
            asker = self._asked.pop(event.session)
            if not asker.is_over:
                refuse(asker, event, now=now)
        elif isinstance(event, events.SessionTerminated):
            self._end(event.session, now)

    def hand_over(self, incoming: IncomingInvite, replaced: Session, *, now: float) -> None:
        """The peer is asked, for its own dialog."""
        other = self._others.get(replaced)
        if other is None:  # the peer has hung up, and so do we as soon as the ACK for our 200 is there (RFC 3891 3)
            incoming.session.reject(DECLINE, now=now)
            return
        known = other.confirmed_dialog
        standby = standby_of(incoming)
        params = () if standby is None else ((STANDBY, standby.value),)
        header = HandoverHeader.of(known.id.call_id, known.id.local_tag, known.id.remote_tag, params)
        peer = self._office.call(
            incoming.request,
            incoming.session.remote_sdp,
            target=known.remote_target,
            require=(OPTION_TAG,),
            headers=((NAME, str(header)),),
            now=now,
        )
        if peer is None:
            incoming.session.reject(NOT_ACCEPTABLE_HERE, now=now)
            return
        self._office.handlers[peer] = self._office.handlers[incoming.session] = self
        self._asked[peer] = incoming.session
        if standby is not None:
            self._standing.add(peer)

    def back_up(self, incoming: IncomingInvite, *, now: float) -> None:
        """Without our media there is no backup session."""
        incoming.session.reject(NOT_ACCEPTABLE_HERE, now=now)

    def _ask(self, asker: Session, now: float) -> None:
        other = self._others.get(asker)
        if other is None or asker.remote_sdp is None:
            asker.reject_reinvite(NOT_ACCEPTABLE_HERE, now=now)
            return
        try:
            other.reinvite(asker.remote_sdp, now=now)
        except LocalProtocolError:
            asker.reject_reinvite(REQUEST_PENDING, now=now)
            return
        self._asked[other] = asker

    def _pass_on_answer(self, answerer: Session, now: float) -> None:
        asker = self._asked.pop(answerer, None)
        pair = self._others.get(answerer)
        if asker is not None and not asker.is_over and answerer.remote_sdp is not None:
            asker.accept_reinvite(answerer.remote_sdp, now=now)
        elif pair is not None and pair.remote_sdp not in {None, answerer.local_sdp}:
            # Who asked has taken it back meanwhile, and so do we.
            try:
                answerer.reinvite(pair.remote_sdp, now=now)
            except LocalProtocolError:  # it changes the session itself, and will be told what holds by the answer
                return

    def _end(self, session: Session, now: float) -> None:
        """The other side's dialog ends too; the other pair goes on."""
        self._standing.discard(session)
        other = self._others.pop(session, None)
        if other is not None:
            del self._others[other]
            self._standing.discard(other)
            other.hang_up(now=now)
            self._mind_refreshing(now)
        for asked, asker in list(self._asked.items()):
            if asker is session and not asked.is_over:  # the MN gave its INVITE up
                asked.hang_up(now=now)

    def _pair(self, mn: Session, peer: Session, now: float) -> None:
        self._others[mn], self._others[peer] = peer, mn
        self._office.handlers[mn] = self._office.handlers[peer] = self
        self._mind_refreshing(now)

    def _mind_refreshing(self, now: float) -> None:
        """None while there is more than one pair: a handover, unless one of them stands by."""
        pairs = len(self._others) // 2 - len(self._standing & self._others.keys())
        for session in self._others:
            session.let_refresh(may=pairs <= 1, now=now)
