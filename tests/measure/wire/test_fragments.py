"""IP fragments: any order, any cut, duplicates give the same datagram; with a piece missing there is none."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.measure.capture.pcap import read_capture
from testbed.measure.rtp.streams import find_rtp
from testbed.measure.sip.scan import SipMessage, find_sip
from testbed.measure.wire.fragments import CONTRADICTING, WITHOUT_REST
from testbed.measure.wire.packets import Datagrams, decode_udp
from tests.measure import frames
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.result import tshark
from tests.measure.sip_text import request

from .pieces import V4, V6, Ends, fragments, piece, segment

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.capture.capture import Capture

WORDS = random.Random(1).randbytes(4000)
BIG = request("INVITE", "big@mn", 1, branch="z9hG4bKbig", extra=f"Subject: {'x' * 3000}\r\n")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that examples may overwrite."""
    return tmp_path_factory.mktemp("fragments") / "a.pcap"


def read(path: Path, *packets: bytes, step_ns: int = MS) -> tuple[Capture, Datagrams]:
    made = [Frame(START_NS + number * step_ns, packet) for number, packet in enumerate(packets)]
    capture = read_capture(frames.write_pcap(path, made, linktype=101))
    return capture, decode_udp(capture)


def whole(found: Datagrams) -> list[tuple[int, bytes]]:
    """The datagrams that were put together: the row of the last piece, the payload."""
    if found.rebuilt is None:
        return []
    rebuilt, within = found.rebuilt
    data = rebuilt.capture.data
    return [
        (int(rebuilt.rows[packet]), data[start : start + size].tobytes())
        for packet, start, size in zip(within.packet, within.offset, within.captured, strict=True)
    ]


@settings(max_examples=60, deadline=None)
@given(
    ends=st.sampled_from([V4, V6]),
    size=st.integers(1, 3000),
    cuts=st.lists(st.integers(1, 370), unique=True, max_size=12).map(sorted),
    shuffle=st.randoms(use_true_random=False),
    doubled=st.lists(st.integers(0, 12), max_size=4),
)
def test_any_cut_any_order_and_duplicates_give_the_same_datagram(
    path: Path, ends: Ends, size: int, cuts: list[int], shuffle: random.Random, doubled: list[int]
) -> None:
    made = fragments(ends, WORDS[:size], cuts)
    seen = [*made, *(made[number] for number in doubled if number < len(made))]
    shuffle.shuffle(seen)
    _, found = read(path, *seen)
    if len(made) == 1:
        assert len(found) == len(seen)
        return
    complete = max(seen.index(one) for one in made)
    assert whole(found) == [(complete, WORDS[:size])]
    assert (len(found), found.skipped) == (0, {})


@settings(max_examples=60, deadline=None)
@given(
    ends=st.sampled_from([V4, V6]),
    cuts=st.lists(st.integers(1, 370), unique=True, min_size=1, max_size=12).map(sorted),
    shuffle=st.randoms(use_true_random=False),
    missing=st.integers(0, 12),
)
def test_with_a_piece_missing_there_is_no_datagram(
    path: Path, ends: Ends, cuts: list[int], shuffle: random.Random, missing: int
) -> None:
    made = fragments(ends, WORDS[:3000], cuts)
    del made[missing % len(made)]
    shuffle.shuffle(made)
    _, found = read(path, *made)
    assert whole(found) == []
    only_first = len(made) == 1 and missing % 2 == 1
    assert (len(found), found.skipped) == ((1, {}) if only_first else (0, {WITHOUT_REST: len(made)}))


def test_datagrams_whose_pieces_are_mixed_stay_apart(path: Path) -> None:
    one, two = fragments(V4, WORDS[:900], [50], number=1), fragments(V4, WORDS[900:1800], [50], number=2)
    other = fragments((V4[1], V4[0]), WORDS[1800:2700], [50], number=1)
    _, found = read(path, one[0], two[1], other[0], two[0], one[1], other[1])
    assert whole(found) == [(3, WORDS[900:1800]), (4, WORDS[:900]), (5, WORDS[1800:2700])]


def test_each_interface_puts_together_what_it_saw(tmp_path: Path) -> None:
    first, second = fragments(V4, WORDS[:900], [50])
    made = [Frame(START_NS, first, 0), Frame(START_NS, second, 1), Frame(START_NS, second, 0)]
    made = [Frame(one.time_ns, b"\0" * 12 + b"\x08\0" + one.data, one.interface) for one in made]
    found = decode_udp(read_capture(frames.write_pcapng(tmp_path / "a", ["cn", "mn"], made)))
    assert whole(found) == [(2, WORDS[:900])]
    assert found.skipped == {WITHOUT_REST: 1}


