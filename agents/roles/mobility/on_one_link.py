"""What is on one link at a time, and on the other one as soon as the triggers want it: nobody is asked for that."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from agents.roles.mobility.between_two_links import BetweenTwoLinks
from agents.roles.role import Attach

if TYPE_CHECKING:
    from agents.roles.mn.call.links import Link
    from agents.roles.mn.triggers.decision import Verdict


class RouteMove(StrEnum):
    """NOWHERE until the first link is there; AT REST on one; WAITING for the other one."""

    NOWHERE = "NOWHERE"
    AT_REST = "AT REST"
    WAITING = "WAITING"


class OnOneLink(BetweenTwoLinks):
    """A role. Who inherits from it says what it takes to send by a link (`_send_over`), and whether that is all."""

    is_done_at_once = True

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self.state = RouteMove.NOWHERE
        self._begin_at: float | None = None
        self._has_begun = False

    def start(self, *, now: float) -> None:
        """From `now` on there is somebody at the far end, and the triggers count."""
        self._begin_at = now

    # -- in -----------------------------------------------------------------------------------------------------------

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        del news
        if self.state == RouteMove.NOWHERE:
            self._settle(now)
        elif link.is_usable and self.state == RouteMove.WAITING and link is self._other:
            self._go(now)

    # -- timers -------------------------------------------------------------------------------------------------------

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        timers = self._begin_at, self._decision.get_timer()
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """The run begins, or a trigger's time has come."""
        if self._begin_at is not None and now >= self._begin_at:
            self._begin_at, self._has_begun = None, True
            self._settle(now)
        self._decision.handle_timer(now=now)
        self._consider(now)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _consider(self, now: float) -> None:
        """Moves when the triggers want it."""
        if self.state != RouteMove.AT_REST:
            return
        verdict = self._decision.verdict(self._link.name, now=now)
        if verdict is not None:
            self._move(verdict, now)

    def _settle(self, now: float) -> None:
        """On the first link, as soon as it is there and the run has begun."""
        if self._has_begun and self._link.is_usable:
            self.state = RouteMove.AT_REST
            self._send_over(self._link, now)

    def _move(self, verdict: Verdict, now: float) -> None:
        self._tell("trigger", link=verdict.leave, to=verdict.to, **verdict.because)
        if self._other.is_usable:
            self._go(now)
        else:
            self.state = RouteMove.WAITING
            self._commands.append(Attach(self._other.name))

    def _go(self, now: float) -> None:
        self.state = RouteMove.AT_REST
        self._send_over(self._other, now)
        self._swap(now, is_done=self.is_done_at_once)

    def _send_over(self, link: Link, now: float) -> None:
        """From now on what is sent leaves by this link."""
        raise NotImplementedError
