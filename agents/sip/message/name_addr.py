"""From, To, Contact, Route, Record-Route: a URI with a display name and parameters (RFC 3261 20.10)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import Params, end_of_quoted, format_params, is_token, param, parse_params
from agents.sip.message.uri import Uri


class NameAddr(NamedTuple):
    """`display` is kept as written, with its quotes; `uri` is its text."""

    display: str
    uri: str
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Reads `"Bob" <sip:bob@b.example>;tag=1` and `sip:bob@b.example;tag=1`; raises `SipParseError`."""
        return _parse(text)

    def __str__(self) -> str:
        display = f"{self.display} " if self.display else ""
        return f"{display}<{self.uri}>{format_params(self.params)}"

    @property
    def tag(self) -> str | None:
        """None is the null tag of RFC 2543 peers (12.1.1)."""
        return param(self.params, "tag") or None

    def param(self, name: str) -> str | None:
        """Value of a header parameter, '' for a flag, None when it is not there."""
        return param(self.params, name)

    def with_tag(self, tag: str | None) -> NameAddr:
        """The same with this tag in place of its own."""
        kept = tuple(pair for pair in self.params if pair[0].lower() != "tag")
        return self._replace(params=kept if tag is None else (*kept, ("tag", tag)))


@lru_cache(maxsize=256)  # From, To and Contact are the same in every message of a call
def _parse(text: str) -> NameAddr:
    text = text.strip()
    start = text.find("<", end_of_quoted(text, 0) if text[:1] == '"' else 0)
    if start < 0:
        return _parse_addr_spec(text)
    display = text[:start].strip()
    # display-name = *(token LWS) / quoted-string. RFC 4475 3.1.1.6: no white space needed before "<".
    if display[:1] == '"':
        if end_of_quoted(display, 0) != len(display):
            raise SipParseError(0, "text after a quoted display name", text)
    elif not all(is_token(word) for word in display.split()):
        raise SipParseError(0, "a display name that needs quotes", text)
    uri, bracket, rest = text[start + 1 :].partition(">")
    if not bracket:
        raise SipParseError(0, "no '>'", text)
    Uri.parse(uri)
    return NameAddr(display, uri, parse_params(rest))


def _parse_addr_spec(text: str) -> NameAddr:
    # 20.10: a URI with a comma, question mark or semicolon must stand in <>; so the first ";" ends it here.
    uri, semicolon, rest = text.partition(";")
    uri = uri.strip()
    if "?" in uri or "," in uri:
        raise SipParseError(0, "a URI that needs <>", text)
    Uri.parse(uri)
    return NameAddr("", uri, parse_params(semicolon + rest))
