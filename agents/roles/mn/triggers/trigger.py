"""What every trigger is: it hears events and has an opinion of links. It knows nothing of SIP (paper, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class Opinion(NamedTuple):
    """A link should be left, or is one to be on; `because` are facts for the log, its `kind` the trigger's name."""

    is_good: bool
    because: dict[str, Any]


class Trigger:
    """Has no opinion. An opinion holds until events, or time, change it: whoever asks twice hears it twice."""

    watches: ClassVar[frozenset[str]] = frozenset()
    """What has to be looked at for it, beside links and signals: "stream", "quench"."""

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Something has happened."""

    def opinion(self, link: str) -> Opinion | None:
        """What is thought of a link; None for nothing."""

    def get_timer(self) -> float | None:
        """When an opinion may change though nothing happens."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """It may have changed."""