@pytest.mark.parametrize(("ends", "forgiven"), [(V4, True), (V6, False)])
def test_overlapping_pieces_that_agree_are_taken_in_ipv4_alone(path: Path, ends: Ends, forgiven: bool) -> None:
    first, _ = fragments(ends, WORDS[:900], [50])
    head = frames.ip_udp(*ends, WORDS[:900])[: 40 if ":" in ends[0][0] else 20]
    rest = piece(head, WORDS[40 * 8 - 8 : 900], 40 * 8, more=False, number=7)
    _, found = read(path, first, rest)
    assert whole(found) == ([(1, WORDS[:900])] if forgiven else [])
    assert found.skipped == ({} if forgiven else {CONTRADICTING: 2})


@pytest.mark.parametrize("ends", [V4, V6])
def test_pieces_that_contradict_each_other_give_nothing(path: Path, ends: Ends) -> None:
    first, second = fragments(ends, WORDS[:900], [50])
    forged = second[:-1] + bytes([second[-1] ^ 1])
    _, found = read(path, second, forged, first, second)
    assert whole(found) == []
    assert found.skipped == {CONTRADICTING: 4}


def test_a_number_used_again_is_another_datagram(path: Path) -> None:
    one, two = fragments(V4, WORDS[:900], [50]), fragments(V4, WORDS[900:1800], [50])
    _, found = read(path, *one, *two)
    assert whole(found) == [(1, WORDS[:900]), (3, WORDS[900:1800])]
    _, late = read(path, one[0], two[1], step_ns=31_000_000_000)
    assert (whole(late), late.skipped) == ([], {WITHOUT_REST: 2})


def test_pieces_that_no_receiver_takes_are_left_out(path: Path) -> None:
    head = frames.ip_udp(*V4, WORDS[:900])[:20]
    odd = piece(head, WORDS[:41], 0, more=True, number=7)
    beyond = piece(head, WORDS[:40], 65_528, more=False, number=7)
    empty = piece(head, b"", 8, more=False, number=7)
    assert read(path, odd, beyond, empty)[1].skipped == {"damaged IP header": 3}


def test_what_a_short_snapshot_cut_off_is_not_made_up(tmp_path: Path) -> None:
    first, second = fragments(V4, WORDS[:900], [50])
    made = [Frame(START_NS, first[:60], wire=len(first)), Frame(START_NS + 1, second)]
    found = decode_udp(read_capture(frames.write_pcap(tmp_path / "a", made, linktype=101)))
    assert whole(found) == [(1, WORDS[:32])]
    assert found.rebuilt is not None
    assert found.rebuilt[1].length.tolist() == [900]


def messages(path: Path, *packets: bytes) -> list[SipMessage]:
    return find_sip(*read(path, *packets))


@pytest.mark.parametrize("ends", [V4, V6])
def test_a_large_message_is_read_and_came_with_its_last_piece(path: Path, ends: Ends) -> None:
    pieces = fragments(ends, BIG, [100, 200])
    (one,) = messages(path, pieces[2], pieces[0], pieces[1])
    assert (one.call_id, one.size, one.packet, one.time_ns) == ("big@mn", len(BIG), 2, START_NS + 2 * MS)
    assert (one.source, one.destination) == ends


def test_a_segment_of_tcp_in_fragments_is_put_together_too(path: Path) -> None:
    packet = segment(V4, 1, BIG)
    pieces = [
        piece(packet[:20], packet[20:1220], 0, more=True, number=9),
        piece(packet[:20], packet[1220:], 1200, more=False, number=9),
    ]
    (one,) = messages(path, *pieces)
    assert (one.call_id, one.transport, one.packet) == ("big@mn", "tcp", 1)


def test_rtp_in_fragments_counts_once_and_only_whole(path: Path) -> None:
    made = [fragments(V4, frames.rtp(n, size=1500), [100], number=n) for n in range(5)]
    del made[2][1]
    plain = frames.ip_udp(*V4, frames.rtp(9))
    capture, found = read(path, *(one for pieces in made for one in pieces), plain)
    rtp = find_rtp(capture, found)
    assert rtp.sequence.tolist() == [0, 1, 3, 4, 9]
    assert rtp.packet.tolist() == [1, 3, 6, 8, 9]


def test_tshark_puts_together_the_same(path: Path) -> None:
    pieces = fragments(V4, BIG, [50, 150, 300], number=3) + fragments(V6, BIG, [50, 150], number=4)
    pieces[0], pieces[2] = pieces[2], pieces[0]
    lost = fragments(V4, BIG, [60], number=5)[:1]
    ours = messages(path, *pieces, *lost)
    fields = ("frame.number", "sip.Call-ID", "udp.length")
    wanted = [word for field in fields for word in ("-e", field)]
    text = tshark.run("tshark", "-2", "-r", str(path), "-Y", "sip", "-T", "fields", *wanted)
    theirs = [line.split("\t") for line in text.splitlines()]
    assert theirs == [[str(one.packet + 1), one.call_id, str(one.size + 8)] for one in ours]
    assert len(ours) == 2
