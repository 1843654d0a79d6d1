"""SIP messages that one capture interface saw several times at once: copies of a mirror port, a hop before and after.

Nobody sends a message again within so short a time: T1 is 500 ms (RFC 3261, 17.1.1.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.sip.scan import SipMessage

WITHIN_NS = 50_000_000


def seen_once(messages: Iterable[SipMessage]) -> list[SipMessage]:
    """Return the messages, which are in order of time, without copies of the same bytes between the same ends."""
    last: dict[tuple[object, ...], int] = {}
    kept = []
    for one in messages:
        what = one.interface, one.source, one.destination, one.text
        before_ns = last.get(what)
        if before_ns is None or one.time_ns - before_ns > WITHIN_NS:
            last[what] = one.time_ns
            kept.append(one)
    return kept
