"""A moment of a capture as it is written: seconds from its first packet, or a date and time.

Times without an offset are UTC, whatever the machine's clock is set to; a time of day is one of the day (UTC) on which
the capture begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

_SECONDS = re.compile(r"\d{1,12}(\.\d{0,9})?", re.ASCII)
_DATE_OR_TIME = re.compile(r"[\dT:.+Z ]*[:-][\dT:.+Z -]*", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """`text` is as it was written; it is `at`, else a time `of_day`, else so long after the first packet."""

    text: str
    after_ns: int = 0
    at: datetime | None = None
    of_day: time | None = None

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read a moment; ValueError says what it should look like."""
        if _SECONDS.fullmatch(text):
            whole, _, part = text.partition(".")
            return cls(text, after_ns=int(whole) * _NS_PER_S + int((part + "000000000")[:9]))
        if _DATE_OR_TIME.fullmatch(text):
            for read in (_of_day, _at):
                try:
                    return read(text)
                except (ValueError, OverflowError):
                    continue
        raise ValueError(f"{text!r} is no moment: say seconds (12.5), 14:03:05 or 2026-01-31T14:03:05 (UTC)")

    def ns(self, start_ns: int) -> int:
        """Return it in ns since the epoch, for a capture that begins then."""
        if self.at is not None:
            return _ns(self.at)
        if self.of_day is not None:
            first = _EPOCH + timedelta(seconds=start_ns // _NS_PER_S)
            return _ns(datetime.combine(first.date(), self.of_day))
        return start_ns + self.after_ns


def _ns(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def _of_day(text: str) -> Moment:
    if ":" not in text:
        raise ValueError(text)
    read = time.fromisoformat(text)
    return Moment(text, of_day=read if read.tzinfo else read.replace(tzinfo=UTC))


def _at(text: str) -> Moment:
    read = datetime.fromisoformat(text)
    return Moment(text, at=read if read.tzinfo else read.replace(tzinfo=UTC))
