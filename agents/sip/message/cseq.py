"""CSeq: a number and a method (RFC 3261 8.1.1.5)."""

from __future__ import annotations

from typing import NamedTuple

from agents.sip.message.errors import SipParseError
from agents.sip.message.grammar import is_token, parse_number

#: 8.1.1.5: MUST be less than 2**31.
MAX_CSEQ = 2**31 - 1


class CSeq(NamedTuple):
    """Orders the requests of one direction of a dialog."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Raises `SipParseError`."""
        parts = text.split()
        if len(parts) != 2 or not is_token(parts[1]):
            raise SipParseError(0, "bad CSeq", text)
        return cls(parse_number(parts[0], MAX_CSEQ, "CSeq number"), parts[1])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"
