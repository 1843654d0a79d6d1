"""What makes a stream credible that nobody announced: numbers and timestamps that go on as those of one RTP source do.

Many protocols have datagrams that fit RTP's header: a length or a set of flags stands where the sequence number is
(BACnet, NetBIOS, DNS), or a counter does, and what is constant stands for the timestamp (ONC RPC, LISP).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.rtp.stream_numbers import in_sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints

SHORTEST_STREAM = 3
"""Different packets that a stream must have to be believed on its own."""

_REGULAR = 0.8
_LARGEST_STEP = 3000  # RFC 3550, A.1: MAX_DROPOUT
_MOST_COPIES, _IN_ORDER = 3, 0.5
_CLOCKS_HZ = (100, 1_000_000)
"""No RTP clock in use is slower or faster: from text (1000) to L16 at 192 000."""

_LONG = 10
_ASSIGNED = (*range(19), *range(25, 27), 28, *range(31, 35), *range(96, 128))
"""Payload types that RFC 3551 has a meaning for, and those that are dynamic."""


def is_regular(extended: Ints, timestamp: NDArray[Any]) -> bool:
    """Return whether the numbers go on as those of one RTP source: small steps, timestamps that follow them."""
    firsts = in_sequence(extended)
    if len(firsts) < SHORTEST_STREAM or (np.abs(np.diff(extended)) <= _LARGEST_STEP).mean() < _REGULAR:
        return False
    clock = np.diff(timestamp[firsts].astype(np.uint32)).astype(np.int32)
    return bool((clock >= 0).mean() >= _REGULAR)


def is_credible(time_ns: Ints, extended: Ints, timestamp: NDArray[Any], payload_type: int) -> bool:
    """Return whether what arrived in this order is a stream, also where nobody announced one.

    Beyond what `is_regular` asks: most arrivals are new and come in the order of their numbers, timestamps go on at the
    pace of some clock, and a type without a meaning is believed of a longer stream only.
    """
    if not is_regular(extended, timestamp):
        return False
    rows = in_sequence(extended)
    if len(rows) * _MOST_COPIES < len(extended) or (len(rows) < _LONG and payload_type not in _ASSIGNED):
        return False
    if (np.diff(rows) > 0).mean() < _IN_ORDER:
        return False
    ticks = np.diff(timestamp[rows].astype(np.uint32)).astype(np.int32)
    on = np.flatnonzero(ticks > 0)
    if not len(on):
        return False
    return _has_a_clock(ticks[on], np.diff(time_ns[rows])[on])


def _has_a_clock(ticks: NDArray[np.int32], passed_ns: Ints) -> bool:
    """Return whether timestamps go on as fast as those of some clock.

    Of pauses and restarts the usual step knows nothing; a burst of packets only makes the time short.
    """
    usual_ns = float(np.median(passed_ns))
    if usual_ns > 0 and float(np.median(ticks)) * 1e9 / usual_ns < _CLOCKS_HZ[0]:
        return False
    plain = (ticks <= 20 * np.median(ticks)) & (passed_ns >= 0)
    span_ns = float(passed_ns[plain].sum())
    return span_ns < 1e9 or float(ticks[plain].sum()) * 1e9 / span_ns <= _CLOCKS_HZ[1]
