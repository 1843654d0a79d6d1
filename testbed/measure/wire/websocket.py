"""SIP over WebSocket (RFC 7118): the messages in one direction of a connection (RFC 6455).

Not done: compressed messages (RFC 7692).
"""

from __future__ import annotations

import re

from agents.sip.message.framing import BLANK_LINE, FramingError
from testbed.measure.wire.start_line import LONGEST_START_LINE, START_LINE

LARGEST_MESSAGE = 1 << 20
"""Bytes; of SIP no message is as long."""
_LARGEST_HEAD = 1 << 16

_HEADS = (b"GET ", b"HTTP/1.1 101")
_SIP_OFFERED = re.compile(rb"\r\nsec-websocket-protocol:[^\r\n]*\bsip\b", re.IGNORECASE)
_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_CONTINUATION, _TEXT, _BINARY, _CONTROL = 0, 1, 2, 8
FIRST_BYTES = (_TEXT, _BINARY, _FIN | _TEXT, _FIN | _BINARY)
"""Of a frame with which a message begins (RFC 6455, 5.2)."""


def is_upgrade(data: bytes) -> bool:
    """Whether bytes may begin the HTTP message after which a connection is a WebSocket (RFC 6455, 4)."""
    return data.startswith(_HEADS)


def offers_sip(data: bytes) -> bool:
    """Whether it is one for SIP (RFC 7118, 4.1)."""
    return is_upgrade(data) and _SIP_OFFERED.search(data) is not None


def holds_sip(data: bytes) -> bool:
    """Whether bytes begin with a frame in which a SIP message begins."""
    if not data or data[0] not in FIRST_BYTES:
        return False
    try:
        found = _header(data)
    except FramingError:
        return False
    if found is None:
        return False
    size, length, key = found
    return START_LINE.match(_unmasked(data[size : size + min(length, LONGEST_START_LINE)], key)) is not None


class WebSocketFramer:
    """Cuts one direction into messages, as `Framer` does for SIP over TCP; `is_open`: the HTTP message is over.

    `FramingError` where a frame begins that cannot be one, or was not captured; after it, all is lost.
    """

    __slots__ = ("_buffer", "_gaps", "_is_open", "_message")

    def __init__(self, *, is_open: bool) -> None:
        self._buffer = bytearray()
        self._gaps: list[tuple[int, int]] = []
        self._is_open = is_open
        self._message = bytearray()

    def push(self, data: bytes, missing: int = 0) -> None:
        """Bytes as they came; so many behind them were not captured."""
        self._buffer += data
        if missing:
            self._gaps.append((len(self._buffer), len(self._buffer) + missing))
            self._buffer += bytes(missing)

    def next_message(self) -> bytes | None:
        """Return the octets of one message, with 0 for those that were not captured; None when more must come first."""
        if not self._is_open:
            self._skip_head()
        while self._is_open and (frame := self._next_frame()) is not None:
            first, payload = frame
            if first & _OPCODE >= _CONTROL:  # between the frames of a message, too
                continue
            if first & _OPCODE != _CONTINUATION:
                self._message.clear()
            self._message += payload
            if len(self._message) > LARGEST_MESSAGE:
                raise FramingError("a message without end")
            if first & _FIN:
                message = bytes(self._message)
                self._message.clear()
                return message
        return None

    def _skip_head(self) -> None:
        end = self._buffer.find(BLANK_LINE)
        if end < 0 and len(self._buffer) > _LARGEST_HEAD:
            raise FramingError("a header without end")
        if end >= 0:
            self._drop(end + len(BLANK_LINE))
            self._is_open = True

    def _next_frame(self) -> tuple[int, bytes] | None:
        found = _header(self._buffer)
        if found is None:
            return None
        size, length, key = found
        if len(self._buffer) < size + length:
            return None
        if any(start < size for start, _ in self._gaps):
            raise FramingError("a frame whose header was not captured")
        payload = bytearray(_unmasked(bytes(self._buffer[size : size + length]), key))
        for start, stop in self._gaps:
            if start < size + length:
                payload[start - size : stop - size] = bytes(min(stop, size + length) - start)
        first = self._buffer[0]
        self._drop(size + length)
        return first, bytes(payload)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._gaps = [(max(start - size, 0), stop - size) for start, stop in self._gaps if stop > size]


def _header(data: bytes | bytearray) -> tuple[int, int, bytes] | None:
    """Return the size of a frame's header, how long its payload is and its key, b"" for none (RFC 6455, 5.2).

    None when more must come first.
    """
    if len(data) < 2:
        return None
    if data[0] & _RESERVED:
        raise FramingError("a frame with an extension")
    length, at = data[1] & _LENGTH, 2
    more = {126: 2, 127: 8}.get(length, 0)
    size = at + more + (4 if data[1] & _MASKED else 0)
    if len(data) < size:
        return None
    if more:
        length = int.from_bytes(data[at : at + more], "big")
    if length > LARGEST_MESSAGE:
        raise FramingError("a frame without end")
    return size, length, bytes(data[at + more : size])


def _unmasked(payload: bytes, key: bytes) -> bytes:
    if not key:
        return payload
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(size, "big")
