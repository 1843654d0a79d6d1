"""A listener for tests: sends packets over paths with exact delays, and writes down what was heard as a chart."""

from collections.abc import Callable, Iterable, Mapping

from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout import PlayoutBuffer
from agents.rtp.playout_events import Concealed, DepthChanged, LatePacket, Played, PlayoutEvent, Started

INTERVAL = 0.020
Delay = float | Callable[[int], float]
"""Milliseconds, for all packets or as a function of the packet's number."""


class Listener:
    """A playout buffer at the end of some paths. Packet n is sent at n * 20 ms."""

    def __init__(self, settings: PlayoutSettings | None = None) -> None:
        self.buffer = PlayoutBuffer(settings or PlayoutSettings())
        self.heard: set[int] = set()
        self.events: list[PlayoutEvent] = []
        self.arrivals: list[tuple[float, int, str]] = []

    def send(self, numbers: Iterable[int], paths: Mapping[str, Delay]) -> None:
        """Put packets on their way; they arrive when `listen` is called."""
        for n in numbers:
            for path, delay in paths.items():
                milliseconds = delay(n) if callable(delay) else delay
                self.arrivals.append((n * INTERVAL + milliseconds / 1000, n, path))

    def listen(self, until: float | None = None, each: Callable[[float], None] | None = None) -> None:
        """Let all that was sent arrive in order of time, and call `each` after each arrival with its time.

        Then serve the timer up to `until`, if that is given.
        """
        for at, n, path in sorted(self.arrivals):
            self.buffer.receive(n, n * 160, path=path, now=at, duplicate=n in self.heard)
            self.heard.add(n)
            if each:
                each(at)
            if each:
                each(at)
        self.arrivals.clear()
        if until is not None:
            self.buffer.handle_timer(now=until)
        self.take_events()

    def take_events(self) -> None:
        while event := self.buffer.next_event():
            self.events.append(event)

    def chart(self) -> list[str]:
        """What was heard, one line for each stretch: `play 0-49`, `lost 50 (20 ms)`, `late 50 by 3.0 ms`."""
        lines: list[str] = []
        first = last = 0
        concealed = 0.0
        for event in self.events:
            match event:
                case Started(at):
                    lines.append(f"start at {1000 * at:g} ms")
                case Played(sequence):
                    if lines and lines[-1].startswith("play") and sequence == last + 1:
                        lines.pop()
                    else:
                        first = sequence
                    lines.append(f"play {first}-{sequence}")
                    last = sequence
                case Concealed(sequence, _, duration, cause):
                    label = f"{cause} {sequence}" if sequence is not None else cause
                    concealed = concealed + duration if lines[-1].startswith(f"{label} (") else duration
                    if lines[-1].startswith(f"{label} ("):
                        lines.pop()
                    lines.append(f"{label} ({1000 * concealed:g} ms)")
                case LatePacket(sequence, by):
                    lines.append(f"late {sequence} by {1000 * by:.1f} ms")
                case DepthChanged():
                    pass
        return lines

    def played(self) -> list[int]:
        return [event.sequence for event in self.events if isinstance(event, Played)]

    def concealed(self) -> float:
        """Milliseconds with nothing to play."""
        return 1000 * sum(event.duration for event in self.events if isinstance(event, Concealed))

    @property
    def depth(self) -> float:
        """Milliseconds."""
        return 1000 * self.buffer.depth
