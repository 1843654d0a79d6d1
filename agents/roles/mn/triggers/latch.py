"""A condition that counts only when it has held for a time: time-to-trigger, as 3GPP TS 36.331 5.5.4 has it."""

from __future__ import annotations


class Latch:
    """A state, True or False, that follows what is wanted of it after `delay_s` of wanting nothing else."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.is_set = False
        self._delay_s = delay_s
        self._changes_at: float | None = None

    def want(self, state: bool | None, *, now: float) -> None:
        """From now on this state is wanted; None: any will do, it stays as it is."""
        if state is None or state == self.is_set:
            self._changes_at = None
        elif self._changes_at is None:
            self._changes_at = now + self._delay_s
        self.handle_timer(now=now)

    def get_timer(self) -> float | None:
        """When it changes if nothing else is wanted until then."""
        return self._changes_at

    def handle_timer(self, *, now: float) -> None:
        """Changes if it is time."""
        if self._changes_at is not None and now >= self._changes_at:
            self.is_set = not self.is_set
            self._changes_at = None
