"""Candidates (RFC 8445 5.1, RFC 8839 5.1): where a component of a stream can be reached."""

from __future__ import annotations

import re
from typing import NamedTuple

from agents.sip.message.address import Address, ip_literal

RTP, RTCP = 1, 2
"""Components of a stream (RFC 8839 5.1)."""
HOST, PEER_REFLEXIVE = "host", "prflx"
#: RFC 8445 5.1.2.2. Who has one address prefers it as much as can be (5.1.2.1).
_TYPE_PREFERENCES = {HOST: 126, PEER_REFLEXIVE: 110}
_LOCAL_PREFERENCE = 65535
_MOST_PRIORITY = (1 << 31) - 1
_FOUNDATION = re.compile(r"[A-Za-z0-9+/]{1,32}")
_LEAST_WORDS = 8


class IceParseError(ValueError):
    """What is wrong with what a description says of ICE."""


class Candidate(NamedTuple):
    """One of ours, or of the peer's; `kind` is how it was found."""

    foundation: str
    component: int
    priority: int
    address: Address
    kind: str = HOST

    @classmethod
    def host(cls, address: Address, component: int) -> Candidate:
        """One of our own addresses (RFC 8445 5.1.1.1); all have the same base, and so one foundation (5.1.1.3)."""
        return cls("1", component, priority(HOST, component), address)

    @classmethod
    def parse(cls, value: str) -> Candidate:
        """The value of a candidate attribute; raises IceParseError, for what is to be ignored as well.

        That is: other transports than UDP, host names, versions of IP that there are not (RFC 8839 5.1).
        """
        words = value.split()
        if len(words) < _LEAST_WORDS or words[6] != "typ":
            raise IceParseError(f"candidate {value[:60]!r} is not of eight words")
        foundation, component, transport, rank, host, port, _, kind = words[:_LEAST_WORDS]
        if not _FOUNDATION.fullmatch(foundation):
            raise IceParseError(f"foundation {foundation[:40]!r}")
        if transport.upper() != "UDP":
            raise IceParseError(f"transport {transport[:20]!r}")
        ip = ip_literal(host)
        if ip is None:
            raise IceParseError(f"{host[:40]!r} is no IP address")
        numbers = _number(component, 256), _number(rank, _MOST_PRIORITY), Address(ip, _number(port, 65535))
        return cls(foundation, *numbers, kind)

    def __str__(self) -> str:
        where = f"{self.address.ip} {self.address.port}"
        return f"{self.foundation} {self.component} UDP {self.priority} {where} typ {self.kind}"


def priority(kind: str, component: int) -> int:
    """RFC 8445 5.1.2.1."""
    return (_TYPE_PREFERENCES[kind] << 24) + (_LOCAL_PREFERENCE << 8) + 256 - component


def _number(word: str, most: int) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 10 and 1 <= int(word) <= most):
        raise IceParseError(f"{word[:20]!r} is no number from 1 to {most}")
    return int(word)
