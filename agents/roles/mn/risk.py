"""Whether a link is in danger: what triggers say of it, before or without there being a reason to leave it.

For copies `at-risk`. Each trigger looks at its main link alone, so there is one of each for either link; what only a
radio tells of the first link, such as its signal against a limit, is for that link alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers import make_decision

if TYPE_CHECKING:
    from agents.roles.mn.triggers.decision import Decision
    from agents.roles.mn.triggers.events import LinkEvent

#: How long a link has to have been good before it is believed.
GOOD_S = 3.0
#: What a stream tells of any link: one packet in a hundred lost, or late by as much as a playout waits at least.
OF_ANY_LINK: dict[str, Any] = {
    "on": "quality", "loss": 0.01, "jitter": 0.030, "delay": None, "uplink_loss": 0.01, "window": 2.0,
}  # fmt: skip


#: What is said of a link that the call has not been on before.
UNPROVEN: dict[str, Any] = {"kind": "unproven"}


class Risk:
    """Of two links. One that the call is on for the first time has to prove itself, as one that has been in danger."""

    def __init__(self, config: dict[str, Any], links: tuple[str, str], networks: dict[str, dict[str, Any]]) -> None:
        """`config` is that of a trigger about the first of the links."""
        first, second = links
        self._decisions: list[tuple[str, Decision]] = [
            (first, make_decision(config, links, networks)),
            (first, make_decision(OF_ANY_LINK, links, networks)),
            (second, make_decision(OF_ANY_LINK, (second, first), networks)),
        ]
        self._bad_at: dict[str, float] = {}
        self._because: dict[str, dict[str, Any]] = {}

    @property
    def watches(self) -> frozenset[str]:
        """What its triggers need to have looked at."""
        return frozenset().union(*(decision.watches for _, decision in self._decisions))

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Something has happened."""
        for _, decision in self._decisions:
            decision.take(event, now=now)

    def of(self, link: str, *, now: float) -> dict[str, Any] | None:
        """Why this link is in danger, or was until a while ago; None: it is not.

        To be asked about the link that the call is on. What is lost there before its losses can be told from a single
        one would be lost: it takes a stream of two seconds to say so.
        """
        if link not in self._because:
            self._bad_at[link], self._because[link] = now, UNPROVEN
        for about, decision in self._decisions:
            verdict = decision.verdict(link, now=now) if about == link else None
            if verdict is not None and verdict.leave == link:
                self._bad_at[link], self._because[link] = now, verdict.because
                return verdict.because
        return self._because[link] if now < self._bad_at.get(link, float("-inf")) + GOOD_S else None

    def get_timer(self) -> float | None:
        """When there may be another answer though nothing happens."""
        timers = [decision.get_timer() for _, decision in self._decisions]
        timers += [at + GOOD_S for at in self._bad_at.values()]
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, *, now: float) -> None:
        """Time has passed."""
        for _, decision in self._decisions:
            decision.handle_timer(now=now)
        self._bad_at = {link: at for link, at in self._bad_at.items() if now < at + GOOD_S}
