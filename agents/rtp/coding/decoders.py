"""Who listens afterwards: a decoder for each encoding, by the name that SDP has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agents.rtp.coding.codec import ALaw, Gsm, MuLaw, UnknownFormatError
from agents.rtp.coding.g722 import G722
from agents.rtp.coding.opus import Opus

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.rtp.coding.codec import Codec


class Decoder(Protocol):
    """One stream's: payloads of packets in order, which all remember what went before but for G.711."""

    rate_hz: int
    """Samples a second of what is decoded; not the RTP clock."""

    def decode(self, payload: bytes) -> bytes:
        """Return the linear samples of a payload, 16 bits in the machine's byte order; CodecError when it is none."""
        ...

    def miss(self) -> None:
        """A packet of 20 ms is not there."""
        ...


class _Telephone:
    """A codec of 8000 samples a second; what it had no part in does not change it."""

    rate_hz = 8000

    def __init__(self, codec: Codec) -> None:
        self.decode = codec.decode

    def miss(self) -> None:
        """See `Decoder`."""


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "PCMU": lambda: _Telephone(MuLaw()),
    "PCMA": lambda: _Telephone(ALaw()),
    "GSM": lambda: _Telephone(Gsm()),
    "G722": G722,
    "OPUS": Opus,
}


DECODED = frozenset(_DECODERS)
"""The encodings that there is a decoder for, in capital letters."""


def make_decoder(name: str) -> Decoder:
    """Return a new decoder for an encoding, however its name is written; UnknownFormatError, MissingLibraryError."""
    if name.upper() not in _DECODERS:
        raise UnknownFormatError(f"there is no decoder for {name}, only for {', '.join(_DECODERS)}")
    return _DECODERS[name.upper()]()
