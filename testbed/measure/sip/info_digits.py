"""Key presses that are told of in INFO requests, and not in the media: application/dtmf-relay and application/dtmf.

No RFC has either; who sends them (Cisco's gateways first, then Asterisk, phones) writes "Signal=5", "Duration=160" (ms)
in lines of the former, and the key alone in the latter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testbed.measure.sip.scan import SipMessage
    from testbed.measure.sip.transactions import SeenTransaction

DIGITS = (*"0123456789*#ABCD", "flash")
"""Keys by the number of their event (RFC 4733, table 7)."""

_RELAY, _PLAIN = "application/dtmf-relay", "application/dtmf"
_SIGNAL = re.compile(rb"^\s*signal\s*=\s*(\d{1,3}|[*#!A-D])\s*$", re.IGNORECASE | re.MULTILINE)
_DURATION = re.compile(rb"^\s*duration\s*=\s*(\d{1,7})\s*$", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(rb"\s*(\d{1,3}|[*#!A-D])\s*", re.IGNORECASE)


class InfoDigit(NamedTuple):
    """One key press: the request that told of it, what was answered (None: nothing), and how long it was said to be."""

    digit: str
    request: SipMessage
    status: int | None
    duration_ms: int | None


def digit_of(event: int) -> str:
    """Return the key of an event, or its number."""
    return DIGITS[event] if event < len(DIGITS) else f"event {event}"


def find_info_digits(transactions: Iterable[SeenTransaction]) -> Iterator[InfoDigit]:
    """Yield the key presses that INFO requests of a dialog told of, in their order."""
    for one in transactions:
        read = _read(one.request) if one.request.method == "INFO" else None
        if read is not None:
            yield InfoDigit(read[0], one.request, None if one.final is None else one.final.status, read[1])


def _read(request: SipMessage) -> tuple[str, int | None] | None:
    """Return key and duration; None of a body that is something else."""
    kind = request.content_type.partition(";")[0].strip().lower()
    found = _SIGNAL.search(request.body) if kind == _RELAY else _KEY.fullmatch(request.body) if kind == _PLAIN else None
    if found is None:
        return None
    key = found[1].decode().upper()
    duration = _DURATION.search(request.body) if kind == _RELAY else None
    digit = digit_of(int(key)) if key.isdigit() else {"!": "flash"}.get(key, key)
    return digit, None if duration is None else int(duration[1])
