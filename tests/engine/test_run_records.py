"""`testbed clean`: what killed runs in virtual machines left, by their records, and nothing else."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from testbed.engine import run_records
from testbed.engine.run_records import PLAN_FILE, WORKSPACE


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def killed_run(folder: Path, lab: int | None) -> None:
    """A run whose process is no more, with what it had in its folder; its emulator is `lab`."""
    (folder / WORKSPACE).mkdir(parents=True)
    (folder / WORKSPACE / "memory").write_bytes(b"\0" * 10)
    (folder / PLAN_FILE).touch()
    (folder / "manifest.json").write_text("{}")
    record = {
        "folder": str(folder),
        "owner": {"pid": os.getpid(), "started": "1"},
        "lab": None if lab is None else run_records.identity_of(lab),
    }
    (run_records.records_folder() / f"{folder.name}.json").write_text(json.dumps(record))


def test_an_emulator_that_still_runs_and_its_memory(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as emulator:
        killed_run(tmp_path / "run", emulator.pid)
        (said,) = run_records.clean()
        assert emulator.wait() == -9
    assert said == (
        f"{tmp_path / 'run'}: ended process {emulator.pid} and with it its namespaces, removed the guest's memory, .vm"
    )
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["manifest.json"]
    assert run_records.clean() == []


def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"]) as stranger:
        killed_run(tmp_path / "run", stranger.pid)
        (record,) = run_records.records_folder().iterdir()
        known = json.loads(record.read_text())
        known["lab"]["started"] = "1"
        record.write_text(json.dumps(known))
        assert run_records.clean() == [f"{tmp_path / 'run'}: removed the guest's memory, .vm"]
        assert stranger.poll() is None
        stranger.kill()


def test_a_link_in_place_of_the_memory_is_not_followed(tmp_path: Path) -> None:
    killed_run(tmp_path / "run", None)
    theirs = tmp_path / "theirs"
    (tmp_path / "run" / WORKSPACE).rename(theirs)
    (tmp_path / "run" / WORKSPACE).symlink_to(theirs)
    assert run_records.clean() == [f"{tmp_path / 'run'}: nothing was left but its record"]
    assert (theirs / "memory").exists()
