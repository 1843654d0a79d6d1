"""Moves and holds: what an offer in a dialog changed, and what a refused one did not (RFC 3261, 14.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.measure.bare import A, B, Bare, End, of
from tests.measure.sip_text import sdp

if TYPE_CHECKING:
    from pathlib import Path

NEW, OTHER = ("192.0.2.44", 41000), ("192.0.2.55", 42000)
OLD_TEXT, NEW_TEXT, OTHER_TEXT = (f"{ip}:{port}" for ip, port in (A, NEW, OTHER))


def moves(folder: Path, *tries: tuple[float, End, int]) -> list[tuple[Any, ...]]:
    """Return the moves of a call with these re-INVITEs: when (ms), to where, what was answered after 50 ms."""
    bare = Bare()
    bare.call(bye_ms=9000)
    for number, (at_ms, end, status) in enumerate(tries):
        bare.move(at_ms, end, 2 + number, status)
    (one,) = bare.measure(folder)["dialogs"]
    return [of(move, "from", "to", "at_s", "status", "ms", "last_ms", "refusals") for move in one["moves"]]


def test_a_move_that_was_challenged_is_one(tmp_path: Path) -> None:
    found = moves(tmp_path, (2000, NEW, 407), (2060, NEW, 200))
    assert found == [(OLD_TEXT, NEW_TEXT, 2.0, 200, 110.0, 50.0, [407])]


def test_a_move_may_take_several_tries(tmp_path: Path) -> None:
    found = moves(tmp_path, (2000, NEW, 491), (3000, NEW, 407), (3100, NEW, 200))
    assert found == [(OLD_TEXT, NEW_TEXT, 2.0, 200, 1150.0, 50.0, [491, 407])]


def test_a_refresh_after_a_refusal_moves_nothing_back(tmp_path: Path) -> None:
    found = moves(tmp_path, (2000, NEW, 488), (4000, A, 200))
    assert found == [(OLD_TEXT, NEW_TEXT, 2.0, 488, 50.0, 50.0, [])]


def test_another_address_after_a_refusal_is_another_move(tmp_path: Path) -> None:
    found = moves(tmp_path, (2000, NEW, 488), (3000, OTHER, 200), (5000, A, 200))
    assert found == [
        (OLD_TEXT, NEW_TEXT, 2.0, 488, 50.0, 50.0, []),
        (OLD_TEXT, OTHER_TEXT, 3.0, 200, 50.0, 50.0, []),
        (OTHER_TEXT, OLD_TEXT, 5.0, 200, 50.0, 50.0, []),
    ]


def test_the_same_move_after_a_refresh_is_made_anew(tmp_path: Path) -> None:
    found = moves(tmp_path, (2000, NEW, 407), (3000, A, 200), (5000, NEW, 200))
    assert [one[2:4] for one in found] == [(2.0, 407), (5.0, 200)]


def test_an_offer_of_the_new_address_again_is_no_move(tmp_path: Path) -> None:
    assert len(moves(tmp_path, (2000, NEW, 200), (4000, NEW, 200))) == 1


def test_a_move_that_nobody_answered(tmp_path: Path) -> None:
    bare = Bare()
    bare.call()
    for at_ms in (2000, 2500):
        bare.request(at_ms, "INVITE", "one", 2, offer=sdp(*NEW))
    (one,) = bare.measure(tmp_path)["dialogs"]
    assert [of(move, "at_s", "status", "ms", "refusals") for move in one["moves"]] == [(2.0, None, None, [])]


def held(offer: bytes, answer: bytes, *, goes_on: bool = True, ssrc: int = 9, status: int = 200) -> Bare:
    """Return a call that is silent from 2.08 to 7.02 s both ways, and what was offered at 2.11 s until 7.01 s."""
    bare = Bare()
    bare.call(bye_ms=12000)
    for at_ms, first, mine in ((100, 0, 9), (7020, 100 if goes_on else 101, ssrc)):
        bare.rtp(range(first, first + 100), at_ms, stamp=160 * first)
        bare.rtp(range(first, first + 100), at_ms, ends=(B, A), ssrc=mine, stamp=160 * first)
    for at_ms, cseq, there, back in ((2110, 2, offer, answer), (7000, 3, sdp(*A), sdp(*B))):
        bare.request(at_ms, "INVITE", "one", cseq, offer=there)
        bare.answer(at_ms + 10, status, "INVITE", "one", cseq, body=back)
        bare.request(at_ms + 11, "ACK", "one", cseq, branch=f"z9hG4bKack{cseq}")
    return bare


HOLDS = [
    (sdp(*A, "a=inactive"), sdp(*B, "a=inactive")),
    (sdp(*A, "a=sendonly"), sdp(*B, "a=recvonly")),
    (sdp("0.0.0.0", 40000), sdp(*B)),  # noqa: S104 - RFC 2543's hold
]


@pytest.mark.parametrize(("offer", "answer"), HOLDS)
def test_the_silence_of_a_hold_is_no_gap(tmp_path: Path, offer: bytes, answer: bytes) -> None:
    result = held(offer, answer).measure(tmp_path)
    # 2.08 to 2.11 s less an interval; 7.01 to 7.02 s is less than one.
    for part in ("streams", "calls", "listeners"):
        assert [of(one, "gap_ms", "longest_silence_ms", "lost") for one in result[part]] == [(10.0, 4940.0, 0)] * 2
    (one,) = result["dialogs"]
    ends = {hold["listener"]: of(hold, "line", "from_s", "to_s") for hold in one["holds"]}
    assert ends["caller"] in [(0, 2.11, 7.0), (0, 2.11, 7.01)]


def test_a_hold_over_which_the_ssrc_changes(tmp_path: Path) -> None:
    result = held(*HOLDS[0], ssrc=77).measure(tmp_path)
    heard = {one["listener"]: of(one, "ssrcs", "gap_ms", "longest_silence_ms") for one in result["listeners"]}
    assert heard["caller"] == (["0x00000009", "0x0000004d"], 10.0, 4940.0)


def test_a_packet_lost_while_the_holder_might_send_shows_a_gap(tmp_path: Path) -> None:
    result = held(*HOLDS[1], goes_on=False).measure(tmp_path)
    assert {one["src"]: one["gap_ms"] for one in result["streams"]} == {
        "192.0.2.10:40000": 4920.0,  # it said that it might
        "198.51.100.20:50000": 10.0,  # it was told not to
    }


def test_a_hold_that_was_refused_is_none(tmp_path: Path) -> None:
    result = held(HOLDS[0][0], b"", status=488).measure(tmp_path)
    assert result["dialogs"][0]["holds"] == []
    assert [one["gap_ms"] for one in result["streams"]] == [4920.0] * 2
