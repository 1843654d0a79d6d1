"""`silence`: a link over which nothing comes any more, or over which the peer hears nothing of us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import CallMoved, LinkHeard, LinkSilent, LinkUnheard, UplinkHeard, UplinkSilent
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent

#: A link that stands by brings a probe each second (`agents.media.readiness.PROBE_S`), more or less by its jitter.
LONGEST_S = 1.25
EXACT = 1e-9


class _Link:
    """A link that has been silent; `silent_at`: since when it is, None if it is not."""

    def __init__(self, *, now: float) -> None:
        self.silent_at: float | None = None
        self.is_uplink_silent = False
        self.is_expected = True
        #: Since when it is heard again, or nothing is expected there; and when it was heard last.
        self.since = self.last = now

    @property
    def is_silent(self) -> bool:
        return self.silent_at is not None or self.is_uplink_silent


class SilenceTrigger(Trigger):
    """To be left when nothing has come for `for` (s), be it the main link or the other one; and for longer than usual.

    To be on again when it has been heard for `back_after` (s): where a leg stands by, by its probes. Where none does
    there is nothing to be said of it, so long after it was left. What is good is forgotten when the call is back there:
    another trigger may have its reasons to leave it later.
    """

    watches = frozenset({"silence"})

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self.silence_s = config["for"]
        self._back_after_s: float = config["back_after"]
        self._links: dict[str, _Link] = {}
        # Silences that are not long enough yet: when they began, and when they are.
        self._short: dict[str, tuple[float, float]] = {}
        self._now = float("-inf")

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Listens."""
        self.handle_timer(now=now)
        match event:
            case LinkSilent(link, for_s, unusual_s):
                began = now - for_s
                self._short[link] = began, began + max(self.silence_s, unusual_s)
                self.handle_timer(now=now)
            case UplinkSilent(link):
                self._links.setdefault(link, _Link(now=now)).is_uplink_silent = True
            case LinkHeard(link) | LinkUnheard(link) | UplinkHeard(link) | CallMoved(link):
                known = self._links.get(link)
                if not isinstance(event, UplinkHeard | CallMoved):
                    self._short.pop(link, None)
                if known is not None:
                    self._take_of(known, event)

    def opinion(self, link: str) -> Opinion | None:
        """Of a link that has been silent."""
        known = self._links.get(link)
        if known is None:
            return None
        facts: dict[str, Any] = {"kind": "silence"}
        if known.silent_at is not None:
            facts["silent_ms"] = round((self._now - known.silent_at) * 1000, 1)
        elif known.is_uplink_silent:
            facts["uplink"] = True
        if known.is_silent:
            return Opinion(False, facts)
        if self._now < self._good_at(known):
            # One that is heard is better than one that is silent.
            is_better = known.is_expected and any(other.is_silent for other in self._links.values())
            return None if is_better else Opinion(False, facts)
        return Opinion(True, facts) if self._now < known.last + LONGEST_S else None

    def get_timer(self) -> float | None:
        """When a silence is long enough, or a link good, or unknown."""
        timers = [ends for _, ends in self._short.values()]
        for known in self._links.values():
            if not known.is_silent:
                timers += [self._good_at(known)] + [known.last + LONGEST_S] * known.is_expected
        return min((timer for timer in timers if timer > self._now + EXACT), default=None)

    def handle_timer(self, *, now: float) -> None:
        """It is."""
        self._now = now
        for link in [link for link, (_, ends) in self._short.items() if now >= ends - EXACT]:
            self._links.setdefault(link, _Link(now=now)).silent_at, _ = self._short.pop(link)
            self._links[link].is_expected = True
        for link in [link for link, one in self._links.items() if not one.is_expected and now >= self._good_at(one)]:
            del self._links[link]

    def _good_at(self, known: _Link) -> float:
        return known.since + self._back_after_s

    def _take_of(self, known: _Link, event: LinkHeard | LinkUnheard | UplinkHeard | CallMoved) -> None:
        now = self._now
        if isinstance(event, LinkHeard):
            if known.silent_at is not None or now - known.last > LONGEST_S:
                known.since = now
            known.silent_at, known.last, known.is_expected = None, now, True
        elif isinstance(event, UplinkHeard):
            if known.is_uplink_silent:
                known.is_uplink_silent, known.since = False, now
        elif isinstance(event, CallMoved):
            if not known.is_silent and now >= self._good_at(known):
                del self._links[event.link]
        elif known.is_expected:
            known.is_expected = known.is_uplink_silent = False
            known.silent_at, known.since = None, now
