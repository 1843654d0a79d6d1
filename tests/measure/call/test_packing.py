"""Packets of 20 and of 40 ms in one stream: how long each is, and that the listener misses nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from testbed.measure.call.direction import Direction, Sightings
from testbed.measure.call.packing import framing
from testbed.measure.listening.playout import listen, mouth_to_ear_s
from tests.measure.frames import MS

if TYPE_CHECKING:
    from collections.abc import Collection

    from testbed.measure.capture.capture import Ints

INTERVAL_NS = 20 * MS
DELAY_NS = 5 * MS


def stream(lengths: list[int], lost: Collection[int] = (), unseen: Collection[int] = ()) -> Direction:
    """A stream of packets so many intervals long: each leaves when it is full, and arrives 5 ms later.

    `lost` do not arrive; `unseen` were not captured at the sender either.
    """
    first: Ints = np.cumsum(lengths) - np.array(lengths)
    keys = np.arange(len(lengths))
    zeros = np.zeros(len(lengths), dtype=np.int64)
    full_ns: Ints = (first + np.array(lengths)) * INTERVAL_NS
    stamps: Ints = first * 160
    whole = Sightings(full_ns, keys, zeros, stamps, zeros, keys)
    sent = whole.pick(~np.isin(keys, list(unseen)))
    received = Sightings(full_ns + DELAY_NS, keys, zeros, stamps, zeros, keys).pick(~np.isin(keys, [*lost, *unseen]))
    return Direction(
        links=("wifi",),
        sent=sent,
        received=received,
        onto=sent,
        off=received,
        keys=len(lengths),
        clock_hz=8000,
        observed=True,
    )


@pytest.mark.parametrize(
    ("lengths", "unseen", "counted"),
    [
        ([1, 1, 1, 1], set(), [1, 1, 1, 1]),
        ([1, 1, 2, 2, 2], set(), [1, 1, 2, 2, 2]),
        ([2, 2, 1, 1], set(), [2, 2, 1, 1]),
        ([1, 2, 2, 2, 2], {3}, [1, 2, 2, 2, 2]),  # as long as the one before it
        ([1, 1, 11, 1, 1], set(), [1, 1, 1, 1, 1]),  # 220 ms are no packet: a pause
    ],
)
def test_a_packet_lasts_until_the_timestamp_of_the_next(
    lengths: list[int], unseen: set[int], counted: list[int]
) -> None:
    assert framing(stream(lengths, unseen=unseen), INTERVAL_NS).count.tolist() == counted


def test_nothing_is_missed_of_a_sender_that_goes_on_in_longer_packets() -> None:
    direction = stream([1] * 100 + [2] * 50 + [1] * 100)
    heard = listen(direction, INTERVAL_NS)
    assert heard is not None
    # The first longer packet comes an interval later than the buffer of two intervals expects, and no more than that.
    assert heard.concealed_s() <= 0.020
    assert len(heard.played) == 300
    assert [one.sequence for one in heard.played] == sorted(one.sequence for one in heard.played if one.sequence >= 0)
    assert heard.late == ()


def test_a_lost_longer_packet_is_all_of_its_intervals() -> None:
    heard = listen(stream([2] * 100, lost={50}), INTERVAL_NS)
    assert heard is not None
    lost = [one for one in heard.concealed if one.cause == "lost"]
    assert [(one.sequence, one.duration) for one in lost] == [(50, 0.020), (50, 0.020)]
    assert heard.concealed_s() == pytest.approx(0.040)


def test_mouth_to_ear_counts_the_filling_of_the_packet() -> None:
    """5 ms on the way, the wait in the buffer, and 40 ms until a packet of 40 ms was full."""
    direction = stream([2] * 100)
    heard = listen(direction, INTERVAL_NS)
    assert heard is not None
    starts = {one.sequence: one.at for one in reversed(heard.played)}
    assert len(starts) == 100
    waits = [at - key * 0.040 for key, at in starts.items()]  # packet 0 arrives at time 0
    # While the buffer shrinks a first interval is played shorter, by an eighth at most.
    assert mouth_to_ear_s(heard, direction) == pytest.approx(0.005 + sum(waits) / 100 + 0.040, abs=0.0025)
