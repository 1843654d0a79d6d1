"""`proactive`: a backup session over the second link, made in advance and activated by the handover (paper 4.1).

The B2BUA bridges the media of every call. An INVITE over the new link with the Call-ID of the call and `sendonly` makes
a session that carries nothing (Figure 6). The handover is a re-INVITE in it with `sendrecv`, on whose arrival the B2BUA
sends everything there. Nothing is copied: what the old link has lost or still carries is not sent again.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.schemes.reinvite import HEARD, OrReinvite
from agents.roles.mn.schemes.table_scheme import CallUp, LinkNews, Wanted
from agents.sip.session import events

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call
    from agents.sip.session.session import Session


class BackingUp(StrEnum):
    """BACKING UP until the B2BUA answers, BACKED UP; ACTIVATING, RELEASING the old session, DONE.

    FAILED without a backup session: none was accepted, or it is gone. Then the call moves by re-INVITE: REINVITING. So
    it does when the new link came too late.
    """

    IDLE = "IDLE"
    BACKING_UP = "BACKING UP"
    BACKED_UP = "BACKED UP"
    ACTIVATING = "ACTIVATING"
    RELEASING = "RELEASING"
    DONE = "DONE"
    FAILED = "FAILED"
    REINVITING = "REINVITING"
    OVER = "OVER"


class Proactive(OrReinvite):
    """Hands the call over to its backup session."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._backup: Session | None = None
        self._is_triggered = False

    def _back_up(self, _: CallUp | LinkNews, now: float) -> None:
        """When there is something to back up, and the link to do it over."""
        if self.call.is_up and self.call.new.is_usable:
            self.enter(BackingUp.BACKING_UP)
            self._backup = self.call.invite_beside(self.call.new, now=now)

    def _go_without(self, _: Wanted, now: float) -> None:
        self.move(now)

    def _remember(self, _: Wanted, now: float) -> None:
        """The backup session will be activated as soon as there is one."""
        del now
        self._is_triggered = True

    def _backed_up(self, event: events.Established, now: float) -> None:
        if event.session is self._backup:
            self.enter(BackingUp.BACKED_UP)
            if self._is_triggered:
                self._activate(Wanted(), now)

    def _activate(self, _: Wanted, now: float) -> None:
        self._is_triggered = True
        if self._backup is not None and self.call.resume(self._backup, self.call.new, now=now):
            self.enter(BackingUp.ACTIVATING)
        else:
            self.move(now)

    def _activated(self, event: events.ReinviteAnswered, now: float) -> None:
        if event.session is self._backup:
            old, self.call.session = self.call.current, self._backup
            self.call.send_media(self._backup, now=now)
            self.enter(BackingUp.RELEASING)
            self.call.part(old, over=self.call.old, now=now)

    def _released(self, _: events.ByeAnswered, now: float) -> None:
        del now
        self.done()

    def _lost(
        self, event: events.SessionTerminated | events.InviteRejected | events.ReinviteRejected, now: float
    ) -> None:
        """Of the backup session: back to what every SIP phone can do."""
        if self._backup is None or event.session is not self._backup:
            return
        self.call.part(self._backup, over=self.call.new, now=now)
        self._backup = None
        self.enter(BackingUp.FAILED)
        if self._is_triggered:
            self.move(now)

    TABLE: ClassVar[Table] = {
        BackingUp.IDLE: {CallUp: _back_up, LinkNews: _back_up, Wanted: _go_without},
        BackingUp.BACKING_UP: {
            Wanted: _remember,
            events.Established: _backed_up,
            events.InviteRejected: _lost,
            events.SessionTerminated: _lost,
        },
        BackingUp.BACKED_UP: {Wanted: _activate, events.SessionTerminated: _lost},
        BackingUp.ACTIVATING: {
            events.ReinviteAnswered: _activated,
            events.ReinviteRejected: _lost,
            events.SessionTerminated: _lost,
        },
        # From here on the end of the backup session is that of the call.
        BackingUp.RELEASING: {events.ByeAnswered: _released},
        BackingUp.DONE: {},
        BackingUp.FAILED: {Wanted: _go_without},
        BackingUp.REINVITING: dict.fromkeys(HEARD, OrReinvite.pass_on),
        BackingUp.OVER: {},
    }
