"""A handover by a TURN server: its signalling is the Refresh, and SIP follows; all by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from agents.stun.stun_message import Attribute, MessageClass, Method, StunMessage
from agents.turn import TURN_PORT
from agents.turn.channels import channel_data
from testbed.measure.result.run import measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.synthetic import ADDRESS, PACKETS, WAY_MS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.measure.synthetic import Run

HOME = "10.10.0.2"
ODD = bytes.fromhex("0800140ca7ed256aebf7cecf11a1b57dce75f8d48f72f2fb")
WIRE_MS = 0.5
TRIGGER_MS = 6000.0


def see(run: Run, interface: str, at_ms: float, source: tuple[str, int], target: tuple[str, int], data: bytes) -> None:
    frame = Frame(START_NS + round(at_ms * MS), frames.udp(source, target, data))
    run.captured.setdefault(interface, []).append(frame)


def ask(run: Run, link: str, at_ms: float, question: bytes, answer: bytes) -> float:
    """Between the MN, over a link, and the server; an empty answer is none. Returns when it comes in."""
    ours, server = (ADDRESS[link], 20000), (HOME, TURN_PORT)
    there_ms, back_ms = at_ms + WAY_MS[link], at_ms + 2 * WAY_MS[link]
    see(run, f"mn-{link}", at_ms, ours, server, question)
    see(run, "home-eth0", there_ms, ours, server, question)
    if answer:
        see(run, "home-eth0", there_ms, server, ours, answer)
        see(run, f"mn-{link}", back_ms, server, ours, answer)
    return back_ms


def message(kind: MessageClass, method: Method, number: int, *attributes: tuple[int, bytes]) -> bytes:
    return StunMessage(kind, method, number.to_bytes(12, "big"), attributes).to_bytes(b"key")


def speech(run: Run, k: int, link: str, *, to_mn: bool) -> None:
    """A packet by way of the server, which is half a millisecond from the CN."""
    ssrc = synthetic.CN_SSRC if to_mn else synthetic.MN_SSRC
    data = frames.rtp(100 + k, 160 * k, ssrc=ssrc)
    at_ms = (synthetic.CN_FIRST_MS if to_mn else synthetic.MN_FIRST_MS) + 20 * k
    cn, relayed, server, mn = (ADDRESS["cn"], 30000), (HOME, 40000), (HOME, TURN_PORT), (ADDRESS[link], 20000)
    hops = [("cn-eth0", cn, relayed, data, 0.0), ("home-eth0", cn, relayed, data, WIRE_MS),
            ("home-eth0", server, mn, channel_data(0x4000, data), WIRE_MS),
            (f"mn-{link}", server, mn, channel_data(0x4000, data), WAY_MS[link])]  # fmt: skip
    if not to_mn:
        way = WAY_MS[link] - WIRE_MS
        hops = [(f"mn-{link}", mn, server, channel_data(0x4000, data), 0.0),
                ("home-eth0", mn, server, channel_data(0x4000, data), way), ("home-eth0", relayed, cn, data, way),
                ("cn-eth0", relayed, cn, data, WAY_MS[link])]  # fmt: skip
    for interface, source, target, payload, later_ms in hops:
        see(run, interface, at_ms + later_ms, source, target, payload)


def moved_run(*, first: bytes, code: int | None = None) -> Run:
    """The Refresh at the trigger is answered by `first`, and half a second later as it should be, or with `code`."""
    run = synthetic.begin("turn-mobility")
    run.event(30, "lab", "attached", link="umts")
    run.event(40, "lab", "address", link="umts", address=ADDRESS["umts"])
    allocate = message(MessageClass.REQUEST, Method.ALLOCATE, 1)
    ask(run, "wifi", 400, allocate, message(MessageClass.SUCCESS, Method.ALLOCATE, 1))
    run.event(TRIGGER_MS, "mn", "trigger", kind="signal", link="wifi", to="umts")
    refresh = message(MessageClass.REQUEST, Method.REFRESH, 2, (Attribute.MOBILITY_TICKET, b"ticket"))
    ask(run, "umts", TRIGGER_MS, refresh, first)
    answer = message(MessageClass.SUCCESS, Method.REFRESH, 2)
    if code is not None:
        error = (Attribute.ERROR_CODE, bytes((0, 0, code // 100, code % 100)))
        answer = message(MessageClass.ERROR, Method.REFRESH, 2, error)
    ask(run, "umts", TRIGGER_MS + 500, refresh, answer)
    run.invite(TRIGGER_MS + 240, link="umts", call_id="a@mn", cseq=2, tags=("mn", "cn"), to_tag="cn")
    for k in range(PACKETS):
        at_server_ms = synthetic.CN_FIRST_MS + 20 * k + WIRE_MS
        speech(run, k, "umts" if at_server_ms > TRIGGER_MS + WAY_MS["umts"] else "wifi", to_mn=True)
        speech(run, k, "umts" if synthetic.MN_FIRST_MS + 20 * k > TRIGGER_MS else "wifi", to_mn=False)
    run.bye(15_200, link="umts", call_id="a@mn", cseq=3, tags=("mn", "cn"))
    for one in run.captured.values():
        one.sort(key=lambda frame: frame.time_ns)
    return run


def measured(folder: Path, run: Run) -> dict[str, Any]:
    folder = run.write(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["roles"]["relay"] = {"interfaces": {"eth0": {"interface": "home-eth0", "address": HOME}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return measure_run(folder)


def test_speech_in_channels_counts_on_the_link_that_they_go_over(tmp_path: Path) -> None:
    result = measured(tmp_path / "run", moved_run(first=ODD))
    for way in ("to_mn", "to_cn"):
        media = result["media"][way]
        assert (media["sent"], media["lost"], media["path_step_ms"], media["gap_ms"]) == (PACKETS, 0, 108.0, 108.0), way
        assert [media["paths"][link]["delay_ms"]["mean"] for link in ("wifi", "umts")] == [2.0, 110.0]
        assert sum(one["packets"] for one in media["paths"].values()) == PACKETS
    assert result["cost"]["tunnel_bytes_per_packet"] == 4.0


@pytest.mark.parametrize("first", [ODD, message(MessageClass.SUCCESS, Method.REFRESH, 2)], ids=["odd", "right"])
def test_the_signalling_is_the_refresh_whatever_answers_it(first: bytes, tmp_path: Path) -> None:
    result = measured(tmp_path / "run", moved_run(first=first))
    (handover,) = result["handovers"]
    told = ("outcome", "old_path", "new_path", "status", "kind")
    assert [handover[name] for name in told] == ["done", "wifi", "umts", 200, "signal"]
    assert handover["phases_ms"] | {"media": None} == {
        "detect": None, "attach": 0.0, "address": 0.0, "signalling": 220.0, "media": None,
    }  # fmt: skip
    signalling = handover["signalling"]
    assert (signalling["delay_ms"], signalling["messages"], signalling["mobility_messages"]) == (220.0, 3, 4)
    refresh, answer, allocate = 20 + 12 + 24, 20 + 24, 2 * (20 + 24)
    assert signalling["mobility_bytes"] == 2 * refresh + len(first) + answer
    whole = {"protocol": "TURN", "messages": 6, "bytes": signalling["mobility_bytes"] + allocate}
    assert result["signalling"]["mobility"] == whole


def test_the_window_is_open_until_sip_has_followed(tmp_path: Path) -> None:
    (handover,) = measured(tmp_path / "run", moved_run(first=ODD))["handovers"]
    for window in handover["window_s"].values():
        assert (window["open"], window["close"]) == (6.0, 6.462)


def test_a_refused_refresh_is_told_by_its_code_where_sip_does_not_say_more(tmp_path: Path) -> None:
    run = moved_run(first=b"", code=437)
    result = measured(tmp_path / "run", run)
    assert result["handovers"][0]["status"] == 200  # the re-INVITE, which does without the server
    assert result["signalling"]["mobility"]["messages"] == 5
