"""Statistics of one sequence-numbered stream, as its receiver saw it: loss, duplicates, order, silence, jitter.

All functions take arrays with one entry an arrival, in the order of arrival. Times are whole nanoseconds, and sums are
made of whole numbers, so that the same capture gives the same digits on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Ints


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """Packets of a stream: `lost` within the range of the sequence numbers seen, `duplicates` beyond first arrivals."""

    packets: int
    unique: int
    lost: int
    duplicates: int
    reordered: int


def extend_sequence(sequence: NDArray[Any]) -> Ints:
    """Return 16-bit sequence numbers without their wrap-around, so that later ones are greater.

    Each arrival is taken to be within 32767 numbers of the one before it, forwards or backwards. So order, duplicates
    and paths that differ by seconds do no harm; a stream that was not heard for longer than that (11 minutes at 20 ms)
    is joined wrongly. The first arrival keeps its number.
    """
    if not len(sequence):
        return np.empty(0, dtype=np.int64)
    steps = np.diff(sequence.astype(np.uint16)).astype(np.int16)
    extended = np.empty(len(sequence), dtype=np.int64)
    extended[0] = int(sequence[0])
    extended[1:] = extended[0] + np.cumsum(steps, dtype=np.int64)
    return extended


def first_arrivals(extended: Ints) -> NDArray[np.bool_]:
    """Return which arrivals are new packets: the first of their sequence number."""
    new = np.zeros(len(extended), dtype=np.bool_)
    new[in_sequence(extended)] = True
    return new


def in_sequence(extended: Ints) -> Ints:
    """Return the rows of the new packets in the order of their sequence numbers."""
    if (extended[1:] > extended[:-1]).all():
        return np.arange(len(extended))
    return np.unique(extended, return_index=True)[1]


def count(extended: Ints, is_new: NDArray[np.bool_] | None = None) -> StreamCounts:
    """Count a stream's packets. A new packet is reordered when a later-numbered one came before it (RFC 4737, 3.3).

    `is_new` are its `first_arrivals`, where they are known.
    """
    if not len(extended):
        return StreamCounts(0, 0, 0, 0, 0)
    new = extended[first_arrivals(extended) if is_new is None else is_new]
    highest = np.maximum.accumulate(new)
    return StreamCounts(
        packets=len(extended),
        unique=len(new),
        lost=int(new.max() - new.min()) + 1 - len(new),
        duplicates=len(extended) - len(new),
        reordered=int((new[1:] < highest[:-1]).sum()),
    )


def longest_silence(time_ns: Ints, extended: Ints, is_new: NDArray[np.bool_] | None = None) -> int | None:
    """Return the longest time between two consecutive new packets, in ns; None with fewer than two. See `count`."""
    arrivals = time_ns[first_arrivals(extended) if is_new is None else is_new]
    return int(np.diff(arrivals).max()) if len(arrivals) > 1 else None


def jitter(time_ns: Ints, timestamp: NDArray[Any], clock_hz: int) -> NDArray[np.float64]:
    """Return the interarrival jitter J after every arrival but the first, in ns (RFC 3550, 6.4.1 and A.8).

    J += (|D| - J) / 16, with D the change of the transit time from one arrival to the next; every arrival counts, also
    a late or doubled one, as in the RFC. `timestamp` is the 32-bit RTP timestamp, `clock_hz` its clock.
    """
    sent = np.diff(timestamp.astype(np.uint32)).astype(np.int32).astype(np.float64) * (1e9 / clock_hz)
    return smooth(np.abs(np.diff(time_ns).astype(np.float64) - sent))


def smooth(change: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return J after each change |D|."""
    smoothed = change / 16
    # J is the sum of all changes, weighted with (15/16)^age / 16. Doubling the window ten times covers an age of 1024,
    # where the weight is 2e-29: no digit of a float is different from the RFC's loop.
    age, weight = 1, 15 / 16
    while age < min(len(smoothed), 1024):
        smoothed[age:] = smoothed[age:] + weight * smoothed[:-age]
        age, weight = age * 2, weight * weight
    return smoothed


def packet_interval_ns(time_ns: Ints, extended: Ints, timestamp: NDArray[Any], clock_hz: int | None) -> int | None:
    """Return the usual time between two packets in ns: the median step of the timestamp between neighbours.

    Without a clock the median step of the arrival times stands for it; None where no two neighbours arrived.
    """
    rows = in_sequence(extended)
    neighbours = np.flatnonzero(np.diff(extended[rows]) == 1)
    if not len(neighbours):
        return None
    if clock_hz is None:
        steps = np.abs(np.diff(time_ns[rows])[neighbours])
        return int(np.sort(steps)[len(steps) // 2])
    steps = np.diff(timestamp[rows].astype(np.uint32)).astype(np.int32)[neighbours]
    return int(np.sort(steps)[len(steps) // 2]) * 1_000_000_000 // clock_hz
