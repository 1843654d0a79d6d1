"""Dialogs across interfaces: who called whom, what became of it, and which took over from which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure import measure_capture
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response, sdp, with_body
from tests.measure.wire.pieces import over_tcp

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {"mn": "10.1.0.2", "umts": "10.2.0.2", "home": "10.10.0.2", "cn": "10.20.0.2"}
NAMES = ("mn-wifi", "home-eth0", "cn-eth0")
NEAR = {"mn": 0, "umts": 0, "home": 1, "cn": 2}


class Wire:
    """Messages between places: seen at the sender's interface, and 5 ms later at the receiver's."""

    def __init__(self) -> None:
        self.made: list[Frame] = []

    def send(self, at_ms: float, source: str, destination: str, message: bytes, *, arrives: bool = True) -> None:
        frame = frames.udp((PLACES[source], 5060), (PLACES[destination], 5060), message)
        self.made.append(Frame(START_NS + round(at_ms * MS), frame, NEAR[source]))
        if arrives:
            self.made.append(Frame(START_NS + round((at_ms + 5) * MS), frame, NEAR[destination]))

    def media(self, at_ms: float, ends: tuple[tuple[str, int], tuple[str, int]], sequence: int, at: int) -> None:
        frame = frames.udp(*ends, frames.rtp(sequence, ssrc=0xABC))
        self.made.append(Frame(START_NS + round(at_ms * MS), frame, at))

    def measure(self, folder: Path) -> dict[str, Any]:
        self.made.sort(key=lambda frame: frame.time_ns)
        return measure_capture(frames.write_pcapng(folder / "a.pcapng", NAMES, self.made))

    def dialogs(self, folder: Path) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.measure(folder)["dialogs"]
        return found


def invite(
    call: str = "a@mn", cseq: int = 1, *, tag: str = "mn", to_tag: str = "", body: bytes = b"", **more: str
) -> bytes:
    message = request("INVITE", call, cseq, branch=f"z9hG4bK{call}{tag}{cseq}", from_tag=tag, to_tag=to_tag, **more)
    return with_body(message, body) if body else message


def answer(
    status: int, call: str = "a@mn", cseq: int = 1, *, tag: str = "mn", to_tag: str = "cn", body: bytes = b""
) -> bytes:
    branch = f"z9hG4bK{call}{tag}{cseq}"
    message = response(status, "INVITE", call, cseq, branch=branch, from_tag=tag, to_tag=to_tag)
    return with_body(message, body) if body else message


def ack(call: str = "a@mn", cseq: int = 1, *, tag: str = "mn", to_tag: str = "cn") -> bytes:
    return request("ACK", call, cseq, branch=f"z9hG4bKack{call}{cseq}", from_tag=tag, to_tag=to_tag)


def bye(call: str = "a@mn", cseq: int = 2, *, tag: str = "mn", to_tag: str = "cn") -> bytes:
    return request("BYE", call, cseq, branch=f"z9hG4bKbye{call}{tag}", from_tag=tag, to_tag=to_tag)


def part(one: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(one[name] for name in names)


def set_up(wire: Wire) -> None:
    wire.send(0, "mn", "cn", invite())
    wire.send(20, "cn", "mn", answer(200))
    wire.send(30, "mn", "cn", ack())


def test_a_call_that_was_challenged_and_ended_by_the_callee(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(0, "mn", "cn", invite(), arrives=False)
    wire.send(500, "mn", "cn", invite())
    wire.send(510, "cn", "mn", answer(401, to_tag="no"))
    wire.send(520, "mn", "cn", ack(to_tag="no"))
    wire.send(530, "mn", "cn", invite(cseq=2))
    wire.send(540, "cn", "mn", answer(180, cseq=2))
    wire.send(600, "cn", "mn", answer(200, cseq=2))
    wire.send(610, "mn", "cn", ack(cseq=2))
    wire.send(9000, "cn", "mn", bye(cseq=7, tag="cn", to_tag="mn"))
    (one,) = wire.dialogs(tmp_path)
    assert part(one, "number", "call_id", "state", "status", "refusals", "ended_by") == (
        1, "a@mn", "ended", 200, [401], "callee",
    )  # fmt: skip
    assert part(one, "invite_s", "established_s", "setup_ms", "ended_s") == (0.0, 0.605, 610.0, 9.0)
    assert one["caller"] == {"uri": "sip:mn@example.net", "tag": "mn", "address": "10.1.0.2:5060"}
    assert one["callee"] == {"uri": "sip:cn@example.net", "tag": "cn", "address": "10.20.0.2:5060"}
    names = ("method", "cseq", "by", "interface", "ms", "status", "retransmissions")
    assert [part(each, *names) for each in one["transactions"]] == [
        ("INVITE", 1, "caller", "mn-wifi", 515.0, 401, 1),
        ("INVITE", 2, "caller", "mn-wifi", 75.0, 200, 0),
        ("BYE", 7, "callee", "cn-eth0", None, None, 0),
    ]


@pytest.mark.parametrize(
    ("said", "state", "status"),
    [
        ([], "unanswered", None),
        ([answer(100, to_tag="")], "unanswered", None),
        ([answer(180)], "ringing", None),
        ([answer(180), answer(486)], "refused", 486),
        ([answer(180), answer(487)], "refused", 487),
        ([answer(200)], "established", 200),
    ],
)
def test_what_became_of_an_invite(tmp_path: Path, said: list[bytes], state: str, status: int | None) -> None:
    wire = Wire()
    wire.send(0, "mn", "cn", invite())
    for number, message in enumerate(said, start=1):
        wire.send(10 * number, "cn", "mn", message)
    (one,) = wire.dialogs(tmp_path)
    assert part(one, "state", "status", "setup_ms", "ended_s", "refusals") == (state, status, None, None, [])


def test_a_call_that_its_caller_gave_up_was_cancelled(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(0, "mn", "cn", invite())
    wire.send(10, "cn", "mn", answer(180))
    wire.send(50, "mn", "cn", request("CANCEL", "a@mn", 1, branch="z9hG4bKa@mnmn1"))
    wire.send(60, "cn", "mn", response(200, "CANCEL", "a@mn", 1, branch="z9hG4bKa@mnmn1"))
    wire.send(60, "cn", "mn", answer(487))
    wire.send(70, "mn", "cn", ack())
    (one,) = wire.dialogs(tmp_path)
    assert part(one, "state", "status") == ("cancelled", 487)


def test_a_fork_that_two_took_is_two_dialogs(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(0, "mn", "home", invite())
    wire.send(20, "home", "mn", answer(200, to_tag="one"))
    wire.send(25, "home", "mn", answer(200, to_tag="two"))
    wire.send(30, "mn", "home", bye(to_tag="two"))
    found = wire.dialogs(tmp_path)
    assert [(one["callee"]["tag"], one["state"]) for one in found] == [("one", "established"), ("two", "ended")]


def test_what_a_proxy_passed_on_is_one_dialog_and_each_request_is_there_once(tmp_path: Path) -> None:
    wire = Wire()
    for at, hop in ((0, ("mn", "home")), (10, ("home", "cn"))):
        message = invite().replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % at)
        wire.send(at, *hop, message)
        wire.send(60 - at, *hop[::-1], answer(200).replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % at))
    wire.send(70, "mn", "cn", ack())
    (one,) = wire.dialogs(tmp_path)
    assert part(one, "state", "established_s", "setup_ms") == ("established", 0.065, 70.0)
    assert [part(each, "method", "ms", "interface") for each in one["transactions"]] == [("INVITE", 65.0, "mn-wifi")]


def test_a_capture_that_begins_in_the_middle_has_the_rest(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(100, "cn", "mn", bye(tag="cn", to_tag="mn"))
    (one,) = wire.dialogs(tmp_path)
    assert part(one, "state", "status", "invite_s", "established_s", "ended_by") == (
        "ended",
        None,
        None,
        None,
        "caller",
    )
    assert one["caller"]["address"] == "10.20.0.2:5060"


def test_what_is_no_dialog_is_none(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(0, "mn", "home", request("REGISTER", "r@mn", 1, branch="z9hG4bKr"))
    wire.send(1, "mn", "home", request("OPTIONS", "o@mn", 1, branch="z9hG4bKo"))
    assert wire.dialogs(tmp_path) == []


def test_a_b2bua_s_legs_are_two_dialogs_and_a_handover_names_the_one_that_its_receiver_has(tmp_path: Path) -> None:
    """MN's handover names the leg to the B2BUA, which passes it on with the names of the leg to the CN."""
    wire = Wire()
    legs = (("mn", "home", "a@mn", "m1", "h1"), ("home", "cn", "b@home", "h2", "c2"))
    for number, (one, other, call, tag, to_tag) in enumerate(legs):
        wire.send(10 * number, one, other, invite(call, tag=tag))
        wire.send(90 - 10 * number, other, one, answer(200, call, tag=tag, to_tag=to_tag))
    more = (
        ("umts", "home", "c@mn", "m3", "a@mn;to-tag=h1;from-tag=m1"),
        ("home", "cn", "d@home", "h4", "b@home;to-tag=c2;from-tag=h2"),
    )
    for number, (one, other, call, tag, named) in enumerate(more):
        wire.send(1000 + 10 * number, one, other, invite(call, tag=tag, extra=f"Handover: {named}\r\n"))
    wire.send(1020, "cn", "home", answer(200, "d@home", tag="h4", to_tag="c4"))
    wire.send(2000, "umts", "home", invite("e@mn", tag="m5", extra="Handover: gone@mn;to-tag=h1;from-tag=m1\r\n"))
    found = wire.dialogs(tmp_path)
    assert [part(one, "number", "call_id", "handover_of") for one in found] == [
        (1, "a@mn", None), (2, "b@home", None), (3, "c@mn", 1), (4, "d@home", 2), (5, "e@mn", None),
    ]  # fmt: skip
    assert found[4]["handover"] == "gone@mn;to-tag=h1;from-tag=m1"


