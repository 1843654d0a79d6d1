"""SIP messages in a capture, found by their start lines; only what measuring needs of them is read.

The one place that knows SIP's syntax here, so that it can be replaced; `tcp_streams` cuts what went over TCP. Not done:
TLS, header fields that are folded over several lines (their first line is read).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.capture.capture import NO_TIME, Capture, windows
from testbed.measure.wire.tcp_streams import read_streams

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Ints
    from testbed.measure.wire.packets import Datagrams, TransportAddress
    from testbed.measure.wire.tcp import Segments

_REQUEST = re.compile(rb"([A-Z][A-Z0-9.!%*_+`'~-]{1,31}) (\S{1,512}) SIP/2\.0\r?\n")
_RESPONSE = re.compile(rb"SIP/2\.0 ([1-6]\d\d) ([^\r\n]{0,512})\r?\n")
_CSEQ = re.compile(r"(\d{1,10})\s+(\S{1,32})")
_TAG = re.compile(r";\s*tag\s*=\s*([^\s;,>]{1,256})", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^\s;,]{1,256})", re.IGNORECASE)
_URI = re.compile(r"<([^<>]{1,512})>\s*(?:;|$)|^\s*([^\s;<>\"]{1,512})")
_COMPACT = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
}
_WANTED = (
    "call-id", "cseq", "from", "to", "via", "contact", "handover", "require", "unsupported", "content-length",
    "content-type",
)  # fmt: skip
_DIRECTION = re.compile(rb"^a=(sendrecv|sendonly|recvonly|inactive)[ \t]*\r?$", re.MULTILINE)
_MEDIA = re.compile(rb"^m=", re.MULTILINE)
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")
_SHORTEST = 20


@dataclass(frozen=True, slots=True)
class SipMessage:
    """One SIP message as one capture interface saw it; a header field that is not there is ''.

    `packet` is its row in the capture (over TCP and in IP fragments: of the piece that made it whole), `size` its bytes
    on the wire, without headers of UDP or TCP. `method` is that of the request it is, or that it answers (from CSeq);
    `status` is None in a request. `direction` is the SDP's (RFC 8866, 6.7), '' in a message without SDP. `body` is
    empty where it was not captured whole. `transport` is "udp", "tcp" or "ws" (RFC 7118). `text` is what was captured
    of it, as it was.
    """

    packet: int
    time_ns: int
    interface: int
    source: TransportAddress
    destination: TransportAddress
    size: int
    method: str
    status: int | None
    reason: str
    call_id: str
    cseq: int
    from_tag: str
    to_tag: str
    branch: str
    handover: str
    contact: str
    require: str
    unsupported: str
    direction: str
    from_uri: str = ""
    to_uri: str = ""
    body: bytes = b""
    transport: str = "udp"
    text: bytes = b""
    content_type: str = ""

    @property
    def is_request(self) -> bool:
        """Whether it is a request."""
        return self.status is None

    @property
    def is_final(self) -> bool:
        """Whether it is a final response (2xx to 6xx)."""
        return self.status is not None and self.status >= 200

    @property
    def is_success(self) -> bool:
        """Whether it is a 2xx response."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def transaction(self) -> tuple[str, str, str, int]:
        """What a request and its responses share (RFC 3261, 17.1.3), and a Call-ID for those without a branch."""
        return (self.branch, self.method, self.call_id, self.cseq)


class _Sighting(NamedTuple):
    """Where and when a message was seen: the fields of `SipMessage` that are not in it."""

    packet: int
    time_ns: int
    interface: int
    source: TransportAddress
    destination: TransportAddress
    size: int
    transport: str


def find_sip(capture: Capture, datagrams: Datagrams) -> list[SipMessage]:
    """Return the SIP messages of a capture in order of time: over UDP, also in IP fragments, and over TCP."""
    messages = _in_datagrams(capture, datagrams, None)
    parts: list[tuple[Capture, Segments, Ints | None]] = [(capture, datagrams.segments, None)]
    if datagrams.rebuilt is not None:
        rebuilt, within = datagrams.rebuilt
        messages += _in_datagrams(rebuilt.capture, within, rebuilt.rows)
        parts.append((rebuilt.capture, within.segments, rebuilt.rows))
    messages += _in_streams(parts, datagrams.endpoints)
    return sorted(messages, key=lambda message: (message.time_ns, message.packet))


def _in_datagrams(capture: Capture, datagrams: Datagrams, rows: Ints | None) -> list[SipMessage]:
    """Return the messages in datagrams; `rows` are those that stand for the packets, where these are not they."""
    long_enough = np.flatnonzero((datagrams.captured >= _SHORTEST) & (capture.time_ns[datagrams.packet] != NO_TIME))
    messages: list[SipMessage] = []
    for some in windows(capture.data, datagrams.offset[long_enough]):
        messages += _in_some(capture, datagrams, long_enough[some], rows)
    return messages


