"""SDP without I/O: session descriptions (RFC 8866) and offer/answer (RFC 3264).

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.sdp.audio import (
        FORMATS,
        GSM,
        PCMU,
        AudioFormat,
        Endpoint,
        Numbering,
        agreed_numbering,
        agreed_stream,
        make_answer,
        make_offer,
        offered_formats,
    )
    from agents.sdp.description import Media, SessionDescription
    from agents.sdp.errors import NoCommonFormatError, SdpParseError

__all__ = [
    "FORMATS",
    "GSM",
    "PCMU",
    "AudioFormat",
    "Endpoint",
    "Media",
    "NoCommonFormatError",
    "Numbering",
    "SdpParseError",
    "SessionDescription",
    "agreed_numbering",
    "agreed_stream",
    "make_answer",
    "make_offer",
    "offered_formats",
]

_HOMES = {
    "audio": "FORMATS GSM PCMU AudioFormat Endpoint Numbering"
    " agreed_numbering agreed_stream make_answer make_offer offered_formats",
    "description": "Media SessionDescription",
    "errors": "NoCommonFormatError SdpParseError",
}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - who imports modules by their full names doesn't need it

    for home, names in _HOMES.items():
        if name in names.split():
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
