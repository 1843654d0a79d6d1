"""What can be wrong with a session description."""

from __future__ import annotations


class SdpParseError(Exception):
    """The bytes are not SDP. `line` counts from 1, 0 is the description as a whole; `text` is the offending text."""

    def __init__(self, line: int, what: str, text: str) -> None:
        super().__init__(line, what, text)
        self.line = line
        self.what = what
        self.text = text

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return f"SDP line {self.line}: {self.what} in {shown!r}"


class NoCommonFormatError(Exception):
    """No stream of the offer can be taken: the whole session is rejected, with 488 in SIP (RFC 3264 6.1)."""
