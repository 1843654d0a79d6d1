"""`link-going-down`: the slope of the main link's signal says when it will be gone (802.21: Link_Going_Down)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.mn.triggers.events import LinkDown, LinkParametersReport
from agents.roles.mn.triggers.latch import Latch
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent

# A line through fewer points, or over a shorter time, is guessing.
LEAST_POINTS = 4
LEAST_SHARE = 0.5


class _Line(NamedTuple):
    """Through the level (dBm) at a time (s), with a slope (dB/s)."""

    at: float
    level: float
    slope: float


class GoingDownTrigger(Trigger):
    """To be left when the line through the signals of the last `window` (s) falls to `floor` (dBm) `within` (s).

    To be on again when the signal is `hysteresis` (dB) stronger than it was then, and does not fall.
    """

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self._floor: float = config["floor"]
        self._within_s: float = config["within"]
        self._window_s: float = config["window"]
        self._hysteresis: float = config["hysteresis"]
        self._signals: deque[tuple[float, float]] = deque()
        self._is_going = Latch()
        self._left_at = 0.0
        self._in_s = 0.0

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at the signal."""
        if isinstance(event, LinkDown) and event.link == self.main:
            self._signals.clear()
        if not isinstance(event, LinkParametersReport) or event.link != self.main:
            return
        self._signals.append((now, event.signal_dbm))
        while self._signals[0][0] < now - self._window_s:
            self._signals.popleft()
        before = self._is_going.is_set
        self._is_going.want(self._wanted(now), now=now)
        if self._is_going.is_set and not before:
            self._left_at = event.signal_dbm

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, while its signal is known."""
        if link != self.main or not self._signals:
            return None
        facts: dict[str, Any] = {"kind": "link-going-down", "signal_dbm": self._signals[-1][1]}
        if self._is_going.is_set:
            facts["in_s"] = round(self._in_s, 3)
        return Opinion(not self._is_going.is_set, facts)

    def _wanted(self, now: float) -> bool | None:
        signal, line = self._signals[-1][1], self._line()
        if self._is_going.is_set:
            is_back = signal >= self._left_at + self._hysteresis and (line is None or line.slope >= 0)
            return False if is_back else None
        if line is None or line.slope >= 0:
            return None
        self._in_s = max(0.0, (self._floor - line.level) / line.slope - (now - line.at))
        return self._in_s <= self._within_s

    def _line(self) -> _Line | None:
        """By least squares; None when there is too little to go by."""
        count = len(self._signals)
        if count < LEAST_POINTS or self._signals[-1][0] - self._signals[0][0] < LEAST_SHARE * self._window_s:
            return None
        middle = sum(at for at, _ in self._signals) / count
        level = sum(signal for _, signal in self._signals) / count
        rise = sum((at - middle) * (signal - level) for at, signal in self._signals)
        return _Line(middle, level, rise / sum((at - middle) ** 2 for at, _ in self._signals))
