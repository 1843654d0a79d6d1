"""What of a capture is asked for: calls by Call-ID or by who takes part, and a span of time."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from testbed.measure.capture.errors import NotInCaptureError
from testbed.measure.rtp.streams import LAST_NS, RTP_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.selection.moment import Moment
    from testbed.measure.sip.scan import SipMessage

_SEPARATORS = re.compile(r"[-.()]")
"""Visual ones, that are not of a number (RFC 3966, 3)."""

_MOST_NAMED = 5
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; of what is empty or None, everything."""

    call_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    begin: Moment | None = None
    end: Moment | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not self.is_of_calls and self.begin is None and self.end is None

    @property
    def is_of_calls(self) -> bool:
        """Whether calls are named."""
        return bool(self.call_ids or self.numbers)

    def described(self) -> dict[str, Any]:
        """Return it ready for JSON, as it was written."""
        return {
            "call_ids": list(self.call_ids),
            "numbers": list(self.numbers),
            "from": None if self.begin is None else self.begin.text,
            "to": None if self.end is None else self.end.text,
        }

    def span(self, path: Path | str, start_ns: int, end_ns: int) -> TimeSpan:
        """Return when that is, in a capture from `start_ns` to `end_ns`; `NotInCaptureError` if it has none of it.

        Both are in ns since the epoch.
        """
        span = TimeSpan(
            0 if self.begin is None else self.begin.ns(start_ns), LAST_NS if self.end is None else self.end.ns(start_ns)
        )
        if span.begin_ns > span.end_ns:
            raise NotInCaptureError(path, "what is asked for ends before it begins")
        if span.begin_ns > end_ns or span.end_ns < start_ns:
            lasts = (end_ns - start_ns) / _NS_PER_S
            raise NotInCaptureError(path, f"nothing is in the time asked for: the capture lasts {lasts:.3f} s")
        return span

    def calls(self, path: Path | str, messages: Sequence[SipMessage]) -> frozenset[str]:
        """Return the Call-IDs asked for; `NotInCaptureError` with the nearest where the capture has none of them."""
        found = frozenset(one.call_id for one in messages if self._has(one))
        if found:
            return found
        if self.call_ids:
            wanted, known = self.call_ids[0], dict.fromkeys(one.call_id for one in messages)
            what = f"no SIP message with Call-ID {wanted}"
        else:
            wanted = self.numbers[0]
            known = dict.fromkeys(name for one in messages for name in map(user, (one.from_uri, one.to_uri)) if name)
            what = f"nobody called {wanted} in From or To of a SIP message"
        if self.call_ids and self.numbers:
            raise NotInCaptureError(path, "no SIP message with such a Call-ID and number")
        near = difflib.get_close_matches(wanted, known, n=1) or list(known)[:_MOST_NAMED]
        raise NotInCaptureError(path, f"{what}; there is {', '.join(near)}" if near else f"{what}: there is no SIP")

    def _has(self, message: SipMessage) -> bool:
        if self.call_ids and message.call_id not in self.call_ids:
            return False
        wanted = {plain_number(one) for one in self.numbers}
        users = {plain_number(user(message.from_uri)), plain_number(user(message.to_uri))}
        return not wanted or not wanted.isdisjoint(users)


EVERYTHING = Selection()
"""Nothing is left out."""


class TimeSpan(NamedTuple):
    """Time asked for, both ends included."""

    begin_ns: int = 0
    end_ns: int = LAST_NS

    def has(self, time_ns: int) -> bool:
        """Whether a moment is in it."""
        return self.begin_ns <= time_ns <= self.end_ns

    def of(self, rtp: RtpPackets) -> RtpPackets:
        """Return the packets in it."""
        if self == TimeSpan():
            return rtp
        kept = (rtp.time_ns >= self.begin_ns) & (rtp.time_ns <= self.end_ns)
        return replace(rtp, **{name: getattr(rtp, name)[kept] for name in RTP_COLUMNS})


def user(uri: str) -> str:
    """Return the user of a SIP URI, or the number of a tel URI, without parameters (RFC 3261, 19.1; RFC 3966)."""
    scheme, _, rest = uri.partition(":")
    name, at, _ = rest.rpartition("@")
    if scheme.lower() == "tel":
        name = rest
    elif not at:
        return ""
    return unquote(name.partition(";")[0].partition(":")[0])


def plain_number(name: str) -> str:
    """Return a user's name for comparing: of a telephone number the digits, and no + before them."""
    digits = _SEPARATORS.sub("", name).removeprefix("+")
    return digits if digits.isdecimal() else name
