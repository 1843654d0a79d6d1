"""What signalling says of media: where they are to be sent, and what the payload types mean (RFC 3264, RFC 8866).

Not done: ICE candidates, descriptions outside of SIP, names instead of addresses in c= (nobody looks them up here).
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from itertools import starmap
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


_BOUNDARY = re.compile(rb"\r?\n--")
"""Where a description ends that is a part of several (RFC 2046, 5.1)."""

_G722_HZ = 8000
"""RFC 3551, 4.5.2: "even though the actual sampling rate for G.722 audio is 16,000 Hz"; many announce that."""


class Format(NamedTuple):
    """What a payload type means; `is_encrypted`: in SRTP (RFC 3711), by the profile that was announced."""

    codec: str
    clock_hz: int
    is_encrypted: bool = False

    @property
    def is_event(self) -> bool:
        """Whether its timestamp is when something began, and not when the packet is sent (RFC 4733, 2.1)."""
        return self.codec.lower() in {"telephone-event", "tone"}

    @property
    def is_comfort_noise(self) -> bool:
        """Whether it stands for silence (RFC 3389)."""
        return self.codec.upper() == "CN"


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
    """One stream of a description: where its receiver listens, and what may be sent there.

    `line` is which m= line of the description it is, from 0: the same in each description of a dialog (RFC 3264, 8).
    """

    endpoint: TransportAddress
    direction: str
    formats: tuple[tuple[int, Format], ...]
    line: int = 0

    @property
    def codecs(self) -> list[str]:
        """Their names, in the order of preference, each once."""
        return list(dict.fromkeys(one.codec for _, one in self.formats))


@lru_cache(maxsize=1024)
def read_description(body: bytes) -> tuple[Announced, ...]:
    """Return the RTP streams of a message's body; none of one that is no description, or that nobody can use.

    A stream with port 0 is rejected (RFC 3264, 6), one at 0.0.0.0 is on hold (RFC 2543's way).
    """
    return tuple(one for one in starmap(_announced, enumerate(medias(body))) if one is not None)


@lru_cache(maxsize=1024)
def medias(body: bytes) -> tuple[Media, ...]:
    """Return the m= sections of a message's body; none of one that is no description."""
    start = body.find(b"v=0")
    if start < 0 or (start and body[start - 1] not in b"\r\n"):
        return ()
    text = _BOUNDARY.split(body[start:], 1)[0]
    try:
        return tuple(SessionDescription.parse(text.rstrip(b"\r\n") + b"\r\n").media)
    except SdpParseError:
        return ()


def _announced(line: int, media: Media) -> Announced | None:
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
    return Announced(TransportAddress(str(address), media.port), media.direction, formats, line)


def _format(media: Media, number: int) -> Format | None:
    is_encrypted = "SAVP" in media.protocol.upper()
    codec, _, rest = media.rtpmap.get(str(number), "").partition("/")
    clock = rest.partition("/")[0].strip()
    if codec and clock.isascii() and clock.isdigit() and 0 < len(clock) < 8 and int(clock):
        return Format(codec, _G722_HZ if codec.upper() == "G722" else int(clock), is_encrypted)
    known = STATIC.get(number)
    return None if known is None else known._replace(is_encrypted=is_encrypted)


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

    def expects(
        self, source: TransportAddress, destination: TransportAddress, payload_type: int, until_ns: int
    ) -> bool:
        """Whether somebody announced before `until_ns` that he hears this payload type at this address.

        Or at that source: who is behind a NAT sends from where he listens, and is sent to where that was seen to come
        from (RFC 4961).
        """
        return any(
            time_ns <= until_ns
            for endpoint in (destination, source)
            for time_ns, _ in self._formats.get(endpoint, {}).get(payload_type, ())
        )

    def meaning(
        self, source: TransportAddress, destination: TransportAddress, payload_type: int, begin_ns: int, end_ns: int
    ) -> Format | None:
        """Return what a payload type means in a stream that is there from `begin_ns` to `end_ns`.

        It is what was announced when the stream began; where nothing was yet, what was announced first until its end.
        RFC 3264, 5.1: the numbers are the receiver's; else the sender's, which an answer repeats; else RFC 3551's.
        """
        for endpoint in (destination, source):
            told = [one for one in self._formats.get(endpoint, {}).get(payload_type, ()) if one[0] <= end_ns]
            before = [meaning for time_ns, meaning in told if time_ns <= begin_ns]
            if told:
                return before[-1] if before else told[0][1]
        return STATIC.get(payload_type)
