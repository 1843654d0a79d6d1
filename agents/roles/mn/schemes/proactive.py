"""`proactive`: a backup session over the second link, made in advance and activated by the handover (paper 4.1).

The B2BUA bridges the media of every call. An INVITE over the new link with the Call-ID of the call and `sendonly` makes
a session that carries nothing (Figure 6). The handover is a re-INVITE in it with `sendrecv`, on whose arrival the B2BUA
sends everything there. Nothing is copied: what the old link has lost or still carries is not sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.mn.schemes.reinvite import Reinvite
from agents.roles.mn.schemes.scheme import Scheme
from agents.sip.session import events

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event
    from agents.sip.session.session import Session


class Proactive(Scheme):
    """IDLE; BACKING UP until the B2BUA answers, BACKED UP; ACTIVATING, RELEASING the old session, DONE.

    Without a backup session (none was accepted, or the new link came too late) the call moves by re-INVITE: REINVITING.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._backup: Session | None = None
        self._reinvite = Reinvite(call)
        self._is_triggered = False

    def call_established(self, *, now: float) -> None:
        """There is something to back up."""
        self._back_up_if_possible(now)

    def triggered(self, *, now: float) -> None:
        """Activates the backup session."""
        self._is_triggered = True
        if self.state == "BACKED UP":
            self._activate(now)
        elif self.state in {"IDLE", "FAILED"}:
            self._move(now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """The second link has come or gone."""
        if self.state == "REINVITING":
            self._reinvite.link_changed(link, now=now)
        else:
            self._back_up_if_possible(now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """What becomes of the backup session, and then of the old one."""
        if self.state == "REINVITING":
            self._reinvite.receive_event(event, now=now)
        elif isinstance(event, events.SessionTerminated) and event.session is self._backup:
            if self.state in {"BACKING UP", "BACKED UP", "ACTIVATING"}:  # later it is the call itself that has ended
                self._lose_backup(now)
        elif self.state == "BACKING UP":
            self._take_answer(event, now)
        elif self.state == "ACTIVATING":
            self._take_activation(event, now)
        elif self.state == "RELEASING" and isinstance(event, events.ByeAnswered):
            self._done()

    def _back_up_if_possible(self, now: float) -> None:
        call = self.call
        if self.state == "IDLE" and not self._is_triggered and call.is_up and call.new.is_usable:
            self._set_state("BACKING UP")
            self._backup = call.invite_beside(call.new, now=now)

    def _take_answer(self, event: Event, now: float) -> None:
        if isinstance(event, events.Established) and event.session is self._backup:
            self._set_state("BACKED UP")
            if self._is_triggered:
                self._activate(now)
        elif isinstance(event, events.InviteRejected) and event.session is self._backup:
            self._lose_backup(now)

    def _activate(self, now: float) -> None:
        if self._backup is None or not self.call.resume(self._backup, self.call.new, now=now):
            self._move(now)
            return
        self._set_state("ACTIVATING")

    def _take_activation(self, event: Event, now: float) -> None:
        if isinstance(event, events.ReinviteAnswered) and event.session is self._backup:
            old, self.call.session = self.call.current, self._backup
            self.call.send_media(self._backup, now=now)
            self._set_state("RELEASING")
            self.call.part(old, over=self.call.old, now=now)
        elif isinstance(event, events.ReinviteRejected) and event.session is self._backup:
            self._lose_backup(now)

    def _lose_backup(self, now: float) -> None:
        """Back to what every SIP phone can do."""
        if self._backup is not None:
            self.call.part(self._backup, over=self.call.new, now=now)
        self._backup = None
        self._set_state("FAILED")
        if self._is_triggered:
            self._move(now)

    def _move(self, now: float) -> None:
        self._set_state("REINVITING")
        self._reinvite.triggered(now=now)
