"""`handover-standby`, beyond the paper: the dialog that a handover needs is made once the call is up, and stands by.

An INVITE with the Handover header goes over the second link while nothing is wrong with the first one. Its dialog lasts
as long as the call. Which leg media go on, each end decides for itself (`agents.media.readiness`); the trigger decides
when the call moves: the leg that stood by carries it, and the other one stands by, without a message of SIP. What is
left of a link that has gone is ended over the other one, and made anew when it is back.

A peer that refuses has the call moved by a re-INVITE, as one that knows nothing of handovers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.call.again import Again
from agents.roles.mn.call.path_proof import PathProof
from agents.roles.mn.schemes.reinvite import HEARD, Moving, OrReinvite, Reinvite
from agents.roles.mn.schemes.table_scheme import CallUp, Due, LinkNews, Wanted
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import Any, ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call
    from agents.sip.message.message import Response
    from agents.sip.session.session import Session

REQUEST_TIMEOUT = 408
# As for a handover: 64*T1 of the INVITE (RFC 3261 17.1.1.2), and a little.
ANSWER_LIMIT_S = 33.0
# How long a link is away before what it carried is ended.
GONE_S = 2.0
LOOK_INTERVAL_S = 0.020
# A path that can't be proven for so long, because it brings too little, gets no better by waiting.
PROOF_LIMIT_S = 10.0
# Why media go over both links, beside what `LegReadiness` hears itself.
HANDOVER, RISK = "handover", "risk"


class Keeping(StrEnum):
    """WAITING for the second link, INVITING over it, READY; MOVING until the path that stood by is proven.

    REFUSED, for a time or for good. REINVITING while the call is moved without a second dialog.
    """

    IDLE = "IDLE"
    WAITING = "WAITING"
    INVITING = "INVITING"
    READY = "READY"
    MOVING = "MOVING"
    REFUSED = "REFUSED"
    REINVITING = "REINVITING"
    OVER = "OVER"


class HandoverStandby(OrReinvite):
    """Keeps a second dialog, and moves the call to it. It lasts from one handover to the next."""

    requires = (OPTION_TAG,)

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._standing: Session | None = None
        self._invited_at = 0.0
        self._answered_after_s = 0.0
        self._is_wanted = False
        self._proof: PathProof | None = None
        self._proof_ends = 0.0
        self._next_look: float | None = None
        self._gone_at: float | None = None
        self._refusals = Again()
        self._danger: dict[str, Any] | None = None

    def next(self) -> HandoverStandby:
        """Itself: the second dialog is there already."""
        return self

    def endangered(self, because: dict[str, Any] | None, *, now: float) -> None:
        """Media go over both links while the one that the call is on is in danger."""
        self._danger = because
        self._want(RISK, is_so=because is not None, now=now)

    def get_timer(self) -> float | None:
        """When there is something to look at, to give up, or to try again."""
        waits = self._invited_at + ANSWER_LIMIT_S if self.state == Keeping.INVITING else None
        retry = self._refusals.at if self.state == Keeping.REFUSED else None
        timers = (waits, self._next_look, self._gone_at, retry)
        return min((timer for timer in timers if timer is not None), default=None)

    def stop(self) -> None:
        """The call is being ended: no more steps."""
        super().stop()
        self._next_look = self._gone_at = None

    # -- the dialog that stands by ------------------------------------------------------------------------------------

    def _get_ready(self, _: object, now: float) -> None:
        """Gets onto the second link, if it is not there already, and invites."""
        self.enter(Keeping.WAITING)
        self.call.attach(self.call.beside)
        self._invite(None, now)

    def _invite(self, _: object, now: float) -> None:
        link = self.call.beside
        if not link.is_usable:
            return
        if not self.call.link.is_usable:
            if self._is_wanted:
                self._move_without(now)
            return
        self.enter(Keeping.INVITING)
        self._invited_at = now
        self._standing = self.call.invite_to_hand_over(link, standby=self.call.copies, now=now)

    def _accepted(self, event: events.Established, now: float) -> None:
        session, response = event
        if session is not self._standing:
            return
        # RFC 3261 8.2.4: an extension that was applied is named in Require. Else this is a second call.
        is_applied = OPTION_TAG in response.tags("require")
        leg = self.call.get_ready(session, now=now) if is_applied else None
        if leg is None:
            self.call.part(session, over=self.call.beside, now=now)
            self._not_ready(now, response.status)
            return
        self._answered_after_s = now - self._invited_at
        # Before the first notice on it, which would say that there is none.
        self.endangered(self._danger, now=now)
        self._refusals = Again()
        self.enter(Keeping.READY)
        self.call.tell("standing_by", link=self.call.beside.name, call_id=session.call_id, copies=self.call.copies)
        if self._is_wanted:
            self._begin(None, now)

    def _refused(self, event: events.InviteRejected, now: float) -> None:
        if event.session is self._standing:
            self._not_ready(now, event.status, event.response)

    def _not_ready(self, now: float, status: int, response: Response | None = None) -> None:
        """The call goes on without, for a time or for good."""
        self._standing = None
        self._refusals.failed(status, response, now=now)
        self.enter(Keeping.REFUSED)
        self.call.tell("standing_refused", link=self.call.beside.name, status=status)
        if self._is_wanted:
            self._move_without(now)

    def _link_changed(self, news: LinkNews, now: float) -> None:
        """What is left of a link that stays away is ended; over one that is back it is made anew."""
        if self.call.beside.is_usable:
            self._gone_at = None
            if self._is_wanted:
                self._begin(None, now)
        elif news.link is self.call.beside:
            self._gone_at = now + GONE_S

    def _need_beside(self, news: LinkNews, now: float) -> None:
        """While it is invited over the second link."""
        if news.link is self.call.beside and not news.link.is_usable:
            if self._standing is not None:
                self.call.part(self._standing, over=self.call.link, now=now)
            self._standing = None
            self.enter(Keeping.WAITING)

    def _ended(self, event: events.SessionTerminated, now: float) -> None:
        """The peer has ended one of the two dialogs, or it died: the call goes on in the other one."""
        if event.session is self._standing:
            self._lose(now)
        elif event.session is self.call.session and self._standing is not None:
            self._lead(now)
            self._lose(now)

    def _lose(self, now: float) -> None:
        """The second dialog is gone: another one, in a while."""
        self._forget(now)
        self._refusals.failed(REQUEST_TIMEOUT, None, now=now)
        self.enter(Keeping.REFUSED)

    def _forget(self, now: float) -> None:
        """No dialog stands by."""
        self._standing = self._proof = self._next_look = self._gone_at = None
        self._want(HANDOVER, is_so=False, now=now)
        self.call.tell("standing_over", link=self.call.beside.name)

    # -- a handover ---------------------------------------------------------------------------------------------------

    def _need(self, _: Wanted | None, now: float) -> None:
        """The call is to move, and there is nothing yet to move it to."""
        self._is_wanted = True
        self.call.attach(self.call.new)
        if self.state == Keeping.WAITING:
            self._invite(None, now)

    def _need_without(self, _: Wanted, now: float) -> None:
        self._move_without(now)

    def _move_without(self, now: float) -> None:
        self._is_wanted = False
        self._reinvite = Reinvite(self.call)
        self._reinvite.again = self.again
        self.move(now)

    def _moved_without(self, event: object, now: float) -> None:
        """When that is done, a dialog for the next time."""
        self.pass_on(event, now)
        if self._reinvite.state == Moving.DONE:
            self._get_ready(None, now)

    def _begin(self, _: Wanted | None, now: float) -> None:
        """Media go over both links; at once over the new one alone, where the old one brings nothing.

        Not before the new one is there: with both gone the call would go to and fro for ever.
        """
        if not self.call.new.is_usable:
            self._need(None, now)
            return
        leg = self.call.media.legs.get(self._standing)
        if leg is None:  # on hold there
            return
        self._is_wanted = False
        self.enter(Keeping.MOVING)
        self._want(HANDOVER, is_so=True, now=now)
        receiver, reports = self.call.media.receiver, self.call.reports_of(leg)
        answered_after_s = self._answered_after_s
        self._proof = PathProof(
            receiver, leg.path, since=now, answered_after_s=answered_after_s, reports=reports,
            interval_s=self.call.media.interval_s,
        )  # fmt: skip
        self._next_look, self._proof_ends = now, now + PROOF_LIMIT_S
        readiness = self.call.media.readiness
        if not self.call.old.is_usable or (readiness is not None and readiness.is_silent):
            self._lead(now)

    def _look(self, _: Due, now: float) -> None:
        """At the path that the call moves to, and at what is left of a link that has gone."""
        if self._gone_at is not None and now >= self._gone_at:
            self._gone_at = None
            if self._standing is not None and not self.call.beside.is_usable:
                self.call.part(self._standing, over=self.call.link, now=now)
                self._forget(now)
                self._get_ready(None, now)
                return
        if self._next_look is None or now < self._next_look or self._proof is None:
            return
        if self._proof.is_good(now) or now >= self._proof_ends:
            if self.state == Keeping.MOVING:
                self._lead(now)
            self._want(HANDOVER, is_so=False, now=now)
            self._proof = self._next_look = None
        else:
            self._next_look = now + LOOK_INTERVAL_S

    def _lead(self, now: float) -> None:
        """The dialog that stood by carries the call, the other one stands by."""
        before = self.call.current
        self._is_wanted = False
        self.call.session, self._standing = self._standing, before
        readiness = self.call.media.readiness
        if readiness is not None:
            readiness.lead(self.call.current, now=now)
        self.enter(Keeping.READY)
        self.call.handed_over()
        self._gone_at = None if self.call.beside.is_usable else now + GONE_S

    def _lost_both(self, _: LinkNews, now: float) -> None:
        """While it moves: no proof is waited for when the old link is gone."""
        if not self.call.old.is_usable:
            self._lead(now)

    def _wait_no_longer(self, _: Due, now: float) -> None:
        if now >= self._invited_at + ANSWER_LIMIT_S and self._standing is not None:
            self.call.part(self._standing, over=self.call.beside, now=now)
            self._not_ready(now, REQUEST_TIMEOUT)

    def _try_again(self, _: Due, now: float) -> None:
        if self._refusals.at is not None and now >= self._refusals.at:
            self._refusals.at = None
            self._get_ready(None, now)

    def _want(self, reason: str, *, is_so: bool, now: float) -> None:
        readiness = self.call.media.readiness
        if readiness is not None:
            readiness.want_copies(reason, is_so=is_so, now=now)

    TABLE: ClassVar[Table] = {
        Keeping.IDLE: {CallUp: _get_ready},
        Keeping.WAITING: {LinkNews: _invite, Wanted: _need},
        Keeping.INVITING: {
            LinkNews: _need_beside,
            Wanted: _need,
            Due: _wait_no_longer,
            events.Established: _accepted,
            events.InviteRejected: _refused,
        },
        Keeping.READY: {LinkNews: _link_changed, Wanted: _begin, Due: _look, events.SessionTerminated: _ended},
        Keeping.MOVING: {LinkNews: _lost_both, Due: _look, events.SessionTerminated: _ended},
        Keeping.REFUSED: {Wanted: _need_without, Due: _try_again},
        Keeping.REINVITING: dict.fromkeys((*HEARD, LinkNews), _moved_without),
        Keeping.OVER: {},
    }
