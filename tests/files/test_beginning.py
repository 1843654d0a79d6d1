"""`testbed new`: what is written is right, is tested, and replaces nothing. tests/engine/test_begun.py runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import testbed
from testbed.cli.main import USERS_FAULT, main
from testbed.files.beginning import BEGINNINGS
from testbed.files.kinds import KINDS


@pytest.fixture(autouse=True)
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where things are begun."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_every_file_is_recognised_as_what_it_is_and_right(kind: str) -> None:
    files = testbed.new(kind, "my-own")
    assert {path.name for path in Path().iterdir()} == {path.name for path in files}
    assert files[-1].name == "test_my-own.py"
    for path in files[:-1]:
        if (kind, path.suffix) == ("phone", ".py"):
            continue  # the program itself, which may be anything
        found = testbed.check(path)
        assert found.mistakes == ()
        assert found.kind in KINDS
    assert {"phone": "program"}.get(kind, kind) in str(testbed.check(files[0]).kind)


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_every_test_is_found(kind: str) -> None:
    files = testbed.new(kind, "my-own")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", str(files[-1])]
    assert "::test_" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_nothing_is_written_over() -> None:
    Path("test_mine.py").write_text("precious")
    with pytest.raises(testbed.NotBegunError, match=r"^already there: test_mine\.py; choose another name"):
        testbed.new("scenario", "mine")
    assert [path.name for path in Path().iterdir()] == ["test_mine.py"], "none of the others either"
    assert Path("test_mine.py").read_text() == "precious"


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", "1a", "a.b", "x" * 41, "é"])
def test_name_that_is_none(name: str) -> None:
    with pytest.raises(testbed.NotBegunError, match="is no name for it; use letters, digits"):
        testbed.new("profile", name)
    assert not list(Path().iterdir())


@pytest.mark.parametrize(("kind", "name"), [("scheme", "reinvite"), ("trigger", "signal")])
def test_name_that_the_testbed_s_own_has(kind: str, name: str) -> None:
    """Checking it would refuse it at once."""
    with pytest.raises(testbed.NotBegunError, match=f"the testbed has a {kind} '{name}' of its own"):
        testbed.new(kind, name)
    assert not list(Path().iterdir())


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_command_says_what_to_type_next(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["new", kind, "mine"])
    said = capsys.readouterr().out.splitlines()
    assert said[said.index("") + 2].startswith("  testbed check mine.")
    assert said[-1] == "  python3 -m pytest test_mine.py"
    with pytest.raises(SystemExit) as end:
        main(["new", kind, "mine"])
    assert end.value.code == USERS_FAULT
    assert capsys.readouterr().err.startswith("error: already there: mine.")


def test_python_beside_it_is_typed_whatever_its_folder_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my {own}"
    folder.mkdir()
    (folder / "python").touch()
    monkeypatch.setattr(sys, "argv", [str(folder / "testbed")])
    main(["new", "number", "mine"])
    assert capsys.readouterr().out.splitlines()[-1] == f"  '{folder}/python' -m pytest test_mine.py"


def test_it_is_typed_as_it_was_called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["../.venv/bin/testbed"])
    main(["new", "number", "mine"])
    said = capsys.readouterr().out.splitlines()
    check, run, test = said[-3:]
    assert (check, run) == ("  ../.venv/bin/testbed check mine.py", "  ../.venv/bin/testbed run --number ./mine.py")
    assert test == "  python3 -m pytest test_mine.py"
