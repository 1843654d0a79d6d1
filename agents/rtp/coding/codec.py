"""Telephone speech, one payload at a time: G.711 µ-law and A-law, GSM full rate (RFC 3551, 4.5.14 and 4.5.8).

Linear samples are 16 bits in the machine's byte order, 8000 a second. G.711 comes from the standard library's audioop,
which Python 3.13 dropped: there the distribution audioop-lts brings the same module. GSM 06.10 comes from libgsm
(Debian's package libgsm1), which is loaded by the first GSM codec and not before.
"""

from __future__ import annotations

import audioop
import ctypes
from typing import Protocol

PCMU, GSM, PCMA = 0, 3, 8
"""Static payload types (RFC 3551, table 4)."""

FRAME_SAMPLES = 160
"""A frame of 20 ms: 160 octets of G.711, 33 of GSM."""
GSM_OCTETS = 33
_LINEAR_OCTETS = 2 * FRAME_SAMPLES
_WIDTH = 2
_SIGNATURE = 0xD  # in the first four bits of each GSM frame (RFC 3551, 4.5.8.1)

# G.711, tables 3 and 4: the numbers of the decoder's values, µ-law's from 0 and A-law's from 1, signs left alone. The
# tables keep seven of eight bits over µ-A-µ (its section 3), which a detour over linear samples does not.
_A_OF_MU = (
    *(number for number in range(1, 9) for _ in range(2)),
    *(*range(9, 26), 27, 29, 31, *range(33, 45), 46, *range(48, 63), *range(64, 80), *range(81, 129)),
)
_MU_OF_A = (
    *(*range(1, 16, 2), *range(16, 32), 32, 32, 33, 33, 34, 34, 35, 35, *range(36, 48), 48, 48, 49, 49),
    *(*range(50, 64), 64, 64, *range(65, 80), 79, *range(80, 128)),
)
_MU_TO_A = bytes(octet & 0x80 | (_A_OF_MU[~octet & 0x7F] - 1) ^ 0x55 for octet in range(256))
_A_TO_MU = bytes(octet & 0x80 | ~_MU_OF_A[(octet ^ 0x55) & 0x7F] & 0x7F for octet in range(256))


class CodecError(ValueError):
    """A payload that is none of its format, or samples that fill no frame."""


class UnknownFormatError(ValueError):
    """A payload type for which there is no codec here."""


class MissingLibraryError(RuntimeError):
    """The codec's library is not installed; the text names the package."""


class Codec(Protocol):
    """One direction of one stream: codecs such as GSM remember what went before, so each stream has its own."""

    def decode(self, payload: bytes) -> bytes:
        """Return the linear samples of a payload; CodecError when it is none."""
        ...

    def encode(self, linear: bytes) -> bytes:
        """Return the payload for linear samples; CodecError when they fill no frame."""
        ...


class MuLaw:
    """PCMU. An octet is a sample: payloads of any length, but for none at all, are good."""

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`."""
        return audioop.ulaw2lin(_some(payload), _WIDTH)

    def encode(self, linear: bytes) -> bytes:
        """See `Codec`."""
        return audioop.lin2ulaw(_samples(linear), _WIDTH)


class ALaw:
    """PCMA; as `MuLaw`."""

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`."""
        return audioop.alaw2lin(_some(payload), _WIDTH)

    def encode(self, linear: bytes) -> bytes:
        """See `Codec`."""
        return audioop.lin2alaw(_samples(linear), _WIDTH)


class _Coder:
    """One of libgsm's coders, given back with its owner."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._destroy = library.gsm_destroy
        self.handle = ctypes.c_void_p(library.gsm_create())
        if self.handle.value is None:
            raise MemoryError("libgsm: gsm_create gave nothing")

    def __del__(self) -> None:
        self._destroy(self.handle)  # NULL is free()d, which does nothing


