"""Consent to send on a pair (RFC 7675 5.1): asked for all the time, and over when it was not given for 30 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

EXPIRES_S = 30.0
PERIOD_S = 5.0
_LEAST, _MOST = 0.8, 1.2


class Consent:
    """Of one pair, which has just been nominated."""

    def __init__(self, random: Random, *, now: float) -> None:
        self._random = random
        self._until = now + EXPIRES_S
        self._ask_at = now
        self.asked(now=now)

    def asked(self, *, now: float) -> None:
        """The next time is in 4 to 6 s."""
        self._ask_at = now + PERIOD_S * self._random.uniform(_LEAST, _MOST)

    def given(self, *, now: float) -> None:
        """By a response that was signed and no error."""
        self._until = now + EXPIRES_S

    def is_over(self, *, now: float) -> bool:
        """Nothing may be sent any more."""
        return now >= self._until

    def is_due(self, *, now: float) -> bool:
        """It has to be asked for."""
        return now >= self._ask_at

    def get_timer(self) -> float:
        """When either is the case."""
        return min(self._until, self._ask_at)
