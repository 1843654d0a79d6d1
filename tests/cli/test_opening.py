"""`testbed open`: Wireshark with the profile, or what to type instead. A stand-in for it says how it was called."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import RUNS_FAULT, USERS_FAULT, main
from testbed.measure.folder.run_captures import RunCaptures
from testbed.report.one_run.run_capture import write_run_capture
from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path

STAND_IN = """#!/bin/sh
printf '%s\\n' "$WIRESHARK_CONFIG_DIR" "$@" > "$SAID"
exit ${STATUS:-0}
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return synthetic.handover_cn_run().write(tmp_path / "runs" / "handover-cn")


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "sip-handover-testbed" / "wireshark"


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a display and a Wireshark; where it writes how it was called."""
    program = tmp_path / "bin" / "wireshark"
    program.parent.mkdir()
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    return tmp_path / "said"


def ends_with(status: int, *arguments: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["open", *arguments])
    assert end.value.code == status


def test_wireshark_is_started_with_the_profile_at_the_trigger(run: Path, settings: Path, said: Path) -> None:
    main(["open", str(run)])
    assert said.read_text().splitlines() == [
        str(settings), "-C", "testbed-wifi-umts", "-r", str(run / "run.pcapng"),
        "-J", 'frame.comment contains ": trigger "',
    ]  # fmt: skip
    assert {path.name for path in (settings / "profiles" / "testbed-wifi-umts").iterdir()} == {
        "colorfilters", "custom_sip_header_fields", "dfilter_buttons", "heuristic_protos", "io_graphs", "preferences",
        "recent",
    }  # fmt: skip


def test_without_a_trigger_it_opens_at_the_start(said: Path, tmp_path: Path) -> None:
    main(["open", str(synthetic.plain_run().write(tmp_path / "plain"))])
    assert "-J" not in said.read_text().splitlines()


def test_what_the_user_changed_is_kept_and_told(
    run: Path, settings: Path, said: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["open", str(run)])
    folder = settings / "profiles" / "testbed-wifi-umts"
    ours = (folder / "colorfilters").read_text()
    (folder / "colorfilters").write_text("mine")
    (folder / "recent").write_text("Wireshark's")
    (settings / "recent_common").write_text("Wireshark's too")
    capsys.readouterr()
    main(["open", str(run)])
    said_first = capsys.readouterr().err.splitlines()[0]
    assert said_first == f"note: {folder / 'colorfilters'} is as you changed it; delete it, and it is made anew"
    assert (folder / "colorfilters").read_text() == "mine"
    assert (folder / "recent").read_text() == "Wireshark's"
    assert (settings / "recent_common").read_text() == "Wireshark's too"
    (folder / "colorfilters").unlink()
    main(["open", str(run)])
    assert (folder / "colorfilters").read_text() == ours
    assert "note:" not in capsys.readouterr().err


def test_a_file_of_ours_from_an_older_version_is_renewed(run: Path, settings: Path, said: Path) -> None:
    main(["open", str(run)])
    path = settings / "profiles" / "testbed-wifi-umts" / "preferences"
    ours = path.read_text()
    path.write_text("older")
    record = json.loads((settings / "written.json").read_text())
    digest = subprocess.run(["sha256sum", path], capture_output=True, text=True, check=True).stdout.split()[0]
    record["profiles/testbed-wifi-umts/preferences"] = digest
    (settings / "written.json").write_text(json.dumps(record))
    main(["open", str(run)])
    assert path.read_text() == ours
    path.write_text("whose?")
    (settings / "written.json").write_text("[broken")
    main(["open", str(run)])
    assert path.read_text() == "whose?"


def test_without_a_display_it_says_what_to_type(
    run: Path, said: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISPLAY")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    ends_with(RUNS_FAULT, str(run))
    told = capsys.readouterr()
    assert told.err == "Wireshark needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set\n"
    assert not said.exists()
    export, *lines = told.out.splitlines()
    assert len(lines) == 12
    for line in lines[1::2]:
        done = subprocess.run(["sh", "-c", f"{export}\n{line}"], capture_output=True, text=True, check=True)
        assert done.stdout
    assert shlex.split(lines[1])[:3] == ["tshark", "-C", "testbed-wifi-umts"]


def test_without_wireshark_it_says_what_to_install(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    ends_with(RUNS_FAULT, str(run))
    told = capsys.readouterr()
    assert told.err == "Wireshark is not installed: sudo apt-get install wireshark\n"
    assert told.out.splitlines()[0] == "# tshark is not installed either: sudo apt-get install tshark"


def test_wireshark_that_fails(
    run: Path, said: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATUS", "3")
    ends_with(RUNS_FAULT, str(run))
    assert capsys.readouterr().err.splitlines()[-1] == "error: wireshark ended with status 3: see above"


def test_a_folder_of_several_runs_names_them(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = synthetic.plain_run().write(run.parent / "plain")
    ends_with(USERS_FAULT, str(run.parent))
    assert capsys.readouterr().err == f"error: {run.parent}: holds several runs; name one of them: {run}, {other}\n"


def test_a_capture_of_an_older_version_is_told(run: Path, said: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run_capture(RunCaptures(run), [], run / "run.pcapng")
    main(["open", str(run)])
    assert capsys.readouterr().err.splitlines()[0] == (
        f"note: {run / 'run.pcapng'} is of an older version and names no nodes: the paths will have no colours"
    )


def test_a_failed_run_is_told_and_opened(run: Path, said: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fail(run)
    main(["open", str(run)])
    assert capsys.readouterr().err.splitlines()[0] == "warning: the run failed: the guest died"
    assert said.exists()


@pytest.mark.parametrize("failed", [True, False])
def test_a_run_without_a_capture(run: Path, capsys: pytest.CaptureFixture[str], *, failed: bool) -> None:
    (run / "run.pcapng").unlink()
    if failed:
        fail(run)
    ends_with(USERS_FAULT, str(run))
    why = "the run failed: the guest died" if failed else "nothing was captured"
    assert capsys.readouterr().err == f"error: {run / 'run.pcapng'}: is not there: {why}\n"


def test_what_is_no_run(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    ends_with(USERS_FAULT, str(tmp_path / "empty"))
    ends_with(USERS_FAULT, str(run / "run.pcapng"))
    ends_with(USERS_FAULT, str(tmp_path / "nowhere"))
    (run / "manifest.json").write_text("[]")
    ends_with(USERS_FAULT, str(run))
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"error: {tmp_path / 'empty'}: is no run: it has no manifest.json"
    assert len(told) == 4


def fail(run: Path) -> None:
    path = run / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "failed", "failure": "the guest died"}))
