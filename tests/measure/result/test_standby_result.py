"""`standby` of a result: what stood by, who switched when, and what was taken for a break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.result.run import MeasuredRun, measure_run
from testbed.measure.result.typed import RunResult
from testbed.report.one_run.ladder import ladder
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from pathlib import Path


def test_a_break(tmp_path: Path) -> None:
    said = measure_run(standby.standby_run().write(tmp_path / "run"))["standby"]
    assert said["dialogs"] == [
        {"link": "umts", "call_id": "b@mn", "copies": "at-risk", "invited_s": 0.6, "answered_s": 0.822, "status": 200,
         "over_s": 15.2},
    ]  # fmt: skip
    assert {name: said[name] for name in ("policy", "stood", "refused", "alarms", "false_alarms")} == {
        "policy": "at-risk", "stood": 1, "refused": 0, "alarms": 2, "false_alarms": 0,
    }  # fmt: skip
    # The CN heard it at 6046 ms, and its probe 391 over the old path, at 8827 ms, is no copy.
    assert said["switches"] == [
        {"handover": 0, "end": "mn", "new_s": 6.05, "old_s": 7.703, "because": "silence"},
        {"handover": 0, "end": "cn", "new_s": 6.046, "old_s": 7.827, "because": "silence"},
    ]
    by_end = {one["end"]: one for one in said["silences"]}
    # Of 8 packets each two were said less than 40 ms before, for the first time: they are copies.
    assert by_end["cn"] == {
        "at_s": 6.046, "end": "cn", "path": "wifi", "limit_ms": 60.0, "path_ms": None, "missed_ms": 155.0,
        "said_again": 6, "false_alarm": False, "handover": 0,
    }  # fmt: skip
    assert (by_end["mn"]["missed_ms"], by_end["mn"]["said_again"]) == (147.0, 6)


def test_packets_that_went_over_two_paths(tmp_path: Path) -> None:
    media = measure_run(standby.standby_run().write(tmp_path / "run"))["media"]
    # Down: probes 20 to 220 over UMTS and 391 over WiFi. Over both went 250 and 251 at the alarm, and 252 to 341.
    assert (media["to_mn"]["said_again"], media["to_mn"]["probes"], media["to_mn"]["copies"]) == (6, 6, 92)
    assert (media["to_mn"]["reordered"], media["to_cn"]["reordered"]) == (0, 0)
    assert media["to_mn"]["paths"]["umts"]["lost"] == media["to_cn"]["paths"]["umts"]["lost"] == 0


def test_what_is_said_again_is_no_reordering(tmp_path: Path) -> None:
    run = standby.begin()
    for k in range(synthetic.PACKETS):
        run.media(k, link="wifi", to_mn=True, arrives=k != 100)
        run.media(k, link="wifi", to_mn=False)
    run.media(100, link="umts", to_mn=True, at_ms=3100)
    media = measure_run(run.write(tmp_path / "run"))["media"]["to_mn"]
    assert (media["lost"], media["said_again"], media["reordered"]) == (0, 1, 0)


def test_a_late_burst_is_a_false_alarm(tmp_path: Path) -> None:
    result = measure_run(standby.late_run().write(tmp_path / "run"))
    (one,) = result["standby"]["silences"]
    # Packet 249 in at 5989 ms, 250 to 255 at 6109 over the WiFi.
    assert one == {
        "at_s": 6.05, "end": "mn", "path": "wifi", "limit_ms": 60.0, "path_ms": 120.0, "missed_ms": 100.0,
        "said_again": 1, "false_alarm": True, "handover": None,
    }  # fmt: skip
    assert (result["standby"]["alarms"], result["standby"]["false_alarms"]) == (1, 1)
    assert result["standby"]["switches"] == []


def test_a_call_with_one_path_says_nothing_of_it(tmp_path: Path) -> None:
    assert measure_run(synthetic.plain_run().write(tmp_path / "run"))["standby"] is None


def test_it_is_typed(tmp_path: Path) -> None:
    result = RunResult.model_validate(measure_run(standby.standby_run().write(tmp_path / "run")), strict=True)
    assert result.standby is not None
    assert result.standby.silences[0].end == "cn"
    assert not result.standby.model_extra
    assert result.media.to_mn.said_again == 6


def test_the_ladder_shows_it(tmp_path: Path) -> None:
    shown = ladder(MeasuredRun(standby.standby_run().write(tmp_path / "run")).chart, 100)
    for text in (
        "stands by, copies",
        "mn: standing by umts (call_id b@mn, copies at-risk)",
        "cn: silence wifi (limit_s 0.06)",
        "mn: copies (because silence)",
        "cn: copies end",
    ):
        assert text in shown, shown
