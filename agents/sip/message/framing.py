"""Messages in a stream of bytes (RFC 3261 7.5, 18.3), and the keep-alives between them (RFC 5626 3.5.1, 4.4.1)."""

from __future__ import annotations

from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import parse_number
from agents.sip.message.message import LARGEST_BODY

#: 18.1.1 wants messages of 65,535 bytes to be understood. A header that is longer has no end that is worth waiting for.
LARGEST_HEADER = 65535
BLANK_LINE = b"\r\n\r\n"


class FramingError(SipParseError):
    """Nobody can tell where the next message begins. `head` is the header of this one, empty when it has no end."""

    def __init__(self, what: str, head: bytes = b"") -> None:
        super().__init__(0, what, head[:60].decode("utf-8", "replace"))
        self.head = head


class Framer:
    """Cuts one direction of a connection into messages: `push` what came, take `next_message` until there is none.

    It holds at most one header and one body beside what was pushed last.
    """

    __slots__ = ("_blank_lines", "_buffer", "_length", "_pings", "_scanned")

    def __init__(self) -> None:
        self._buffer = bytearray()
        # How much of the buffer has no end of a header in it, and how long the message is once that was found.
        self._scanned = 0
        self._length: int | None = None
        self._blank_lines = 0
        self._pings = 0

    @property
    def is_amid(self) -> bool:
        """Whether something has begun and not ended."""
        return bool(self._buffer)

    def push(self, data: bytes) -> None:
        """Bytes as they came."""
        self._buffer += data

    def take_pings(self) -> int:
        """How many double CRLFs came between messages since the last call: each is answered with one CRLF."""
        pings, self._pings = self._pings, 0
        return pings

    def next_message(self) -> bytes | None:
        """The octets of one message; None when more must come first. Raises `FramingError`, after which all is lost."""
        buffer = self._buffer
        if self._length is None:
            self._length = self._find_length()
        if self._length is None or len(buffer) < self._length:
            return None
        message = bytes(buffer[: self._length])
        del buffer[: self._length]
        self._length = None
        return message

    def _find_length(self) -> int | None:
        buffer = self._buffer
        if not self._scanned:
            self._skip_blank_lines()
        if len(buffer) < 2:  # perhaps half a CRLF
            return None
        end = buffer.find(BLANK_LINE, max(0, self._scanned - 3))
        if max(end, self._scanned) > LARGEST_HEADER or (end < 0 and len(buffer) > LARGEST_HEADER):
            raise FramingError("a header without end")
        self._scanned = len(buffer) if end < 0 else 0
        return None if end < 0 else end + len(BLANK_LINE) + _content_length(bytes(buffer[:end]))

    def _skip_blank_lines(self) -> None:
        """7.5: CRLFs before a start line mean nothing but, two at a time, that the peer wants to hear one."""
        buffer = self._buffer
        start = 0
        while buffer[start : start + 2] == b"\r\n":
            start += 2
        del buffer[:start]
        lines = self._blank_lines + start // 2
        self._pings += lines // 2
        self._blank_lines = lines % 2 if bytes(buffer[:2]) in {b"", b"\r"} else 0


def _content_length(head: bytes) -> int:
    """18.3: MUST be there. `Message.parse` reads it again, and finds the same fault with it."""
    lines = head.replace(b"\r\n ", b"  ").replace(b"\r\n\t", b"  ").split(b"\r\n")  # 7.3.1
    values = set()
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.rstrip(b" \t").lower() in {b"content-length", b"l"}:
            values.add(value.strip(b" \t"))
    if len(values) != 1:
        raise FramingError("contradicting Content-Length" if values else "no Content-Length in a stream", head)
    try:
        return parse_number(values.pop().decode("latin-1"), LARGEST_BODY, "Content-Length")
    except SipParseError as error:
        raise FramingError(error.what, head) from error
