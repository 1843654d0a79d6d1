"""The decision: weighs what several triggers think, and guards against going to and fro."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.mn.triggers.link_down import LinkDownTrigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent
    from agents.roles.mn.triggers.surroundings import Surroundings
    from agents.roles.mn.triggers.trigger import Opinion, Trigger

EXACT = 1e-9


class Verdict(NamedTuple):
    """Leave this link for that one; `because` are the facts for the log."""

    leave: str
    to: str
    because: dict[str, Any]


class Part(NamedTuple):
    """A trigger and what its word counts."""

    trigger: Trigger
    weight: float = 1.0


class _Weighed(NamedTuple):
    """What all together think of a link; `because` is what the heaviest voice says, good or bad."""

    good: float = 0.0
    bad: float = 0.0
    because_good: dict[str, Any] | None = None
    because_bad: dict[str, Any] | None = None


class Decision:
    """Which of two links the call should be on. The first of them is the main one: it is gone back to."""

    def __init__(
        self, parts: list[Part], links: tuple[str, str], surroundings: Surroundings, *, at_least: float, stay_s: float
    ) -> None:
        """Voices of `at_least` this weight together decide. After a handover nothing but a loss of the link counts
        for `stay_s`.

        A link that is lost is left whatever the triggers are: then there is nothing to weigh.
        """
        self._parts = parts
        self._safety = LinkDownTrigger()
        self._links = links
        self.surroundings = surroundings
        self._at_least = at_least - EXACT
        self._stay_s = stay_s
        self._stays_until: float | None = None

    @property
    def watches(self) -> frozenset[str]:
        """What its triggers need to have looked at."""
        return frozenset().union(*(part.trigger.watches for part in self._parts))

    @property
    def silence_s(self) -> float:
        """The shortest silence that one of them wants to know of."""
        return min(part.trigger.silence_s for part in self._parts)

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Something has happened."""
        self.surroundings.take(event)
        self._safety.take(event, now=now)
        for part in self._parts:
            part.trigger.take(event, now=now)

    def handed_over(self, *, now: float) -> None:
        """The call is on another link now."""
        if self._stay_s:
            self._stays_until = now + self._stay_s

    def verdict(self, current: str, *, now: float) -> Verdict | None:
        """What is to be done about a call on this link, if anything."""
        other = self._links[1] if current == self._links[0] else self._links[0]
        here, there = self._weigh(current), self._weigh(other)
        lost = self._safety.opinion(current)
        if lost is not None:
            return Verdict(current, other, lost.because)
        if self._safety.opinion(other) is not None or there.bad >= self._at_least:
            return None
        if self._stays_until is not None and now < self._stays_until:
            return None
        if here.bad >= self._at_least and here.because_bad is not None:
            return Verdict(current, other, here.because_bad)
        if other == self._links[0] and there.good >= self._at_least and there.because_good is not None:
            return Verdict(current, other, there.because_good)
        return None

    def get_timer(self) -> float | None:
        """When there may be another verdict though nothing happens."""
        timers = [self._stays_until, *(part.trigger.get_timer() for part in self._parts)]
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Time has passed."""
        if self._stays_until is not None and now >= self._stays_until:
            self._stays_until = None
        for part in self._parts:
            part.trigger.handle_timer(now=now)

    def _weigh(self, link: str) -> _Weighed:
        said = [(part.weight, one) for part in self._parts if (one := part.trigger.opinion(link)) is not None]
        good = [(weight, one) for weight, one in said if one.is_good]
        bad = [(weight, one) for weight, one in said if not one.is_good]
        return _Weighed(
            sum(weight for weight, _ in good),
            sum(weight for weight, _ in bad),
            self._reason(good),
            self._reason(bad),
        )

    def _reason(self, voices: list[tuple[float, Opinion]]) -> dict[str, Any] | None:
        """The facts of the heaviest one; and who else says so."""
        if not voices:
            return None
        because = max(voices, key=lambda voice: voice[0])[1].because
        others = [one.because["kind"] for _, one in voices if one.because is not because]
        return {**because, "also": others} if others else because
