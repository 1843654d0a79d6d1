"""Jitter, interval and gap of senders that pause, press keys, send pictures or change their codec: all on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.measure import frames
from tests.measure.bare import SSRC, A, B, Bare, of

if TYPE_CHECKING:
    from pathlib import Path

TIMING = ("packet_interval_ms", "gap_ms", "longest_silence_ms", "lost", "jitter_max_ms")
EVENTS = ("a=rtpmap:101 telephone-event/8000",)
OPUS = ("a=rtpmap:111 opus/48000/2",)


def pictures(bare: Bare, packets: int, *, lost: range = range(0), order: tuple[int, ...] = (0,)) -> None:
    """Add 60 pictures of 40 ms, 0.3 ms between the packets of one, shown in another order than sent in."""
    number = 0
    for picture in range(60):
        stamp = (picture // len(order) * len(order) + order[picture % len(order)]) * 3600
        for one in range(packets):
            if picture not in lost:
                packet = frames.rtp(number, stamp, payload_type=97, size=900)
                bare.send(100 + 40 * picture + 0.3 * one, A, B, packet)
            number += 1


def event(bare: Bare, numbers: range, at_ms: float, stamp: int, *, step_ms: float = 20) -> float:
    """Add the packets of one key press; return when the next packet is due."""
    return bare.rtp(numbers, at_ms, stamp=stamp, kind=101, ticks=0, step_ms=step_ms)[0]


def test_comfort_noise_does_not_make_the_interval(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(40))
    at_ms, stamp = bare.rtp(range(64, 84), 64 * 20, stamp=64 * 160)
    at_ms, stamp = bare.rtp(range(84, 164), at_ms, stamp=stamp, step_ms=160, ticks=1280, kind=13)
    bare.rtp(range(164, 184), at_ms, stamp=stamp)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING) == (20.0, 480.0, 500.0, 24, 0.0)


def test_comfort_noise_alone_has_no_gap(tmp_path: Path) -> None:
    bare = Bare()
    at_ms, stamp = bare.rtp(range(30), step_ms=100, ticks=800, kind=13)
    bare.rtp(range(30, 60), at_ms + 900, stamp=stamp + 7200, step_ms=100, ticks=800, kind=13)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, "codec", *TIMING) == ("CN", 100.0, 0.0, 1000.0, 0, 0.0)


@pytest.mark.parametrize("quiet", [20, 100])
def test_opus_that_pauses_has_the_interval_of_its_speech(tmp_path: Path, quiet: int) -> None:
    bare = Bare()
    bare.call(formats="111", lines=OPUS)
    at_ms, stamp = bare.rtp(range(20), 100, ticks=960, kind=111)
    at_ms, stamp = bare.rtp(range(20, 20 + quiet), at_ms, stamp=stamp, step_ms=400, ticks=19200, kind=111)
    bare.rtp(range(30 + quiet, 50 + quiet), at_ms + 200, stamp=stamp + 9600, ticks=960, kind=111)
    (stream,) = bare.measure(tmp_path)["streams"]
    # Ten packets of speech were lost; by their timestamps eleven steps make 600 ms.
    assert of(stream, *TIMING) == (20.0, 545.455, 600.0, 10, 0.0)


def test_a_pause_in_which_a_packet_is_lost(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="111", lines=OPUS)
    at_ms, stamp = bare.rtp(range(50), 100, ticks=960, kind=111)
    at_ms, stamp = bare.rtp(range(50, 60), at_ms, stamp=stamp, step_ms=400, ticks=19200, kind=111)
    bare.rtp(range(61, 70), at_ms + 400, stamp=stamp + 19200, step_ms=400, ticks=19200, kind=111)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING) == (20.0, 400.0, 800.0, 1, 0.0)


def test_an_interval_that_changes_is_no_gap(tmp_path: Path) -> None:
    bare = Bare()
    at_ms, stamp = bare.rtp(range(100))
    bare.rtp(range(100, 160), at_ms, stamp=stamp, step_ms=30, ticks=240)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING) == (20.0, 0.0, 30.0, 0, 0.0)


@pytest.mark.parametrize("step_ms", [20, 50])
@pytest.mark.parametrize("announced", [True, False])
def test_a_key_pressed_in_speech_is_no_jitter(tmp_path: Path, announced: bool, step_ms: int) -> None:
    bare = Bare()
    if announced:
        bare.call(formats="0 101", lines=EVENTS)
    _, stamp = bare.rtp(range(50), 100)
    at_ms = event(bare, range(50, 60), 1100, stamp, step_ms=step_ms)
    bare.rtp(range(60, 110), at_ms, stamp=stamp + 80 * step_ms)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, "codec", *TIMING) == ("PCMU", 20.0, 0.0, float(step_ms), 0, 0.0)


def test_of_keys_alone_the_time_between_them_is_no_gap(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="0 101", lines=EVENTS)
    for press in range(4):
        event(bare, range(10 * press, 10 * press + 10), 100 + 2000 * press, 16000 * press)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, "codec", *TIMING) == ("telephone-event", 20.0, 0.0, 1820.0, 0, None)


@pytest.mark.parametrize(
    ("first", "formats", "lines"),
    [
        ((0, 160), "0 8", ()),
        ((0, 160), "0 111", OPUS),
        ((9, 160), "9 111", OPUS),
        ((9, 160), "9 111", ("a=rtpmap:9 G722/16000", *OPUS)),
    ],
)
def test_each_step_counts_by_the_clock_of_its_codec(
    tmp_path: Path, first: tuple[int, int], formats: str, lines: tuple[str, ...]
) -> None:
    bare = Bare()
    bare.call(formats=formats, lines=lines)
    kind, ticks = first
    at_ms, stamp = bare.rtp(range(100), 100, kind=kind, ticks=ticks)
    other = int(formats.split()[1])
    bare.rtp(range(100, 220), at_ms, stamp=stamp, kind=other, ticks=960 if other == 111 else 160)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING) == (20.0, 0.0, 20.0, 0, 0.0)
    assert [one["packets"] for one in stream["formats"]] in ([100, 120], [120, 100])


@pytest.mark.parametrize("lines", [(), ("a=rtpmap:9 G722/16000",), ("a=rtpmap:9 G722/8000",)])
def test_the_clock_of_g722_is_8000(tmp_path: Path, lines: tuple[str, ...]) -> None:
    bare = Bare()
    bare.call(formats="9", lines=lines)
    bare.rtp(range(100), 100, kind=9)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, "clock_hz", *TIMING) == (8000, 20.0, 0.0, 20.0, 0, 0.0)


def test_a_picture_in_several_packets(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="97", lines=("a=rtpmap:97 H264/90000",))
    pictures(bare, 10)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING[:4]) == (40.0, 0.0, 37.3, 0)


def test_pictures_that_are_lost(tmp_path: Path) -> None:
    bare = Bare()
    pictures(bare, 10, lost=range(20, 25))
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING[:4]) == (40.0, 197.3, 237.3, 50)


def test_pictures_sent_in_another_order_than_shown(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="97", lines=("a=rtpmap:97 H264/90000",))
    pictures(bare, 3, order=(0, 3, 1, 2))
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, *TIMING[:4]) == (40.0, 0.0, 39.4, 0)


def test_a_stream_of_no_known_type_is_timed_by_its_arrivals(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(40), kind=98, ticks=160, ssrc=SSRC)
    (stream,) = bare.measure(tmp_path)["streams"]
    assert of(stream, "codec", "clock_hz", *TIMING) == (None, None, 20.0, 0.0, 20.0, 0, None)
