"""What the listener heard: the agents' own playout buffer, fed with the arrivals of a capture.

The buffer is the receiver's (`agents.rtp.playout`), so that the number does not depend on what an agent says of itself,
and is the same for a receiver that has no such buffer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.rtp.playout import PlayoutBuffer
from agents.rtp.playout_events import Concealed, DepthChanged, LatePacket, Played
from testbed.measure.call.packing import framing
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from agents.rtp.playout_events import PlayoutEvent
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.packing import Framing
    from testbed.measure.call.window import Doings, Window

NS_PER_S = 1e9
AFTER_RELEASE_S = 1.0
"""So long after the window, and after what was then in the buffer, a hole is still the handover's doing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The playout of one direction; times in seconds since `origin_ns`."""

    origin_ns: int
    settings: PlayoutSettings
    played: tuple[Played, ...]
    concealed: tuple[Concealed, ...]
    depths: tuple[DepthChanged, ...]
    late: tuple[LatePacket, ...]
    intervals: tuple[bool, ...]

    def concealed_s(self, since: float = float("-inf"), until: float = float("inf")) -> float:
        """Return the seconds with nothing to play, of concealments that begin within `since` <= t < `until`."""
        return sum(one.duration for one in self.concealed if since <= one.at < until)

    def depth_at(self, at: float) -> float:
        """Return the playout depth at a time, in seconds."""
        depth = self.settings.initial_depth
        for change in self.depths:
            if change.at > at:
                break
            depth = change.depth
        return depth


def listen(direction: Direction, interval_ns: int) -> Heard | None:
    """Play what arrived; None where nothing did, or where the RTP clock is not known.

    A new SSRC is a new stream for the buffer; packets of the one before it may still be in time, older ones not.
    A packet of several packet intervals is played one after the other (see `framing`); its number stands in each event.
    `intervals` tells for each packet interval whether there was something to play. After the last arrival the playout
    goes on until that packet is played, and for as many intervals as were sent and lost after it.
    """
    if not len(direction.received) or direction.clock_hz is None:
        return None
    settings = PlayoutSettings.of(clock_rate=direction.clock_hz, interval=interval_ns / NS_PER_S)
    buffer = PlayoutBuffer(settings)
    received, frames = direction.received, framing(direction, interval_ns)
    origin_ns = int(received.time_ns[0])
    duplicate = ~stream_numbers.first_arrivals(received.key)
    columns = (
        received.time_ns - origin_ns,
        frames.first[received.key],
        frames.count[received.key],
        received.timestamp,
        received.path,
        received.segment,
        duplicate,
    )
    segment = 0
    for time_ns, first, count, timestamp, path, part, copy in zip(*(one.tolist() for one in columns), strict=True):
        if part > segment:
            buffer.reset()
            segment = part
        elif part < segment - 1:
            continue
        name = direction.links[path] if path >= 0 else ""
        for frame in range(count):
            stamp = timestamp + frame * frames.ticks
            buffer.receive(first + frame, stamp, path=name, now=time_ns / NS_PER_S, duplicate=copy)
    last = int(received.key.max())
    end = int(frames.first[last] + frames.count[last])
    events = [_of_packet(one, frames) for one in _to_the_end(buffer, end - 1, int(frames.count.sum()) - end)]
    return Heard(
        origin_ns=origin_ns,
        settings=settings,
        played=tuple(one for one in events if isinstance(one, Played)),
        concealed=tuple(one for one in events if isinstance(one, Concealed)),
        depths=tuple(one for one in events if isinstance(one, DepthChanged)),
        late=tuple({one.sequence: one for one in reversed(events) if isinstance(one, LatePacket)}.values())[::-1],
        intervals=tuple(isinstance(one, Played) for one in events if isinstance(one, Played | Concealed)),
    )


def _of_packet(event: PlayoutEvent, frames: Framing) -> PlayoutEvent:
    """Return an event about a frame as one about the packet that it is of."""
    if isinstance(event, Played | Concealed | LatePacket) and event.sequence is not None:
        return event._replace(sequence=frames.key_of(event.sequence))
    return event


def _to_the_end(buffer: PlayoutBuffer, last: int, lost_after: int) -> list[PlayoutEvent]:
    """Return the events until packet `last` was played or dropped, and `lost_after` concealed intervals beyond.

    Without this limit a buffer goes on concealing for ever; and copies that come over a slower path would count as
    time in which there should have been something to hear. Packet `last` may be one that the buffer did not take, as it
    is of a stream that another one had the place of: then what it did take is the end.
    """
    events: list[PlayoutEvent] = []
    ended, beyond = False, 0
    while not ended or beyond < lost_after:
        event = buffer.next_event()
        if event is None:
            ended = ended or buffer.is_empty
            due = buffer.get_timer()
            if due is None:
                break
            buffer.handle_timer(now=due)
            continue
        if not ended or isinstance(event, Concealed):
            events.append(event)
            beyond += ended
        ended = ended or (isinstance(event, Played | LatePacket) and event.sequence == last)
    return events


def interruption_s(heard: Heard, window: Window, doings: Doings) -> float:
    """Return the seconds with nothing to play that the handover caused.

    Concealments that begin between the beginning of the silence that the window opened in and a second after the
    window, plus the playout depth at its end; but none of a packet that was lost outside the window, which a link would
    have lost all the same, and none that is the doing of the handover before or after.
    """
    since = (min(doings.since_ns, window.open_ns) - heard.origin_ns) / NS_PER_S
    if window.begins is not None:
        since = (doings.since_ns - heard.origin_ns) / NS_PER_S
    next_at = (doings.until_ns - heard.origin_ns) / NS_PER_S
    close = (window.close_ns - heard.origin_ns) / NS_PER_S
    until = close + heard.depth_at(close) + AFTER_RELEASE_S
    return sum(
        one.duration
        for one in heard.concealed
        if since <= one.at < until
        and one.sequence not in doings.elsewhere
        and (one.at < next_at or one.sequence in doings.lost)
    )


def mouth_to_ear_s(heard: Heard, direction: Direction) -> float | None:
    """Return the mean time from a sample's recording to its playing, in seconds.

    From the sending of a packet to the playing of its last packet interval, which is one-way delay plus wait in the
    buffer, and that interval: it was recorded just before. None where the sending was not captured.
    """
    sent = direction.first_sent_ns
    last = {one.sequence: one.at for one in heard.played}
    pairs = [(at, sent[key]) for key, at in last.items() if key in sent]
    if not pairs:
        return None
    # Whole nanoseconds, so that the sum is exact.
    total = sum(round(at * NS_PER_S) + heard.origin_ns - sent_ns for at, sent_ns in pairs)
    return total / len(pairs) / NS_PER_S + heard.settings.interval


def late_in(heard: Heard, direction: Direction, window: Window) -> int:
    """Return how many of the packets that came too late arrived within the window."""
    new = direction.new
    late = np.isin(new.key, [one.sequence for one in heard.late])
    return int((late & (new.time_ns >= window.open_ns) & (new.time_ns <= window.close_ns)).sum())
