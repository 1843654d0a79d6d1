"""Speech that was encoded once: payloads out of the files beside `mn.au` and `cn.au`.

So the same packets leave on every machine, whatever its processor makes of floating-point numbers, and encoding takes
no time of a run.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

G722_OCTETS_PER_MS = 8
RECORDED_MS = 20
"""So much is in each packet of a file; octets of G.722 can be parted anywhere, and frames of Opus cannot."""
_PAGE = Struct("<4sBBqIIIB")
_OGG, _HEAD = b"OggS", b"OpusHead"
_HEADERS = 2  # RFC 7845, 3: identification and comments, before the first packet of speech
_WHOLE = 255


class RecordingError(ValueError):
    """The file is none of its kind."""


def read_g722(data: bytes, ptime_ms: int = RECORDED_MS) -> tuple[bytes, ...]:
    """Return the payloads of a file that holds G.722's octets and nothing else; RecordingError.

    What is left at its end, and fills no packet of that length, is not said.
    """
    whole, octets = G722_OCTETS_PER_MS * RECORDED_MS, G722_OCTETS_PER_MS * ptime_ms
    if len(data) < octets or len(data) % whole:
        raise RecordingError(f"{len(data)} octets are no whole packets of {whole} (20 ms of G.722 each)")
    return tuple(data[at : at + octets] for at in range(0, len(data) - octets + 1, octets))


def read_opus(data: bytes, ptime_ms: int = RECORDED_MS) -> tuple[bytes, ...]:
    """Return the packets of an Ogg Opus file (RFC 7845) without its headers; RecordingError."""
    if ptime_ms != RECORDED_MS:
        raise RecordingError(f"Opus was recorded in packets of {RECORDED_MS} ms, so none are of {ptime_ms} ms")
    packets = _ogg_packets(data)
    if len(packets) <= _HEADERS or not packets[0].startswith(_HEAD):
        raise RecordingError("no speech in Opus: an Ogg Opus file begins with OpusHead and a packet of comments")
    return tuple(packets[_HEADERS:])


FILES: dict[str, tuple[str, Callable[[bytes, int], tuple[bytes, ...]]]] = {
    "G722": (".g722", read_g722),
    "OPUS": (".opus", read_opus),
}
"""Encoding, in capitals -> how its files' names end, and who reads them. Others are encoded from µ-law when said."""


def _ogg_packets(data: bytes) -> list[bytes]:
    """Return what is in an Ogg file of one stream (RFC 3533, 6): a segment of less than 255 octets ends a packet."""
    packets, part, at = [], b"", 0
    while at < len(data):
        if len(data) - at < _PAGE.size or data[at : at + 4] != _OGG:
            raise RecordingError(f"octet {at}: no Ogg page")
        *_, segments = _PAGE.unpack_from(data, at)
        at += _PAGE.size
        sizes = data[at : at + segments]
        at += segments
        if len(sizes) < segments or at + sum(sizes) > len(data):
            raise RecordingError(f"octet {at}: the file ends within a page")
        for size in sizes:
            part += data[at : at + size]
            at += size
            if size < _WHOLE:
                packets.append(part)
                part = b""
    return packets
