"""Calls of one SSRC: known by dialogs, addresses, time. Phones have fixed SSRCs, recordings those of their making."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.measure.bare import SSRC, B, Bare, of

if TYPE_CHECKING:
    from pathlib import Path

C, D = ("192.0.2.77", 40000), ("198.51.100.88", 50000)
COUNTS = ("unique", "lost", "duplicates", "dialogs")


def test_two_calls_of_others_with_one_ssrc(tmp_path: Path) -> None:
    bare = Bare()
    bare.call("one", bye_ms=2200)
    bare.rtp(range(1000, 1100), 100)
    bare.call("two", 500, bye_ms=2700, ends=(C, D))
    bare.rtp(range(1000, 1100), 610, ends=(C, D))
    result = bare.measure(tmp_path)
    assert [of(one, *COUNTS) for one in result["calls"]] == [(100, 0, 0, [1]), (100, 0, 0, [2])]


def test_two_calls_to_one_host_with_one_ssrc(tmp_path: Path) -> None:
    bare = Bare()
    server = (B[0], 50002)
    bare.call("one", bye_ms=2200)
    bare.rtp(range(1000, 1100), 100)
    bare.call("two", 20, bye_ms=2700, ends=(C, server))
    bare.rtp(range(1000, 1100), 120, ends=(C, server))
    result = bare.measure(tmp_path)
    assert [of(one, *COUNTS) for one in result["calls"]] == [(100, 0, 0, [1]), (100, 0, 0, [2])]


@pytest.mark.parametrize("every_ms", [2300, 5000, 10_000])
def test_the_same_recording_call_after_call(tmp_path: Path, every_ms: int) -> None:
    bare = Bare()
    for number in range(3):
        bare.call(f"call{number}", number * every_ms, bye_ms=number * every_ms + 2120)
        bare.rtp(range(1000, 1100), number * every_ms + 100)
    result = bare.measure(tmp_path)
    assert [of(one, *COUNTS) for one in result["calls"]] == [(100, 0, 0, [number]) for number in (1, 2, 3)]
    assert [one["jitter_max_ms"] for one in result["streams"]] == [0.0] * 3
    assert [one["dialog"] for one in result["listeners"]] == [1, 2, 3]


def test_the_same_recording_again_without_sip(tmp_path: Path) -> None:
    bare = Bare()
    for number in range(3):
        bare.rtp(range(1000, 1100), 5000 * number)
    result = bare.measure(tmp_path)
    assert [of(one, *COUNTS) for one in result["calls"]] == [(100, 0, 0, [])] * 3
    assert [one["gap_ms"] for one in result["listeners"]] == [0.0] * 3


def test_phones_that_play_one_recording_to_one_host_without_sip(tmp_path: Path) -> None:
    bare = Bare()
    for number in range(5):
        ends = ((f"192.0.2.{10 + number}", 40000), (B[0], 50000 + 2 * number))
        bare.rtp(range(1000, 1100), 37 * number, ends=ends)
    assert [of(one, *COUNTS) for one in bare.measure(tmp_path)["calls"]] == [(100, 0, 0, [])] * 5


def test_phones_that_call_one_address_after_each_other_without_sip(tmp_path: Path) -> None:
    bare = Bare()
    for number in range(3):
        bare.rtp(range(1000, 1100), 50_000 * number, ends=((f"192.0.2.{10 + number}", 40000), B))
    assert [of(one, *COUNTS) for one in bare.measure(tmp_path)["calls"]] == [(100, 0, 0, [])] * 3


def test_a_phone_that_goes_on_from_other_addresses_after_long_breaks_is_one_call(tmp_path: Path) -> None:
    bare = Bare()
    for number in range(3):
        first = 2100 * number
        ends = ((f"192.0.2.{10 + number}", 40000), B)
        bare.rtp(range(first, first + 1850), 20 * first, ends=ends, stamp=160 * first)
    (one,) = bare.measure(tmp_path)["calls"]
    assert of(one, *COUNTS) == (5550, 500, 0, [])  # 5 s each


def test_phones_with_one_ssrc_that_speak_at_once_without_sip(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(1000, 1200))
    bare.rtp(range(2500, 2700), 37, ends=(C, (B[0], 50002)), stamp=77_000_000)
    assert [of(one, *COUNTS) for one in bare.measure(tmp_path)["calls"]] == [(200, 0, 0, [])] * 2


def test_a_path_that_goes_on_where_another_ends_is_the_same_call(tmp_path: Path) -> None:
    bare = Bare()
    at_ms, stamp = bare.rtp(range(1000, 1100))
    bare.rtp(range(1098, 1200), at_ms + 20, ends=(C, (B[0], 50002)), stamp=stamp - 320)
    (one,) = bare.measure(tmp_path)["calls"]
    assert of(one, *COUNTS) == (200, 0, 2, [])


def test_a_source_that_changes_its_ssrc_has_one_listener(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=6000)
    bare.rtp(range(1000, 1100), 100)
    bare.rtp(range(7, 107), 2580, ssrc=0x99)
    (one,) = bare.measure(tmp_path)["listeners"]
    heard = of(one, "dialog", "listener", "ssrcs", "unique", "longest_silence_ms", "gap_ms")
    assert heard == (1, "callee", [f"0x{SSRC:08x}", "0x00000099"], 200, 500.0, 480.0)


def test_two_at_once_are_two_to_listen_to(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=6000)
    bare.rtp(range(100), 100)
    bare.rtp(range(100), 110, ssrc=0x99)
    assert [one["gap_ms"] for one in bare.measure(tmp_path)["listeners"]] == [0.0, 0.0]
