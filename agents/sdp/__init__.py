"""SDP without I/O: session descriptions (RFC 8866) and offer/answer (RFC 3264).

What is named here is for other packages (tests/test_exports.py), and imported when it is used (PEP 562).
"""

from typing import TYPE_CHECKING

from agents.exports import exporting

if TYPE_CHECKING:
    from agents.sdp.audio import (
        FORMATS,
        GSM,
        PCMU,
        PTIME_MS,
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
    "PTIME_MS",
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
    "audio": "FORMATS GSM PCMU PTIME_MS AudioFormat Endpoint Numbering"
    " agreed_numbering agreed_stream make_answer make_offer offered_formats",
    "description": "Media SessionDescription",
    "errors": "NoCommonFormatError SdpParseError",
}

__getattr__ = exporting(__name__, _HOMES)
