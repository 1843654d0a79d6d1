"""`policy`: what the user wants: one network before the other, the cheapest, or the one that saves the battery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents.roles.mn.triggers.events import BatteryReport, LinkDown, LinkParametersReport
from agents.roles.mn.triggers.latch import Latch
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from typing import Self

    from agents.roles.mn.triggers.events import LinkEvent
    from agents.roles.mn.triggers.surroundings import Surroundings


class PolicyTrigger(Trigger):
    """The first network that is there is the one to be on, and any other should be left for it.

    A network is there from its signal in `there_from` (dBm) on, or from any where that says nothing, and not any more
    `hysteresis` (dB) below that; either counts after `time_to_trigger` (s). The cheapest is first, and of those that
    cost the same the one that stands first in `prefer`. While the battery holds less than `save_below`, the one that
    takes the least power is first.
    """

    def __init__(self, config: dict[str, Any], surroundings: Surroundings, main: str = "") -> None:
        super().__init__(config, main)
        self._surroundings = surroundings
        self._prefer: list[str] = config["prefer"]
        self._save_below: float = config["save_below"]
        self._from: dict[str, float] = config["there_from"]
        self._hysteresis: float = config["hysteresis"]
        self._is_there = {name: Latch(config["time_to_trigger"]) for name in self._prefer}
        self._battery = 1.0

    @classmethod
    def of(cls, config: dict[str, Any], main: str, surroundings: Surroundings) -> Self:
        """A new one."""
        return cls(config, surroundings, main)

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at signals and at the battery."""
        if isinstance(event, BatteryReport):
            self._battery = event.level
        elif isinstance(event, LinkDown) and event.link in self._is_there:
            self._is_there[event.link] = Latch()
        elif isinstance(event, LinkParametersReport) and event.link in self._is_there:
            above = event.signal_dbm - self._from.get(event.link, event.signal_dbm)
            is_between = -self._hysteresis <= above < 0
            self._is_there[event.link].want(None if is_between else above >= 0, now=now)

    def opinion(self, link: str) -> Opinion | None:
        """Of every network that the policy names, while any of them is there."""
        there = [name for name in self._ranked() if self._is_there[name].is_set]
        if link not in self._is_there or not there:
            return None
        return Opinion(link == there[0], {"kind": "policy", "wants": there[0], "there": there})

    def get_timer(self) -> float | None:
        """When a network has been there for long enough."""
        timers = [timer for latch in self._is_there.values() if (timer := latch.get_timer()) is not None]
        return min(timers, default=None)

    def handle_timer(self, *, now: float) -> None:
        """It has."""
        for latch in self._is_there.values():
            latch.handle_timer(now=now)

    def _ranked(self) -> list[str]:
        networks = self._surroundings
        if self._battery < self._save_below:
            return sorted(self._prefer, key=lambda name: networks[name].power_w)
        return sorted(self._prefer, key=lambda name: networks[name].cost_per_min)
