"""What signalling says of media: where they are to be sent, and what the payload types mean (RFC 3264, RFC 8866).

Not done: ICE candidates, descriptions outside of SIP, names instead of addresses in c= (nobody looks them up here).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from agents.sdp.description import SessionDescription
from agents.sdp.errors import SdpParseError
from testbed.measure.wire.packets import TransportAddress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from agents.sdp.description import Media
    from testbed.measure.sip.scan import SipMessage

_8K = {
    0: "PCMU",
    3: "GSM",
    4: "G723",
    5: "DVI4",
    7: "LPC",
    8: "PCMA",
    9: "G722",
    12: "QCELP",
    13: "CN",
    15: "G728",
    18: "G729",
}


class Format(NamedTuple):
    """What a payload type means."""

    codec: str
    clock_hz: int


STATIC = {
    **{number: Format(name, 8000) for number, name in _8K.items()},
    6: Format("DVI4", 16000),
    10: Format("L16", 44100),
    11: Format("L16", 44100),
    14: Format("MPA", 90000),
    16: Format("DVI4", 11025),
    17: Format("DVI4", 22050),
    25: Format("CelB", 90000),
    26: Format("JPEG", 90000),
    28: Format("nv", 90000),
    31: Format("H261", 90000),
    32: Format("MPV", 90000),
    33: Format("MP2T", 90000),
    34: Format("H263", 90000),
}
"""RFC 3551, tables 4 and 5."""


class Announced(NamedTuple):
    """One stream of a description: where its receiver listens, and what may be sent there."""

    endpoint: TransportAddress
    direction: str
    formats: tuple[tuple[int, Format], ...]

    @property
    def codecs(self) -> list[str]:
        """Their names, in the order of preference, each once."""
        return list(dict.fromkeys(one.codec for _, one in self.formats))


@lru_cache(maxsize=1024)
def read_description(body: bytes) -> tuple[Announced, ...]:
    """Return the RTP streams of a message's body; none of one that is no description, or that nobody can use.

    A stream with port 0 is rejected (RFC 3264, 6), one at 0.0.0.0 is on hold (RFC 2543's way).
    """
    start = body.find(b"v=0")
    if start < 0 or (start and body[start - 1] not in b"\r\n"):
        return ()
    text = body[start:].partition(b"\r\n--")[0]  # where it is a part of several (RFC 2046, 5.1)
    try:
        media = SessionDescription.parse(text.rstrip(b"\r\n") + b"\r\n").media
    except SdpParseError:
        return ()
    return tuple(one for one in map(_announced, media) if one is not None)


def _announced(media: Media) -> Announced | None:
    if not media.port or "RTP/" not in media.protocol or media.address is None:
        return None
    try:
        address = ipaddress.ip_address(media.address)
    except ValueError:
        return None
    if address.is_unspecified:
        return None
    numbers = [int(word) for word in media.formats if word.isascii() and word.isdigit() and len(word) < 4]
    known = ((number, _format(media, number)) for number in numbers if number < 128)
    formats = tuple((number, one) for number, one in known if one is not None)
    return Announced(TransportAddress(str(address), media.port), media.direction, formats)


def _format(media: Media, number: int) -> Format | None:
    codec, _, rest = media.rtpmap.get(str(number), "").partition("/")
    clock = rest.partition("/")[0].strip()
    if codec and clock.isascii() and clock.isdigit() and 0 < len(clock) < 8 and int(clock):
        return Format(codec, int(clock))
    return STATIC.get(number)


class Announcements:
    """Everything that the descriptions of a capture announced, by address."""

    def __init__(self, messages: Iterable[SipMessage] = ()) -> None:
        """Read the descriptions of these messages, which are in order of time."""
        self._formats: dict[TransportAddress, dict[int, list[tuple[int, Format]]]] = {}
        for message in messages:
            for one in read_description(message.body) if message.body else ():
                known = self._formats.setdefault(one.endpoint, {})
                for number, meaning in one.formats:
                    told = known.setdefault(number, [])
                    if not told or told[-1][1] != meaning:
                        told.append((message.time_ns, meaning))

    def __contains__(self, endpoint: TransportAddress) -> bool:
        return endpoint in self._formats

    def expects(self, destination: TransportAddress, payload_type: int, until_ns: int) -> bool:
        """Whether somebody announced before `until_ns` that he hears this payload type at this address."""
        return any(time_ns <= until_ns for time_ns, _ in self._formats.get(destination, {}).get(payload_type, ()))

    def meaning(
        self, source: TransportAddress, destination: TransportAddress, payload_type: int, at_ns: int
    ) -> Format | None:
        """Return what a payload type means in a stream that is there at `at_ns`.

        RFC 3264, 5.1: the numbers are the receiver's; else the sender's, which an answer repeats; else RFC 3551's.
        """
        for endpoint in (destination, source):
            told = self._formats.get(endpoint, {}).get(payload_type, ())
            before = [one for time_ns, one in told if time_ns <= at_ns]
            if before:
                return before[-1]
        return STATIC.get(payload_type)
