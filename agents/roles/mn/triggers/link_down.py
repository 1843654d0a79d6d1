"""`link-down`: the kernel says that a link's carrier is gone (802.21: Link_Down)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import LinkDown, LinkUp
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class LinkDownTrigger(Trigger):
    """A link that was there and is not any more should be left. One that was never there has not been lost."""

    def __init__(self, config: dict[str, Any] | None = None, main: str = "") -> None:
        super().__init__(config or {}, main)
        self._lost: set[str] = set()

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at carriers."""
        del now
        if isinstance(event, LinkDown):
            self._lost.add(event.link)
        elif isinstance(event, LinkUp):
            self._lost.discard(event.link)

    def opinion(self, link: str) -> Opinion | None:
        """Of links that were lost. Of one that is back it has nothing to say."""
        return Opinion(False, {"kind": "link-down"}) if link in self._lost else None
