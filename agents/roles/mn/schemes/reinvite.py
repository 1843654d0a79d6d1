"""`reinvite`: RFC 3261's mid-call mobility, break before make; the paper's baseline (section 2.2, Figure 3).

When the old link is to be left the node gets onto the new one, and says in a re-INVITE where it is now.

`reinvite-soft` takes the same steps, but make before break: its trigger fires while the old link still works, whose
port stays open until the peer's media come to the new one (RFC 3264 8.3.1). It has no copies, so it is at the mercy of
the one path that the peer sends on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.schemes.table_scheme import LinkNews, TableScheme, Wanted
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call

SERVICE_UNAVAILABLE = 503


class Moving(StrEnum):
    """WAITING for the new link, or for the end of a change by the peer; MOVING until the re-INVITE is answered."""

    IDLE = "IDLE"
    WAITING = "WAITING"
    MOVING = "MOVING"
    DONE = "DONE"
    FAILED = "FAILED"
    OVER = "OVER"


class Reinvite(TableScheme):
    """Moves the call by a re-INVITE over the new link."""

    def _attach(self, _: Wanted, now: float) -> None:
        """Gets onto the new link, if it is not there already."""
        self.enter(Moving.WAITING)
        self.call.attach(self.call.new)
        self._move(None, now)

    def _move(self, _: object, now: float) -> None:
        """Asks, if the link is there and nothing keeps us from asking; else its news, or a ReinviteConfirmed, will."""
        can_be_asked = self.call.new.is_usable and self.call.move(self.call.new, now=now)
        self.enter(Moving.MOVING if can_be_asked else Moving.WAITING)

    def _answered(self, event: events.ReinviteAnswered, now: float) -> None:
        if self.call.send_media(event.session, now=now) is None:
            self.fail(now, event.response.status)
        else:
            self.done()

    def _rejected(self, event: events.ReinviteRejected, now: float) -> None:
        if event.retry_at is not None:  # a ReinviteDue comes then
            return
        if event.status == SERVICE_UNAVAILABLE and event.response is None:
            self.enter(Moving.WAITING)  # it was not sent: the new link has just gone again
        else:
            self.fail(now, event.status, event.response)

    # Which link has changed does not matter, nor whose change has ended: it is looked at anew.
    TABLE: ClassVar[Table] = {
        Moving.IDLE: {Wanted: _attach},
        Moving.WAITING: {LinkNews: _move, events.ReinviteConfirmed: _move},
        Moving.MOVING: {
            events.ReinviteAnswered: _answered,
            events.ReinviteRejected: _rejected,
            events.ReinviteDue: _move,
        },
        Moving.DONE: {},
        Moving.FAILED: {Wanted: _attach},
        Moving.OVER: {},
    }


#: What a re-INVITE has to hear of while a scheme has fallen back on it.
HEARD = frozenset(event for row in Reinvite.TABLE.values() for event in row)


class OrReinvite(TableScheme):
    """A scheme that can fall back on what every SIP phone can do. From its state REINVITING it does not come back."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._reinvite = Reinvite(call)
        self._reinvite.again = self.again

    def move(self, now: float) -> None:
        """From now on it is a re-INVITE's."""
        self.enter("REINVITING")
        self._reinvite.triggered(now=now)

    def pass_on(self, event: object, now: float) -> None:
        """To the re-INVITE."""
        self._reinvite.feed(event, now)
