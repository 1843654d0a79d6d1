"""What moves an address between a mobile node's two links, whatever moves it: the links, and the triggers' word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.call.links import Links
from agents.roles.mn.sensing import event_of, link_events
from agents.roles.mn.triggers import make_decision
from agents.roles.mn.triggers.events import CallMoved
from agents.roles.quiet_role import QuietRole
from agents.roles.role import Tell

if TYPE_CHECKING:
    from agents.roles.mn.call.links import Link
    from agents.roles.role import LinkChange


class BetweenTwoLinks(QuietRole):
    """A role, on `_link`; `_other` is where it may go. `config` says what the links and the triggers are.

    Who inherits from it says what follows from news of a link (`_link_told`), and when it moves (`_consider`).
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        self._links = Links(config["links"])
        names = config["first_link"], config["second_link"]
        self._link, self._other = (self._links[name] for name in names)
        self._decision = make_decision(config["trigger"], names, config["networks"])

    def receive_report(self, report: dict[str, Any], *, now: float) -> None:
        """News from a radio, the GPS receiver, the battery."""
        if report["report"] != "hang-up":
            self._decision.take(event_of(report), now=now)
            self._consider(now)

    def link_changed(self, change: LinkChange, *, now: float) -> None:
        """The kernel's news of an interface."""
        applied = self._links.apply(change)
        if applied is None:
            return
        link, told = applied
        news = [event for event, _ in told]
        for event, facts in told:
            self._tell(event, **facts)
        for one in link_events(link, news):
            self._decision.take(one, now=now)
        self._link_told(link, news, now)
        self._consider(now)

    def _link_told(self, link: Link, news: list[str], now: float) -> None:
        """What is to be done at news of a link, by their names in the log; there may be none."""
        raise NotImplementedError

    def _consider(self, now: float) -> None:
        """Moves when the triggers want it."""
        raise NotImplementedError

    def _swap(self, now: float, *, is_done: bool = True) -> None:
        """The other link is the one to be on; and where nobody has to agree, that is all."""
        self._link, self._other = self._other, self._link
        self._decision.take(CallMoved(self._link.name), now=now)
        self._decision.handed_over(now=now)
        if is_done:
            self._tell("handover_done", link=self._link.name)

    def _tell(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - facts are JSON
        self._commands.append(Tell(event, facts))
