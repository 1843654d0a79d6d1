"""SIP over TCP: any cut, any order, retransmissions give the same messages; with a segment missing none is wrong."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.measure import measure_capture
from testbed.measure.capture.pcap import read_capture
from testbed.measure.sip.scan import SipMessage, find_sip
from testbed.measure.wire.packets import decode_udp
from testbed.measure.wire.tcp_streams import MOST_SEGMENTS
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.result import tshark
from tests.measure.sip_text import request, response, sdp, with_body

from .pieces import SYN, V4, V6, Ends, segment

if TYPE_CHECKING:
    import random
    from pathlib import Path

SDP = sdp("10.0.0.1", 4000)
MESSAGES = [
    with_body(request("INVITE", "a@mn", 1, branch="z9hG4bK1", extra=f"Subject: {'x' * 1400}\r\n"), SDP),
    request("ACK", "a@mn", 1, branch="z9hG4bK2", to_tag="cn"),
    with_body(request("INFO", "a@mn", 2, branch="z9hG4bK3", to_tag="cn"), b"no line ends here"),
    request("BYE", "a@mn", 3, branch="z9hG4bK4", to_tag="cn"),
]
STREAM = b"".join(MESSAGES)
FIRST = 2**32 - 1000
"""Sequence number of the stream's first byte: it wraps around within the first message."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that examples may overwrite."""
    return tmp_path_factory.mktemp("tcp") / "a.pcap"


def messages(path: Path, *packets: bytes, step_ns: int = MS) -> list[SipMessage]:
    made = [Frame(START_NS + number * step_ns, packet) for number, packet in enumerate(packets)]
    capture = read_capture(frames.write_pcap(path, made, linktype=101))
    return find_sip(capture, decode_udp(capture))


def cut(stream: bytes, places: list[int], ends: Ends = V4) -> list[bytes]:
    edges = [0, *(place for place in places if place < len(stream)), len(stream)]
    return [segment(ends, FIRST + start, stream[start:stop]) for start, stop in pairwise(edges)]


def told(found: list[SipMessage]) -> list[tuple[str, int, int, bytes]]:
    return sorted((one.method, one.cseq, one.size, one.body) for one in found)


def expected(*numbers: int) -> list[tuple[str, int, int, bytes]]:
    bodies = {0: SDP, 2: b"no line ends here"}
    names = (("INVITE", 1), ("ACK", 1), ("INFO", 2), ("BYE", 3))
    return sorted((*names[number], len(MESSAGES[number]), bodies.get(number, b"")) for number in numbers)


ALL = expected(0, 1, 2, 3)
opening = segment(V4, FIRST - 1, b"", flags=SYN)
places = st.lists(st.integers(1, len(STREAM) - 1), unique=True, max_size=15).map(sorted)


