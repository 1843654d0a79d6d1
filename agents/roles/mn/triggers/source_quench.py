"""`source-quench`: a router on the main link asks to send less; "the operating link has deteriorated" (paper, 4.2).

ICMP Source Quench (RFC 792, type 4) is deprecated (RFC 6633), and the Internet's routers send none. Military radios do.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import SourceQuench
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class SourceQuenchTrigger(Trigger):
    """To be left when `count` of them came `within` so many seconds, for as long as that is so.

    A link that is not sent on brings none, so there is no way back.
    """

    watches = frozenset({"quench"})

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self._count: int = config["count"]
        self._within_s: float = config["within"]
        self._heard: deque[float] = deque()

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Counts them."""
        if isinstance(event, SourceQuench) and event.link == self.main:
            self._heard.append(now)
            self.handle_timer(now=now)

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, while enough of them are recent."""
        if link != self.main or len(self._heard) < self._count:
            return None
        return Opinion(False, {"kind": "source-quench", "quenches": len(self._heard)})

    def get_timer(self) -> float | None:
        """When the oldest one is forgotten."""
        return self._heard[0] + self._within_s if self._heard else None

    def handle_timer(self, *, now: float) -> None:
        """Forgets those of long ago."""
        while self._heard and self._heard[0] + self._within_s <= now:
            self._heard.popleft()
