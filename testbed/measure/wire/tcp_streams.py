"""SIP messages out of TCP: streams put together by sequence number, and cut by Content-Length (RFC 3261, 18.3).

Over WebSocket they are cut by WebSocket's frames (RFC 7118). Each capture interface and each direction of a connection
is a stream of its own. A message came when the segment was seen that made it whole. A stream that the capture joins in
the middle, or that misses a segment, goes on with the next start line at the start of a segment or of a line, if what
begins there is a message of SIP; what was cut is left out.
Not done: a message inside another's body (message/sip) that a stream begins with is taken for one of the stream's.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import SipParseError
from agents.sip.message.framing import BLANK_LINE, Framer, FramingError
from agents.sip.message.message import Message
from testbed.measure.capture.capture import NO_TIME
from testbed.measure.wire.start_line import START_LINE
from testbed.measure.wire.websocket import WebSocketFramer, holds_sip, is_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testbed.measure.capture.capture import Capture, Ints
    from testbed.measure.wire.tcp import Segments

MOST_WAITING = 1 << 18
"""Bytes that wait behind a missing segment; beyond them, it is taken for lost."""
MOST_SEGMENTS = 1024
PATIENCE_NS = 32_000_000_000
"""So much later, too: 64*T1, after which no SIP transaction waits (RFC 3261, 17.1)."""
MOST_STREAMS = 16_384
"""Streams that are followed at once; the one that was silent the longest goes first."""
MOST_FILLING = 1 << 26
"""Bytes that stand for what a short snapshot cut off, in the whole capture."""

MOST_TRIES = 16
"""Lines in one segment that look like the start of a message and are none."""

_START = re.compile(rb"(?:\A|\n)(?=" + START_LINE.pattern + rb")")
_WRAP = 1 << 32
_CUT = b"\0"
"""What stands for a byte that was not captured: no header of SIP has it."""


class StreamMessage(NamedTuple):
    """One message: the row of the segment that made it whole, who sent it to whom (as numbers), and its bytes.

    `text` ends where the first byte is that was not captured; `size` is what there was on the wire. `transport` is
    "tcp" or "ws".
    """

    row: int
    time_ns: int
    interface: int
    source: int
    destination: int
    transport: str
    size: int
    text: bytes


class _Stamp(NamedTuple):
    """The row of a segment, and when it was seen."""

    row: int
    time_ns: int


class _Waits(NamedTuple):
    data: bytes
    length: int
    stamp: _Stamp


_NOTHING_YET = _Stamp(-1, NO_TIME)


class _Whole(NamedTuple):
    """A message, the segment that made it whole, what it went over."""

    stamp: _Stamp
    message: bytes
    transport: str


class _Part(NamedTuple):
    """Part of a capture: its segments, and the row that stands for each packet where that is not its own."""

    capture: Capture
    segments: Segments
    rows: Ints | None


@dataclass(slots=True)
class _Stream:
    """One direction of a connection at one interface.

    `expected` is the number of the next byte, None before any. `latest` is the last segment that was delivered: what
    waited for one that was missing came with that one. Before it `is_sure` where messages begin, `tried` is what may be
    one from `tried_at` on.
    """

    expected: int | None = None
    begun_at: int | None = None
    framer: Framer | WebSocketFramer | None = None
    is_sure: bool = False
    tried: bytes = b""
    tried_at: int = 0
    latest: _Stamp = _NOTHING_YET
    since_ns: int = NO_TIME
    waiting: dict[int, _Waits] = field(default_factory=dict)
    held: int = 0

    def take(self, sequence: int, one: _Waits, *, is_first: bool) -> Iterator[_Whole]:
        """Take a segment, yield the messages that it made whole."""
        if is_first and sequence != self.begun_at:  # another connection between the same ports
            yield from self.finish()
            self.begun_at = self.expected = sequence
            self.framer, self.is_sure = Framer(), True
        if self.expected is None:
            self.expected = sequence
        if not one.length:
            return
        ahead = _distance(self.expected, sequence)
        if ahead <= 0:
            yield from self._deliver(one, -ahead)
            yield from self._follow()
        else:
            self._wait(sequence, one)
        if self.waiting and self._is_lost(one.stamp.time_ns):
            yield from self._leap()

    def finish(self) -> Iterator[_Whole]:
        """Nothing more comes: yield what is behind missing segments."""
        while self.waiting:
            yield from self._leap()

    def _wait(self, sequence: int, one: _Waits) -> None:
        if not self.waiting:
            self.since_ns = one.stamp.time_ns
        known = self.waiting.get(sequence)
        if known is None or known.length < one.length:
            self.held += len(one.data) - (len(known.data) if known else 0)
            self.waiting[sequence] = one

    def _is_lost(self, now_ns: int) -> bool:
        if self.held > MOST_WAITING or len(self.waiting) > MOST_SEGMENTS:
            return True
        return NO_TIME not in {now_ns, self.since_ns} and now_ns - self.since_ns > PATIENCE_NS

    def _follow(self) -> Iterator[_Whole]:
        """Deliver what waited for the segment that came."""
        while self.waiting:
            sequence, ahead = self._next_waiting()
            if ahead > 0:
                return
            one = self.waiting.pop(sequence)
            self.held -= len(one.data)
            yield from self._deliver(one, -ahead)

    def _leap(self) -> Iterator[_Whole]:
        """Give up the missing bytes, and go on behind them."""
        self.expected, _ = self._next_waiting()
        self.framer = None
        yield from self._follow()

    def _next_waiting(self) -> tuple[int, int]:
        """Return the number of the first segment that waits, and how many bytes are missing before it."""
        expected = self.expected or 0
        sequence = min(self.waiting, key=lambda number: _distance(expected, number))
        return sequence, _distance(expected, sequence)

    def _deliver(self, one: _Waits, known: int) -> Iterator[_Whole]:
        """Cut the stream with this segment in it into messages; the first `known` bytes of it came before."""
        data, length = one.data[known:], one.length - known
        if length <= 0:
            return
        self.expected = ((self.expected or 0) + length) % _WRAP
        self.latest = max(self.latest, one.stamp)
        if is_upgrade(data) or (self.framer is None and holds_sip(data)):
            self.framer, self.is_sure = WebSocketFramer(is_open=not is_upgrade(data)), True
        if isinstance(self.framer, WebSocketFramer):
            self.framer.push(data, length - len(data))
            yield from self._cut(self.framer)
            return
        data += bytes(length - len(data))
        if self.framer is None:
            yield from self._search(data, 0)
        elif self.is_sure:
            self.framer.push(data)
            yield from self._cut(self.framer)
        else:
            yield from self._search(self.tried + data, self.tried_at)

    def _search(self, data: bytes, at: int) -> Iterator[_Whole]:
        """Look for the next message in a stream whose messages nobody knows the bounds of."""
        self.framer = None
        for _ in range(MOST_TRIES):
            start = _START.search(data, at)
            if start is None:
                return
            at = start.end() + 1
            framer = Framer()
            framer.push(data[start.end() :])
            try:
                message = framer.next_message()
            except FramingError:
                continue
            if message is None:
                self.framer, self.is_sure, self.tried, self.tried_at = framer, False, data, start.start()
                return
            if _is_message(message):
                self.framer, self.is_sure, self.tried = framer, True, b""
                yield _Whole(self.latest, message, "tcp")
                yield from self._cut(framer)
                return

    def _cut(self, framer: Framer | WebSocketFramer) -> Iterator[_Whole]:
        transport = "ws" if isinstance(framer, WebSocketFramer) else "tcp"
        try:
            while (message := framer.next_message()) is not None:
                yield _Whole(self.latest, message, transport)
        except FramingError:
            self.framer = None


def _distance(expected: int, sequence: int) -> int:
    """Return how far a number is ahead (RFC 9293, 3.4: modulo 2**32)."""
    return (sequence - expected + _WRAP // 2) % _WRAP - _WRAP // 2


def _is_message(data: bytes) -> bool:
    try:
        Message.parse(data)
    except SipParseError:
        return False
    return True


def read_streams(parts: Iterable[tuple[Capture, Segments, Ints | None]]) -> list[StreamMessage]:
    """Return the SIP messages in the TCP segments of a capture, in the order in which they were whole.

    `parts` are captures with their segments and, where their packets are not those of the main capture, the rows there.
    """
    reader = _Reader([_Part(*part) for part in parts])
    return list(reader.read())


_Key = tuple[int, int, int]
"""Interface, source, destination."""


class _Reader:
    """Follows all streams of a capture at once."""

    def __init__(self, parts: list[_Part]) -> None:
        self._parts = parts
        self._streams: OrderedDict[_Key, _Stream] = OrderedDict()
        self._filling = MOST_FILLING

    def read(self) -> Iterator[StreamMessage]:
        """Yield every message."""
        order = sorted(
            (int(packet if part.rows is None else part.rows[packet]), number, index)
            for number, part in enumerate(self._parts)
            for index, packet in enumerate(part.segments.packet.tolist())
        )
        for row, number, index in order:
            yield from self._segment(row, self._parts[number], index)
        for key, stream in self._streams.items():
            yield from _told(key, stream.finish())

    def _segment(self, row: int, part: _Part, index: int) -> Iterator[StreamMessage]:
        segments, capture = part.segments, part.capture
        packet = int(segments.packet[index])
        key = (int(capture.interface[packet]), int(segments.source[index]), int(segments.destination[index]))
        start, length = int(segments.offset[index]), int(segments.length[index])
        data = capture.data[start : start + int(segments.captured[index])].tobytes()
        self._filling -= length - len(data)
        one = _Waits(data, length if self._filling >= 0 else len(data), _Stamp(row, int(capture.time_ns[packet])))
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= MOST_STREAMS:
                oldest, ended = self._streams.popitem(last=False)
                yield from _told(oldest, ended.finish())
            stream = self._streams[key] = _Stream()
        self._streams.move_to_end(key)
        is_first = bool(segments.is_first[index])
        yield from _told(key, stream.take(int(segments.sequence[index]), one, is_first=is_first))


def _told(key: _Key, messages: Iterator[_Whole]) -> Iterator[StreamMessage]:
    for stamp, message, transport in messages:
        text = message.split(_CUT, 1)[0]
        if BLANK_LINE in text:
            yield StreamMessage(*stamp, *key, transport, len(message), text)
