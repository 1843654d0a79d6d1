"""Some calls, or some time, of a capture; the rest is not in the result, and of what there is nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_capture
from testbed.measure.capture.errors import NotInCaptureError
from testbed.measure.selection.moment import Moment
from testbed.measure.selection.selection import Selection, plain_number, user
from tests.measure import frames
from tests.measure.bare import A, B, Bare
from tests.measure.sip_text import request, response, sdp, with_body

if TYPE_CHECKING:
    from pathlib import Path

C, D = ("192.0.2.77", 41000), ("198.51.100.88", 51000)
E = ("203.0.113.5", 30000), ("203.0.113.6", 30000)


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Two calls of 2 s, the second 1 s later, a stream that nobody announced, and an attempt that was refused."""
    bare = Bare()
    bare.call("one", bye_ms=2200)
    bare.rtp(range(100), 100)
    bare.call("two", 1000, bye_ms=3200, ends=(C, D))
    bare.rtp(range(100), 1100, ends=(C, D), ssrc=2)
    bare.rtp(range(50), 3000, ends=E, ssrc=3)
    bare.request(50, "INVITE", "busy", 1, to_tag="")
    bare.answer(70, 486, "INVITE", "busy", 1)
    return frames.write_pcap(tmp_path / "two.pcap", sorted(bare.frames, key=lambda one: one.time_ns))


def call_ids(result: dict[str, list[dict[str, str]]], of: str) -> list[str]:
    return [one["call_id"] for one in result[of]]


def test_one_call_is_its_dialog_its_messages_and_its_media(capture: Path) -> None:
    result = measure_capture(capture, Selection(call_ids=("two",)))
    assert [(one["src"], one["packets"]) for one in result["streams"]] == [("192.0.2.77:41000", 100)]
    assert (len(result["calls"]), len(result["listeners"])) == (1, 1)
    assert call_ids(result, "dialogs") == ["two"]
    assert call_ids(result, "sip") == ["two", "two"]
    assert result["dialogs"][0]["number"] == 3, "as in the whole capture"
    assert result["selection"] == {"call_ids": ["two"], "numbers": [], "from": None, "to": None}


def test_without_a_selection_nothing_is_said_of_one(capture: Path) -> None:
    result = measure_capture(capture)
    assert "selection" not in result
    assert (len(result["streams"]), len(result["dialogs"])) == (3, 3)


def test_time_limits_what_is_counted_and_dialogs_are_those_that_lived(capture: Path) -> None:
    result = measure_capture(capture, Selection(begin=Moment.parse("1.1"), end=Moment.parse("1.59")))
    assert [(one["ssrc"][-1], one["packets"], one["first_s"]) for one in result["streams"]] == [
        ("2", 25, 1.1),
        ("4", 25, 1.1),
    ]
    assert [one["codec"] for one in result["streams"]] == ["PCMU", "PCMU"], "announced before"
    assert call_ids(result, "dialogs") == ["one", "two"]
    assert result["sip"] == []


def test_a_call_that_took_over_is_of_the_one_before(tmp_path: Path) -> None:
    bare = Bare()
    bare.call("old", bye_ms=2000)
    bare.rtp(range(90), 100)
    named = "Handover: old;to-tag=b;from-tag=a\r\n"
    invite = request("INVITE", "new", 1, branch="z9hG4bKnew", from_tag="n", extra=named)
    ok = response(200, "INVITE", "new", 1, branch="z9hG4bKnew", from_tag="n", to_tag="nb")
    bare.send(1500, (C[0], 5060), (B[0], 5060), with_body(invite, sdp(*C)))
    bare.send(1550, (B[0], 5060), (C[0], 5060), with_body(ok, sdp(*B)))
    bare.rtp(range(90, 150), 1900, stamp=90 * 160, ends=(C, B))
    bare.call("other", 100, ends=(D, A))
    path = frames.write_pcap(tmp_path / "moved.pcap", sorted(bare.frames, key=lambda one: one.time_ns))
    for call_id in ("old", "new"):
        result = measure_capture(path, Selection(call_ids=(call_id,)))
        assert call_ids(result, "dialogs") == ["old", "new"]
        assert [one["unique"] for one in result["calls"]] == [150]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(call_ids=("tow",)), "no SIP message with Call-ID tow; there is two"),
        (Selection(call_ids=("xyz",)), "no SIP message with Call-ID xyz; there is one, busy, two"),
        (Selection(numbers=("carol",)), "nobody called carol in From or To of a SIP message; there is mn, cn"),
        (Selection(call_ids=("one",), numbers=("carol",)), "no SIP message with such a Call-ID and number"),
        (Selection(begin=Moment.parse("10")), "nothing is in the time asked for: the capture lasts 3.980 s"),
        (Selection(begin=Moment.parse("2"), end=Moment.parse("1")), "what is asked for ends before it begins"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(capture: Path, selection: Selection, said: str) -> None:
    with pytest.raises(NotInCaptureError) as error:
        measure_capture(capture, selection)
    assert error.value.what == said


@pytest.mark.parametrize("number", ["mn", "cn"])
def test_users_are_those_of_from_and_to(capture: Path, number: str) -> None:
    assert len(measure_capture(capture, Selection(numbers=(number,)))["dialogs"]) == 3


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("sip:alice@example.com", "alice"),
        ("sips:+49-30-123;phone-context=x@example.com:5061;user=phone", "4930123"),
        ("sip:alice:secret@example.com", "alice"),
        ("tel:+49(30)12.3", "4930123"),
        ("sip:%2B4930123@h", "4930123"),
        ("sip:example.com", ""),
        ("", ""),
    ],
)
def test_the_user_of_a_uri(uri: str, name: str) -> None:
    assert plain_number(user(uri)) == name
