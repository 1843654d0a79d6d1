"""`ice-restart`: what a WebRTC phone does: other names and passwords by SIP, then checks of the new way (RFC 8445 9).

On the trigger a re-INVITE over the new link says where the node is there, and who it is in checks. The peer's answer
has the same of it. Then both check the way, each proving that it knows the other's password, and the node nominates
it. Media go over the old pair until then, and only over a pair that was checked: nobody else can move them.

A peer without ICE has the ordinary re-INVITE; and so has one that has lost it since.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.schemes.reinvite import HEARD, SERVICE_UNAVAILABLE, OrReinvite
from agents.roles.mn.schemes.table_scheme import Due, LinkNews, Wanted
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call

# A check is sent after 0, 0.5, 1.5 and 3.5 s (RFC 8489 6.2.1), and a round trip over GPRS takes a second.
CHECKED_LIMIT_S = 6.0
REQUEST_TIMEOUT = 408


class Restarting(StrEnum):
    """WAITING for the new link; OFFERING until the re-INVITE is answered, CHECKING until there is a pair."""

    IDLE = "IDLE"
    WAITING = "WAITING"
    OFFERING = "OFFERING"
    CHECKING = "CHECKING"
    REINVITING = "REINVITING"
    DONE = "DONE"
    FAILED = "FAILED"
    OVER = "OVER"


class IceRestart(OrReinvite):
    """Moves the call by an ICE restart."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._until = 0.0

    def get_timer(self) -> float | None:
        """When checks are waited for no longer."""
        return self._until if self.state == Restarting.CHECKING else None

    def _attach(self, _: Wanted, now: float) -> None:
        """Gets onto the new link."""
        self.enter(Restarting.WAITING)
        self.call.attach(self.call.new)
        self._offer(None, now)

    def _offer(self, _: object, now: float) -> None:
        """Asks, if the link is there and nothing keeps us from asking; else its news, or a ReinviteConfirmed, will."""
        if self.call.checks is None or not self.call.checks.is_on:
            self.move(now)
            return
        can_be_asked = self.call.new.is_usable and self.call.move(self.call.new, now=now)
        self.enter(Restarting.OFFERING if can_be_asked else Restarting.WAITING)

    def _answered(self, event: events.ReinviteAnswered, now: float) -> None:
        checks = self.call.checks
        if checks is not None and checks.learn(event.session.remote_sdp, now=now):
            self.enter(Restarting.CHECKING)
            self._until = now + CHECKED_LIMIT_S
        elif self.call.send_media(event.session, now=now) is None:
            self.fail(now, event.response.status)
        else:
            self.done()

    def _rejected(self, event: events.ReinviteRejected, now: float) -> None:
        if event.retry_at is not None:  # a ReinviteDue comes then
            return
        self._give_up()
        if event.status == SERVICE_UNAVAILABLE and event.response is None:
            self.enter(Restarting.WAITING)  # it was not sent: the new link has just gone again
        else:
            self.fail(now, event.status, event.response)

    def _look(self, _: Due, now: float) -> None:
        """Whether there is another pair."""
        checks = self.call.checks
        if checks is None or checks.has_failed or now >= self._until:
            self._give_up()
            self.enter(Restarting.FAILED)
            self.again.failed(REQUEST_TIMEOUT, None, now=now)  # as with anything that nobody answers
            self.call.tell("handover_failed", why="no pair was found to work")
        elif not checks.is_restarting:
            self.call.send_media(self.call.current, now=now)
            self.done()

    def _give_up(self) -> None:
        if self.call.checks is not None:
            self.call.checks.stay()

    TABLE: ClassVar[Table] = {
        Restarting.IDLE: {Wanted: _attach},
        Restarting.WAITING: {LinkNews: _offer, events.ReinviteConfirmed: _offer},
        Restarting.OFFERING: {
            events.ReinviteAnswered: _answered,
            events.ReinviteRejected: _rejected,
            events.ReinviteDue: _offer,
        },
        Restarting.CHECKING: {Due: _look},
        Restarting.REINVITING: dict.fromkeys(HEARD, OrReinvite.pass_on),
        Restarting.DONE: {},
        Restarting.FAILED: {Wanted: _attach},
        Restarting.OVER: {},
    }