@settings(max_examples=80, deadline=None)
@given(
    places=places,
    ends=st.sampled_from([V4, V6]),
    shuffle=st.randoms(use_true_random=False),
    doubled=st.lists(st.integers(0, 15), max_size=4),
    again=places,
)
def test_any_cut_any_order_and_retransmissions_give_the_same_messages(
    path: Path, places: list[int], ends: Ends, shuffle: random.Random, doubled: list[int], again: list[int]
) -> None:
    segments = cut(STREAM, places, ends)
    segments += [segments[number] for number in doubled if number < len(segments)]
    segments += cut(STREAM, again, ends)[: len(again) // 2]  # sent again, in other pieces
    shuffle.shuffle(segments)
    found = messages(path, segment(ends, FIRST - 1, b"", flags=SYN), *segments)
    assert told(found) == ALL
    assert {one.transport for one in found} == {"tcp"}
    assert {(one.source, one.destination) for one in found} == {ends}


@settings(max_examples=80, deadline=None)
@given(places=places, missing=st.sets(st.integers(0, 15), min_size=1), opened=st.booleans())
def test_with_segments_missing_no_message_is_wrong(
    path: Path, places: list[int], missing: set[int], *, opened: bool
) -> None:
    segments = [one for number, one in enumerate(cut(STREAM, places)) if number not in missing]
    found = told(messages(path, *([opening] if opened else []), *segments))
    assert all(one in ALL for one in found)
    assert len(found) == len(set(found))


@settings(max_examples=60, deadline=None)
@given(start=st.integers(1, len(STREAM) - 1), places=places)
def test_a_capture_that_begins_in_the_middle_has_what_begins_after_it(
    path: Path, start: int, places: list[int]
) -> None:
    """The second message begins after SDP's line end; the fourth after a body without one: no line begins there."""
    edges = [len(b"".join(MESSAGES[:number])) for number in range(4)]
    rest = [start, *(place for place in places if place > start), len(STREAM)]
    made = [segment(V4, FIRST + a, STREAM[a:b]) for a, b in pairwise(rest)]
    found = told(messages(path, *made))
    assert all(one in ALL for one in found)
    if not any(edges[1] < place < edges[1] + 60 for place in rest) and start <= edges[1]:
        assert found == expected(1, 2, 3)


def test_a_message_came_with_the_segment_that_made_it_whole(path: Path) -> None:
    edges = [len(MESSAGES[0]) - 10, len(MESSAGES[0]) + 20]
    one, two, three = cut(STREAM, edges)
    found = messages(path, opening, one, three, two)
    assert [(one.method, one.packet) for one in found] == [("INVITE", 3), ("ACK", 3), ("INFO", 3), ("BYE", 3)]
    found = messages(path, opening, one, two, three)
    assert [(one.method, one.packet) for one in found] == [("INVITE", 2), ("ACK", 3), ("INFO", 3), ("BYE", 3)]


def test_what_is_behind_a_segment_that_never_came_keeps_its_time(path: Path) -> None:
    one, _, three, four = cut(STREAM, [100, len(MESSAGES[0]), len(STREAM) - len(MESSAGES[3])])
    found = messages(path, opening, one, three, four, step_ns=1000 * MS)
    assert [(one.method, one.packet) for one in found] == [("ACK", 2), ("INFO", 2), ("BYE", 3)]
    assert [(one.time_ns - START_NS) // MS for one in found] == [2000, 2000, 3000]


def test_a_hole_is_given_up_when_much_waits_behind_it(path: Path) -> None:
    ack = request("ACK", "a@mn", 1, branch="z9hG4bK2", to_tag="cn")
    many = [segment(V4, FIRST + 5000 + number * len(ack), ack) for number in range(MOST_SEGMENTS + 50)]
    found = messages(path, opening, segment(V4, FIRST, STREAM[:100]), *many)
    assert [one.packet for one in found] == [2 + number for number in range(len(many))]


def test_the_same_ports_again_are_another_connection(path: Path) -> None:
    bye = MESSAGES[3]
    again = [segment(V4, 4_999, b"", flags=SYN), segment(V4, 5_000, bye)]
    found = messages(path, opening, segment(V4, FIRST, MESSAGES[1]), segment(V4, FIRST + 9999, b"x" * 50), *again)
    assert [one.method for one in found] == ["ACK", "BYE"]


def test_both_directions_and_interfaces_are_streams_of_their_own(tmp_path: Path) -> None:
    ok = response(200, "BYE", "a@mn", 3, branch="z9hG4bK4")
    back = (V4[1], V4[0])
    made = [
        Frame(START_NS + at * MS, b"\0" * 12 + b"\x08\0" + packet, interface)
        for at, interface, packet in (
            (0, 0, segment(V4, 1, MESSAGES[3][:50])),
            (1, 1, segment(V4, 1, MESSAGES[3][:50])),
            (2, 0, segment(V4, 51, MESSAGES[3][50:])),
            (9, 1, segment(V4, 51, MESSAGES[3][50:])),
            (10, 1, segment(back, 1, ok)),
            (12, 0, segment(back, 1, ok)),
        )
    ]
    path = frames.write_pcapng(tmp_path / "a.pcapng", ["mn", "cn"], made)
    capture = read_capture(path)
    found = [(one.interface, (one.time_ns - START_NS) // MS) for one in find_sip(capture, decode_udp(capture))]
    assert found == [(0, 2), (1, 9), (1, 10), (0, 12)]
    (one,) = measure_capture(path)["sip"]
    assert (one["method"], one["status"], one["ms"], one["interface"]) == ("BYE", 200, 10.0, "mn")


def test_sip_on_another_port_is_found_by_its_start_line_and_the_web_is_none(path: Path) -> None:
    other: Ends = (("10.0.0.1", 40000), ("10.0.0.2", 8080))
    web: Ends = (("10.0.0.1", 40001), ("10.0.0.2", 8080))
    found = messages(
        path,
        segment(web, 1, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        segment(other, 1, MESSAGES[3][:100]),
        segment(other, 101, MESSAGES[3][100:]),
        segment(V4, 1, b"no SIP, but to its port\r\n\r\n"),
    )
    assert [(one.method, one.source) for one in found] == [("BYE", other[0])]


def test_what_a_short_snapshot_cut_off_is_no_body(tmp_path: Path) -> None:
    whole = segment(V4, 1, MESSAGES[2])
    bye = segment(V4, 1 + len(MESSAGES[2]), MESSAGES[3])
    made = [Frame(START_NS, whole[:-5], wire=len(whole)), Frame(START_NS + 1, bye)]
    capture = read_capture(frames.write_pcap(tmp_path / "a", made, linktype=101))
    found = find_sip(capture, decode_udp(capture))
    assert [(one.method, one.size, one.body) for one in found] == [
        ("INFO", len(MESSAGES[2]), b""),
        ("BYE", len(MESSAGES[3]), b""),
    ]
    made = [Frame(START_NS, whole[:90], wire=len(whole)), Frame(START_NS + 1, bye)]
    capture = read_capture(frames.write_pcap(tmp_path / "a", made, linktype=101))
    assert [one.method for one in find_sip(capture, decode_udp(capture))] in ([], ["BYE"])


def test_keep_alives_and_messages_without_a_length_do_no_harm(path: Path) -> None:
    bad = b"OPTIONS sip:x SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n"
    made, at = [opening], FIRST
    for data in (b"\r\n\r\n", MESSAGES[1], b"\r\n\r\n", bad, MESSAGES[3]):
        made.append(segment(V4, at, data))
        at += len(data)
    assert [one.method for one in messages(path, *made)] == ["ACK", "BYE"]


@settings(max_examples=40, deadline=None)
@given(places=places, shuffle=st.randoms(use_true_random=False))
def test_tcp_counts_as_udp_does_in_the_table_of_transactions(
    path: Path, places: list[int], shuffle: random.Random
) -> None:
    segments = cut(STREAM, places)
    shuffle.shuffle(segments)
    messages(path, opening, *segments)
    assert {one["method"] for one in measure_capture(path)["sip"]} == {"INVITE", "INFO", "BYE"}


def test_tshark_finds_the_same_messages(path: Path) -> None:
    edges = [700, len(MESSAGES[0]) - 10, len(MESSAGES[0]) + 40, len(STREAM) - len(MESSAGES[3])]
    made = cut(STREAM, edges)
    ack = segment((V4[1], V4[0]), 1, b"", flags=0x10)
    ours = messages(path, opening, made[0], made[2], ack, made[1], made[1], *made[3:])
    wanted = ("-e", "frame.number", "-e", "sip.Method", "-e", "sip.CSeq.seq")
    text = tshark.run(
        "tshark", "-2", "-o", "tcp.reassemble_out_of_order:TRUE", "-r", str(path), "-Y", "sip", "-T", "fields", *wanted
    )
    theirs = [
        (int(number), method, int(cseq))
        for number, methods, cseqs in (line.split("\t") for line in text.splitlines())
        for method, cseq in zip(methods.split(","), cseqs.split(","), strict=True)
    ]
    assert theirs == [(one.packet + 1, one.method, one.cseq) for one in ours]
    statistics = tshark.run(
        "tshark", "-2", "-o", "tcp.reassemble_out_of_order:TRUE", "-r", str(path), "-qz", "sip,stat"
    )
    assert "Number of SIP messages: 4" in statistics
