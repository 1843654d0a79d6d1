"""`testbed speech`: the files, the table, and what it says when it can't."""

from __future__ import annotations

import json
import sys
import wave
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from testbed.cli.main import USERS_FAULT, commands, main
from testbed.cli.results import speaking
from tests.measure import frames, synthetic
from tests.measure.bare import A, B, Bare
from tests.measure.listening.talking import talk

if TYPE_CHECKING:
    from pathlib import Path

FILES = ["to_cn-heard.wav", "to_cn-sent.wav", "to_mn-heard.wav", "to_mn-sent.wav"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "pesq", None)  # scoring is tested elsewhere, and takes its time
    return talk(synthetic.reinvite_run()).write(tmp_path / "break" / "reinvite")


def test_it_writes_four_files_into_the_run_and_prints_the_holes(run: Path) -> None:
    result = CliRunner().invoke(commands, ["speech", str(run)])
    assert (result.exit_code, result.stderr) == (0, f"{speaking.NO_SCORE}\n")
    assert sorted(path.name for path in (run / "speech").iterdir()) == FILES
    with wave.open(str(run / "speech" / "to_mn-sent.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 700 * 160)
    assert result.stdout.splitlines()[3].split()[:6] == ["reinvite", "to", "MN", "14.08", "1", "2960.0"]
    assert f"WAV files: {run / 'speech'}" in result.stdout


def test_several_runs_get_a_folder_each_named_so_that_they_differ(run: Path, tmp_path: Path) -> None:
    other = talk(synthetic.plain_run()).write(tmp_path / "fade" / "reinvite")
    out = tmp_path / "wav"
    result = CliRunner().invoke(commands, ["speech", str(run), str(other), "--out", str(out), "--json"])
    assert result.exit_code == 0
    assert [one["speech"]["to_mn"]["holes"] for one in json.loads(result.stdout)] == [1, 0]
    for name in ("break/reinvite", "fade/reinvite"):
        assert sorted(path.name for path in (out / name).iterdir()) == FILES
    assert not (run / "speech").exists()


def test_a_folder_of_runs_stands_for_those_in_it_each_once(run: Path) -> None:
    result = CliRunner().invoke(commands, ["speech", str(run.parent), str(run), "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["speech"]["to_mn"]["holes"] == 1


def test_several_seeds_of_a_scheme_are_means_and_what_does_not_count_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hole of 2960 ms, and none: 0.5 ±6.4 and 1480 ±18805.2 by Student's t of two values."""
    monkeypatch.setitem(sys.modules, "pesq", None)
    for seed, made in enumerate((synthetic.reinvite_run(), synthetic.plain_run(), synthetic.plain_run()), start=1):
        folder = talk(made).write(tmp_path / f"seed{seed}")
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest |= {"seed": seed, "plan_sha256": f"{seed:064x}", "scheme": "reinvite", "failure_script": "break"}
        if seed == 3:
            manifest |= {"status": "failed", "failure": "the disk was full"}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        (folder / "result.json").write_text(json.dumps({"schema_version": 1, "warnings": []}))
    result = CliRunner().invoke(commands, ["speech", str(tmp_path)])
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "to MN" in line)
    assert row.split("reinvite")[-1].split()[:10] == [
        "2", "of", "3", "to", "MN", "0.5", "±6.4", "1480.0", "±18805.2", "1480.0"
    ]  # fmt: skip
    assert "…" not in result.stdout
    assert "not counted" in result.stdout
    assert "the disk was full" in result.stdout


def test_what_is_no_run_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit) as end:
        main(["speech", str(tmp_path / "empty")])
    said = capsys.readouterr()
    assert (end.value.code, said.out, len(said.err.splitlines())) == (USERS_FAULT, "", 1)
    assert "holds no run" in said.err


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    bare = Bare()
    bare.rtp(range(50))
    bare.rtp(range(100), ends=(B, A), kind=18, ssrc=0x22222222)
    return frames.write_pcap(tmp_path / "call.pcap", sorted(bare.frames, key=lambda one: one.time_ns))


def test_of_a_capture_each_stream_that_can_be_decoded_is_a_file(capture: Path) -> None:
    result = CliRunner().invoke(commands, ["speech", str(capture)])
    folder = capture.with_name("call.pcap.speech")
    name = "0-192.0.2.10_40000-198.51.100.20_50000-0x11223344.wav"
    assert (result.exit_code, result.stderr) == (0, "")
    assert [path.name for path in folder.iterdir()] == [name]
    with wave.open(str(folder / name)) as file:
        assert (file.getframerate(), file.getnframes()) == (8000, 50 * 160)
    assert "stream 1: 100 packets could not be decoded: no codec for G729" in result.stdout
    assert result.stdout.splitlines()[-1] == f"WAV files: {folder}"


def test_of_a_capture_as_json(capture: Path, tmp_path: Path) -> None:
    out = tmp_path / "wav"
    argv = ["speech", str(capture), "--out", str(out), "--from", "0.5", "--json"]
    result = json.loads(CliRunner().invoke(commands, argv).stdout)
    first, second = result["streams"]
    assert (first["start_s"], first["length_s"], first["decoded"]) == (0.5, 0.5, 25)
    assert (second["file"], second["undecoded"]) == (None, {"no codec for G729": 75})
    assert first["file"] == str(next(out.iterdir()))


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["{capture}", "{run}"], "runs and captures have different speech"),
        (["{run}", "--call-id", "x"], "are about captures"),
        (["-"], "say with --out"),
        (["{empty}"], "nothing to hear"),
    ],
)
def test_what_has_no_speech_is_one_line(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], what: str
) -> None:
    (tmp_path / "run").mkdir()
    empty = frames.write_pcap(tmp_path / "empty.pcap", [])
    with pytest.raises(SystemExit) as end:
        main(["speech", *(one.format(capture=capture, run=tmp_path / "run", empty=empty) for one in argv)])
    said = capsys.readouterr()
    assert (end.value.code, said.out, len(said.err.splitlines())) == (USERS_FAULT, "", 1)
    assert what in said.err
