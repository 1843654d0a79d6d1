"""A handover by ICE: its signalling goes from the trigger to the nomination, and each check counts; all by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.stun.stun_values import error
from testbed.measure.result.run import measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.synthetic import ADDRESS, WAY_MS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

HOME, TRIGGER_MS, MOVED_MS = "10.10.0.2", 6000.0, 7190.0
RANK, WINS = (int(Attribute.PRIORITY), bytes(4)), (int(Attribute.USE_CANDIDATE), b"")


def message(kind: MessageClass, number: int, *attributes: tuple[int, bytes]) -> bytes:
    data = StunMessage(kind, Method.BINDING, number.to_bytes(12, "big"), attributes)
    return data.to_bytes(b"key", has_fingerprint=True)


def see(run: Run, link: str, at_ms: float, data: bytes, *, is_out: bool, port: int = 20002) -> None:
    ours, home = (ADDRESS[link], port), (HOME, 30000)
    ends = (ours, home) if is_out else (home, ours)
    run.captured.setdefault(f"mn-{link}", []).append(Frame(START_NS + round(at_ms * MS), frames.udp(*ends, data)))


def ask(run: Run, link: str, at_ms: float, number: int, *attributes: tuple[int, bytes], code: int = 0,
        port: int = 20002) -> None:  # fmt: skip
    """A check of the MN's, and its answer a round trip later."""
    see(run, link, at_ms, message(MessageClass.REQUEST, number, RANK, *attributes), is_out=True, port=port)
    answer = message(MessageClass.SUCCESS, number)
    if code:
        answer = message(MessageClass.ERROR, number, (int(Attribute.ERROR_CODE), error(code, "")))
    see(run, link, at_ms + 2 * WAY_MS[link], answer, is_out=False, port=port)


def restarted_run(*, answers: bool = True) -> Run:
    """The re-INVITE at the trigger; a check 250 ms later, one that is refused, RTCP's, and then the nomination."""
    run = synthetic.begin("ice-restart")
    run.event(30, "lab", "attached", link="umts")
    run.event(40, "lab", "address", link="umts", address=ADDRESS["umts"])
    ask(run, "wifi", 400, 1, port=20000)
    ask(run, "wifi", 450, 2, WINS, port=20000)
    run.event(TRIGGER_MS, "mn", "trigger", kind="signal", link="wifi", to="umts")
    run.invite(TRIGGER_MS, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"), to_tag="cn")
    ask(run, "umts", TRIGGER_MS + 250, 3)
    ask(run, "umts", TRIGGER_MS + 260, 4, code=487)
    ask(run, "umts", TRIGGER_MS + 300, 5, WINS, port=20003)
    peer = message(MessageClass.REQUEST, 6, RANK)
    see(run, "umts", TRIGGER_MS + 240, peer, is_out=False)
    see(run, "umts", TRIGGER_MS + 240, message(MessageClass.SUCCESS, 6), is_out=True)
    wins = message(MessageClass.REQUEST, 7, RANK, WINS)
    see(run, "umts", TRIGGER_MS + 470, wins, is_out=True)  # lost, and sent again
    if answers:
        ask(run, "umts", TRIGGER_MS + 970, 7, WINS)
    for k in range(synthetic.PACKETS):
        for to_mn, first_ms in ((True, synthetic.CN_FIRST_MS), (False, synthetic.MN_FIRST_MS)):
            run.media(k, link="umts" if first_ms + 20 * k > MOVED_MS else "wifi", to_mn=to_mn)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=3, tags=("mn", "cn"))
    return run


def test_the_signalling_is_over_when_the_nomination_of_speech_s_way_is_answered(tmp_path: Path) -> None:
    result = measure_run(restarted_run().write(tmp_path / "run"))
    (handover,) = result["handovers"]
    told = ("outcome", "old_path", "new_path", "status", "kind")
    assert [handover[name] for name in told] == ["done", "wifi", "umts", 200, "signal"]
    assert handover["phases_ms"]["signalling"] == 970 + 2 * WAY_MS["umts"]
    assert handover["signalling"]["delay_ms"] == 2 * WAY_MS["umts"]
    assert (handover["signalling"]["messages"], handover["signalling"]["mobility_messages"]) == (3, 11)


def test_each_message_counts_and_its_bytes(tmp_path: Path) -> None:
    result = measure_run(restarted_run().write(tmp_path / "run"))
    plain, wins = len(message(MessageClass.REQUEST, 1, RANK)), len(message(MessageClass.REQUEST, 1, RANK, WINS))
    answer, refusal = (
        len(message(MessageClass.SUCCESS, 1)),
        len(message(MessageClass.ERROR, 1, (int(Attribute.ERROR_CODE), error(487, "")))),
    )
    size = 4 * plain + 4 * wins + 6 * answer + refusal
    assert result["signalling"]["mobility"] == {"protocol": "ICE", "messages": 15, "bytes": size}


def test_a_nomination_that_nobody_answers_is_no_end(tmp_path: Path) -> None:
    result = measure_run(restarted_run(answers=False).write(tmp_path / "run"))
    (handover,) = result["handovers"]
    assert handover["phases_ms"]["signalling"] is None
    assert result["signalling"]["mobility"]["messages"] == 13


def test_other_people_s_bytes_that_look_like_it_are_not_counted(tmp_path: Path) -> None:
    run = restarted_run()
    for number, data in enumerate(
        (b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(12), b"\x03\xff\x00\x00\x21\x12\xa4\x42" + bytes(12))
    ):
        see(run, "umts", 14_000 + number, data, is_out=False)
    result = measure_run(run.write(tmp_path / "run"))
    assert result["signalling"]["mobility"]["messages"] == 15
