"""`reinvite`: RFC 3261's mid-call mobility, break before make; the paper's baseline (section 2.2, Figure 3).

When the old link is to be left the node gets onto the new one, and says in a re-INVITE where it is now.

`reinvite-soft` takes the same steps, but make before break: its trigger fires while the old link still works, whose
port stays open until the peer's media come to the new one (RFC 3264 8.3.1). It has no copies, so it is at the mercy of
the one path that the peer sends on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.mn.schemes.scheme import Scheme
from agents.sip.session import events

if TYPE_CHECKING:
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event


class Reinvite(Scheme):
    """IDLE, WAITING for the new link, MOVING until the re-INVITE is answered, DONE or FAILED."""

    def triggered(self, *, now: float) -> None:
        """Gets onto the new link."""
        if self.state == "IDLE":
            self._set_state("WAITING")
            self.call.attach(self.call.new)
            self._move_if_possible(now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """Goes on when the new link can be used."""
        if self.state == "WAITING":
            self._move_if_possible(now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """The peer's answer, or the end of what kept us from asking."""
        if self.state == "WAITING" and isinstance(event, events.ReinviteConfirmed):
            self._move_if_possible(now)
        elif self.state == "MOVING":
            self._take_answer(event, now)

    def _take_answer(self, event: Event, now: float) -> None:
        if isinstance(event, events.ReinviteAnswered):
            if self.call.send_media(event.session, now=now) is None:
                self._fail(event.response.status)
                return
            self._done()
        elif isinstance(event, events.ReinviteDue):
            self._move_if_possible(now)
        elif isinstance(event, events.ReinviteRejected) and event.retry_at is None:
            if event.status == 503 and event.response is None:
                self._set_state("WAITING")  # it was not sent: the new link has just gone again
            else:
                self._fail(event.status)

    def _move_if_possible(self, now: float) -> None:
        if not self.call.new.is_usable:
            self._set_state("WAITING")
        elif self.call.move(self.call.new, now=now):
            self._set_state("MOVING")

    def _fail(self, status: int) -> None:
        self._set_state("FAILED")
        self.call.tell("handover_failed", status=status)
