"""`handover-cn`: the Handover header, assisted by the correspondent node (paper, section 4.3, Figure 7).

An INVITE over the new link names the old dialog; from then on the peer sends its media over both links, and so does the
node. When the new path is proven, BYE ends the old dialog, and with it the copies.

A main link that breaks before there is a second dialog leaves nothing to duplicate: then the call moves by a re-INVITE
in its own dialog (paper, end of section 4.3). So it does when the peer has refused and the link breaks later.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.call.path_proof import PathProof
from agents.roles.mn.schemes.reinvite import HEARD, OrReinvite
from agents.roles.mn.schemes.table_scheme import Due, LinkNews, Wanted
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call
    from agents.sip.message.message import Response
    from agents.sip.session.session import Session

REQUEST_TIMEOUT = 408
DOES_NOT_EXIST = 481
LOOK_INTERVAL_S = 0.020
# How long the answer to the INVITE is waited for. Nobody else ends that wait once a 100 has stopped Timer B, so it is
# that timer's 64*T1 (RFC 3261 17.1.1.2), and a little, so that Timer B comes first where it runs.
ANSWER_LIMIT_S = 33.0


class Handing(StrEnum):
    """WAITING for the new link, INVITING over it, PROVING its path, RELEASING the old dialog, DONE.

    FAILED when the peer refuses, until it is tried again; REINVITING, for good, when the old link is gone before the
    peer has accepted.
    """

    IDLE = "IDLE"
    WAITING = "WAITING"
    INVITING = "INVITING"
    PROVING = "PROVING"
    RELEASING = "RELEASING"
    DONE = "DONE"
    FAILED = "FAILED"
    REINVITING = "REINVITING"
    OVER = "OVER"


class HandoverCn(OrReinvite):
    """Hands the call over to a second dialog."""

    requires = (OPTION_TAG,)

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._invited_at = 0.0
        self._next_look: float | None = None
        self._proof: PathProof | None = None
        self._successor: Session | None = None
        self._old: Session | None = None

    def get_timer(self) -> float | None:
        """When to look at the new path again, or to wait for it no longer."""
        return self._invited_at + ANSWER_LIMIT_S if self.state == Handing.INVITING else self._next_look

    def stop(self) -> None:
        """The call is being ended: no more steps."""
        super().stop()
        self._next_look = None

    def _attach(self, _: Wanted, now: float) -> None:
        """Gets onto the new link, if it is not there already, and invites."""
        self.enter(Handing.WAITING)
        self.call.attach(self.call.new)
        self._invite(None, now)

    def _invite(self, _: LinkNews | None, now: float) -> None:
        if not self.call.new.is_usable:
            return
        if not self.call.old.is_usable:
            self.move(now)
            return
        self.enter(Handing.INVITING)
        self._invited_at = now
        self._successor = self.call.invite_to_hand_over(self.call.new, now=now)

    # -- INVITING -----------------------------------------------------------------------------------------------------

    def _need_new_link(self, _: LinkNews, now: float) -> None:
        """When it has gone again: tries anew when it is back."""
        if self.call.new.is_usable:
            return
        self._next_look = None
        self.enter(Handing.WAITING)
        if self._successor is not None:
            self.call.part(self._successor, over=self.call.old, now=now)

    def _wait_no_longer(self, _: Due, now: float) -> None:
        if now >= self._invited_at + ANSWER_LIMIT_S and self._successor is not None:
            self.call.part(self._successor, over=self.call.new, now=now)
            self._fail(now, REQUEST_TIMEOUT)

    def _refused(self, event: events.InviteRejected, now: float) -> None:
        if event.session is not self._successor:
            return
        if event.status == DOES_NOT_EXIST:
            # The peer has no such dialog (RFC 3891 3), as after a restart: there is nothing to go on with.
            self.call.part(self.call.current, over=self.call.old, now=now)
        self._fail(now, event.status, event.response)

    def _accepted(self, event: events.Established, now: float) -> None:
        """Uses both paths and watches the new one."""
        session, response = event
        if session is not self._successor:
            return
        # RFC 3261 8.2.4: an extension that was applied is named in Require. Else this is a second call, no handover.
        is_applied = OPTION_TAG in response.tags("require")
        leg = self.call.send_media(session, now=now) if is_applied else None
        if leg is None:
            self.call.part(session, over=self.call.new, now=now)
            self._fail(now, response.status)
            return
        self.enter(Handing.PROVING)
        answered_after_s = now - self._invited_at
        receiver, reports = self.call.media.receiver, self.call.reports_of(leg)
        self._proof = PathProof(
            receiver, leg.path, since=now, answered_after_s=answered_after_s, reports=reports,
            interval_s=self.call.media.interval_s,
        )  # fmt: skip
        self._next_look = now
        if not self.call.old.is_usable:
            self._release(now)

    # -- PROVING ------------------------------------------------------------------------------------------------------

    def _need_both_links(self, news: LinkNews, now: float) -> None:
        """Does not wait for a proof when the old link is gone."""
        self._need_new_link(news, now)
        if self.state == Handing.PROVING and not self.call.old.is_usable:
            self._release(now)

    def _look(self, _: Due, now: float) -> None:
        if self._next_look is None or now < self._next_look or self._proof is None:
            return
        if self._proof.is_good(now) or not self.call.media.flows(self._successor):  # on hold there is nothing to lose
            self._release(now)
        else:
            self._next_look = now + LOOK_INTERVAL_S

    def _ended(self, event: events.SessionTerminated, now: float) -> None:
        """The peer has ended one of the two dialogs: the call goes on in the other one."""
        if event.session is self._successor:
            self._fail(now, reason=event.reason)
        elif event.session is self.call.session:
            self._next_look = None
            self.call.session = self._successor
            self.done()

    def _release(self, now: float) -> None:
        """Ends the old dialog; what still comes over the old path is taken."""
        self._old, self.call.session = self.call.current, self._successor
        self._next_look = None
        self.enter(Handing.RELEASING)
        self.call.part(self._old, over=self.call.old, now=now)

    # -- RELEASING, FAILED --------------------------------------------------------------------------------------------

    def _released(self, answered: events.ByeAnswered, _: float) -> None:
        if answered.session is self._old and answered.session.state == "TERMINATED":
            self.done()

    def _need_old_link(self, _: LinkNews, now: float) -> None:
        if not self.call.old.is_usable:
            self.move(now)

    def _fail(self, now: float, status: int | None = None, response: Response | None = None, **facts: object) -> None:
        self._next_look = None
        self.fail(now, status, response, **facts)
        if not self.call.old.is_usable and self.call.is_up:
            self.move(now)

    TABLE: ClassVar[Table] = {
        Handing.IDLE: {Wanted: _attach},
        Handing.WAITING: {LinkNews: _invite},
        Handing.INVITING: {
            LinkNews: _need_new_link,
            Due: _wait_no_longer,
            events.Established: _accepted,
            events.InviteRejected: _refused,
        },
        Handing.PROVING: {LinkNews: _need_both_links, Due: _look, events.SessionTerminated: _ended},
        Handing.RELEASING: {events.ByeAnswered: _released},
        Handing.DONE: {},
        Handing.FAILED: {LinkNews: _need_old_link, Wanted: _attach},
        Handing.REINVITING: dict.fromkeys(HEARD, OrReinvite.pass_on),
        Handing.OVER: {},
    }
