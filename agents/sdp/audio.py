"""Offers and answers of one audio stream (RFC 3264 5, 6)."""

from __future__ import annotations

from typing import NamedTuple

from agents.sdp.description import Media, SessionDescription, address_type, connection
from agents.sdp.errors import NoCommonFormatError


class AudioFormat(NamedTuple):
    """An encoding, with the payload type that it has in our own offers.

    `rate_hz` is its RTP clock, `octets` what 20 ms of it take as we send it. `parameters` are those of its a=fmtp, and
    `bounds` are what a peer may not be below in its own, by name: whoever takes less can't be sent what we have.
    """

    payload_type: int
    name: str
    rate_hz: int = 8000
    octets: int = 160
    channels: int = 1
    parameters: str = ""
    bounds: tuple[tuple[str, int], ...] = ()

    @property
    def rtpmap(self) -> str:
        """`PCMU/8000`; `opus/48000/2`."""
        return f"{self.name}/{self.rate_hz}" + (f"/{self.channels}" if self.channels > 1 else "")

    def lines(self, number: str, rtpmap: str = "") -> list[str]:
        """What a description says of it under this payload type, with its name as an offer has it."""
        about = [f"a=fmtp:{number} {self.parameters}"] if self.parameters else []
        return [f"a=rtpmap:{number} {rtpmap or self.rtpmap}", *about]

    def is_taken_with(self, parameters: str) -> bool:
        """Whether we can send what a peer takes that says this of it; what we do not understand is nothing said."""
        pairs = (word.strip().lower().partition("=") for word in parameters.split(";"))
        said = {name: value for name, _, value in pairs}
        limits = ((said.get(name, ""), least) for name, least in self.bounds)
        return not any(value.isascii() and value.isdigit() and int(value[:9]) < least for value, least in limits)


PCMU = AudioFormat(0, "PCMU")
PCMA = AudioFormat(8, "PCMA")
GSM = AudioFormat(3, "GSM", octets=33)
#: RFC 3551 4.5.2: samples are 16000 a second, and the RTP clock is 8000 Hz.
G722 = AudioFormat(9, "G722")
#: RFC 7587 7: always 48000/2, whatever is sent. We say 16 kHz at 20 kbit/s, one channel, and want no more than that: so
#: it is known what a link has to carry. Limits are those of who receives, who MUST NOT be sent more (7.1).
OPUS = AudioFormat(
    *(111, "opus", 48000, 50, 2),
    "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; cbr=1",
    (("maxplaybackrate", 16000), ("maxaveragebitrate", 20000)),
)
#: How much speech is in a packet where nothing else is said (RFC 3551 4.2).
PTIME_MS = 20
#: Those that we know, by name in capital letters, the preferred first.
FORMATS = {known.name.upper(): known for known in (PCMU, PCMA, GSM, G722, OPUS)}
_BY_RTPMAP = {known.rtpmap.lower(): known for known in FORMATS.values()}
#: RFC 3551 table 4: payload types that mean something without rtpmap.
_STATIC = {"0": "PCMU/8000", "3": "GSM/8000", "4": "G723/8000", "8": "PCMA/8000", "9": "G722/8000", "18": "G729/8000"}
# RFC 3264 6.1: what an answer may say to an offered direction, the widest.
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
# The directions as (we send, we receive).
_FLOWS = {"sendrecv": (True, True), "sendonly": (True, False), "recvonly": (False, True), "inactive": (False, False)}


class Endpoint(NamedTuple):
    """Our end of the media and what we can do with it. `session_id` goes into o= and must be numeric (RFC 8866 5.2)."""

    address: str
    port: int
    session_id: int
    formats: tuple[AudioFormat, ...] = (PCMU, PCMA)
    ptime_ms: int = PTIME_MS
    direction: str = "sendrecv"


def make_offer(end: Endpoint) -> SessionDescription:
    """A first offer, version 1; see `SessionDescription.follow` for later ones."""
    numbers = " ".join(str(item.payload_type) for item in end.formats)
    return SessionDescription.build(
        *_session_lines(end, "0 0"),
        f"m=audio {end.port} RTP/AVP {numbers}",
        *(line for item in end.formats for line in item.lines(str(item.payload_type))),
        *_tail_lines(end, end.direction),
    )


def make_answer(offer: SessionDescription, end: Endpoint, *, in_call: bool = False) -> SessionDescription:
    """An answer that takes the first audio stream with a format of ours and rejects every other stream (RFC 3264 6).

    Formats keep the order and the numbers of the offer (6.1). Within a call an offer may take all its streams away, and
    so does the answer (8.2). Raises `NoCommonFormatError`.
    """
    ours = {item.rtpmap.lower(): item for item in end.formats}
    lines = _session_lines(end, offer.timing)
    is_taken = False
    for media in offer.media:
        common = [] if is_taken or media.port == 0 else _common_formats(media, end)
        if not common:
            lines.append(f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}")
            continue
        is_taken = True
        lines.append(f"m=audio {end.port} {media.protocol} {' '.join(number for number, _ in common)}")
        lines += [line for number, rtpmap in common for line in ours[rtpmap.lower()].lines(number, rtpmap)]
        lines += _tail_lines(end, _answer_direction(media.direction, end.direction))
    is_emptied = in_call and bool(offer.media) and not any(media.port for media in offer.media)
    if not is_taken and not is_emptied:
        raise NoCommonFormatError(f"none of {[item.rtpmap for item in end.formats]} in the offer")
    return SessionDescription.build(*lines)


