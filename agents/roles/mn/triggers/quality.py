"""`quality`: loss, jitter and delay of what is received over the main link (RTP), loss of what is sent (RTCP)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.roles.mn.triggers.events import ReceptionReport, StreamReport
from agents.roles.mn.triggers.trigger import Opinion, Trigger

if TYPE_CHECKING:
    from agents.roles.mn.triggers.events import LinkEvent

LIMITS = ("loss", "jitter", "delay", "uplink_loss")
# A pause of this length is no jitter: from then on each packet that should have come counts as lost. More than the
# jitter of any of our links, and of two packets.
PAUSE_S = 0.120
PAUSE_PACKETS = 3
# Who has been told nothing of the stream for so long begins anew: there was none, as on hold (RFC 3264 8.4).
UNTOLD_S = 0.5


class _Sample(NamedTuple):
    at: float
    lost: float
    expected: float


class QualityTrigger(Trigger):
    """To be left when loss, jitter (s) or delay (s) over the last `window` (s) exceeds what is given of them.

    Or `uplink_loss`, by the other side's last report.

    It has nothing to say of a link that brings no media, and so no way back to the one that was left.
    """

    watches = frozenset({"stream"})

    def __init__(self, config: dict[str, Any], main: str) -> None:
        super().__init__(config, main)
        self._window_s: float = config["window"]
        self._limits = {name: config[name] for name in LIMITS if config.get(name) is not None}
        self._samples: deque[_Sample] = deque()
        self._heard = (0.0, 0)  # when, and how many had been received then
        self._values: dict[str, float] = {}
        self._uplink_loss = 0.0

    def take(self, event: LinkEvent, *, now: float) -> None:
        """Looks at the stream."""
        if isinstance(event, ReceptionReport) and event.link == self.main:
            self._uplink_loss = event.lost
        if isinstance(event, StreamReport) and event.link == self.main:
            self._take_stream(event, now)

    def _take_stream(self, event: StreamReport, now: float) -> None:
        if event.received < self._heard[1] or (self._samples and now > self._samples[-1].at + UNTOLD_S):
            self._forget()  # it has begun anew
        if not self._samples or event.received != self._heard[1]:
            self._heard = now, event.received
        pause_s = now - self._heard[0]
        beyond_s = pause_s - max(PAUSE_S, PAUSE_PACKETS * event.interval_s)
        missing = beyond_s / event.interval_s if beyond_s > 0 else 0.0
        expected = event.expected + missing
        self._samples.append(_Sample(now, expected - event.received, expected))
        while len(self._samples) > 1 and self._samples[1].at <= now - self._window_s:
            self._samples.popleft()
        self._values = {"loss": self._loss(), "jitter": event.jitter_s, "uplink_loss": self._uplink_loss}
        if event.delay_s is not None:
            self._values["delay"] = event.delay_s

    def opinion(self, link: str) -> Opinion | None:
        """Of the main link, while media come over it; not before the window is full once."""
        if link != self.main or not self._is_full:
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
            self._forget()

    @property
    def _is_full(self) -> bool:
        return bool(self._samples) and self._samples[-1].at - self._samples[0].at >= self._window_s * 0.9

    def _forget(self) -> None:
        self._samples.clear()
        self._uplink_loss = 0.0

    def _loss(self) -> float:
        first, last = self._samples[0], self._samples[-1]
        expected = last.expected - first.expected
        return max(0.0, last.lost - first.lost) / expected if expected >= 1 else 0.0
