"""`link-down`: the kernel says that a link's carrier is gone (802.21: Link_Down); or the mobility agent on it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import AgentHeard, AgentLost, LinkDown, LinkUp
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class LinkDownTrigger(Trigger):
    """A link that was there and is not any more should be left. One that was never there has not been lost."""

    def __init__(self, config: dict[str, Any] | None = None, main: str = "") -> None:
        super().__init__(config or {}, main)
        self._lost: set[str] = set()
        self._without_agent: set[str] = set()

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at carriers, and at agents where there are any."""
        del now
        if isinstance(event, LinkDown):
            self._lost.add(event.link)
        elif isinstance(event, LinkUp):
            self._lost.discard(event.link)
        elif isinstance(event, AgentLost):
            self._without_agent.add(event.link)
        elif isinstance(event, AgentHeard):
            self._without_agent.discard(event.link)

    def opinion(self, link: str) -> Opinion | None:
        """Of links that were lost. Of one that is back it has nothing to say."""
        if link in self._lost:
            return Opinion(False, {"kind": "link-down"})
        return Opinion(False, {"kind": "agent-lost"}) if link in self._without_agent else None