def _in_some(capture: Capture, datagrams: Datagrams, some: Ints, rows: Ints | None) -> list[SipMessage]:
    data, at = capture.data, datagrams.offset
    # The first two letters of a method or of "SIP": no RTP, RTCP or DNS packet passes often.
    first, second = data[at[some]], data[at[some] + 1]
    may = some[(first >= 0x41) & (first <= 0x5A) & (second >= 0x41) & (second <= 0x5A)]
    messages = []
    for row in may.tolist():
        start, packet = int(at[row]), int(datagrams.packet[row])
        sighting = _Sighting(
            packet=packet if rows is None else int(rows[packet]),
            time_ns=int(capture.time_ns[packet]),
            interface=int(capture.interface[packet]),
            source=datagrams.endpoints[datagrams.source[row]],
            destination=datagrams.endpoints[datagrams.destination[row]],
            size=int(datagrams.length[row]),
            transport="udp",
        )
        found = _scan(sighting, data[start : start + int(datagrams.captured[row])].tobytes())
        if found is not None:
            messages.append(found)
    return messages


def _in_streams(
    parts: list[tuple[Capture, Segments, Ints | None]], endpoints: tuple[TransportAddress, ...]
) -> list[SipMessage]:
    messages = []
    for one in read_streams(parts):
        ends = endpoints[one.source], endpoints[one.destination]
        sighting = _Sighting(one.row, one.time_ns, one.interface, *ends, one.size, one.transport)
        found = _scan(sighting, one.text) if one.time_ns != NO_TIME else None
        if found is not None:
            messages.append(found)
    return messages


def _scan(sighting: _Sighting, text: bytes) -> SipMessage | None:
    request, response = _REQUEST.match(text), _RESPONSE.match(text)
    start = request or response
    if start is None:
        return None
    fields = _fields(text[start.end() :])
    number = _CSEQ.match(fields["cseq"])
    if number is None:
        return None
    return SipMessage(
        **sighting._asdict(),
        method=request[1].decode() if request else number[2],
        status=int(response[1]) if response else None,
        reason=response[2].decode("utf-8", "replace") if response else "",
        call_id=fields["call-id"],
        cseq=int(number[1]),
        from_tag=_value(_TAG, _parameters(fields["from"])),
        to_tag=_value(_TAG, _parameters(fields["to"])),
        branch=_value(_BRANCH, fields["via"].split(",")[0]),
        handover=fields["handover"],
        contact=fields["contact"],
        require=fields["require"],
        unsupported=fields["unsupported"],
        direction=_direction(text),
        from_uri=_uri(fields["from"]),
        to_uri=_uri(fields["to"]),
        body=_body(text, fields["content-length"], is_whole=len(text) >= sighting.size),
        text=text,
        content_type=fields["content-type"],
    )


def _fields(text: bytes) -> dict[str, str]:
    """Return the wanted header fields, the first of each name (the topmost Via is the one that counts)."""
    found: dict[str, str] = {}
    for line in re.split(rb"\r?\n", text):
        if not line:
            break
        name, colon, value = line.partition(b":")
        key = name.strip().lower().decode("latin-1")
        key = _COMPACT.get(key, key)
        if colon and key in _WANTED:
            found.setdefault(key, value.strip().decode("utf-8", "replace"))
    return {name: found.get(name, "") for name in _WANTED}


def _direction(text: bytes) -> str:
    """Return the first direction that the body's SDP names, else the one that is meant when it names none."""
    body = _after_the_head(text)
    named = _DIRECTION.search(body)
    if named is not None:
        return named[1].decode()
    return "sendrecv" if _MEDIA.search(body) else ""


def _after_the_head(text: bytes) -> bytes:
    """Return what comes after the first empty line, whether lines end with CRLF or, as some write them, with LF."""
    end = _EMPTY_LINE.search(text)
    return text[end.end() :] if end else b""


def _body(text: bytes, content_length: str, *, is_whole: bool) -> bytes:
    """Return the body (RFC 3261, 18.3: what is beyond Content-Length is dropped); nothing of one that is cut off.

    One that is shorter than it says though all of it was captured is taken as it is: who ends lines with LF may have
    counted CRLF.
    """
    body = _after_the_head(text)
    if not (content_length.isascii() and content_length.isdigit() and len(content_length) < 10):
        return body
    length = int(content_length)
    return body[:length] if length <= len(body) or is_whole else b""


def _uri(name_addr: str) -> str:
    """Return the address in From or To (RFC 3261, 20.10), without a display name and parameters."""
    match = _URI.search(name_addr)
    return (match[1] or match[2]) if match else ""


def _parameters(name_addr: str) -> str:
    """Return what follows the address: a display name may hold anything, even ';tag='."""
    return name_addr.rpartition(">")[2]


def _value(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""
