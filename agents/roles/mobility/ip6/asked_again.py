"""A question of fast handovers that is sent until it is answered, each time after twice as long (RFC 5568 6.1.1)."""

from __future__ import annotations

#: 9: RTSOLPR_RETRIES, FBU_RETRIES, HI_RETRIES.
RETRIES = 3
#: 6.1.1, 6.2.1.1: where a round trip's time is not known.
FIRST_TIMEOUT_S = 0.1


class AskedAgain:
    """When to ask again, and when to give up."""

    def __init__(self, first_timeout_s: float, *, now: float) -> None:
        self.asked_at, self._timeout_s = now, first_timeout_s
        self.due = now + first_timeout_s
        self._left = RETRIES

    def may_ask(self, *, now: float) -> bool:
        """Whether to ask once more; else nobody will answer."""
        if not self._left:
            return False
        self._left -= 1
        self._timeout_s *= 2
        self.asked_at, self.due = now, now + self._timeout_s
        return True
