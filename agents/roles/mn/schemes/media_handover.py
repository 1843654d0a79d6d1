"""`media-handover`: what can be had today, with a media relay that learns where the media come from (RFC 7362).

The relay in the home network, an unmodified rtpengine, sends to wherever the last packet came from. So the node asks
nobody: it speaks over the new link, and the answer comes there. SIP is told afterwards, by a re-INVITE, so that a BYE
reaches the node. Nothing is copied; and whoever else speaks to the relay's port takes the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.roles.mn.schemes.reinvite import Reinvite
from agents.roles.mn.schemes.scheme import Scheme

if TYPE_CHECKING:
    from agents.roles.mn.call.call import Call
    from agents.roles.mn.call.links import Link
    from agents.sip.session.events import Event

# A few round trips over UMTS. A relay that has not learned by then does not: the re-INVITE has to tell it.
LEARNED_LIMIT_S = 1.0


class MediaHandover(Scheme):
    """IDLE, WAITING for the new link, LEARNING until media come over it, then REINVITING, for good."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._reinvite = Reinvite(call)
        self._path = ""
        self._told_at = 0.0

    def triggered(self, *, now: float) -> None:
        """Gets onto the new link."""
        if self.state == "IDLE":
            self._set_state("WAITING")
            self.call.attach(self.call.new)
            self._speak_if_possible(now)

    def link_changed(self, link: Link, *, now: float) -> None:
        """Goes on when the new link can be used; goes back when it is gone before it was of any use."""
        if self.state == "WAITING":
            self._speak_if_possible(now)
        elif self.state == "LEARNING" and not self.call.new.is_usable:
            self._set_state("WAITING")
            self.call.send_media(self.call.current, now=now)
        elif self.state == "REINVITING":
            self._reinvite.link_changed(link, now=now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """What becomes of the re-INVITE."""
        if self.state == "REINVITING":
            self._reinvite.receive_event(event, now=now)

    def get_timer(self) -> float | None:
        """When the relay is waited for no longer."""
        return self._told_at if self.state == "LEARNING" else None

    def handle_timer(self, *, now: float) -> None:
        """Looks whether media come over the new link; then it is SIP's turn."""
        if self.state != "LEARNING":
            return
        if now >= self._told_at or self.call.media.receiver.statistics(self._path) is not None:
            self._tell(now)

    def _speak_if_possible(self, now: float) -> None:
        if not self.call.new.is_usable:
            return
        leg = self.call.move_media(self.call.new)
        if leg is None:  # on hold: who doesn't speak is not learned
            self._tell(now)
            return
        self._set_state("LEARNING")
        self._path = leg.path
        self._told_at = now + LEARNED_LIMIT_S

    def _tell(self, now: float) -> None:
        self._set_state("REINVITING")
        self._reinvite.triggered(now=now)
