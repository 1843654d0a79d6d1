"""The speech in RTP packets: payloads out of a capture, decoded packet by packet (RFC 3550, 5.1; RFC 3551, 4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.codec import CodecError, UnknownFormatError, make_codec
from testbed.measure.rtp.payloads import payload_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from agents.rtp.codec import Codec
    from testbed.measure.call.direction import Sightings
    from testbed.measure.call.recording import Traffic
    from testbed.measure.capture.capture import Booleans

RATE_HZ = 8000
"""Samples a second, of every codec that there is here."""
LONGEST_ROUND_S = 60
"""Speech that is played over and over is recognized up to this length."""

Samples = np.ndarray[tuple[int], np.dtype[np.int16]]

_CHECKED = 4096


@dataclass(frozen=True, slots=True)
class Voice:
    """The decoded packets of one direction at one end.

    `frames` has a row of 16-bit samples for each key, silent where there is none; `known` says which keys have one.
    `undecoded` packets were captured and are none: cut off by the capture, of a format without a codec here, or not of
    one packet interval.
    """

    frames: NDArray[np.int16]
    known: Booleans
    undecoded: int


def decode(payloads: Iterable[tuple[int, int, bytes | None]], keys: int, samples: int) -> Voice:
    """Decode packets of `samples` samples each, in the order given: (key, payload type, payload or None if cut off).

    `MissingLibraryError` when they are GSM and libgsm is not installed.
    """
    frames = np.zeros((keys, samples), dtype=np.int16)
    known = np.zeros(keys, dtype=np.bool_)
    undecoded = 0
    codecs: dict[int, Codec | None] = {}
    for key, payload_type, payload in payloads:
        if payload_type not in codecs:
            codecs[payload_type] = _codec(payload_type)
        codec = codecs[payload_type]
        linear = None if codec is None or payload is None else _linear(codec, payload)
        if linear is None or len(linear) != samples:
            undecoded += 1
            continue
        frames[key] = linear
        known[key] = True
    return Voice(frames, known, undecoded)


def _codec(payload_type: int) -> Codec | None:
    try:
        return make_codec(payload_type)
    except UnknownFormatError:
        return None


def _linear(codec: Codec, payload: bytes) -> Samples | None:
    try:
        return np.frombuffer(codec.decode(payload), dtype=np.int16)
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


def find_round(voice: Voice, samples_per_second: int = RATE_HZ) -> int | None:
    """Return after how many packets the speech begins anew, if it is played over and over; None if that is not seen.

    Each packet must be the same as all of its place in other rounds, and half a round at least must have been heard
    twice.
    """
    keys, samples = voice.frames.shape
    _, same = np.unique(voice.frames, axis=0, return_inverse=True)
    number = np.where(voice.known, same.reshape(-1), -1)
    for length in range(1, min(keys, LONGEST_ROUND_S * samples_per_second // samples + 1)):
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
    return Voice(frames, known, voice.undecoded)
