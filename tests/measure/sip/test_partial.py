"""SIP of which a capture has only a part, or has it twice, or in another way than RFC 3261 wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.measure import frames
from tests.measure.bare import A, B, Bare, of
from tests.measure.frames import Frame
from tests.measure.sip_text import sdp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PUBLIC = ("203.0.113.99", 61000)


def both_ways(bare: Bare, caller: tuple[str, int] = A, kind: int = 0) -> None:
    bare.rtp(range(100), 100, ends=(caller, B), kind=kind)
    bare.rtp(range(100), 100, ends=(B, caller), ssrc=9, kind=kind)


def test_responses_alone_are_a_dialog(tmp_path: Path) -> None:
    bare = Bare()
    bare.answer(0, 180, "INVITE", "one", 1)
    bare.answer(40, 200, "INVITE", "one", 1, body=sdp(*B))
    bare.rtp(range(100), 60, ends=(B, A))
    bare.answer(3000, 200, "BYE", "one", 2)
    result = bare.measure(tmp_path)
    (one,) = result["dialogs"]
    assert of(one, "call_id", "state", "status", "established_s", "setup_ms") == ("one", "ended", 200, 0.04, None)
    assert one["media"][0]["address"] == "198.51.100.20:50000"
    assert [stream["dialogs"] for stream in result["streams"]] == [[1]]


def test_a_call_that_is_joined_while_it_rings(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=3000)
    both_ways(bare)
    del bare.frames[0]  # the INVITE: the file begins 10 ms later
    result = bare.measure(tmp_path)
    (one,) = result["dialogs"]
    assert of(one, "invite_s", "established_s", "ended_by", "ended_s") == (None, 0.04, "caller", 2.99)
    assert [of(stream, "packets", "dialogs") for stream in result["streams"]] == [(100, [1])] * 2


def test_a_caller_behind_a_nat(tmp_path: Path) -> None:
    bare = Bare()
    ends = (PUBLIC, B)
    bare.request(0, "INVITE", "one", 1, to_tag="", offer=sdp("10.0.0.5", 40000), ends=ends)
    bare.answer(50, 200, "INVITE", "one", 1, body=sdp(*B), ends=ends)
    bare.request(60, "ACK", "one", 1, branch="z9hG4bKack", ends=ends)
    both_ways(bare, PUBLIC)
    result = bare.measure(tmp_path)
    assert [of(one, "packets", "found", "dialogs") for one in result["streams"]] == [(100, "sdp", [1])] * 2
    assert sorted(one["listener"] for one in result["listeners"]) == ["callee", "caller"]


def test_both_behind_nats_that_give_other_ports(tmp_path: Path) -> None:
    bare = Bare()
    ends = (PUBLIC, ("203.0.113.50", 62000))
    bare.request(0, "INVITE", "one", 1, to_tag="", offer=sdp("10.0.0.5", 40000), ends=ends)
    bare.answer(50, 200, "INVITE", "one", 1, body=sdp("192.168.1.5", 50000), ends=ends)
    bare.request(60, "ACK", "one", 1, branch="z9hG4bKack", ends=ends)
    bare.rtp(range(100), 100, ends=ends)
    bare.rtp(range(100), 100, ends=ends[::-1], ssrc=9)
    result = bare.measure(tmp_path)
    assert [of(one, "packets", "dialogs") for one in result["streams"]] == [(100, [1])] * 2
    assert {one["dst"]: one["listener"] for one in result["listeners"]} == {
        "203.0.113.99:61000": "caller",
        "203.0.113.50:62000": "callee",
    }


def test_lines_that_end_with_lf_alone(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(bye_ms=3000)
    sip = [frame.data[42:] for frame in bare.frames]
    ends = [(A, B), (B, A), (B, A), (A, B), (A, B), (B, A)]
    times = [frame.time_ns - frames.START_NS for frame in bare.frames]
    bare.frames.clear()
    for text, (source, destination), at_ns in zip(sip, ends, times, strict=True):
        bare.send(at_ns / 1e6, (source[0], 5060), (destination[0], 5060), text.replace(b"\r\n", b"\n"))
    bare.rtp(range(20), 100)
    result = bare.measure(tmp_path)
    assert [of(one, "found", "dialogs") for one in result["streams"]] == [("sdp", [1])]


def further_hop(data: bytes) -> bytes:
    return data[:22] + bytes([data[22] - 1]) + data[23:]  # Time to Live


def tagged(data: bytes) -> bytes:
    return data[:12] + b"\x81\x00\x00\x05" + data[12:]  # VLAN


@pytest.mark.parametrize("change", [bytes, further_hop, tagged])
@pytest.mark.parametrize("all_but", [None, 10])
def test_copies_of_a_mirror_port_count_once(
    tmp_path: Path, change: Callable[[bytes], bytes], all_but: int | None
) -> None:
    bare = Bare()
    bare.call(bye_ms=3000)
    bare.rtp(range(100), 100)
    copied = [one for number, one in enumerate(bare.frames) if all_but is None or number % all_but]
    bare.frames += [Frame(one.time_ns + 30_000, change(one.data)) for one in copied]
    result = bare.measure(tmp_path)
    (stream,) = result["streams"]
    assert of(stream, "packets", "lost", "duplicates", "jitter_max_ms") == (100, 0, 0, 0.0)
    assert stream["copies"] == (100 if all_but is None else 90)
    assert [one["retransmissions"] for one in result["sip"]] == [0, 0]
    assert any("a mirror port with both directions" in one for one in result["warnings"])


def test_a_few_copies_that_the_network_made_are_duplicates(tmp_path: Path) -> None:
    bare = Bare()
    bare.rtp(range(100))
    bare.frames += [Frame(bare.frames[number].time_ns + 1_000_000, bare.frames[number].data) for number in (10, 30)]
    result = bare.measure(tmp_path)
    assert of(result["streams"][0], "packets", "duplicates", "copies") == (102, 2, 0)
    assert result["warnings"] == []


def test_a_type_from_64_to_95_that_was_announced(tmp_path: Path) -> None:
    bare = Bare()
    bare.call(formats="90", lines=("a=rtpmap:90 PCMU/8000",))
    both_ways(bare, kind=90)
    result = bare.measure(tmp_path)
    assert [of(one, "packets", "codec", "found", "gap_ms") for one in result["streams"]] == [
        (100, "PCMU", "sdp", 0.0)
    ] * 2


def test_a_type_that_a_later_call_gives_another_meaning(tmp_path: Path) -> None:
    bare = Bare()
    bare.call("one", bye_ms=3000, formats="96", lines=("a=rtpmap:96 opus/48000/2",))
    bare.rtp(range(160), 100, kind=96, ticks=960)
    bare.call("two", 3050, bye_ms=6050, formats="96", lines=("a=rtpmap:96 AMR-WB/16000",))
    (stream,) = bare.measure(tmp_path)["streams"]
    wanted = ("opus", 48000, 20.0, 0.0, [1])
    assert of(stream, "codec", "clock_hz", "packet_interval_ms", "jitter_max_ms", "dialogs") == wanted


def test_two_answers_of_a_forked_call_are_two_dialogs(tmp_path: Path) -> None:
    bare = Bare()
    first, second = ("198.51.100.21", 50000), ("198.51.100.22", 50000)
    bare.request(0, "INVITE", "one", 1, to_tag="", offer=sdp(*A))
    for at_ms, end, tag in ((1000, first, "x"), (1030, second, "y")):
        bare.answer(at_ms, 200, "INVITE", "one", 1, body=sdp(*end), to_tag=tag)
        bare.request(at_ms + 10, "ACK", "one", 1, branch=f"z9hG4bK{tag}", to_tag=tag)
    bare.rtp(range(100), 1040, ends=(first, A), ssrc=6)
    bare.rtp(range(4), 1040, ends=(second, A), ssrc=7)
    bare.request(1050, "BYE", "one", 2, to_tag="y")
    result = bare.measure(tmp_path)
    assert [of(one, "state", "setup_ms") for one in result["dialogs"]] == [("established", 1010.0), ("ended", 1040.0)]
    assert [of(one, "src", "dialogs") for one in result["streams"]] == [
        ("198.51.100.21:50000", [1]),
        ("198.51.100.22:50000", [2]),
    ]


def test_early_media_with_another_ssrc_are_one_listener(tmp_path: Path) -> None:
    bare = Bare()
    bare.request(0, "INVITE", "one", 1, to_tag="", offer=sdp(*A))
    bare.answer(20, 183, "INVITE", "one", 1, body=sdp(*B))
    bare.rtp(range(100), 30, ends=(B, A), ssrc=5)
    bare.answer(2030, 200, "INVITE", "one", 1, body=sdp(*B))
    bare.request(2040, "ACK", "one", 1, branch="z9hG4bKack")
    bare.rtp(range(7, 107), 2150, ends=(B, A), ssrc=6, stamp=123)
    (one,) = bare.measure(tmp_path)["listeners"]
    assert of(one, "dialog", "listener", "ssrcs", "unique") == (1, "caller", ["0x00000005", "0x00000006"], 200)
    assert of(one, "lost", "gap_ms", "longest_silence_ms") == (0, 120.0, 140.0)