class AudioStream(NamedTuple):
    """What two descriptions agree on, from our side. Payload types are those of the peer's description (6.1, 7)."""

    address: str
    port: int
    payload_type: int
    rtpmap: str
    ptime_ms: int
    may_send: bool
    may_receive: bool


def agreed_stream(local: SessionDescription, remote: SessionDescription) -> AudioStream | None:
    """The first audio stream that neither side has refused, None when there is none."""
    for ours, theirs in zip(local.media, remote.media, strict=False):
        if ours.kind != "audio" or theirs.kind != "audio" or not ours.port or not theirs.port:
            continue
        known = {rtpmap.lower() for rtpmap in _named_formats(ours).values()}
        named = _named_formats(theirs)
        number = next((number for number, rtpmap in named.items() if rtpmap.lower() in known), None)
        if number is None or theirs.address is None:
            continue
        we_send, we_receive = _FLOWS[ours.direction]
        they_send, they_receive = _FLOWS[theirs.direction]
        # 8.4: c=0.0.0.0 was the hold of RFC 2543; nothing is sent there.
        may_send = we_send and they_receive and theirs.address not in {"0.0.0.0", "::"}  # noqa: S104
        ptime = theirs.ptime or ours.ptime or PTIME_MS
        flows = (may_send, we_receive and they_send)
        return AudioStream(theirs.address, theirs.port, int(number), named[number], ptime, *flows)
    return None


class Numbering(NamedTuple):
    """The formats of a stream that both sides have, and what they are called in its packets."""

    sends: dict[AudioFormat, int]
    """By which payload type the peer knows each one, the peer's preferred first (RFC 3264 5.1, 6.1)."""
    receives: dict[int, AudioFormat]
    """What a payload type means that comes to us."""

    def chosen(self, wanted: AudioFormat) -> tuple[AudioFormat, int]:
        """The format to send, with its payload type: the wanted one, or what the peer prefers."""
        return (wanted, self.sends[wanted]) if wanted in self.sends else next(iter(self.sends.items()))


def agreed_numbering(local: SessionDescription, remote: SessionDescription) -> Numbering:
    """The formats of `agreed_stream` that we know; none where there is no such stream."""
    for ours, theirs in zip(local.media, remote.media, strict=False):
        if ours.kind == theirs.kind == "audio" and ours.port and theirs.port:
            mine, other = _known_formats(ours), _known_formats(theirs)
            sends = {known: number for number, known in reversed(other.items()) if known in mine.values()}
            if sends:
                receives = {number: known for number, known in mine.items() if known in sends}
                return Numbering(dict(reversed(sends.items())), receives)
    return Numbering({}, {})


def offered_formats(description: SessionDescription) -> tuple[AudioFormat, ...]:
    """The formats of the first audio stream that we know, in its order."""
    streams = (media for media in description.media if media.kind == "audio" and media.port)
    return next((tuple(dict.fromkeys(_known_formats(media).values())) for media in streams), ())


def _known_formats(media: Media) -> dict[int, AudioFormat]:
    return {int(number): known for number, known in _by_number(_named_formats(media)).items()}


def _named_formats(media: Media) -> dict[str, str]:
    """`PCMU/8000` for each payload type that can stand in a packet, in order, however often it is listed.

    '' when nobody says what it is. `PCMU/8000/1` means the same (RFC 8866 6.6). What we could not send as its receiver
    wants it is left out.
    """
    written = media.rtpmap  # all of its lines are read for this, so it is asked for once
    numbers = (number for number in dict.fromkeys(media.formats) if _is_payload_type(number))
    named = {number: written.get(number, _STATIC.get(number, "")).removesuffix("/1") for number in numbers}
    bounded = {number: known for number, known in _by_number(named).items() if known.bounds}
    said = media.fmtp if bounded else {}
    refused = {number for number, known in bounded.items() if not known.is_taken_with(said.get(number, ""))}
    return {number: rtpmap for number, rtpmap in named.items() if number not in refused}


def _by_number(named: dict[str, str]) -> dict[str, AudioFormat]:
    found = ((number, _BY_RTPMAP.get(rtpmap.lower())) for number, rtpmap in named.items())
    return {number: known for number, known in found if known is not None}


def _is_payload_type(word: str) -> bool:
    """Whether it fits into the seven bits that it has in a packet (RFC 3550 5.1)."""
    return word.isascii() and word.isdigit() and len(word) <= 3 and int(word) < 128


def _session_lines(end: Endpoint, timing: str) -> list[str]:
    kind = address_type(end.address)
    return [
        "v=0",
        f"o=- {end.session_id} 1 IN {kind} {end.address}",
        "s=-",
        f"c={connection(end.address)}",
        f"t={timing}",
    ]


def _tail_lines(end: Endpoint, direction: str) -> list[str]:
    lines = [f"a=ptime:{end.ptime_ms}"]
    return lines if direction == "sendrecv" else [*lines, f"a={direction}"]


def _common_formats(media: Media, end: Endpoint) -> list[tuple[str, str]]:
    """None of a stream in the other address family, either: nothing could be sent there."""
    if media.kind != "audio" or media.protocol not in {"RTP/AVP", "RTP/AVPF"}:
        return []
    if address_type(media.address or "") != address_type(end.address):
        return []
    known = {item.rtpmap.lower() for item in end.formats}
    return [(number, rtpmap) for number, rtpmap in _named_formats(media).items() if rtpmap.lower() in known]


def _answer_direction(offered: str, wanted: str) -> str:
    sends, receives = _FLOWS[_MIRROR[offered]]
    we_send, we_receive = _FLOWS[wanted]
    flows = (sends and we_send, receives and we_receive)
    return next(direction for direction, flow in _FLOWS.items() if flow == flows)
