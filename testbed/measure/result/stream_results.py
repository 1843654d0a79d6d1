"""One stream of a capture as the result shows it, and what is counted of streams and of calls alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure import units
from testbed.measure.listening.bursts import GMIN
from testbed.measure.rtp import stream_numbers
from testbed.measure.rtp.streams import DYNAMIC, nominal_clock
from testbed.measure.rtp.timing import TimedArrivals, TypeInStream, looks_like_events
from testbed.measure.rtp.tones import are_key_presses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints
    from testbed.measure.listening.bursts import Periods
    from testbed.measure.listening.stream_quality import StreamQuality
    from testbed.measure.rtp.clock_steps import ClockSteps
    from testbed.measure.rtp.key_presses import KeyPress
    from testbed.measure.rtp.on_hold import OnHold
    from testbed.measure.rtp.streams import RtpPackets, Stream
    from testbed.measure.rtp.timing import Gaps
    from testbed.measure.sip.announced import Announcements, Format

    Floats = NDArray[np.float64]

_OLD_COMFORT_NOISE = 19
"""Reserved in RFC 3551 because drafts had comfort noise there, and phones still do."""


class Formats:
    """What the payload types of a stream are: as announced, else as RFC 3551 or the packets themselves say."""

    def __init__(self, rtp: RtpPackets, stream: Stream, announced: Announcements) -> None:
        self._rtp, self._stream = rtp, stream
        rows = stream.rows
        ends = int(rtp.time_ns[rows[0]]), int(rtp.time_ns[rows[-1]])
        counts = np.bincount(rtp.payload_type[rows])
        self._packets = {int(number): int(counts[number]) for number in np.flatnonzero(counts)}
        self._meanings = {
            number: announced.meaning(stream.source, stream.destination, number, *ends) for number in self._packets
        }
        self.kinds = {number: self._kind(number, meaning) for number, meaning in self._meanings.items()}
        media = [one for one in self._packets if not (self.kinds[one].is_event or self.kinds[one].is_comfort_noise)]
        self.payload_type = max(media or self._packets, key=lambda one: (self._packets[one], -one))
        """The most frequent type that is speech or picture."""
        for number, kind in self.kinds.items():
            if kind.is_event and kind.clock_hz is None:
                self.kinds[number] = kind._replace(clock_hz=self.clock_hz)  # RFC 4733, 2.1: that of the speech

    def _kind(self, number: int, meaning: Format | None) -> TypeInStream:
        if meaning is not None:
            return TypeInStream(meaning.clock_hz, meaning.is_event, meaning.is_comfort_noise)
        if number == _OLD_COMFORT_NOISE:
            return TypeInStream(8000, is_comfort_noise=True)
        mine, extended = self._stream.rows, self._stream.extended
        if len(self._packets) > 1:
            which = self._rtp.payload_type[mine] == number
            mine, extended = mine[which], extended[which]
            is_rare = len(mine) * 2 < len(self._stream.rows)
            if is_rare and number >= DYNAMIC and looks_like_events(extended, self._rtp.timestamp[mine]):
                return TypeInStream(None, is_event=True)
        elif number >= DYNAMIC and are_key_presses(extended, self._rtp.timestamp[mine], self._rtp.tone[mine]):
            return TypeInStream(None, is_event=True)
        clock = nominal_clock(self._rtp.payload_type[mine], self._rtp.time_ns[mine], self._rtp.timestamp[mine])
        return TypeInStream(clock)

    def codec(self, number: int) -> str | None:
        """Return the name of a type."""
        meaning = self._meanings[number]
        return None if meaning is None else meaning.codec

    @property
    def is_of_events(self) -> bool:
        """Whether there is nothing but key presses."""
        return all(kind.is_event for kind in self.kinds.values())

    def is_encrypted(self, number: int) -> bool:
        """Whether a type was announced in SRTP."""
        meaning = self._meanings[number]
        return meaning is not None and meaning.is_encrypted

    @property
    def codecs(self) -> frozenset[str]:
        """What its speech is in, in capital letters, by announced names or static types."""
        media = [one for one, kind in self.kinds.items() if not (kind.is_event or kind.is_comfort_noise)]
        return frozenset((self.codec(one) or f"type {one}").upper() for one in media)

    @property
    def clock_hz(self) -> int | None:
        """The clock of `payload_type`."""
        return self.kinds[self.payload_type].clock_hz

    @property
    def events(self) -> list[int]:
        """The types that are of key presses."""
        return [number for number, kind in self.kinds.items() if kind.is_event]

    def described(self) -> list[dict[str, Any]]:
        """Return each type, ready for JSON."""
        return [
            {
                "payload_type": number,
                "codec": self.codec(number),
                "clock_hz": self.kinds[number].clock_hz,
                "packets": packets,
            }
            for number, packets in self._packets.items()
        ]


def arrivals_of(
    rtp: RtpPackets, one: tuple[Ints, Ints, tuple[int, ...]], kinds: dict[int, TypeInStream], steps: ClockSteps
) -> TimedArrivals:
    """Return the arrivals of a stream or call; `one` are its rows, their numbers, and where these begin anew."""
    rows, extended, restarts = one
    return TimedArrivals(
        time_ns=rtp.time_ns[rows],
        extended=extended,
        timestamp=rtp.timestamp[rows],
        payload_type=rtp.payload_type[rows],
        kinds=kinds,
        restarts=restarts,
        clocks=steps.before(rtp.packet[rows]),
    )


class CountedArrivals(NamedTuple):
    """What is counted of a stream and of a call alike; None where it was not measured."""

    counts: stream_numbers.StreamCounts
    interval_ns: int | None
    gaps: Gaps | None
    silence_ns: int | None

    @classmethod
    def of(cls, arrivals: TimedArrivals, holds: Sequence[OnHold]) -> CountedArrivals:
        """Count; what was silent in one of the holds is no gap."""
        interval, silences = arrivals.interval_ns(), arrivals.silences_ns()
        return cls(
            stream_numbers.count(arrivals.extended, arrivals.is_new),
            interval,
            arrivals.gaps_ns(interval, holds),
            int(silences.max()) if len(silences) else None,
        )

    @property
    def gap_ns(self) -> int | None:
        """The longest gap, 0 without any."""
        return None if self.gaps is None else int(self.gaps.length_ns.max(initial=0))

    def described(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            **asdict(self.counts),
            "gap_ms": units.ms(self.gap_ns),
            "longest_silence_ms": units.ms(self.silence_ns),
            "packet_interval_ms": units.ms(self.interval_ns),
        }


def describe_stream(
    start_ns: int,
    stream: Stream,
    formats: Formats,
    arrivals: TimedArrivals,
    counts: CountedArrivals,
    jitter: Floats | None,
) -> dict[str, Any]:
    """Return a stream ready for JSON; its times in `_s` count from `start_ns`."""
    counted = counts.described()
    first = ("packets", "unique", "lost", "duplicates", "reordered", "gap_ms")
    return {
        "src": str(stream.source),
        "dst": str(stream.destination),
        "ssrc": f"0x{stream.ssrc:08x}",
        "payload_type": formats.payload_type,
        **{name: counted[name] for name in first},
        "jitter_ms": units.ms(units.mean(jitter)),
        "first_s": units.seconds(int(arrivals.time_ns[0]) - start_ns),
        "last_s": units.seconds(int(arrivals.time_ns[-1]) - start_ns),
        "jitter_max_ms": units.ms(float(jitter.max())) if jitter is not None and len(jitter) else None,
        "longest_silence_ms": counted["longest_silence_ms"],
        "packet_interval_ms": counted["packet_interval_ms"],
        "codec": formats.codec(formats.payload_type),
        "clock_hz": formats.clock_hz,
        "formats": formats.described(),
        "found": stream.found,
        "restarts": len(stream.restarts),
        "copies": stream.copies,
        "strays": stream.strays,
    }


def describe_key_press(press: KeyPress, start_ns: int) -> dict[str, Any]:
    """Return a key press ready for JSON."""
    return {
        "digit": press.digit,
        "at_s": units.seconds(press.begin_ns - start_ns),
        "duration_ms": units.ms(press.duration_ns),
        "volume_dbm0": press.volume_dbm0,
        "packets": press.packets,
        "complete": press.is_complete,
    }


def describe_quality(quality: StreamQuality, interval_ns: int | None) -> dict[str, Any]:
    """Return how good a stream or a call was, ready for JSON."""
    bursts, gaps = quality.missing.bursts_and_gaps()
    rating = quality.rating
    return {
        "loss_percent": round(quality.loss_percent, 3),
        "late": quality.late,
        "r_factor": None if rating is None else round(rating.r, 1),
        "mos": None if rating is None else round(rating.mos, 2),
        "mos_scale": None if rating is None else rating.scale,
        "mouth_to_ear_ms": None if quality.mouth_to_ear_ms is None else round(quality.mouth_to_ear_ms, 3),
        "quality_doubt": quality.doubt,
        "burst_loss": {
            "gmin": GMIN,
            "bursts": len(bursts.lengths),
            "burst_density": _density(bursts),
            "burst_duration_ms": _duration_ms(bursts, interval_ns),
            "gaps": len(gaps.lengths),
            "gap_density": _density(gaps),
            "gap_duration_ms": _duration_ms(gaps, interval_ns),
            "lost_runs": len(quality.lost.first),
            "longest_lost_run": quality.lost.longest,
        },
    }


def _density(found: Periods) -> float | None:
    return None if found.density is None else round(found.density, 6)


def _duration_ms(found: Periods, interval_ns: int | None) -> float | None:
    return None if found.mean is None or interval_ns is None else units.ms(found.mean * interval_ns)
