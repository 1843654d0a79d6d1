"""How far a campaign is."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class SweepNews:
    """`done` of `total` runs are, of which `failed` have failed in the end; `left_s` is None while nobody can say.

    `text` is a line that is worth keeping, or empty.
    """

    total: int
    done: int
    failed: int
    left_s: float | None
    text: str = ""


SweepWatch = Callable[[SweepNews], None]
"""Takes news, in the thread that waits for the campaign."""


class Tally:
    """Counts runs, and says how long the others will take: as those that have been carried out here."""

    def __init__(self, total: int, watch: SweepWatch) -> None:
        self._watch = watch
        self._began = time.monotonic()
        self._total = total
        self._found = self._made = self.failed = 0

    def find(self) -> None:
        """A run was there already."""
        self._found += 1
        self.tell()

    def end(self, *, failed: bool) -> None:
        """A run has been carried out for good."""
        self._made += 1
        self.failed += failed

    def tell(self, text: str = "") -> None:
        """How far it is now."""
        done = self._found + self._made
        left_s = None
        if self._made:
            left_s = (time.monotonic() - self._began) / self._made * (self._total - done)
        self._watch(SweepNews(self._total, done, self.failed, left_s, text))

    @property
    def made(self) -> int:
        """How many have been carried out here."""
        return self._made
