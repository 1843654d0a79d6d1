"""Folders for runs are tried out before anything is built, and nothing is left in them by that."""

import errno
import os
from pathlib import Path

import pytest

from testbed.api.errors import OutputError
from testbed.api.places_of_runs import new_folder


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_is_left_of_the_trial(here: Path) -> None:
    (here / "there").mkdir()
    for name in ("there", "new/and/newer", "with,comma and\nline"):
        assert new_folder(name, "x") == Path(name)
    assert new_folder(None, "ideal").parent == Path("runs")
    assert [path.name for path in here.iterdir()] == ["there"]
    assert list((here / "there").iterdir()) == []


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("file/run", "Not a directory"),
        ("/proc/run", "No such file or directory"),
        ("n" * 300, "File name too long"),
        ("a\0b", "(mkdir: )?embedded null (byte|character in path)"),  # as versions of Python say it
        ("loop/run", "Too many levels of symbolic links"),
    ],
)
def test_where_no_folder_can_be(here: Path, out: str, why: str) -> None:
    (here / "file").touch()
    (here / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match=f"can't be written: {why}; name a folder"):
        new_folder(out, "x")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_disk_that_is_full_or_read_only(here: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuses)
    with pytest.raises(OutputError, match=f"can't be written: {os.strerror(number)}"):
        new_folder("deep/run", "x")
    assert list(here.iterdir()) == []
