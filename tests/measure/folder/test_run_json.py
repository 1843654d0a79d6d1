"""Run folders that somebody else has made: one error, in a moment, whatever lies there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from testbed.measure import RunFolderError, measure_run
from testbed.measure.folder import run_json
from testbed.measure.folder.run_folder import read_names
from tests.measure import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", ["manifest.json", "events.jsonl"])
@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (os.mkfifo, "it is a pipe or a device"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a pipe or a device"),
        (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
        (lambda path: path.mkdir(), "it is a pipe or a device|Is a directory"),
        (lambda path: path.write_bytes(b"\xff{}"), "is no text in UTF-8"),
        (lambda path: path.write_text("[" * 200_000), "maximum recursion depth|RecursionError"),
        (lambda path: path.write_text("1" + "0" * 5000), "Exceeds the limit"),
        (lambda path: path.write_text('{"time_ns": 1e400}'), "is no event|schema_version"),
    ],
)
def test_what_is_no_file_of_a_run(make: Callable[[Path], None], complaint: str, name: str, tmp_path: Path) -> None:
    folder = synthetic.begin("reinvite").write(tmp_path / "run")
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(RunFolderError, match=complaint):
        measure_run(folder)


def test_a_plan_that_is_none(tmp_path: Path) -> None:
    folder = synthetic.begin("reinvite").write(tmp_path / "run")
    (folder / "plan.json").symlink_to("/dev/zero")
    with pytest.raises(RunFolderError, match=r"plan\.json: it is a pipe or a device"):
        read_names(folder)


def test_a_file_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_json, "MOST_BYTES", 1 * run_json.MEGABYTE)
    (tmp_path / "events.jsonl").write_bytes(b"\n" * (run_json.MEGABYTE + 1))
    with pytest.raises(RunFolderError, match=r"events\.jsonl: is longer than 1 MB, which none of ours is"):
        run_json.read_text(tmp_path / "events.jsonl")
