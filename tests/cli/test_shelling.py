"""`testbed shell` and `testbed live`, where a session cannot begin: what is told, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.cli.main import RUNS_FAULT, USERS_FAULT, main

if TYPE_CHECKING:
    from pathlib import Path

    from pytest import CaptureFixture as Capture  # noqa: PT013 - as a type


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["shell", "wifi-to-umtz"], USERS_FAULT, "did you mean 'wifi-to-umts'?"),
        (["shell", "--minutes", "0"], USERS_FAULT, "0 is not in the range 1<=x<=55"),
        (["shell", "--failure", "wifi-brake"], USERS_FAULT, "did you mean 'wifi-break'?"),
        (["live", "--to", "no/such/folder/file"], USERS_FAULT, "no/such/folder/file: No such file or directory"),
        (["live"], RUNS_FAULT, "or --to FILE, or --to - for standard output"),
    ],
)
def test_what_cannot_be_is_told_before_anything_begins(
    words: list[str], status: int, told: str, capsys: Capture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == status
    assert told in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
