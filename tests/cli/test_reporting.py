"""`report`: a page for each run folder, and one for all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import USERS_FAULT, main
from tests.measure import frames, synthetic
from tests.measure.bare import Bare

if TYPE_CHECKING:
    Capture = pytest.CaptureFixture


def test_one_run_has_its_page_alone(tmp_path: Path, capsys: Capture[str]) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    main(["report", str(folder)])
    assert capsys.readouterr().out == f"{folder}/report.html\n"
    assert not list(tmp_path.glob("comparison.html"))


def test_several_runs_are_compared_beside_them(tmp_path: Path, capsys: Capture[str]) -> None:
    for name in ("b", "a/x"):
        synthetic.plain_run().write(tmp_path / name)
    main(["report", str(tmp_path / "b"), str(tmp_path / "a")])
    said = [Path(line).relative_to(tmp_path).as_posix() for line in capsys.readouterr().out.splitlines()]
    assert said == ["b/report.html", "a/x/report.html", "comparison.html"]
    page = (tmp_path / "comparison.html").read_text()
    assert '<a href="./a/x/report.html">a/x</a>' in page


@pytest.mark.parametrize("version", [0, 2, None, "new"])
def test_a_run_of_another_version_is_one_line(tmp_path: Path, capsys: Capture[str], version: object) -> None:
    folder = synthetic.plain_run().write(tmp_path / "run")
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": version}))
    for command in ("report", "measure"):
        with pytest.raises(SystemExit) as end:
            main([command, str(folder)])
        said = capsys.readouterr()
        assert (end.value.code, said.out) == (USERS_FAULT, "")
        (line,) = said.err.splitlines()
        assert line.startswith(f"error: {path}: ")
        assert "schema_version" in line


def test_a_folder_without_runs(tmp_path: Path, capsys: Capture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["report", str(tmp_path)])
    assert end.value.code == USERS_FAULT
    assert "holds no run" in capsys.readouterr().err


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    bare = Bare()
    bare.rtp(range(50))
    (tmp_path / "captures").mkdir()
    return frames.write_pcap(tmp_path / "captures" / "call.pcap", bare.frames)


def test_a_capture_has_its_page_beside_it(capture: Path, capsys: Capture[str]) -> None:
    main(["report", str(capture)])
    assert capsys.readouterr().out == f"{capture}.html\n"
    assert "no packet lost" in Path(f"{capture}.html").read_text()


def test_of_a_folder_of_captures_each_has_one(capture: Path, capsys: Capture[str]) -> None:
    other = frames.write_pcap(capture.with_name("empty.pcap"), [])
    main(["report", str(capture.parent), "--to", "0.5"])
    said = capsys.readouterr()
    assert said.out == f"{capture}.html\n"
    assert said.err.startswith(f"left out: {other}: ")


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (["{capture}", "{run}"], "runs and captures have different pages"),
        (["{run}", "--call-id", "x"], "are about captures"),
        (["{run}", "--out", "{run}/x.html"], "are about captures"),
        (["{capture}", "{capture}", "--out", "x.html"], "--out names one page"),
        (["-"], "say with --out where the page goes"),
        (["{capture}", "--out", "{capture}"], "is the capture itself"),
        (["{capture}", "--out", "{run}/nowhere/x.html"], "there is no folder"),
        (["{capture}", "--call-id", "x"], "there is no SIP"),
    ],
)
def test_what_makes_no_page_of_a_capture_is_one_line(
    capture: Path, tmp_path: Path, capsys: Capture[str], argv: list[str], what: str
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    before = capture.read_bytes()
    with pytest.raises(SystemExit) as end:
        main(["report", *(one.format(capture=capture, run=run) for one in argv)])
    said = capsys.readouterr()
    assert (end.value.code, said.out, len(said.err.splitlines())) == (USERS_FAULT, "", 1)
    assert what in said.err
    assert capture.read_bytes() == before
