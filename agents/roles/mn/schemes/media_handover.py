"""`media-handover`: what can be had today, with a media relay that learns where the media come from (RFC 7362).

The relay in the home network, an unmodified rtpengine, sends to wherever the last packet came from. So the node asks
nobody: it speaks over the new link, and the answer comes there. SIP is told afterwards, by a re-INVITE, so that a BYE
reaches the node. Nothing is copied; and whoever else speaks to the relay's port takes the call.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from agents.roles.mn.schemes.reinvite import HEARD, OrReinvite
from agents.roles.mn.schemes.table_scheme import Due, LinkNews, Wanted

if TYPE_CHECKING:
    from typing import ClassVar

    from agents.roles.by_table import Table
    from agents.roles.mn.call.call import Call

# A few round trips over UMTS. A relay that has not learned by then does not: the re-INVITE has to tell it.
LEARNED_LIMIT_S = 1.0


class Learning(StrEnum):
    """WAITING for the new link, LEARNING until media come over it, then REINVITING, for good."""

    IDLE = "IDLE"
    WAITING = "WAITING"
    LEARNING = "LEARNING"
    REINVITING = "REINVITING"
    OVER = "OVER"


class MediaHandover(OrReinvite):
    """Has the relay learn where the node is, then tells the peer."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._path = ""
        self._told_at = 0.0

    def get_timer(self) -> float | None:
        """When the relay is waited for no longer."""
        return self._told_at if self.state == Learning.LEARNING else None

    def _attach(self, _: Wanted, now: float) -> None:
        """Gets onto the new link."""
        self.enter(Learning.WAITING)
        self.call.attach(self.call.new)
        self._speak(None, now)

    def _speak(self, _: LinkNews | None, now: float) -> None:
        if not self.call.new.is_usable:
            return
        leg = self.call.move_media(self.call.new)
        if leg is None:  # on hold: who doesn't speak is not learned
            self.move(now)
            return
        self.enter(Learning.LEARNING)
        self._path = leg.path
        self._told_at = now + LEARNED_LIMIT_S

    def _need_new_link(self, _: LinkNews, now: float) -> None:
        """Goes back when it is gone before it was of any use."""
        if not self.call.new.is_usable:
            self.enter(Learning.WAITING)
            self.call.send_media(self.call.current, now=now)

    def _look(self, _: Due, now: float) -> None:
        """Whether media come over the new link; then it is SIP's turn."""
        if now >= self._told_at or self.call.media.receiver.statistics(self._path) is not None:
            self.move(now)

    TABLE: ClassVar[Table] = {
        Learning.IDLE: {Wanted: _attach},
        Learning.WAITING: {LinkNews: _speak},
        Learning.LEARNING: {LinkNews: _need_new_link, Due: _look},
        Learning.REINVITING: dict.fromkeys(HEARD, OrReinvite.pass_on),
        Learning.OVER: {},
    }
