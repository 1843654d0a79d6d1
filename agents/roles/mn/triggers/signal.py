"""`signal`: the main link's signal against a threshold, with hysteresis and time-to-trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import LinkDown, LinkParametersReport
from agents.roles.mn.triggers.latch import Latch
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent


class SignalTrigger(Trigger):
    """To be left when weaker than `below` (dBm), to be on when `hysteresis` (dB) stronger than that.

    Either must hold for `time_to_trigger` (s). What is between the two changes nothing.
    """

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self._below: float = config["below"]
        self._good_from: float = self._below + config.get("hysteresis", 0.0)
        self._is_weak = Latch(config.get("time_to_trigger", 0.0))
        self._signal_dbm: float | None = None

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at the signal; without a carrier there is none."""
        if isinstance(event, LinkParametersReport) and event.link == self.main:
            self._signal_dbm = event.signal_dbm
        elif isinstance(event, LinkDown) and event.link == self.main:
            self._signal_dbm = None
        self._is_weak.want(self._wanted(), now=now)

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, while its signal is known."""
        if link != self.main or self._signal_dbm is None:
            return None
        return Opinion(not self._is_weak.is_set, {"kind": "signal", "signal_dbm": self._signal_dbm})

    def get_timer(self) -> float | None:
        """When the time to trigger is over."""
        return self._is_weak.get_timer()

    def handle_timer(self, *, now: float) -> None:
        """It is."""
        self._is_weak.handle_timer(now=now)

    def _wanted(self) -> bool | None:
        if self._signal_dbm is None or self._below <= self._signal_dbm < self._good_from:
            return None
        return self._signal_dbm < self._below
