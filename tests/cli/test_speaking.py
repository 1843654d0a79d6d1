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
from tests.measure import synthetic
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


@pytest.mark.parametrize("twice", [False, True])
def test_what_is_no_run_is_said_in_one_line(run: Path, twice: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["speech", str(run), str(run)] if twice else ["speech", str(run.parent)])
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line != speaking.NO_SCORE]
    assert (end.value.code, said.out, len(lines)) == (USERS_FAULT, "", 1)
    assert ("two of these runs" if twice else "manifest.json: No such file") in lines[0]
