"""result.json of hand-made runs: every number known beforehand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.measure.capture.errors import RunFolderError
from testbed.measure.result.result import to_json
from testbed.measure.result.run import measure_run
from tests.measure import frames, synthetic
from tests.measure.frames import MS, START_NS, Frame
from tests.measure.sip_text import request, response
from tests.measure.wire.pieces import in_fragments, over_tcp

from . import tshark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def reinvite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.reinvite_run().write(tmp_path_factory.mktemp("run") / "reinvite")


@pytest.fixture(scope="module")
def handover_cn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.handover_cn_run().write(tmp_path_factory.mktemp("run") / "handover-cn")


def part(whole: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: whole[name] for name in wanted}


def test_a_reinvite_run_is_measured_exactly(reinvite: Path) -> None:
    result = measure_run(reinvite)
    assert part(result, {"schema_version": 0, "scheme": 0, "seed": 0, "engine": 0, "reproducible": 0}) == {
        "schema_version": 1,
        "scheme": "reinvite",
        "seed": 7,
        "engine": "vm",
        "reproducible": True,
    }
    # Packet 249 is the last over WiFi, in at 5989 ms; 394 the first that the CN sends to UMTS, in at 8997 ms.
    wanted = {
        "gap_ms": 2988.0,
        "path_step_ms": 108.0,
        "sent": 700,
        "received": 556,
        "lost": 144,
        "lost_in_window": 144,
        "duplicates": 0,
        "reordered": 0,
        "late": 0,
    }
    to_mn = result["media"]["to_mn"]
    assert part(to_mn, wanted) == wanted
    # Up, 249 is in at 5985; the MN's own stack drops 250 to 399, which nobody ever captured; 400 is in at 9113.
    wanted = {"gap_ms": 3108.0, "path_step_ms": 108.0, "sent": 700, "received": 550, "lost": 150, "lost_in_window": 150}
    assert part(result["media"]["to_cn"], wanted) == wanted
    assert result["handover"] == {
        "trigger_s": 6.18,
        "delay_ms": 2817.0,
        "phases_ms": {"detect": 171.0, "attach": 2570.0, "address": 20.0, "signalling": 226.0, "media": 1.0},
        "attach_ms": {},
        "kind": "link-down",
        "old_path": "wifi",
        "new_path": "umts",
        "outcome": "done",
        "status": 200,
        "window_s": {
            "to_mn": {"open": 6.18, "close": 8.997, "released": True},
            "to_cn": {"open": 6.18, "close": 9.113, "released": True},
        },
    }
    assert result["warnings"] == []


def test_attaching_is_split_as_the_radio_told_of_it(tmp_path: Path) -> None:
    folder = synthetic.reinvite_run().write(tmp_path / "run")
    whole_ms = measure_run(folder)["handover"]["phases_ms"]["attach"]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    (trigger,) = (one for one in events if one["event"] == "trigger")
    for link, after_ms, phase in (
        ("umts", 1000, "scan"),
        ("wifi", 1100, "scan"),
        ("umts", 1250, "key"),
        ("umts", 9000, "key"),
    ):
        told = {"source": "lab", "event": "attach_phase", "link": link, "phase": phase}
        events.append({**trigger, **told, "time_ns": trigger["time_ns"] + after_ms * 1_000_000})
    (folder / "events.jsonl").write_text("".join(json.dumps(one) + "\n" for one in events))
    handover = measure_run(folder)["handover"]
    assert handover["attach_ms"] == {"scan": 1000.0, "key": 250.0}
    assert handover["phases_ms"]["attach"] == whole_ms == 2570.0


@pytest.mark.parametrize("trigger_ms", [5990, 6003, 6009, 6010.5, 6180, 7777])
def test_the_phases_of_a_reinvite_add_up_to_the_gap(tmp_path: Path, trigger_ms: float) -> None:
    result = measure_run(synthetic.reinvite_run(trigger_ms).write(tmp_path / "run"))
    phases = result["handover"]["phases_ms"]
    assert sum(phases.values()) == pytest.approx(result["media"]["to_mn"]["gap_ms"], abs=1e-6)
    assert phases["detect"] == pytest.approx(trigger_ms - 6009)


def test_a_handover_with_duplication_loses_nothing_and_its_gap_is_the_path_step(handover_cn: Path) -> None:
    result = measure_run(handover_cn)
    # Down: WiFi up to packet 324, in at 7489 ms; 325 only over UMTS, in at 7617; copies from 256 on.
    wanted = {
        "gap_ms": 108.0,
        "path_step_ms": 108.0,
        "interruption_ms": 0.0,
        "sent": 700,
        "received": 700,
        "lost": 0,
        "lost_in_window": 0,
        "duplicates": 69,
        "reordered": 0,
        "late": 0,
        "interruption_call_ms": 0.0,
        "gap_call_ms": 108.0,
    }
    assert part(result["media"]["to_mn"], wanted) == wanted
    # Up: WiFi up to 324; copies from 262 on, the first that is sent after the 200 arrived.
    assert part(result["media"]["to_cn"], wanted) == wanted | {"duplicates": 63}
    assert result["handover"] == {
        "trigger_s": 6.0,
        "delay_ms": 1617.0,
        "phases_ms": {"detect": None, "attach": 0.0, "address": 0.0, "signalling": 226.0, "media": 1391.0},
        "attach_ms": {},
        "kind": "signal",
        "old_path": "wifi",
        "new_path": "umts",
        "outcome": "done",
        "status": 200,
        "window_s": {
            "to_mn": {"open": 6.0, "close": 7.505, "released": True},
            "to_cn": {"open": 6.0, "close": 7.505, "released": True},
        },
    }
    assert result["warnings"] == []


def test_paths_have_their_own_delays(handover_cn: Path) -> None:
    to_mn = measure_run(handover_cn)["media"]["to_mn"]
    steady = {"mean": 2.0, "p99": 2.0, "min": 2.0, "max": 2.0, "sd": 0.0}
    assert to_mn["paths"]["wifi"] == {
        "packets": 325, "new": 325, "sent": 325, "lost": 0, "delay_ms": steady, "jitter_ms": 0.0,
    }  # fmt: skip
    assert part(to_mn["paths"]["umts"], {"packets": 0, "new": 0, "sent": 0}) == {
        "packets": 444,
        "new": 375,
        "sent": 444,
    }
    assert to_mn["paths"]["umts"]["delay_ms"]["mean"] == 110.0
    assert to_mn["delay_ms"] == {"mean": round((325 * 2 + 375 * 110) / 700, 3), "p99": 110.0}


def test_what_the_listener_misses_is_the_hole_and_not_the_wait_for_it(reinvite: Path) -> None:
    to_mn = measure_run(reinvite)["media"]["to_mn"]
    assert to_mn["interruption_ms"] == to_mn["interruption_call_ms"]
    # 2988 ms of silence on the wire; the buffer's 40 ms are used up first, and the new path's 108 ms are caught up.
    assert 2900 <= to_mn["interruption_ms"] <= 3100


def test_quality_falls_with_the_hole(reinvite: Path, handover_cn: Path, tmp_path: Path) -> None:
    ratings = {}
    for name, folder in {
        "hole": reinvite,
        "seamless": handover_cn,
        "plain": synthetic.plain_run().write(tmp_path / "plain"),
    }.items():
        to_mn = measure_run(folder)["media"]["to_mn"]
        ratings[name] = to_mn["r_factor"]
        assert to_mn["mos"] is not None
    assert ratings["plain"] > ratings["seamless"] > ratings["hole"]
    assert ratings["plain"] == pytest.approx(92.0, abs=0.7), "2 ms on the way, 40 in the buffer, 20 to fill a packet"


@pytest.mark.parametrize("send", [over_tcp, in_fragments])
def test_signalling_over_tcp_and_in_fragments_counts_as_any(
    handover_cn: Path, tmp_path: Path, send: Callable[[dict[str, list[Frame]]], None]
) -> None:
    run = synthetic.handover_cn_run()
    send(run.captured)
    results = [measure_run(run.write(tmp_path / "run")), measure_run(handover_cn)]
    told = [{each.pop("transport") for one in result["dialogs"] for each in one["transactions"]} for result in results]
    assert told == [{"tcp" if send is over_tcp else "udp"}, {"udp"}]
    carried = [result["cost"].pop("radios") for result in results]
    assert carried[0] != carried[1], "headers, and what TCP says itself, count there"
    assert results[0] == results[1]


def test_signalling_is_counted_at_the_mn(handover_cn: Path) -> None:
    result = measure_run(handover_cn)
    # Two INVITEs with 200 and ACK, two BYEs with 200.
    assert part(result["signalling"], {"setup_ms": 0, "messages": 0}) == {"setup_ms": 8.0, "messages": 10}
    assert result["signalling"]["bytes"] > 2000
    assert [
        (one["method"], one["call_id"], one["interface"], one["request_s"], one["ms"], one["status"])
        for one in result["transactions"]
    ] == [
        ("INVITE", "a@mn", "mn-wifi", 0.5, 6.0, 200),
        ("INVITE", "b@mn", "mn-umts", 6.004, 222.0, 200),
        ("BYE", "a@mn", "mn-wifi", 7.5, 5.0, 200),
        ("BYE", "b@mn", "mn-umts", 15.2, 221.0, 200),
    ]


def test_registering_is_counted_and_is_no_part_of_call_or_handover(tmp_path: Path, handover_cn: Path) -> None:
    """REGISTER before the call, between trigger and INVITE, and after: it costs, and changes nothing else."""
    run = synthetic.handover_cn_run()
    trigger = next(event for event in run.events if event["event"] == "trigger")
    for number, at_ms in enumerate((10.0, 1000 * trigger["t_s"] + 1, 12_000.0), start=1):
        branch = f"z9hG4bKr{number}"
        there = run.carry(request("REGISTER", "r@1", number, branch=branch), at_ms, link="wifi", to_mn=False)
        run.carry(response(200, "REGISTER", "r@1", number, branch=branch), there + 2, link="wifi", to_mn=True)
    for frames_of in run.captured.values():
        frames_of.sort(key=lambda frame: frame.time_ns)
    without, with_ = measure_run(handover_cn), measure_run(run.write(tmp_path / "run"))
    assert (with_["handover"], with_["media"]) == (without["handover"], without["media"])
    assert with_["signalling"]["setup_ms"] == without["signalling"]["setup_ms"]
    assert with_["signalling"]["messages"] == without["signalling"]["messages"] + 6
    assert [one["method"] for one in with_["transactions"]].count("REGISTER") == 3


def test_without_a_handover_there_is_no_window(tmp_path: Path) -> None:
    result = measure_run(synthetic.plain_run().write(tmp_path / "run"))
    assert result["handover"] is None
    to_mn = result["media"]["to_mn"]
    for name in ("gap_ms", "path_step_ms", "interruption_ms", "lost_in_window"):
        assert to_mn[name] is None, name
    wanted = {"gap_call_ms": 0.0, "interruption_call_ms": 0.0, "lost": 0, "sent": 700, "late": 0}
    assert part(to_mn, wanted) == wanted
    assert to_mn["paths"]["umts"]["delay_ms"]["mean"] is None, "no packet, no delay: null and not 0"


def test_losses_before_and_after_the_window_are_counted_apart(tmp_path: Path) -> None:
    # Packet 100 before; 248 to 251 around the trigger (249 leaves at 5987 ms, in at 5989); 600 after.
    gone = {100, 248, 249, 250, 251, 600}
    run = synthetic.handover_cn_run(lost=lambda _link, to_mn, k: to_mn and k in gone)
    to_mn = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert (to_mn["lost"], to_mn["lost_in_window"]) == (6, 4)
    assert to_mn["gap_ms"] == 108.0, "four lost packets are a gap of 80 ms"
    assert to_mn["gap_call_ms"] == 108.0


def test_a_packet_lost_on_both_paths_is_lost_and_one_on_one_path_is_not(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(lost=lambda link, to_mn, k: to_mn and (k == 300 or (link == "wifi" and k == 310)))
    to_mn = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert (to_mn["lost"], to_mn["lost_in_window"], to_mn["duplicates"]) == (1, 1, 67)
    assert to_mn["reordered"] == 1, "310 came over UMTS, after 311 to 315"
    assert to_mn["paths"]["wifi"]["lost"] == 2


def test_a_late_packet_on_the_wire_is_late_for_the_listener(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(extra_ms=lambda _link, to_mn, k: 400.0 if to_mn and k == 100 else 0.0)
    to_mn = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert part(to_mn, {"lost": 0, "late": 0, "late_in_window": 0}) == {"lost": 0, "late": 1, "late_in_window": 0}
    assert to_mn["interruption_ms"] == 0.0
    assert to_mn["interruption_call_ms"] > 0


def test_an_unanswered_bye_leaves_the_window_open_and_says_so(tmp_path: Path) -> None:
    result = measure_run(synthetic.handover_cn_run(bye_answered=False).write(tmp_path / "run"))
    assert result["handover"]["window_s"]["to_mn"]["released"] is False
    assert "never released" in result["warnings"][0]
    assert result["media"]["to_mn"]["gap_ms"] == 108.0


def test_a_trigger_that_led_to_nothing_has_a_window_but_no_phases(tmp_path: Path) -> None:
    run = synthetic.plain_run("reinvite")
    run.event(6000, "mn", "trigger", kind="signal", link="wifi")
    result = measure_run(run.write(tmp_path / "run"))
    handover = result["handover"]
    assert (handover["delay_ms"], handover["old_path"], handover["new_path"]) == (None, "wifi", None)
    assert set(handover["phases_ms"].values()) == {None}
    assert handover["window_s"]["to_mn"]["released"] is False
    to_mn = result["media"]["to_mn"]
    assert (to_mn["gap_ms"], to_mn["path_step_ms"], to_mn["lost_in_window"]) == (0.0, None, 0)


def test_a_call_that_never_comes_back_has_no_gap_but_a_warning(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(lost=lambda _link, to_mn, k: to_mn and k >= 260)
    result = measure_run(run.write(tmp_path / "run"))
    to_mn = result["media"]["to_mn"]
    assert (to_mn["gap_ms"], to_mn["lost"], to_mn["lost_in_window"]) == (None, 440, 440)
    assert to_mn["interruption_ms"] is not None
    assert to_mn["interruption_ms"] <= to_mn["interruption_call_ms"]
    assert to_mn["interruption_call_ms"] == pytest.approx(8800, abs=200)
    assert any("silent to the end of the call, for 8.80 s at least" in warning for warning in result["warnings"])


def test_the_same_run_gives_the_same_bytes_from_files_or_from_the_merged_capture(tmp_path: Path) -> None:
    one = to_json(measure_run(synthetic.handover_cn_run().write(tmp_path / "one")))
    again = to_json(measure_run(synthetic.handover_cn_run().write(tmp_path / "two")))
    merged = to_json(measure_run(synthetic.handover_cn_run().write(tmp_path / "three", merged=True)))
    assert one == again == merged
    assert str(tmp_path) not in one
    assert json.loads(one)["schema_version"] == 1


def test_marks_of_the_run_stand_beside_its_numbers(tmp_path: Path) -> None:
    run = synthetic.plain_run()
    run.warnings.append("capture dropped 3 packets on mn-wifi")
    folder = run.write(tmp_path / "run")
    (folder / "captures" / "mn-umts.pcap").unlink()
    (folder / "run.pcapng").unlink()
    path = folder / "captures" / "cn-eth0.pcap"
    path.write_bytes(path.read_bytes()[:-5])
    warnings = measure_run(folder)["warnings"]
    assert warnings[0] == "capture dropped 3 packets on mn-wifi"
    assert warnings[1] == "capture mn-umts: No such file or directory"
    assert warnings[2].startswith("capture cn-eth0: cut off in packet")


def test_a_few_packets_unheard_at_the_end_are_how_calls_end(tmp_path: Path) -> None:
    run = synthetic.handover_cn_run(lost=lambda _link, to_mn, k: to_mn and k >= 690)
    result = measure_run(run.write(tmp_path / "run"))
    to_mn = result["media"]["to_mn"]
    assert part(to_mn, {"gap_ms": 0, "gap_call_ms": 0, "lost": 0}) == {
        "gap_ms": 108.0,
        "gap_call_ms": 108.0,
        "lost": 10,
    }
    assert result["warnings"] == []


def test_an_ssrc_change_goes_on_with_the_same_call(tmp_path: Path) -> None:
    run = synthetic.plain_run()
    for name in ("cn-eth0", "mn-wifi"):
        changed = []
        for frame in run.captured[name]:
            data = frame.data
            # From packet 350 on the CN is another source, with numbers of its own.
            if data[42:43] == b"\x80" and data[50:54] == synthetic.CN_SSRC.to_bytes(4, "big"):
                k = (int.from_bytes(data[44:46], "big") - synthetic.CN_SEQUENCE) % 65536
                if k >= 350:
                    data = data[:42] + frames.rtp(k - 350 + 5, (k - 350) * 160, ssrc=0xABCDEF)
            changed.append(Frame(frame.time_ns, data))
        run.captured[name] = changed
    to_mn = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    wanted = {"sent": 700, "received": 700, "lost": 0, "reordered": 0, "gap_call_ms": 0.0, "interruption_call_ms": 0.0}
    assert part(to_mn, wanted) == wanted


def test_copies_under_an_ssrc_of_their_own_are_duplicates(tmp_path: Path) -> None:
    """RFC 7198: a run whose UMTS copies have other SSRCs, declared, has the numbers of one where they have not."""
    run = synthetic.handover_cn_run()
    plain = measure_run(run.write(tmp_path / "same"))["media"]
    sdp = b"SIP/2.0 200 OK\r\n\r\nv=0\r\n" + b"".join(
        f"a=ssrc-group:DUP {ssrc} {ssrc + 1}\r\n".encode() for ssrc in (synthetic.CN_SSRC, synthetic.MN_SSRC)
    )
    umts = bytes(map(int, synthetic.ADDRESS["umts"].split(".")))
    for frames_there in run.captured.values():
        for place, frame in enumerate(frames_there):
            if frame.data[42] == 0x80 and umts in frame.data[26:34]:
                ssrc = int.from_bytes(frame.data[50:54]) + 1
                frames_there[place] = Frame(frame.time_ns, frame.data[:50] + ssrc.to_bytes(4) + frame.data[54:])
    run.captured["cn-eth0"].insert(0, Frame(START_NS, frames.udp(("10.20.0.2", 5060), ("10.1.0.2", 5060), sdp)))
    assert plain["to_mn"]["duplicates"] > 0
    assert measure_run(run.write(tmp_path / "declared"))["media"] == plain
    run.captured["cn-eth0"].pop(0)
    assert measure_run(run.write(tmp_path / "undeclared"))["media"] != plain


def test_a_call_that_was_gsm_somewhere_has_no_rating(tmp_path: Path) -> None:
    """G.107 rates what was coded; the values here are those of G.711. All else is measured as ever."""
    run = synthetic.handover_cn_run()
    rated = measure_run(run.write(tmp_path / "g711"))["media"]["to_mn"]
    sdp_free = (frame for frame in run.captured["cn-eth0"] if frame.data[42] == 0x80)
    run.captured["cn-eth0"] = [
        Frame(frame.time_ns, frame.data[:43] + bytes([frame.data[43] & 0x80 | 3]) + frame.data[44:])
        for frame in sdp_free
    ]
    unrated = measure_run(run.write(tmp_path / "gsm"))["media"]["to_mn"]
    assert rated["r_factor"] > 80
    assert (unrated["r_factor"], unrated["mos"]) == (None, None)
    assert "G.711" in unrated["quality_doubt"]
    assert (unrated["gap_ms"], unrated["lost"]) == (rated["gap_ms"], rated["lost"])


def test_without_the_senders_capture_delays_are_null(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    frames.write_pcap(folder / "captures" / "cn-eth0.pcap", [])
    result = measure_run(folder)
    to_mn = result["media"]["to_mn"]
    assert to_mn["delay_ms"] == {"mean": None, "p99": None}
    assert (to_mn["path_step_ms"], to_mn["r_factor"], to_mn["mos"]) == (None, None, None)
    assert (to_mn["gap_ms"], to_mn["lost"]) == (108.0, 0)
    assert result["media"]["to_cn"]["received"] == 0, "its capture is there, and empty"
    assert any("sender's packets were not captured" in warning for warning in result["warnings"])


def test_without_the_receivers_capture_nothing_is_lost_but_unknown(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    (folder / "captures" / "cn-eth0.pcap").unlink()
    (folder / "run.pcapng").unlink()
    result = measure_run(folder)
    to_cn = result["media"]["to_cn"]
    for name in ("sent", "received", "lost", "lost_in_window", "gap_ms", "interruption_ms"):
        assert to_cn[name] is None, name
    assert "to_cn: a capture of the receiver is missing: nothing was measured" in result["warnings"]


@pytest.mark.parametrize("content", [None, b"", b"no capture at all"])
def test_a_capture_that_cannot_be_read_is_taken_from_the_merged_one(tmp_path: Path, content: bytes | None) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    whole = measure_run(folder)
    path = folder / "captures" / "mn-umts.pcap"
    path.unlink() if content is None else path.write_bytes(content)
    result = measure_run(folder)
    assert [*result["warnings"]] == [one for one in result["warnings"] if "run.pcapng has it" in one]
    assert len(result["warnings"]) == 1
    assert {**result, "warnings": []} == {**whole, "warnings": []}


def test_half_a_receiver_is_no_receiver_and_half_a_sender_gives_no_mean(tmp_path: Path) -> None:
    """What UMTS brought to the MN is not known: nothing is, of that way; of the other, no delay and what needs it."""
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    whole = measure_run(folder)["media"]["to_cn"]
    (folder / "captures" / "mn-umts.pcap").unlink()
    (folder / "run.pcapng").unlink()
    media = measure_run(folder)["media"]
    names = ("sent", "received", "lost", "duplicates", "gap_ms", "gap_call_ms", "jitter_ms", "mos", "burst_loss")
    assert {media["to_mn"][name] for name in names} == {None}
    assert media["to_mn"]["interruption_call_ms"] is None
    assert media["to_mn"]["paths"]["umts"]["packets"] is None
    to_cn = media["to_cn"]
    assert [to_cn[name] for name in ("received", "lost", "gap_call_ms")] == [
        whole[name] for name in ("received", "lost", "gap_call_ms")
    ]
    assert (to_cn["delay_ms"], to_cn["mos"], to_cn["mouth_to_ear_ms"]) == ({"mean": None, "p99": None}, None, None)


def test_an_empty_timeline_is_told(tmp_path: Path) -> None:
    folder = synthetic.handover_cn_run().write(tmp_path / "run")
    (folder / "events.jsonl").write_text("")
    result = measure_run(folder)
    assert result["handover"] is None
    assert any("the timeline is empty" in one for one in result["warnings"])


def test_a_run_without_media_is_all_null(tmp_path: Path) -> None:
    result = measure_run(synthetic.begin("reinvite").write(tmp_path / "run"))
    to_mn = result["media"]["to_mn"]
    for name in ("gap_ms", "sent", "received", "lost", "duplicates", "late", "jitter_ms", "r_factor", "gap_call_ms"):
        assert to_mn[name] is None, name
    assert result["signalling"]["setup_ms"] == 8.0
    assert "to_mn: no RTP stream was captured" in result["warnings"]


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("manifest.json", None, "No such file"),
        ("manifest.json", "{", "is not JSON"),
        ("manifest.json", "[]", "the document is no object"),
        ("manifest.json", '{"schema_version": 1}', "has no call"),
        ("manifest.json", '{"schema_version": 1, "call": {}}', "call.packet_interval_ms is None"),
        ("manifest.json", '{"schema_version": 1, "call": {"packet_interval_ms": 1e999}}', "packet_interval_ms is inf"),
        ("manifest.json", '{"schema_version": 1, "call": {"packet_interval_ms": NaN}}', "is not JSON: NaN"),
        ("manifest.json", '{"schema_version": 1, "call": {"packet_interval_ms": 20}, "roles": {}}', "has no roles.mn"),
        ("events.jsonl", None, "No such file"),
        ("events.jsonl", '{"time_ns": 1, "source": "mn", "event": "x"}\n\nnonsense\n', "line 3 is no event"),
        ("events.jsonl", '{"source": "mn", "event": "x"}\n', "line 1 is no event"),
    ],
)
def test_a_damaged_run_folder_is_one_clear_line(tmp_path: Path, file: str, content: str | None, what: str) -> None:
    folder = synthetic.begin("reinvite").write(tmp_path / "run")
    (folder / file).unlink() if content is None else (folder / file).write_text(content)
    with pytest.raises(RunFolderError, match=what) as caught:
        measure_run(folder)
    assert str(caught.value).startswith(str(folder / file))
    assert "\n" not in str(caught.value)


def test_packets_and_loss_agree_with_tshark(handover_cn: Path, reinvite: Path) -> None:
    for folder in (handover_cn, reinvite):
        result = measure_run(folder)
        for link in ("wifi", "umts"):
            path = result["media"]["to_mn"]["paths"][link]
            theirs = [
                one
                for one in tshark.rtp_streams(folder / "captures" / f"mn-{link}.pcap")
                if one.dst.startswith(synthetic.ADDRESS[link])
            ]
            assert [one.packets for one in theirs] == [path["packets"]], (folder.name, link)
            assert theirs[0].lost == 0
            assert theirs[0].mean_jitter == pytest.approx(path["jitter_ms"], abs=0.002)


def test_the_timeline_can_start_anywhere(tmp_path: Path) -> None:
    run = synthetic.reinvite_run()
    for event in run.events:
        event["time_ns"] += 5
        event["t_s"] = (event["time_ns"] - START_NS - 1500 * MS) / 1e9
    assert measure_run(run.write(tmp_path / "run"))["handover"]["trigger_s"] == 4.68
