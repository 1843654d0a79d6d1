"""`handover-cn`: the Handover header, assisted by the correspondent node (paper, section 4.3, Figure 7).

An INVITE over the new link names the old dialog; from then on the peer sends its media over both links, and so does the
node. When the new path is proven, BYE ends the old dialog, and with it the copies.

A main link that breaks before there is a second dialog leaves nothing to duplicate: then the call moves by a re-INVITE
in its own dialog (paper, end of section 4.3). So it does when the peer has refused and the link breaks later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.mn.call.path_proof import PathProof
from agents.roles.mn.schemes.reinvite import Reinvite
from agents.roles.mn.schemes.scheme import Scheme
from agents.sip.message.handover import OPTION_TAG
from agents.sip.session import events

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session

REQUEST_TIMEOUT = 408
DOES_NOT_EXIST = 481
LOOK_INTERVAL_S = 0.020
# How long the answer to the INVITE is waited for. Nobody else ends that wait once a 100 has stopped Timer B, so it is
# that timer's 64*T1 (RFC 3261 17.1.1.2), and a little, so that Timer B comes first where it runs.
ANSWER_LIMIT_S = 33.0


class HandoverCn(Scheme):
    """IDLE, WAITING for the new link, INVITING over it, PROVING its path, RELEASING the old dialog, DONE.

    FAILED when the peer refuses; REINVITING, for good, when the old link is gone before the peer has accepted.
    """

    requires = (OPTION_TAG,)

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._reinvite = Reinvite(call)
        self._invited_at = 0.0
        self._next_look: float | None = None
        self._proof: PathProof | None = None
        self._successor: Session | None = None
        self._old: Session | None = None

    def triggered(self, *, now: float) -> None:
        """Gets onto the new link, if it is not there already, and invites."""
        if self.state == "IDLE":
            self._set_state("WAITING")
            self.call.attach(self.call.new)
            self._invite_if_possible(now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """Goes on when the new link can be used; does not wait for a proof when the old one is gone."""
        if self.state == "WAITING":
            self._invite_if_possible(now)
        elif self.state in {"INVITING", "PROVING"} and not self.call.new.is_usable:
            self._withdraw(now)
        elif self.state == "PROVING" and not self.call.old.is_usable:
            self._release(now)
        elif self.state == "FAILED" and not self.call.old.is_usable:
            self._move(now)
        elif self.state == "REINVITING":
            self._reinvite.link_changed(link, now=now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """Answers to the INVITE with the Handover header and to the BYE, and dialogs that end by themselves."""
        if self.state == "REINVITING":
            self._reinvite.receive_event(event, now=now)
        elif self.state == "INVITING":
            self._take_answer(event, now)
        elif self.state == "PROVING" and isinstance(event, events.SessionTerminated):
            self._take_end(event, now)
        elif self.state == "RELEASING" and isinstance(event, events.ByeAnswered):
            self._take_bye_answer(event)

    def get_timer(self) -> float | None:
        """When to look at the new path again, or to wait for it no longer."""
        return self._invited_at + ANSWER_LIMIT_S if self.state == "INVITING" else self._next_look

    def handle_timer(self, *, now: float) -> None:
        """Looks."""
        if self.state == "INVITING" and now >= self._invited_at + ANSWER_LIMIT_S and self._successor is not None:
            self.call.part(self._successor, over=self.call.new, now=now)
            self._fail(now, status=REQUEST_TIMEOUT)
            return
        if self._next_look is None or now < self._next_look or self._proof is None:
            return
        if self._proof.is_good(now):
            self._release(now)
        else:
            self._next_look = now + LOOK_INTERVAL_S

    def stop(self) -> None:
        """The call is being ended: no more steps."""
        super().stop()
        self._next_look = None

    def _invite_if_possible(self, now: float) -> None:
        if not self.call.new.is_usable:
            return
        if not self.call.old.is_usable:
            self._move(now)
            return
        self._set_state("INVITING")
        self._invited_at = now
        self._successor = self.call.invite_to_hand_over(self.call.new, now=now)

    def _take_answer(self, event: Event, now: float) -> None:
        if isinstance(event, events.InviteRejected) and event.session is self._successor:
            if event.status == DOES_NOT_EXIST:
                # The peer has no such dialog (RFC 3891 3), as after a restart: there is nothing to go on with.
                self.call.part(self.call.current, over=self.call.old, now=now)
            self._fail(now, status=event.status)
        elif isinstance(event, events.Established) and event.session is self._successor:
            self._prove(event, now)

    def _prove(self, established: events.Established, now: float) -> None:
        """The peer has accepted: uses both paths and watches the new one."""
        session, response = established
        # RFC 3261 8.2.4: an extension that was applied is named in Require. Else this is a second call, no handover.
        is_applied = OPTION_TAG in response.tags("require")
        leg = self.call.send_media(session, now=now) if is_applied else None
        if leg is None:
            self.call.part(session, over=self.call.new, now=now)
            self._fail(now, status=response.status)
            return
        self._set_state("PROVING")
        answered_after_s = now - self._invited_at
        receiver, reports = self.call.media.receiver, self.call.reports_of(leg)
        self._proof = PathProof(receiver, leg.path, since=now, answered_after_s=answered_after_s, reports=reports)
        self._next_look = now
        if not self.call.old.is_usable:
            self._release(now)

    def _take_end(self, event: events.SessionTerminated, now: float) -> None:
        """The peer has ended one of the two dialogs: the call goes on in the other one."""
        if event.session is self._successor:
            self._fail(now, reason=event.reason)
        elif event.session is self.call.session:
            self._next_look = None
            self.call.session = self._successor
            self._done()

    def _take_bye_answer(self, answered: events.ByeAnswered) -> None:
        if answered.session is self._old and answered.session.state == "TERMINATED":
            self._done()

    def _release(self, now: float) -> None:
        """Ends the old dialog; what still comes over the old path is taken."""
        self._old, self.call.session = self.call.current, self._successor
        self._next_look = None
        self._set_state("RELEASING")
        self.call.part(self._old, over=self.call.old, now=now)

    def _withdraw(self, now: float) -> None:
        """The new link has gone again: tries anew when it is back."""
        self._next_look = None
        self._set_state("WAITING")
        if self._successor is not None:
            self.call.part(self._successor, over=self.call.old, now=now)

    def _move(self, now: float) -> None:
        self._set_state("REINVITING")
        self._reinvite.triggered(now=now)

    def _fail(self, now: float, **facts: object) -> None:
        self._next_look = None
        self._set_state("FAILED")
        self.call.tell("handover_failed", **facts)
        if not self.call.old.is_usable and self.call.is_up:
            self._move(now)