def test_a_handover_that_a_proxy_translated_is_found_by_either_name(tmp_path: Path) -> None:
    wire = Wire()
    set_up(wire)
    for at, hop, named in (
        (1000, ("umts", "home"), "unknown@mn;to-tag=x;from-tag=y"),
        (1010, ("home", "cn"), "a@mn;to-tag=cn;from-tag=mn"),
    ):
        wire.send(at, *hop, invite("b@mn", tag="m2", extra=f"Handover: {named}\r\n"))
    assert [one["handover_of"] for one in wire.dialogs(tmp_path)] == [None, 1]


def test_a_reinvite_with_another_address_is_a_move(tmp_path: Path) -> None:
    wire = Wire()
    wire.send(0, "mn", "cn", invite(body=sdp("10.1.0.2", 4000)))
    wire.send(20, "cn", "mn", answer(200, body=sdp("10.20.0.2", 4002)))
    wire.send(30, "mn", "cn", ack())
    wire.send(1000, "mn", "cn", invite(cseq=2, to_tag="cn", body=sdp("10.1.0.2", 4000, "a=sendonly")))
    wire.send(1020, "cn", "mn", answer(200, cseq=2, body=sdp("10.20.0.2", 4002, "a=recvonly")))
    wire.send(2000, "umts", "cn", invite(cseq=3, to_tag="cn", body=sdp("10.2.0.2", 4004)))
    wire.send(2020, "cn", "umts", answer(200, cseq=3, body=sdp("10.20.0.2", 4002)))
    (one,) = wire.dialogs(tmp_path)
    assert one["moves"] == [
        {
            "at_s": 2.0, "by": "caller", "from": "10.1.0.2:4000", "to": "10.2.0.2:4004", "status": 200, "ms": 25.0,
            "last_ms": 25.0, "refusals": [],
        }
    ]  # fmt: skip
    assert [part(each, "at_s", "by", "address", "direction") for each in one["media"]] == [
        (0.0, "caller", "10.1.0.2:4000", "sendrecv"),
        (0.02, "callee", "10.20.0.2:4002", "sendrecv"),
        (1.0, "caller", "10.1.0.2:4000", "sendonly"),
        (1.02, "callee", "10.20.0.2:4002", "recvonly"),
        (2.0, "caller", "10.2.0.2:4004", "sendrecv"),
        (2.02, "callee", "10.20.0.2:4002", "sendrecv"),
    ]


