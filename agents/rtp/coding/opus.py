"""Opus, decoded to 16 kHz (RFC 6716; RFC 7587): a payload of 20 ms becomes 320 samples.

Its RTP clock is 48000 Hz, whatever is coded (RFC 7587, 4.1). The decoder is libopus' (Debian's package libopus0),
loaded by the first one that is made. What agents say in it was encoded once (`recorded`), by the part of Opus that is
made of whole numbers (SILK), so that decoding too gives the same samples on every machine; what others send may differ
in the last digit.
"""

from __future__ import annotations

import ctypes

from agents.rtp.coding.codec import CodecError, MissingLibraryError

_MONO = 1
_SAMPLE_OCTETS = 2
_FRAME_MS, _LONGEST_MS = 20, 120  # RFC 6716, 3.2: a packet is of 120 ms at most


class Opus:
    """A decoder of one stream; MissingLibraryError without libopus. Both channels of a stereo packet become one."""

    rate_hz = 16000

    def __init__(self) -> None:
        self._library = _libopus()
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(self._library.opus_decoder_create(self.rate_hz, _MONO, ctypes.byref(error)))
        if self._state.value is None:
            raise MemoryError(f"libopus: opus_decoder_create gave nothing, but error {error.value}")

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.opus_decoder_destroy(self._state)

    def decode(self, payload: bytes) -> bytes:
        """See `Decoder`. An empty payload is none, though RFC 6716 allows it: nobody sends it in RTP."""
        if not payload:
            raise CodecError("an empty payload is no speech")
        return self._decoded(payload, _LONGEST_MS)

    def miss(self) -> None:
        """See `Decoder`: what it conceals is thrown away, but what follows needs that it did so (RFC 6716, 4.4)."""
        self._decoded(None, _FRAME_MS)

    def _decoded(self, payload: bytes | None, most_ms: int) -> bytes:
        room = self.rate_hz * most_ms // 1000
        samples = ctypes.create_string_buffer(_SAMPLE_OCTETS * room)
        made: int = self._library.opus_decode(self._state, payload, len(payload or b""), samples, room, 0)
        if made < 0:
            raise CodecError(f"libopus: this is no Opus packet (error {made})")
        return samples.raw[: _SAMPLE_OCTETS * made]


def _libopus() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libopus.so.0")
    except OSError as error:
        raise MissingLibraryError(f"Opus needs libopus: apt-get install libopus0 ({error})") from error
    library.opus_decoder_create.restype = ctypes.c_void_p
    return library
