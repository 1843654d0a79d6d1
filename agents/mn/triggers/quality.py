"""`quality`: what is received over the main link: loss, jitter, delay of its RTP packets."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.mn.triggers.events import StreamReport
from agents.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.mn.triggers.events import LinkEvent

PACKET_INTERVAL_S = 0.020
# A pause of this length is no jitter: from then on each packet that should have come counts as lost. More than the
# jitter of any of our links.
PAUSE_S = 0.120


class _Sample(NamedTuple):
    at: float
    lost: float
    expected: float


class QualityTrigger(Trigger):
    """To be left when loss, jitter (s) or delay (s) over the last `window` (s) exceeds what is given of them.

    It has nothing to say of a link that brings no media, and so no way back to the one that was left.
    """

    watches = frozenset({"stream"})

    def __init__(self, config: dict[str, Any], main: str) -> None:
        self._main = main
        self._window_s: float = config["window"]
        self._limits = {name: config[name] for name in ("loss", "jitter", "delay") if config.get(name) is not None}
        self._samples: deque[_Sample] = deque()
        self._heard = (0.0, 0)  # when, and how many had been received then
        self._values: dict[str, float] = {}

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at the stream."""
        if not isinstance(event, StreamReport) or event.link != self._main:
            return
        if event.received < self._heard[1]:
            self._samples.clear()  # it has begun anew
        if not self._samples or event.received != self._heard[1]:
            self._heard = now, event.received
        pause_s = now - self._heard[0]
        missing = (pause_s - PAUSE_S) / PACKET_INTERVAL_S if pause_s > PAUSE_S else 0.0
        expected = event.expected + missing
        self._samples.append(_Sample(now, expected - event.received, expected))
        while len(self._samples) > 1 and self._samples[1].at <= now - self._window_s:
            self._samples.popleft()
        self._values = {"loss": self._loss(), "jitter": event.jitter_s}
        if event.delay_s is not None:
            self._values["delay"] = event.delay_s

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, while media come over it; not before the window is full once."""
        if link != self._main or not self._is_full:
            return None
        over = {name: value for name, value in self._values.items() if value > self._limits.get(name, value)}
        if not over:
            return None
        return Opinion(False, {"kind": "quality", **{name: round(value, 4) for name, value in over.items()}})

    def get_timer(self) -> float | None:
        """When nothing has been told of the stream for too long: the call is on another link."""
        return self._samples[-1].at + self._window_s if self._samples else None

    def handle_timer(self, *, now: float) -> None:
        """Forgets what was."""
        if self._samples and now >= self._samples[-1].at + self._window_s:
            self._samples.clear()

    @property
    def _is_full(self) -> bool:
        return bool(self._samples) and self._samples[-1].at - self._samples[0].at >= self._window_s * 0.9

    def _loss(self) -> float:
        first, last = self._samples[0], self._samples[-1]
        expected = last.expected - first.expected
        return max(0.0, last.lost - first.lost) / expected if expected >= 1 else 0.0
