"""Errors by fault: the bytes, the peer, our own caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class SipError(Exception):
    """What every error of this package is."""


class SipParseError(SipError):
    """The bytes are not SIP.

    `line` counts from 1, the start line (0: the datagram as a whole); `what` is the rule that was broken; `text` is the
    offending text; `status_hint` is what to answer a request with (RFC 3261 21.4.1, 21.5.6), see `BadRequestError`.
    """

    def __init__(self, line: int, what: str, text: str, *, status_hint: int = 400) -> None:
        super().__init__(line, what, text)
        self.line = line
        self.what = what
        self.text = text
        self.status_hint = status_hint

    def __str__(self) -> str:
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return f"line {self.line}: {self.what} in {shown!r}"


class RemoteProtocolError(SipError):
    """The peer broke a rule; `status_hint` and `headers` are what to answer it with."""

    def __init__(self, what: str, *, status_hint: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(what)
        self.status_hint = status_hint
        self.headers = tuple(headers)


class LocalProtocolError(SipError):
    """Our own caller asked for something that the protocol forbids in this state."""
