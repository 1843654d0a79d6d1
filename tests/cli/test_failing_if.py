"""`testbed measure --fail-if`: the status says whether, a line each on standard error says where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import main
from tests.measure import frames, synthetic
from tests.measure.bare import SSRC, A, B, Bare

if TYPE_CHECKING:
    from pathlib import Path

STREAM = f"stream 192.0.2.10:40000 > 198.51.100.20:50000 0x{SSRC:08x}"
BACK = f"stream 198.51.100.20:50000 > 192.0.2.10:40000 0x{SSRC + 1:08x}"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A call whose caller is silent for 320 ms once and loses three packets, and whose callee is not."""
    bare = Bare()
    bare.call(bye_ms=4000)
    bare.rtp(range(50), 100)
    bare.rtp(range(53, 100), 100 + 49 * 20 + 320, stamp=53 * 160)
    bare.rtp(range(100), 100, ends=(B, A), ssrc=SSRC + 1)
    made = sorted(bare.frames, key=lambda one: one.time_ns)
    return frames.write_pcap(tmp_path / "call.pcap", made)


def status(*argv: object) -> int:
    try:
        main(["measure", *map(str, argv)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_condition_that_holds_is_1_and_names_the_stream(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capture, "--fail-if", "gap_ms > 200") == 1
    said = capsys.readouterr()
    assert said.err == f"failed: {capture}: {STREAM}: gap_ms is 300.0, and should not be > 200\n"
    assert "RTP streams" in said.out


def test_a_condition_that_does_not_hold_is_0_and_says_nothing(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(capture, "--fail-if", "gap_ms > 300", "--fail-if", "dialogs.state != ended") == 0
    assert capsys.readouterr().err == ""


def test_each_condition_is_tried_and_json_stays_json(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conditions = ("--fail-if", "lost > 2", "--fail-if", "streams < 3", "--fail-if", "state == ended")
    assert status(capture, "--json", *conditions) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        f"failed: {capture}: {STREAM}: lost is 3, and should not be > 2",
        f"failed: {capture}: streams is 2, and should not be < 3",
        f"failed: {capture}: dialog 1 (one): state is ended, and should not be == ended",
    ]
    assert len(json.loads(said.out)["streams"]) == 2


def test_what_was_not_measured_fails_unless_told_otherwise(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    condition = "--fail-if", "rtcp.cumulative_lost > 0"
    lines = [f"{capture}: {which}: rtcp.cumulative_lost was not measured" for which in (STREAM, BACK)]
    assert status(capture, *condition) == 1
    assert capsys.readouterr().err.splitlines() == [f"failed: {line}" for line in lines]
    assert status(capture, *condition, "--unmeasured", "pass") == 0
    assert capsys.readouterr().err.splitlines() == [f"note: {line}" for line in lines]


def test_a_capture_without_streams_does_not_pass_in_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = frames.write_pcap(tmp_path / "empty.pcap", [])
    assert status(empty, "--fail-if", "gap_ms > 200") == 1
    assert capsys.readouterr().err == f"failed: {empty}: there is nothing in it that has gap_ms\n"


def test_a_name_that_there_is_not_is_2_before_anything_is_measured(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(capture, "--fail-if", "gap > 200") == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "error: --fail-if 'gap > 200': a capture has no gap; gap_ms, perhaps?\n")


def test_every_capture_of_a_folder_is_tried_and_one_that_cannot_be_read_is_2(
    capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (capture.parent / "notes.txt").write_text("not one")
    assert status(capture.parent, "--fail-if", "lost > 0") == 1
    assert capsys.readouterr().err == f"failed: {capture}: {STREAM}: lost is 3, and should not be > 0\n"
    (capture.parent / "broken.pcap").write_bytes(capture.read_bytes()[:20])
    assert status(capture.parent, "--fail-if", "lost > 0") == 2


def test_a_run_fails_by_its_directions_and_handovers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = synthetic.handover_cn_run().write(tmp_path / "run")
    assert status(run, "--fail-if", "gap_ms > 1000", "--fail-if", "lost > 0", "--fail-if", "mos < 1") == 0
    assert capsys.readouterr().err == ""
    assert status(run, "--fail-if", "received > 1", "--fail-if", "handovers.delay_ms > 1") == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"failed: {run}: ").partition(" is ")[0] for line in lines] == [
        "to_mn: received",
        "to_cn: received",
        "handover 1: handovers.delay_ms",
    ]
    assert status(run, "--fail-if", "numbers.mine > 1") == 2
    assert "the run has no numbers.mine; of its user's there are: none" in capsys.readouterr().err


def test_a_condition_is_about_what_is_asked_for(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capture, "--to", "1", "--fail-if", "lost > 0") == 0
    assert status(capture, "--number", "mn", "--call-id", "one", "--fail-if", "lost > 0") == 1
    capsys.readouterr()
    assert status(capture, "--user", "carol", "--fail-if", "lost > 0") == 2
    assert capsys.readouterr().err == (
        f"error: {capture}: nobody called carol in From or To of a SIP message; there is mn, cn\n"
    )


def test_in_a_folder_a_capture_without_the_call_is_left_out(capture: Path) -> None:
    frames.write_pcap(capture.parent / "empty.pcap", [])
    assert status(capture.parent, "--call-id", "one", "--fail-if", "lost > 3") == 0


def test_runs_have_no_selection(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = synthetic.handover_cn_run().write(tmp_path / "run")
    assert status(run, "--call-id", "one") == 2
    assert "are about captures: name no run folders" in capsys.readouterr().err


def test_numbers_over_time_name_the_window(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capture, "--fail-if", "over_time.gap_ms > 200") == 1
    assert capsys.readouterr().err == (
        f"failed: {capture}: {STREAM}: 1 to 2 s: over_time.gap_ms is 300.0, and should not be > 200\n"
    )


def test_a_window_in_which_nothing_was_to_come_is_not_unmeasured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = Bare()
    bare.rtp(range(50))
    bare.rtp(range(50, 100), 5000, stamp=40000)
    paused = frames.write_pcap(tmp_path / "paused.pcap", bare.frames)
    assert status(paused, "--fail-if", "over_time.mos < 4") == 0
    assert capsys.readouterr().err == ""
    assert status(paused, "--fail-if", "over_time.mos > 4") == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_keys_can_be_counted(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capture, "--fail-if", "streams.dtmf < 1") == 1
    assert "dtmf is 0, and should not be < 1" in capsys.readouterr().err
