"""`turn-mobility`: what can be had today with a key: a TURN server that the node tells by a ticket (RFC 8016).

Media go by way of a server in the home network, an unmodified coturn, whose address the peer has. On the trigger one
request over the new link, signed and with the ticket that the server gave, moves them: nobody else can. They go over
the new link at once, without waiting for the answer (`agents.turn.allocation` says why). When it has come, or media
have, SIP is told by a re-INVITE that changes no description, so that a BYE reaches the node.

Whoever has no ticket, or is refused, falls back on that re-INVITE with media of its own; and so does a call whose
server has fallen silent.
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

# The Refresh has been sent three times by then, and a round trip over UMTS has passed (RFC 8489 6.2.1).
REFRESHED_LIMIT_S = 2.0


class Refreshing(StrEnum):
    """WAITING for the new link, REFRESHING until the server is seen to have moved, then REINVITING, for good."""

    IDLE = "IDLE"
    WAITING = "WAITING"
    REFRESHING = "REFRESHING"
    REINVITING = "REINVITING"
    OVER = "OVER"


class TurnMobility(OrReinvite):
    """Moves the allocation, then tells the peer."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._until = 0.0

    def get_timer(self) -> float | None:
        """When the server is waited for no longer."""
        return self._until if self.state == Refreshing.REFRESHING else None

    def _attach(self, _: Wanted, now: float) -> None:
        """Gets onto the new link."""
        self.enter(Refreshing.WAITING)
        self.call.attach(self.call.new)
        self._refresh(None, now)

    def _refresh(self, _: LinkNews | None, now: float) -> None:
        if not self.call.new.is_usable:
            return
        if self.call.move_relay(self.call.new, now=now):
            self.enter(Refreshing.REFRESHING)
            self._until = now + REFRESHED_LIMIT_S
        else:
            self._do_without(now)

    def _look_at_link(self, _: LinkNews, now: float) -> None:
        """It is gone before it was of any use: the ticket may be used up."""
        if not self.call.new.is_usable:
            self._do_without(now)

    def _look(self, _: Due, now: float) -> None:
        """Whether the server has moved; then it is SIP's turn."""
        relay = self.call.relay
        if relay is None or relay.is_refused or now >= self._until:
            self._do_without(now)
        elif not relay.is_moving:
            self.move(now)

    def _do_without(self, now: float) -> None:
        self.call.leave_relay()
        self.move(now)

    TABLE: ClassVar[Table] = {
        Refreshing.IDLE: {Wanted: _attach},
        Refreshing.WAITING: {LinkNews: _refresh},
        Refreshing.REFRESHING: {LinkNews: _look_at_link, Due: _look},
        Refreshing.REINVITING: dict.fromkeys(HEARD, OrReinvite.pass_on),
        Refreshing.OVER: {},
    }
