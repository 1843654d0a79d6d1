"""`reinvite`: RFC 3261's mid-call mobility, break before make; the paper's baseline (section 2.2, Figure 3).

When the old link is to be left the node gets onto the new one, and says in a re-INVITE where it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.mn.schemes.scheme import Scheme
from agents.sip import events

if TYPE_CHECKING:
    from agents.mn.links import Link
    from agents.sip.events import Event


class Reinvite(Scheme):
    """IDLE, WAITING for the new link, MOVING until the re-INVITE is answered, DONE."""

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
        """The peer's answer."""
        if isinstance(event, events.ReinviteAnswered):
            self.call.send_media(event.session, "call", now=now)
            self._set_state("DONE")
            self.call.tell("handover_done", link=self.call.new.name)
        elif isinstance(event, events.ReinviteDue):
            self.call.move(self.call.new, now=now)
        elif isinstance(event, events.ReinviteRejected) and event.retry_at is None:
            self._set_state("FAILED")
            self.call.tell("handover_failed", status=event.status)

    def _move_if_possible(self, now: float) -> None:
        if self.call.new.is_usable:
            self._set_state("MOVING")
            self.call.move(self.call.new, now=now)
