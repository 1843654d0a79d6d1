"""What every trigger is: it hears events and has an opinion of links. It knows nothing of SIP (paper, section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from typing import Self

    from agents.roles.mn.triggers.events import LinkEvent
    from agents.roles.mn.triggers.surroundings import Surroundings

# Of what a user's trigger sees: this class, TriggerRow, Parameter, and the events.
API_VERSION = 1


class Opinion(NamedTuple):
    """A link should be left, or is one to be on; `because` are facts for the log, its `kind` the trigger's name."""

    is_good: bool
    because: dict[str, Any]


class Trigger:
    """Has no opinion. An opinion holds until events, or time, change it: whoever asks twice hears it twice.

    `config` has the values of its parameters; `main` is the link that the call begins on, and goes back to.
    """

    watches: ClassVar[frozenset[str]] = frozenset()
    """What has to be looked at for it, beside links and signals: "stream", "quench", "silence"."""
    silence_s: float = 0.060
    """The shortest silence that it wants to know of; three packet intervals."""

    def __init__(self, config: dict[str, Any], main: str) -> None:
        self.config = config
        self.main = main

    @classmethod
    def of(cls, config: dict[str, Any], main: str, surroundings: Surroundings) -> Self:
        """A new one; for those that want to know what else is around."""
        del surroundings
        return cls(config, main)

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Something has happened."""

    def opinion(self, link: str) -> Opinion | None:
        """What is thought of a link; None for nothing."""

    def get_timer(self) -> float | None:
        """When an opinion may change though nothing happens."""
        return None

    def handle_timer(self, *, now: float) -> None:
        """It may have changed."""
