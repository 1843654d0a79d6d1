"""What can be heard of the streams of a bare capture: 16 bits, 8 kHz, or 16 kHz of wideband codecs.

Each packet stands where its timestamp puts it. What was lost, what came too late for the jitter buffer that R and MOS
assume (see `stream_quality`), and where the sender paused is silence.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from agents.rtp.coding.codec import CodecError, MissingLibraryError
from agents.rtp.coding.decoders import DECODED, make_decoder
from agents.sdp import FORMATS
from testbed.measure import units
from testbed.measure.capture.errors import NotInCaptureError
from testbed.measure.listening.speech import LONGEST_S, to_wav
from testbed.measure.listening.stream_quality import late_numbers
from testbed.measure.listening.voice import NARROW_HZ, Samples
from testbed.measure.sip.announced import STATIC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents.rtp.coding.decoders import Decoder
    from testbed.measure.capture.capture import Ints
    from testbed.measure.result.captured_media import MeasuredStream
    from testbed.measure.result.found import SelectedCapture
    from testbed.measure.result.stream_results import Formats
    from testbed.measure.rtp.streams import Stream

_CLOCKS = {name: one.rate_hz for name, one in FORMATS.items()}
_SECOND_NS = 1_000_000_000


class StreamSpeech(NamedTuple):
    """One stream, numbered as in the table `streams`; `samples` are None where nothing could be decoded.

    `start_ns` is when its first packet would have played, had it not waited. `decoded` are packets, and so is what
    stands in `undecoded`, by reason.
    """

    number: int
    measured: dict[str, Any]
    samples: Samples | None
    start_ns: int
    decoded: int
    undecoded: dict[str, int]
    rate_hz: int = NARROW_HZ

    @property
    def length_s(self) -> float | None:
        """How long it is."""
        return None if self.samples is None else round(len(self.samples) / self.rate_hz, 6)

    def wav(self, seconds: float | None = None) -> bytes | None:
        """Return a WAV file of it, of its beginning where so many `seconds` are enough; None of nothing."""
        if self.samples is None:
            return None
        samples = self.samples if seconds is None else self.samples[: round(seconds * self.rate_hz)]
        return to_wav(samples, self.rate_hz)

    @property
    def file_name(self) -> str:
        """What to call its WAV file, wherever that is."""
        ends = "-".join(self.measured[name] for name in ("src", "dst", "ssrc"))
        return f"{self.number}-{ends.replace('[', '').replace(']', '').replace(':', '_')}.wav"

    def described(self, start_ns: int, file: str | None) -> dict[str, Any]:
        """Return it ready for JSON; times count from `start_ns`."""
        names = ("src", "dst", "ssrc", "payload_type", "codec", "lost", "late")
        return {
            "stream": self.number,
            **{name: self.measured[name] for name in names},
            "file": file,
            "start_s": None if self.samples is None else units.seconds(self.start_ns - start_ns),
            "length_s": self.length_s,
            "decoded": self.decoded,
            "undecoded": self.undecoded,
        }


class _Spoken(NamedTuple):
    """The packets of a stream that are to be heard: rows in it, and how long after `start_ns` each begins."""

    rows: Ints
    after_ns: Ints
    start_ns: int

    def at(self, rate_hz: int) -> _Placed:
        """Return at which samples they begin."""
        return _Placed(self.rows, (self.after_ns * rate_hz + _SECOND_NS // 2) // _SECOND_NS)


class _Placed(NamedTuple):
    """The packets of a stream that are to be heard: rows in it, and at which sample each begins."""

    rows: Ints
    begins: Ints


def speech_of_streams(opened: SelectedCapture) -> Iterator[StreamSpeech]:
    """Yield the speech of each stream that is asked for, of a capture opened with what its packets carry.

    `NotInCaptureError` where there is no stream.
    """
    if not opened.streams:
        raise NotInCaptureError(opened.path, "no RTP stream was found: there is nothing to hear")
    for number, (stream, said) in enumerate(opened.streams):
        measured = opened.all_media.measured(stream)
        spoken = _spoken(measured)
        if spoken is None:
            why = {} if measured.formats.is_of_events else {"an unknown clock": said["unique"]}
            yield StreamSpeech(number, said, None, 0, 0, why)
            continue
        decoders = {kind: _decoder(measured.formats, kind) for kind in measured.formats.kinds}
        rate_hz = next((one.rate_hz for one in decoders.values() if not isinstance(one, str)), NARROW_HZ)
        pieces, undecoded = _decoded(opened, stream, decoders, spoken.at(rate_hz))
        samples = _laid_out(pieces, rate_hz) if pieces else None
        if samples is None and pieces:
            undecoded[f"longer than {LONGEST_S // 3600} h"] += len(pieces)
        decoded = 0 if samples is None else len(pieces)
        yield StreamSpeech(number, said, samples, spoken.start_ns, decoded, dict(undecoded), rate_hz)


def _spoken(measured: MeasuredStream) -> _Spoken | None:
    """Return the packets of speech that were new and in time; None where no clock is known."""
    arrivals, formats = measured.arrivals, measured.formats
    transit = arrivals.transit_ns()
    late = late_numbers(arrivals, measured.counted.interval_ns)
    if transit is None or late is None:
        return None
    rows, transit_ns = transit
    silent = [number for number, kind in formats.kinds.items() if kind.is_comfort_noise or kind.is_event]
    heard = arrivals.is_new[rows] & ~np.isin(arrivals.payload_type[rows], silent)
    if len(late):
        heard &= ~np.isin(arrivals.extended[rows], late)
    sent_ns = (arrivals.time_ns[rows] - transit_ns)[heard]
    start_ns = int(sent_ns.min()) if len(sent_ns) else int(arrivals.time_ns[0])
    return _Spoken(rows[heard], sent_ns - start_ns, start_ns)


def _decoded(
    opened: SelectedCapture, stream: Stream, decoders: dict[int, Decoder | str], spoken: _Placed
) -> tuple[list[tuple[int, Samples]], Counter[str]]:
    """Return where each packet's samples begin, with these, and how many packets are not among them, by reason."""
    rtp, payloads = opened.found.captured.rtp, opened.found.payloads
    rows = stream.rows[spoken.rows]
    carried = iter([None] * len(rows)) if payloads is None else payloads.of(rtp.packet[rows])
    pieces: list[tuple[int, Samples]] = []
    undecoded: Counter[str] = Counter()
    for begin, kind, payload in zip(spoken.begins.tolist(), rtp.payload_type[rows].tolist(), carried, strict=True):
        decoder = decoders[kind]
        if isinstance(decoder, str):
            undecoded[decoder] += 1
        elif payload is None:
            undecoded["cut off by the capture, or in IP fragments"] += 1
        else:
            try:
                pieces.append((begin, np.frombuffer(decoder.decode(payload), dtype=np.int16)))
            except CodecError:
                undecoded["a payload that is none of its codec"] += 1
    return pieces, undecoded


def _decoder(formats: Formats, number: int) -> Decoder | str:
    """Return the decoder of a payload type, or why there is none."""
    meaning = STATIC.get(number)
    name = formats.codec(number) or (f"type {number}" if meaning is None else meaning.codec)
    clock_hz = formats.kinds[number].clock_hz
    if formats.is_encrypted(number):
        return "encrypted (SRTP)"
    if name.upper() not in DECODED:
        return f"no codec for {name}"
    if clock_hz != _CLOCKS[name.upper()]:
        return f"no codec for {name} at {clock_hz} Hz"
    try:
        return make_decoder(name)
    except MissingLibraryError as error:
        return str(error)


def _laid_out(pieces: list[tuple[int, Samples]], rate_hz: int) -> Samples | None:
    """Return all samples, each piece at its place, silence between; None where that were too long."""
    length = max(begin + len(samples) for begin, samples in pieces)
    if length > LONGEST_S * rate_hz:
        return None
    out = np.zeros(length, dtype=np.int16)
    for begin, samples in pieces:
        out[begin : begin + len(samples)] = samples
    return out
