"""The agents' buffer on hand-made arrivals: what is counted as missed, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from testbed.measure.call.direction import Direction, Sightings
from testbed.measure.call.window import Window, doings
from testbed.measure.listening.playout import interruption_s, late_in, listen, mouth_to_ear_s
from tests.measure.frames import MS

INTERVAL_NS = 20 * MS


def direction(
    arrivals: list[tuple[float, int]],
    *,
    sent: int,
    links: tuple[str, ...] = ("wifi",),
    segments: dict[int, int] | None = None,
) -> Direction:
    """Return a direction in which key k was sent at 20 k ms and arrived as listed, in (ms, key)."""
    keys = np.array([key for _, key in arrivals], dtype=np.int64)
    received = Sightings(
        time_ns=np.array([round(at * MS) for at, _ in arrivals], dtype=np.int64),
        key=keys,
        path=np.zeros(len(keys), dtype=np.int64),
        timestamp=keys * 160,
        segment=np.array([(segments or {}).get(int(key), 0) for key in keys], dtype=np.int64),
        row=np.arange(len(keys)),
    )
    every = np.arange(sent)
    zeros = np.zeros(sent, dtype=np.int64)
    onto = Sightings(every * INTERVAL_NS, every, zeros, every * 160, zeros, every)
    return Direction(
        links=links,
        sent=onto,
        received=received,
        onto=onto,
        off=received,
        keys=sent,
        clock_hz=8000,
        observed=True,
    )


def even(count: int, delay_ms: float = 5) -> list[tuple[float, int]]:
    return [(20 * key + delay_ms, key) for key in range(count)]


def test_an_even_call_is_heard_whole() -> None:
    heard = listen(direction(even(100), sent=100), INTERVAL_NS)
    assert heard is not None
    assert (len(heard.played), heard.concealed, heard.late) == (100, (), ())
    assert heard.intervals == (True,) * 100
    assert heard.depth_at(1.0) == heard.settings.initial_depth


def test_listening_ends_where_the_highest_packet_has_lost_its_place_to_another() -> None:
    # Key 150 is of another source, which has slipped in where key 100 belongs; that comes too, and is played instead.
    found = direction([*even(100), (2001, 150), (2005, 100)], sent=151, segments={150: 1})
    found.received.timestamp[100] = 100 * 160
    heard = listen(found, INTERVAL_NS)
    assert heard is not None
    assert [one.sequence for one in heard.played] == [*range(101)]


def test_a_lost_packet_is_one_interval() -> None:
    heard = listen(direction([one for one in even(100) if one[1] != 50], sent=100), INTERVAL_NS)
    assert heard is not None
    assert heard.concealed_s() == pytest.approx(0.020)
    assert [one.sequence for one in heard.concealed] == [50]
    assert heard.intervals.index(False) == 50


def test_what_is_lost_at_the_end_counts_and_what_was_never_sent_does_not() -> None:
    heard = listen(direction(even(95), sent=100), INTERVAL_NS)
    assert heard is not None
    assert (len(heard.played), round(heard.concealed_s(), 6)) == (95, 0.100)


def test_late_copies_after_the_last_packet_are_no_silence() -> None:
    arrivals = sorted(even(100) + [(20 * key + 900, key) for key in range(90, 100)])
    heard = listen(direction(arrivals, sent=100), INTERVAL_NS)
    assert heard is not None
    assert (len(heard.played), heard.concealed) == (100, ())


def test_mouth_to_ear_is_way_and_wait_and_packet() -> None:
    one = direction(even(100, delay_ms=7), sent=100)
    heard = listen(one, INTERVAL_NS)
    assert heard is not None
    assert mouth_to_ear_s(heard, one) == pytest.approx(0.007 + 0.040 + 0.020)


def test_an_interruption_is_what_begins_in_the_window_or_soon_after() -> None:
    gone = {20, 50, 51, 52, 150}
    one = direction([arrival for arrival in even(200) if arrival[1] not in gone], sent=200)
    heard = listen(one, INTERVAL_NS)
    assert heard is not None
    window = Window(round(1020 * MS), round(1100 * MS))
    assert interruption_s(heard, window, doings(one, window)) == pytest.approx(0.060)
    assert heard.concealed_s() == pytest.approx(0.100)


def test_a_packet_lost_just_after_the_window_is_not_the_handovers_doing() -> None:
    gone = {50, 60}
    one = direction([arrival for arrival in even(200) if arrival[1] not in gone], sent=200)
    heard = listen(one, INTERVAL_NS)
    assert heard is not None
    window = Window(round(1020 * MS), round(1100 * MS))
    assert doings(one, window).elsewhere == {60}
    assert interruption_s(heard, window, doings(one, window)) == pytest.approx(0.020)


def test_a_late_packet_belongs_to_the_window_that_it_arrives_in() -> None:
    arrivals = sorted([one for one in even(200) if one[1] != 50] + [(1300.0, 50)])
    one = direction(arrivals, sent=200)
    heard = listen(one, INTERVAL_NS)
    assert heard is not None
    assert [late.sequence for late in heard.late] == [50]
    assert late_in(heard, one, Window(1200 * MS, 1400 * MS)) == 1
    assert late_in(heard, one, Window(900 * MS, 1200 * MS)) == 0


def test_a_new_ssrc_goes_on_without_a_hole_and_stragglers_of_the_old_one_are_still_heard() -> None:
    arrivals = even(200)
    # 98 and 99 of the old source come after the first two of the new one, still in time.
    arrivals[98], arrivals[99] = (20 * 101 + 6.0, 98), (20 * 101 + 7.0, 99)
    arrivals.sort()
    segments = {key: int(key >= 100) for key in range(200)}
    heard = listen(direction(arrivals, sent=200, segments=segments), INTERVAL_NS)
    assert heard is not None
    assert [one.sequence for one in heard.played][100:] == list(range(100, 200))
    assert heard.concealed_s() <= 0.040


def test_nothing_received_or_no_clock_is_nothing_heard() -> None:
    assert listen(direction([], sent=10), INTERVAL_NS) is None
    one = direction(even(10), sent=10)
    unknown = replace(one, clock_hz=None)
    assert listen(unknown, INTERVAL_NS) is None
