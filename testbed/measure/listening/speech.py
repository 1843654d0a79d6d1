"""The speech of a call, as it was sent and as the far end heard it, from a run's captures.

Heard is what the playout of the capture says (`playout` beside this): the payloads of the packets that were played,
decoded, each as long as it was played (`stretch`), and silence wherever there was nothing to play. No
hole is concealed: a phone would cover the first of it, and the number beside it counts all of it.
"""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from agents.rtp.coding.codec import MissingLibraryError
from agents.rtp.coding.decoders import DECODED
from agents.rtp.playout_events import Concealed, Played
from testbed.measure.call import window
from testbed.measure.listening.stretch import stretch
from testbed.measure.listening.voice import Samples, Voice, decode, fill, find_round, payloads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from testbed.measure.call.direction import Direction
    from testbed.measure.call.recording import Recording
    from testbed.measure.listening.playout import Heard

NS_PER_S = 1e9
LONGEST_S = 3 * 3600
"""Of longer calls no speech is made: it would not fit into memory."""
LEAD_S = 4.0
"""So long before the handover's silence an excerpt begins."""

HeardEvent = Played | Concealed

_TIE = 1e-3
"""Of a sample: times that fall between two samples but for a rounding error are rounded alike."""


class Hole(NamedTuple):
    """A time with nothing to play, in seconds since the speech began."""

    at_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Speech:
    """One direction's speech: 16 bits, at `rate_hz`.

    `events` is what was played and concealed, without a gap; `sent` has the packets that were sent and `received` those
    that arrived, by key. `filled` packets were never captured, the sender's stack having thrown them away, and stand in
    `sent` because the speech is played over and over, `round` packets long. `handover_s` is when the silence began that
    the window of the first handover opened in, on the clock of `events`; None without one.
    """

    events: tuple[HeardEvent, ...]
    origin_ns: int
    interval_s: float
    sent: Voice
    received: Voice
    filled: int
    round: int | None
    handover_s: float | None

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return self.sent.rate_hz

    @property
    def start_ns(self) -> int:
        """When the first packet began to play."""
        return self.origin_ns + round(self.events[0].at * NS_PER_S)

    def as_sent(self) -> Samples:
        """Return what was said; silence for packets that nobody saw."""
        return self.sent.frames.reshape(-1)

    def as_heard(self) -> Samples:
        """Return what the far end heard."""
        return render(self.events, self.received.frames.__getitem__, self.rate_hz)

    def holes(self) -> list[Hole]:
        """Return the times with nothing to play, one after the other; neighbouring ones are one hole."""
        found: list[Hole] = []
        inside = False
        for event in self.events:
            if isinstance(event, Concealed):
                if inside:
                    found[-1] = Hole(found[-1].at_s, found[-1].length_s + event.duration)
                else:
                    found.append(Hole(event.at - self.events[0].at, event.duration))
            inside = isinstance(event, Concealed)
        return found

    def hole_s(self) -> float:
        """Return how long there was nothing to play, taken together."""
        return sum(event.duration for event in self.events if isinstance(event, Concealed))

    def stretched_s(self) -> tuple[float, float]:
        """Return by how much packets were played longer than they are, and by how much shorter."""
        by = [event.duration - self.interval_s for event in self.events if isinstance(event, Played)]
        return sum(max(0.0, one) for one in by), sum(max(0.0, -one) for one in by)


@dataclass(frozen=True, slots=True)
class RunSpeech:
    """The speech of a run by direction (None where there is none) in scenario time, and what is doubtful about it."""

    scheme: str | None
    start_ns: int
    directions: dict[str, Speech | None]
    warnings: tuple[str, ...]


def speech_of(run: Recording, playouts: Mapping[str, Heard | None]) -> RunSpeech:
    """Return the speech of a run, played as `playouts` say, which are by direction."""
    first = run.first_handover
    warnings: list[str] = []
    speech: dict[str, Speech | None] = {}
    for name, direction in run.media.items():
        heard = playouts[name]
        silence_ns = window.silence_start(direction, first.windows[name]) if first else None
        why = _none_of(direction, heard)
        speech[name] = None
        if heard is not None and why is None:
            try:
                voices = [
                    decode(
                        payloads(run.traffic, seen), direction.keys, heard.settings.interval, dict(direction.formats)
                    )
                    for seen in (direction.sent, direction.received)
                ]
                speech[name] = played(heard, *voices, silence_ns=silence_ns)
                why = _doubt(speech[name])
            except MissingLibraryError as error:  # GSM without libgsm, and so on
                why = str(error)
        warnings += [f"{name}: {why}"] if why else []
    return RunSpeech(run.manifest.scheme, run.start_ns, speech, tuple(warnings))


