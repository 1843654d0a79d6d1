"""G.722 at 64 kbit/s, decoded (ITU-T G.722; RFC 3551, 4.5.2): 160 octets in 20 ms become 320 samples at 16 kHz.

Its RTP clock is 8000 Hz all the same: RFC 1890 had it wrong, and for the sake of what was built since it stayed so.

The decoder is libspandsp's (Debian's package libspandsp2), loaded by the first one that is made. Nobody encodes here:
what agents say in it was encoded once (`recorded`).
"""

from __future__ import annotations

import ctypes

from agents.rtp.coding.codec import CodecError, MissingLibraryError

_RATE = 64000
_NO_OPTIONS = 0  # 16 kHz, octets that are not packed
_SAMPLE_OCTETS = 2


class G722:
    """A decoder of one stream; MissingLibraryError without libspandsp."""

    rate_hz = 16000

    def __init__(self) -> None:
        self._library = _libspandsp()
        self._state = ctypes.c_void_p(self._library.g722_decode_init(None, _RATE, _NO_OPTIONS))
        if self._state.value is None:
            raise MemoryError("libspandsp: g722_decode_init gave nothing")

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._library.g722_decode_free(self._state)

    def decode(self, payload: bytes) -> bytes:
        """See `Decoder`: an octet is two samples, so payloads of any length, but for none at all, are good."""
        if not payload:
            raise CodecError("an empty payload is no speech")
        samples = ctypes.create_string_buffer(2 * _SAMPLE_OCTETS * len(payload))
        made: int = self._library.g722_decode(self._state, samples, payload, len(payload))
        return samples.raw[: _SAMPLE_OCTETS * made]

    def miss(self) -> None:
        """See `Decoder`: its predictors go on from what came last."""


def _libspandsp() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libspandsp.so.2")
    except OSError as error:
        what = f"G.722 needs libspandsp: apt-get install libspandsp2, or libspandsp2t64 ({error})"
        raise MissingLibraryError(what) from error
    library.g722_decode_init.restype = ctypes.c_void_p
    return library
