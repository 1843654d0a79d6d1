"""`handover-cn`: the Handover header, assisted by the correspondent node (paper, section 4.3, Figure 7).

An INVITE over the new link names the old dialog; from then on the peer sends its media over both links, and so does the
node. When the new path is proven, BYE ends the old dialog, and with it the copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.mn.quality import PathProof
from agents.mn.schemes.scheme import Scheme
from agents.rtp.legs import path_name
from agents.sip import events
from agents.sip.handover import OPTION_TAG

if TYPE_CHECKING:
    from agents.mn.links import Link
    from agents.sip.events import Event
    from agents.sip.session import Session

# How long the old link has to bring the answer to the BYE, before the BYE goes over the new one as well (paper 4.3:
# "a situation where the original link is so unstable …"). Two tries of a lost BYE (RFC 3261, T1 = 500 ms).
OLD_LINK_PATIENCE_S = 1.0
LOOK_INTERVAL_S = 0.020


class HandoverCn(Scheme):
    """IDLE, WAITING for the new link, INVITING over it, PROVING its path, RELEASING the old dialog, DONE."""

    requires = (OPTION_TAG,)
    _invited_at = 0.0
    _next_look: float | None = None
    _successor: Session | None = None
    _proof: PathProof | None = None

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
        elif self.state == "PROVING" and link is self.call.old and not link.is_up:
            self._release(over=self.call.new, now=now)

    def receive_event(self, event: Event, *, now: float) -> None:
        """Answers to the INVITE with the Handover header and to the BYE."""
        if isinstance(event, events.Established) and event.session is self._successor:
            self._prove(event, now)
        elif isinstance(event, events.InviteRejected) and event.session is self._successor:
            self._fail(event.status)
        elif isinstance(event, events.ByeAnswered) and self.state == "RELEASING":
            self._next_look = None
            self._set_state("DONE")
            self.call.tell("handover_done", link=self.call.new.name)

    def get_timer(self) -> float | None:
        """When to look at the new path, or for the answer to the BYE, again."""
        return self._next_look

    def handle_timer(self, *, now: float) -> None:
        """Looks."""
        if self._next_look is None or now < self._next_look:
            return
        if self.state == "PROVING" and self._proof is not None:
            if self._proof.is_good(now):
                self._release(over=self.call.old, now=now)
            else:
                self._next_look = now + LOOK_INTERVAL_S
        elif self.state == "RELEASING" and self._old is not None:
            self._next_look = None
            self.call.tell("bye_over_new_link")
            self._old.bye(local=self.call.address(self.call.new), now=now)

    _old: Session | None = None

    def _invite_if_possible(self, now: float) -> None:
        if self.call.new.is_usable:
            self._set_state("INVITING")
            self._invited_at = now
            self._successor = self.call.invite_to_hand_over(self.call.new, now=now)

    def _prove(self, established: events.Established, now: float) -> None:
        """The peer has accepted: uses both paths and watches the new one."""
        if OPTION_TAG not in established.response.tags("require"):
            # RFC 3261 8.2.4: an extension that was applied is named in Require. This is a second call, not a handover.
            established.session.bye(now=now)
            self._fail(established.response.status)
            return
        self.call.send_media(established.session, "handover", now=now)
        path = path_name(self.call.address(self.call.new), self.call.peer)
        extra_s = now - self._invited_at - (self.call.setup_s or 0.0)
        self._proof = PathProof(self.call.media.receiver, path, since=now, extra_round_trip_s=extra_s)
        self._next_look = now
        self._set_state("PROVING")

    def _release(self, *, over: Link, now: float) -> None:
        """Ends the old dialog; what still comes over the old path is taken."""
        self._old, self.call.session = self.call.session, self._successor
        self._next_look = now + OLD_LINK_PATIENCE_S
        self._set_state("RELEASING")
        self.call.media.drop("call")
        if self._old is not None:
            self._old.bye(local=self.call.address(over), now=now)

    def _fail(self, status: int) -> None:
        self._set_state("FAILED")
        self.call.tell("handover_failed", status=status)