class Gsm:
    """GSM 06.10 full rate; a payload holds one or several frames of 33 octets. MissingLibraryError without libgsm."""

    def __init__(self) -> None:
        self._library = _libgsm()
        # A coder for each way: they keep filters, and a lost packet shall not disturb what is sent.
        self._decoder, self._encoder = _Coder(self._library), _Coder(self._library)

    def decode(self, payload: bytes) -> bytes:
        """See `Codec`."""
        return b"".join(self._decode(frame) for frame in _frames(payload, GSM_OCTETS, "octets of GSM"))

    def encode(self, linear: bytes) -> bytes:
        """See `Codec`."""
        return b"".join(self._encode(frame) for frame in _frames(linear, _LINEAR_OCTETS, "octets of linear samples"))

    def _decode(self, frame: bytes) -> bytes:
        if frame[0] >> 4 != _SIGNATURE:
            raise CodecError(f"a GSM frame begins with the bits 1101, this one with octet 0x{frame[0]:02x}")
        samples = ctypes.create_string_buffer(_LINEAR_OCTETS)
        if self._library.gsm_decode(self._decoder.handle, frame, samples):
            raise CodecError("libgsm: this is no GSM frame")
        return samples.raw

    def _encode(self, frame: bytes) -> bytes:
        octets = ctypes.create_string_buffer(GSM_OCTETS)
        self._library.gsm_encode(self._encoder.handle, frame, octets)
        return octets.raw


_CODECS: dict[int, type[Codec]] = {PCMU: MuLaw, PCMA: ALaw, GSM: Gsm}


def make_codec(payload_type: int) -> Codec:
    """Return a new codec for a static payload type; UnknownFormatError, MissingLibraryError."""
    if payload_type not in _CODECS:
        raise UnknownFormatError(f"there is no codec for payload type {payload_type}, only for {sorted(_CODECS)}")
    return _CODECS[payload_type]()


def has_codec(payload_type: int) -> bool:
    """Say whether a static payload type can be decoded and encoded on this machine."""
    try:
        make_codec(payload_type)
    except (UnknownFormatError, MissingLibraryError):
        return False
    return True


class Transcoder:
    """Turns the payloads of one stream into those of another format, one by one, in the order of their sequence.

    Octets of the two laws of G.711 become each other by its own tables, without samples between. Payloads of the same
    format pass as they are.
    """

    def __init__(self, from_pt: int, to_pt: int) -> None:
        """Take two static payload types; UnknownFormatError, MissingLibraryError."""
        self._decoder, self._encoder = make_codec(from_pt), make_codec(to_pt)
        self._is_same = from_pt == to_pt
        self._table = {(PCMU, PCMA): _MU_TO_A, (PCMA, PCMU): _A_TO_MU}.get((from_pt, to_pt))

    def transcode(self, payload: bytes) -> bytes:
        """Return the payload in the other format; CodecError when it is none of the first."""
        if self._is_same:
            return payload
        if self._table is not None:
            return _some(payload).translate(self._table)
        return self._encoder.encode(self._decoder.decode(payload))


def _libgsm() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libgsm.so.1")
    except OSError as error:
        raise MissingLibraryError(f"GSM needs libgsm: apt-get install libgsm1 ({error})") from error
    library.gsm_create.restype = ctypes.c_void_p
    library.gsm_encode.restype = None
    library.gsm_destroy.restype = None
    return library


def _some(payload: bytes) -> bytes:
    if not payload:
        raise CodecError("an empty payload is no speech")
    return payload


def _samples(linear: bytes) -> bytes:
    if not linear or len(linear) % _WIDTH:
        raise CodecError(f"{len(linear)} octets are no linear samples of {_WIDTH} each")
    return linear


def _frames(data: bytes, size: int, what: str) -> list[bytes]:
    if not data or len(data) % size:
        raise CodecError(f"{len(data)} {what} are no whole frames of {size} (20 ms each)")
    return [data[at : at + size] for at in range(0, len(data), size)]
