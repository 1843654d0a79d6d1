"""The speech in RTP packets: payloads out of a capture, decoded packet by packet (RFC 3550, 5.1; RFC 3551, 4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.coding.codec import CodecError, UnknownFormatError
from agents.rtp.coding.decoders import make_decoder
from testbed.measure.rtp.payloads import payload_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from agents.rtp.coding.decoders import Decoder
    from testbed.measure.call.direction import Sightings
    from testbed.measure.call.recording import Traffic
    from testbed.measure.capture.capture import Booleans

NARROW_HZ = 8000
"""Samples a second of a telephone's codecs, and of silence."""
MOST_MISSED = 50
"""So many packets in a row a decoder is told that it has missed; what it knew of the speech is gone long before."""
LONGEST_ROUND_S = 60
"""Speech that is played over and over is recognized up to this length."""

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]

_CHECKED = 4096


@dataclass(frozen=True, slots=True)
class Voice:
    """The decoded packets of one direction at one end.

    `frames` has a row of 16-bit samples for each key, silent where there is none, `rate_hz` of them a second; `said` is
    a number for each key, the same where the payloads are, -1 where there is none. `undecoded` packets were captured
    and are none: cut off by the capture, of a format without a decoder here, or not of one packet interval.
    """

    frames: NDArray[np.int16]
    said: NDArray[np.int64]
    undecoded: int
    rate_hz: int

    @property
    def known(self) -> Booleans:
        """Which keys have samples."""
        return self.said >= 0


def decode(
    payloads: Iterable[tuple[int, int, bytes | None]], keys: int, interval_s: float, formats: Mapping[int, str]
) -> Voice:
    """Decode packets of `interval_s` each, in the order given: (key, payload type, payload or None if cut off).

    `formats` names the payload types' encodings. Samples are as many a second as those of the first one of them that
    there is a decoder for. `MissingLibraryError` when the library of one is not installed.
    """
    decoders = {number: _decoder(name) for number, name in formats.items()}
    rate_hz = next((one.rate_hz for one in decoders.values() if one is not None), NARROW_HZ)
    samples = round(interval_s * rate_hz)
    frames = np.zeros((keys, samples), dtype=np.int16)
    said = np.full(keys, -1, dtype=np.int64)
    numbers: dict[bytes, int] = {}
    undecoded = 0
    last: dict[int, int] = {}
    for key, payload_type, payload in payloads:
        decoder = decoders.get(payload_type)
        linear = None
        if decoder is not None and payload is not None:
            for _ in range(min(key - last.get(payload_type, key) - 1, MOST_MISSED)):
                decoder.miss()
            last[payload_type] = key
            linear = _linear(decoder, payload)
        if linear is None or payload is None or len(linear) != samples:
            undecoded += 1
            continue
        frames[key] = linear
        said[key] = numbers.setdefault(payload, len(numbers))
    return Voice(frames, said, undecoded, rate_hz)


def _decoder(name: str) -> Decoder | None:
    try:
        return make_decoder(name)
    except UnknownFormatError:
        return None


def _linear(decoder: Decoder, payload: bytes) -> Samples | None:
    try:
        return np.frombuffer(decoder.decode(payload), dtype=np.int16)
    except CodecError:
        return None


def payloads(traffic: Traffic, seen: Sightings) -> Iterable[tuple[int, int, bytes | None]]:
    """Yield key, payload type and payload of the first sighting of each key, in the order of the keys."""
    capture, datagrams, rtp = traffic.capture, traffic.datagrams, traffic.rtp
    keys, firsts = np.unique(seen.key, return_index=True)
    rows = seen.row[firsts]
    order = np.argsort(datagrams.packet, kind="stable")
    at = order[np.searchsorted(datagrams.packet, rtp.packet[rows], sorter=order)]
    columns = (keys, rtp.payload_type[rows], datagrams.offset[at], datagrams.captured[at], datagrams.length[at])
    for key, kind, offset, captured, length in zip(*(one.tolist() for one in columns), strict=True):
        whole = captured == length
        yield key, kind, payload_of(capture.data[offset : offset + length].tobytes()) if whole else None


def find_round(voice: Voice) -> int | None:
    """Return after how many packets the speech begins anew, if it is played over and over; None if that is not seen.

    Each packet must carry the same as all of its place in other rounds, and half a round at least must have been heard
    twice.
    """
    keys, samples = voice.frames.shape
    number = voice.said
    for length in range(1, min(keys, LONGEST_ROUND_S * voice.rate_hz // samples + 1)):
        if _repeats(number[: length + _CHECKED], length) is not None and (_repeats(number, length) or 0) * 2 >= length:
            return length
    return None


def _repeats(number: NDArray[np.int64], length: int) -> int | None:
    """Return how many packets came again after `length` packets; None if one was another."""
    one, other = number[:-length], number[length:]
    both = (one >= 0) & (other >= 0)
    return int(both.sum()) if (one[both] == other[both]).all() else None


def fill(voice: Voice, length: int) -> Voice:
    """Return a voice that is played over and over with all packets that another round of `length` packets has."""
    keys = len(voice.known)
    place = np.arange(keys) % length
    sample = np.full(length, -1, dtype=np.int64)
    sample[place[voice.known]] = np.flatnonzero(voice.known)
    source = sample[place]
    known = source >= 0
    frames = voice.frames[np.where(known, source, 0)]
    frames[~known] = 0
    return Voice(frames, np.where(known, voice.said[source], -1), voice.undecoded, voice.rate_hz)
