"""The lines of a session description, kept as they came (RFC 8866 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.sdp.errors import SdpParseError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = "vosiuepcbtrzkam"


class Line:
    """`kind=value`, and how the line ended: CRLF, or LF alone, which parsers should accept (RFC 8866 5)."""

    __slots__ = ("end", "kind", "number", "value")

    def __init__(self, kind: str, value: str, end: str = "\r\n", number: int = 0) -> None:
        self.kind = kind
        self.value = value
        self.end = end
        self.number = number

    def __str__(self) -> str:
        return f"{self.kind}={self.value}{self.end}"

    def error(self, what: str) -> SdpParseError:
        """An error at this line."""
        return SdpParseError(self.number, what, f"{self.kind}={self.value}")


class Section:
    """The session part, or one media description: some lines in order."""

    __slots__ = ("lines",)

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines

    def first(self, kind: str) -> Line | None:
        """The first line of a kind."""
        return next((line for line in self.lines if line.kind == kind), None)

    def attributes(self, name: str) -> Iterator[str]:
        """Values of `a=name:value` and of `a=name`, the latter as ''."""
        for line in self.lines:
            if line.kind == "a":
                key, _, value = line.value.partition(":")
                if key == name:
                    yield value

    def attribute(self, name: str) -> str | None:
        """Value of the first attribute of this name, '' for a flag, None when it is not there."""
        return next(self.attributes(name), None)

    def put(self, line: Line, before: str) -> None:
        """Insert in front of the first line of one of the kinds in `before`, or at the end."""
        if self.lines and not self.lines[-1].end.endswith("\n"):  # without its end it could only be the last one
            self.lines[-1].end = "\r\n"
        at = next((index for index, old in enumerate(self.lines) if old.kind in before), len(self.lines))
        self.lines.insert(at, line)


def split_lines(data: bytes) -> list[Line]:
    """Every line; raises `SdpParseError`. What is no UTF-8 goes out again as it came in."""
    *rows, last = data.decode("utf-8", "surrogateescape").split("\n")
    ended = [(row[:-1], "\r\n") if row.endswith("\r") else (row, "\n") for row in rows]
    if last:
        ended.append((last.removesuffix("\r"), "\r" if last.endswith("\r") else ""))
    lines = []
    for number, (text, end) in enumerate(ended, 1):
        if len(text) < 2 or text[1] != "=" or text[0] not in _KINDS or "\r" in text or "\0" in text:
            raise SdpParseError(number, "no line of SDP", text)
        lines.append(Line(text[0], text[2:], end, number))
    return lines
