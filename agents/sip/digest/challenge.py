"""Challenges and credentials: a scheme and its parameters (RFC 3261 20.7, 20.27, 20.28, 20.44).

They are the one kind of field whose rows must not be joined with commas (7.3.1), as the comma separates parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import end_of_quoted, is_token, param, split_outside, unquote

if TYPE_CHECKING:
    from agents.sip.message.grammar import Params
    from agents.sip.message.headers import Headers


class Challenge(NamedTuple):
    """A row of WWW-Authenticate, Proxy-Authenticate, Authorization or Proxy-Authorization; values as written."""

    scheme: str
    params: Params

    @classmethod
    def parse(cls, text: str) -> Challenge:
        """Raises `SipParseError`."""
        words = text.split(None, 1)
        if len(words) != 2 or not is_token(words[0]):
            raise SipParseError(0, "no scheme with parameters", text)
        scheme, rest = words
        params: list[tuple[str, str | None]] = []
        for part in split_outside(rest, ","):
            name, equals, value = part.partition("=")
            name, value = name.strip(), value.strip()
            is_quoted = value[:1] == '"' and end_of_quoted(value, 0) == len(value)
            if not equals or not is_token(name) or not (is_quoted or is_token(value)):
                raise SipParseError(0, "bad parameter of a scheme", text)
            params.append((name, value))
        return cls(scheme, tuple(params))

    def __str__(self) -> str:
        return f"{self.scheme} " + ", ".join(f"{name}={value}" for name, value in self.params)

    def param(self, name: str) -> str | None:
        """Value without its quotes, None when it is not there."""
        value = param(self.params, name)
        return None if value is None else unquote(value)


def challenges(headers: Headers, name: str) -> list[Challenge]:
    """All rows of this name that can be read, the top-most first; the others are ignored (RFC 8760 2.4)."""
    found = []
    for value in headers.get_all(name):
        try:
            found.append(Challenge.parse(value))
        except SipParseError:
            continue
    return found
