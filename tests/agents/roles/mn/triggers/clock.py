"""A trigger, or a decision, in a time of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers import make_decision

if TYPE_CHECKING:
    from agents.roles.mn.triggers.decision import Decision
    from agents.roles.mn.triggers.events import LinkEvent

LINKS = ("wifi", "umts")


class Watch:
    """A decision about a call that follows it at once; `went` are the handovers: (time, to, kind)."""

    def __init__(self, config: dict[str, Any], networks: dict[str, dict[str, Any]] | None = None) -> None:
        self.decision: Decision = make_decision(config, LINKS, networks or {})
        self.on = "wifi"
        self.went: list[tuple[float, str, str]] = []
        self.because: dict[str, Any] = {}

    def tell(self, at: float, *events: LinkEvent) -> None:
        """Lets time pass until `at`, then something happens."""
        while (timer := self.decision.get_timer()) is not None and timer <= at:
            self.decision.handle_timer(now=timer)
            assert (again := self.decision.get_timer()) is None or again > timer, "a timer that is due for ever"
            self._follow(timer)
        for event in events:
            self.decision.take(event, now=at)
            self._follow(at)

    def _follow(self, now: float) -> None:
        verdict = self.decision.verdict(self.on, now=now)
        if verdict is not None:
            assert verdict.leave == self.on
            self.on, self.because = verdict.to, verdict.because
            self.went.append((round(now, 6), verdict.to, verdict.because["kind"]))
            self.decision.handed_over(now=now)