def test_a_call_s_paths_say_which_dialogs_announced_them(tmp_path: Path) -> None:
    """Through a relay: the leg of the CN announced what the CN sends, and two of the MN's what reaches the MN."""
    wire = Wire()
    home, first, second = ("10.10.0.2", 6000), ("10.1.0.2", 4000), ("10.2.0.2", 4004)
    cn, home_cn = ("10.20.0.2", 5000), ("10.10.0.2", 6002)
    legs = (
        ("mn", "home", "a@mn", "m1", "h1", first, home, ""),
        ("home", "cn", "b@home", "h2", "c2", home_cn, cn, ""),
        ("umts", "home", "c@mn", "m3", "h3", second, home, "Handover: a@mn;to-tag=h1;from-tag=m1\r\n"),
    )
    for number, (one, other, call, tag, to_tag, offered, answered, extra) in enumerate(legs):
        wire.send(100 * number, one, other, invite(call, tag=tag, body=sdp(*offered), extra=extra))
        wire.send(100 * number + 20, other, one, answer(200, call, tag=tag, to_tag=to_tag, body=sdp(*answered)))
    for n in range(20):
        wire.media(500 + 20 * n, (cn, home_cn), n, 1)
        wire.media(501 + 20 * n, (home, first), n, 0)
        wire.media(502 + 20 * n, (home, second), n, 0)
    result = wire.measure(tmp_path)
    (call,) = result["calls"]
    assert call["dialogs"] == [1, 2, 3]
    assert [part(path, "dst", "dialogs") for path in call["paths"]] == [("10.1.0.2:4000", [1]), ("10.2.0.2:4004", [3])]
    assert [part(one, "number", "handover_of") for one in result["dialogs"]] == [(1, None), (2, None), (3, 1)]


def test_a_handover_over_tcp_is_the_same(tmp_path: Path) -> None:
    results = []
    for name, change in (("udp", None), ("tcp", over_tcp)):
        run = synthetic.handover_cn_run()
        if change:
            change(run.captured)
        results.append(measure_capture(run.write(tmp_path / name) / "run.pcapng")["dialogs"])
    for one in results[1]:
        assert {each.pop("transport") for each in one["transactions"]} == {"tcp"}
    for one in results[0]:
        assert {each.pop("transport") for each in one["transactions"]} == {"udp"}
    assert results[0] == results[1]
    assert [part(one, "setup_ms", "handover_of", "state") for one in results[0]] == [
        (8.0, None, "ended"), (224.0, 1, "ended"),
    ]  # fmt: skip