def played(heard: Heard, sent: Voice, received: Voice, *, silence_ns: int | None = None) -> Speech:
    """Return the speech of a playout and of the packets at both ends."""
    events: list[HeardEvent] = [*heard.played, *heard.concealed]
    events.sort(key=lambda event: event.at)
    length = find_round(sent)
    whole = sent if length is None else fill(sent, length)
    return Speech(
        events=tuple(events),
        origin_ns=heard.origin_ns,
        interval_s=heard.settings.interval,
        sent=whole,
        received=received,
        filled=int(whole.known.sum() - sent.known.sum()),
        round=length,
        handover_s=None if silence_ns is None else (silence_ns - heard.origin_ns) / NS_PER_S,
    )


def _none_of(direction: Direction, heard: Heard | None) -> str | None:
    """Return why a direction has no speech; None if it has."""
    if heard is None or not heard.played:
        return "no speech: nothing arrived, or with an unknown clock"
    if not direction.codecs & DECODED:
        return f"no speech: there is no decoder for {', '.join(name for _, name in direction.formats)}"
    last = max(one.at for part in (heard.played, heard.concealed) for one in part)
    if max(last, direction.keys * heard.settings.interval) > LONGEST_S:
        return f"no speech: the call took longer than {LONGEST_S // 3600} h"
    return None


def _doubt(speech: Speech | None) -> str | None:
    """Return what is doubtful about a direction's speech; None if nothing is."""
    if speech is None:
        return None
    parts = []
    if missing := int((~speech.sent.known).sum()):
        parts.append(f"{missing} packets were sent that no capture shows: silent in what was sent, and no score")
    if speech.sent.undecoded or speech.received.undecoded:
        what = f"{speech.sent.undecoded} packets at the sender and {speech.received.undecoded} at the receiver"
        parts.append(f"{what} could not be decoded: they are silent")
    return "; ".join(parts) or None


def render(events: Sequence[HeardEvent], frame: Callable[[int], NDArray[np.int16]], rate_hz: int) -> Samples:
    """Return what is heard when these events play the packets that `frame` gives: to the sample as long as they say."""
    if not events:
        return np.empty(0, dtype=np.int16)
    origin = events[0].at
    starts = [_sample(event.at - origin, rate_hz) for event in events]
    starts.append(_sample(events[-1].at + events[-1].duration - origin, rate_hz))
    lengths = [max(end - start, 0) for start, end in pairwise(starts)]
    out = np.zeros(starts[-1], dtype=np.int16)
    number = 0
    while number < len(events):
        first = number
        while number < len(events) and _is_stretched(events[number], lengths[number], frame):
            number += 1
        event = events[number] if number < len(events) else None
        following = frame(event.sequence) if isinstance(event, Played) else None
        if number > first:
            packets = np.stack([frame(one.sequence) for one in events[first:number] if isinstance(one, Played)])
            out[starts[first] : starts[number]] = stretch(packets, lengths[first:number], following, rate_hz)
        if following is not None:
            out[starts[number] : starts[number + 1]] = following
        number += 1
    return out


def _sample(seconds: float, rate_hz: int) -> int:
    return int(np.floor(seconds * rate_hz + 0.5 + _TIE))


def _is_stretched(event: HeardEvent, length: int, frame: Callable[[int], NDArray[np.int16]]) -> bool:
    return isinstance(event, Played) and length != len(frame(event.sequence))


class Excerpt(NamedTuple):
    """A piece of what was heard: a WAV file's bytes, and when its first sample was played."""

    start_ns: int
    length_s: float
    wav: bytes


def excerpt(speech: Speech, seconds: float = 8.0) -> Excerpt:
    """Return what was heard around the handover: from `LEAD_S` before its silence, or from the call's begin.

    Less than `seconds` only where the call is shorter. Without a handover it is the call's beginning.
    """
    heard, rate_hz = speech.as_heard(), speech.rate_hz
    length = min(max(round(seconds * rate_hz), 0), len(heard))
    begin = 0 if speech.handover_s is None else _sample(speech.handover_s - speech.events[0].at - LEAD_S, rate_hz)
    begin = min(max(begin, 0), len(heard) - length)
    start_ns = speech.start_ns + begin * 1_000_000_000 // rate_hz
    return Excerpt(start_ns, length / rate_hz, to_wav(heard[begin : begin + length], rate_hz))


def to_wav(samples: Samples, rate_hz: int) -> bytes:
    """Return a WAV file of one channel of 16 bits."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
