"""Where a source begins to count anew: its sequence numbers (RFC 3550, A.1), and with them perhaps a stream of its own.

A late packet and a restart both step back. They differ in what comes next: after a restart nothing ever arrives again
by the old count. So the **lag** of an arrival is looked at, its time less what its number makes of the mean time
between two packets: at a restart all lags before and all lags after lie apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.measure.rtp.stream_numbers import extend_sequence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints

MAX_DROPOUT, MAX_MISORDER = 3000, 100
"""RFC 3550, A.1: larger steps than these, followed by a packet in order, are a restart of the numbers."""

PAUSE_NS = 1_000_000_000
"""A source that is silent for so long and then counts and stamps anew has begun another stream."""

_RARE = 10
"""Of so many packets one at most may be far off, or nobody knows which numbers are the stream's."""

_LEAST_SHIFT_NS = 100_000_000


class RestartedNumbers(NamedTuple):
    """Sequence numbers without wrap-around, going on by one over restarts.

    `restarts` are the rows where they begin anew, `begins` those of them where a stream of its own does.
    """

    extended: Ints
    restarts: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()


def strays(sequence: NDArray[Any]) -> Ints:
    """Return the lone arrivals whose numbers are far from those before and after: they do not count (RFC 3550, A.1).

    So is the last one far from all before it: nothing in order came after it.
    """
    steps = np.diff(extend_sequence(sequence))
    far = np.abs(steps) > MAX_DROPOUT
    if not far.any():
        return np.empty(0, dtype=np.int64)
    lone = far[:-1] & far[1:] & (np.abs(steps[:-1] + steps[1:]) <= MAX_DROPOUT)
    found = np.flatnonzero(np.concatenate([[False], lone, far[-1:]]))
    return found if len(found) * _RARE <= len(sequence) else found[:0]


def renumber(sequence: NDArray[Any], timestamp: NDArray[Any], time_ns: Ints) -> RestartedNumbers:
    """Number the arrivals of one SSRC between two addresses, in order of time; see `extend_sequence`."""
    extended = extend_sequence(sequence)
    steps = np.diff(extended)
    odd = (steps < -MAX_MISORDER) | (steps > MAX_DROPOUT)
    back = np.flatnonzero(steps <= 0)
    odd[back] |= np.diff(time_ns)[back] > PAUSE_NS
    if len(back):
        odd[back] |= _is_other(extended, timestamp)[back + 1]
    places = np.flatnonzero(odd[:-1]) + 1  # the last arrival has none after it that is in order
    if not len(places):
        return RestartedNumbers(extended)
    restarts = _restarts(extended, time_ns, places)
    stamps = np.diff(timestamp.astype(np.uint32)).astype(np.int32)
    begins = [at for at in restarts if time_ns[at] - time_ns[at - 1] > PAUSE_NS and stamps[at - 1] <= 0]
    for at in restarts:
        extended[at:] += int(extended[:at].max()) + 1 - int(extended[at])
    return RestartedNumbers(extended, tuple(restarts), tuple(begins))


def _is_other(extended: Ints, timestamp: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which arrivals have a number that was there with another timestamp: no copies of that packet."""
    _, firsts, which = np.unique(extended, return_index=True, return_inverse=True)
    other: NDArray[np.bool_] = timestamp != timestamp[firsts[which]]
    return other


def _restarts(extended: Ints, time_ns: Ints, places: Ints) -> list[int]:
    """Return at which of the places the numbers begin anew."""
    steps = np.diff(extended)
    neighbours = np.flatnonzero(steps == 1)
    if not len(neighbours):
        return []
    pace_ns = float(np.minimum(np.diff(time_ns)[neighbours], PAUSE_NS).mean())
    lag = (time_ns - time_ns[0]) - (extended - extended[0]) * pace_ns
    highest, lowest = np.maximum.accumulate(lag), np.minimum.accumulate(lag)
    ahead, behind = np.minimum.accumulate(lag[::-1])[::-1], np.maximum.accumulate(lag[::-1])[::-1]
    found = []
    for at in places.tolist():
        least = max(abs(lag[at] - lag[at - 1]) / 2, _LEAST_SHIFT_NS)
        apart = ahead[at] - highest[at - 1] > least or lowest[at - 1] - behind[at] > least
        if apart and 0 <= steps[at] <= MAX_MISORDER:  # 0: a copy
            found.append(at)
    return found
