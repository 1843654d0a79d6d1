"""What signalling is for, what was sent again, and what the question for the extension costs; all by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure.result.run import measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import START_NS, Frame
from tests.measure.sip_text import request, response

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

ASKS = "Require: handover\r\n"
HOME = "10.10.0.2"


def signalling(run: Run, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = measure_run(run.write(folder))["signalling"]
    return found


def exchange(run: Run, at_ms: float, status: int, cseq: int, extra: str = "") -> None:
    """An INVITE of the MN over WiFi that the CN answers 2 ms later, and its ACK; 8 ms from INVITE to ACK."""
    branch = f"z9hG4bKq{cseq}"
    there = run.carry(request("INVITE", "q@mn", cseq, branch=branch, extra=extra), at_ms, link="wifi", to_mn=False)
    back = run.carry(response(status, "INVITE", "q@mn", cseq, branch=branch), there + 2, link="wifi", to_mn=True)
    run.carry(request("ACK", "q@mn", cseq, branch=branch, to_tag="cn"), back + 2, link="wifi", to_mn=False)


def test_messages_belong_to_the_handover_or_to_the_rest(tmp_path: Path) -> None:
    found = signalling(synthetic.handover_cn_run(), tmp_path / "run")
    # INVITE, 200, ACK and the BYE of the old dialog with its 200; the rest sets the call up and ends it.
    assert (found["handover"]["messages"], found["rest"]["messages"], found["registering"]["messages"]) == (5, 5, 0)
    assert found["handover"]["bytes"] + found["rest"]["bytes"] == found["bytes"]
    assert found["requests"] == {"ACK": 2, "BYE": 2, "INVITE": 2}
    assert found["responses"] == {"200": 4}
    assert found["question"] is None


def test_registering_is_neither(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    for number, at_ms in enumerate((10.0, 6500.0), start=1):
        branch = f"z9hG4bKr{number}"
        there = run.carry(request("REGISTER", "r@1", number, branch=branch), at_ms, link="wifi", to_mn=False)
        run.carry(response(200, "REGISTER", "r@1", number, branch=branch), there + 2, link="wifi", to_mn=True)
    found = signalling(run, tmp_path / "run")
    assert (found["handover"]["messages"], found["rest"]["messages"], found["registering"]["messages"]) == (5, 5, 4)


def test_what_was_sent_again_is_counted_and_not_what_is_like_it(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run()
    handover = "Require: handover\r\nHandover: a@mn;to-tag=cn;from-tag=mn\r\n"
    again = request("INVITE", "b@mn", 1, branch="z9hG4bKb1", from_tag="mn2", extra=handover)
    for after_ms in (500, 1000):
        run.carry(again, 6004 + after_ms, link="umts", to_mn=False)
    run.carry(response(200, "INVITE", "b@mn", 1, branch="z9hG4bKb1", from_tag="mn2", to_tag="cn2"), 6900, link="umts",
              to_mn=True)  # fmt: skip
    found = signalling(run, tmp_path / "run")
    assert found["retransmissions"] == found["handover"]["retransmissions"] == 3
    assert found["rest"]["retransmissions"] == 0
    assert found["messages"] == 13


def test_the_delay_of_a_handover_counts_from_its_first_invite(tmp_path: Path) -> None:
    """One that was refused comes before the one that did it."""
    run = synthetic.handover_cn_run()
    refused = request("INVITE", "c@mn", 1, branch="z9hG4bKc1", from_tag="mn3")
    there = run.carry(refused, 6001, link="umts", to_mn=False)
    run.carry(response(481, "INVITE", "c@mn", 1, branch="z9hG4bKc1", from_tag="mn3"), there, link="umts", to_mn=True)
    handover = measure_run(run.write(tmp_path / "run"))["handovers"][0]
    assert handover["signalling"]["delay_ms"] == 6226.0 - 6001
    assert handover["signalling"]["messages"] == 7


def test_a_question_of_the_mn_that_is_refused_costs_a_round(tmp_path: Path) -> None:
    """Challenged at first, which is no answer; asked anew at 510 ms, refused, and invited without it at 521 ms."""
    run = synthetic.Run("handover-cn")
    exchange(run, 500, 401, 1, ASKS)
    exchange(run, 510, 420, 2, ASKS)
    exchange(run, 521, 200, 3)
    found = signalling(run, tmp_path / "run")
    assert found["setup_ms"] == 29.0
    assert found["question"] == {
        "asked_by": "mn", "answer": "420", "round_ms": 11.0, "setup_without_round_ms": 18.0,
    }  # fmt: skip


@pytest.mark.parametrize(("extra", "answer"), [("", "200 without proof"), (ASKS, "200 with proof")])
def test_an_answer_is_proof_only_with_require(tmp_path: Path, extra: str, answer: str) -> None:
    run = synthetic.Run("handover-cn")
    there = run.carry(request("INVITE", "q@mn", 1, branch="z9hG4bKq1", extra=ASKS), 500, link="wifi", to_mn=False)
    said = response(200, "INVITE", "q@mn", 1, branch="z9hG4bKq1").replace(b"l: 0\r\n", extra.encode() + b"l: 0\r\n")
    back = run.carry(said, there + 2, link="wifi", to_mn=True)
    run.carry(request("ACK", "q@mn", 1, branch="z9hG4bKa", to_tag="cn"), back + 2, link="wifi", to_mn=False)
    question = signalling(run, tmp_path / "run")["question"]
    assert question == {"asked_by": "mn", "answer": answer, "round_ms": None, "setup_without_round_ms": None}


def test_a_handover_is_no_question_nor_is_what_comes_after_set_up(tmp_path: Path) -> None:
    run = synthetic.plain_run()
    exchange(run, 3000, 420, 1, ASKS)
    assert signalling(run, tmp_path / "run")["question"] is None


def test_a_question_of_the_relay_costs_a_round_at_its_interface(tmp_path: Path) -> None:
    """The MN asks the B2BUA at 500 ms, which asks the CN at 504, is refused, and invites without it at 511 ms."""
    run = synthetic.Run("handover-b2bua")
    run.captured["home-eth0"] = []
    mn, home, cn = ((ip, 5060) for ip in (synthetic.ADDRESS["wifi"], HOME, synthetic.ADDRESS["cn"]))
    on_the_way = [
        (500, mn, home, request("INVITE", "a@mn", 1, branch="z9hG4bK1", extra=ASKS)),
        (504, home, cn, request("INVITE", "b@home", 1, branch="z9hG4bK2", from_tag="h", extra=ASKS)),
        (507, cn, home, response(420, "INVITE", "b@home", 1, branch="z9hG4bK2", from_tag="h")),
        (509, home, cn, request("ACK", "b@home", 1, branch="z9hG4bK2", from_tag="h", to_tag="cn")),
        (511, home, cn, request("INVITE", "b@home", 2, branch="z9hG4bK3", from_tag="h")),
        (514, cn, home, response(200, "INVITE", "b@home", 2, branch="z9hG4bK3", from_tag="h")),
        (517, home, mn, response(200, "INVITE", "a@mn", 1, branch="z9hG4bK1")),
        (521, mn, home, request("ACK", "a@mn", 1, branch="z9hG4bK4", to_tag="cn")),
    ]
    interfaces = {mn: "mn-wifi", home: "home-eth0", cn: "cn-eth0"}
    for at_ms, source, destination, payload in on_the_way:
        for end, after_ms in ((source, 0), (destination, 1)):
            frame = frames.udp(source, destination, payload)
            run.captured[interfaces[end]].append(Frame(START_NS + (at_ms + after_ms) * frames.MS, frame))
    folder = run.write(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["roles"]["relay"] = {"interfaces": {"eth0": {"interface": "home-eth0", "address": HOME}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = measure_run(folder)["signalling"]
    assert (found["setup_ms"], found["messages"]) == (21.0, 3)
    assert found["question"] == {
        "asked_by": "relay", "answer": "420", "round_ms": 7.0, "setup_without_round_ms": 14.0,
    }  # fmt: skip
