"""A number from a user's file: it stands wherever ours stand; what is wrong with it is told by its file and line."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import textwrap
import threading
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING, Any

import polars
import pytest

from testbed.cli.main import USERS_FAULT, main
from testbed.measure import MeasuredRun, UserNumberError, load_numbers, to_json
from testbed.measure.numbers import user_numbers
from testbed.report.one_run.page import page
from testbed.runner import measure
from tests.documented import DOCS
from tests.measure import synthetic

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "from testbed.measure import UserNumber\n"
SHARE = f"""{HEAD}
def share(run, direction):
    return 100 * run.result["media"][direction]["lost"] / run.result["media"][direction]["sent"]

NUMBER = UserNumber(api=1, key="lost_percent", unit="%", about="share of packets lost", compute=share)
"""
WHOLE = f"""{HEAD}
NUMBER = UserNumber(api=1, key="messages", unit="1", about="of SIP", compute=lambda run: len(run.messages), of="run")
"""


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    (folder / name).write_text(text)
    return folder / name


def computing(body: str) -> str:
    """A file whose number is computed by this, from its fifth line on."""
    number = 'NUMBER = UserNumber(api=1, key="mine", unit="1", about="mine", compute=mine)'
    return f"{HEAD}import sys\n\ndef mine(run, direction):\n    {body}\n\n{number}\n"


def loaded(path: Path) -> tuple[user_numbers.LoadedNumber, ...]:
    return load_numbers([str(path)])


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.reinvite_run().write(tmp_path_factory.mktemp("run") / "reinvite")


# -- where it stands --------------------------------------------------------------------------------------------------


def test_it_stands_in_result_table_page_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = synthetic.reinvite_run().write(tmp_path / "run")
    numbers = [*loaded(written(tmp_path, SHARE)), *loaded(written(tmp_path, WHOLE, "whole.py"))]
    plain, run = MeasuredRun(folder).result, MeasuredRun(folder, numbers)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "numbers": [one.described() for one in numbers]}))
    lost = {"to_mn": 100 * 144 / 700, "to_cn": 100 * 150 / 700}
    assert measure(run) == {**plain, "numbers": {"lost_percent": lost, "messages": 8}}
    text = page(run)
    for said in ("Numbers of yours", "lost_percent.to_mn", "share of packets lost", str(lost["to_mn"])):
        assert said in text
    main(["measure", str(folder)])
    shown = capsys.readouterr().out
    assert "Numbers of yours" in shown, "which stay when the run is measured again without the files"
    assert "20.6" in shown, "with one decimal, as ours have"
    assert "20.571" not in shown
    main(["export", str(folder), "--out", str(tmp_path / "x.parquet")])
    table = polars.read_parquet(tmp_path / "x.parquet")
    assert table["user_lost_percent"].to_list() == [lost["to_mn"], lost["to_cn"]]
    assert table["user_messages"].to_list() == [8.0, 8.0]
    assert capsys.readouterr().err == ""


def test_measure_takes_it_by_its_file(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["measure", str(run_folder), "--number", str(written(tmp_path, WHOLE)), "--json"])
    assert json.loads(capsys.readouterr().out)["numbers"] == {"messages": 8}


def test_the_example_of_the_docs_does_what_it_says(run_folder: Path, tmp_path: Path) -> None:
    text = (DOCS / "metrics.md").read_text().partition("## A number of your own")[2]
    example = re.search(r"((?:    .*\n|\n)+)", text[text.index("    from testbed") :])
    assert example
    path = written(tmp_path, textwrap.dedent(example[1]))
    assert MeasuredRun(run_folder, loaded(path)).result["numbers"] == {
        "longest_hole_ms": {"to_mn": 2960.0, "to_cn": 3080.0}
    }


def test_without_any_the_result_is_as_ever(run_folder: Path) -> None:
    assert "numbers" not in MeasuredRun(run_folder).result
    assert list(MeasuredRun(run_folder).result)[-1] == "warnings"


def test_its_file_is_known_by_its_digest(tmp_path: Path) -> None:
    path = written(tmp_path, SHARE)
    (one,) = loaded(path)
    assert one.described() == {
        "key": "lost_percent", "unit": "%", "about": "share of packets lost", "file": "mine.py",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def test_a_scenario_names_it_from_its_own_folder(tmp_path: Path) -> None:
    written(tmp_path, SHARE)
    assert [one.row.key for one in load_numbers(["./mine.py"], tmp_path)] == ["lost_percent"]


def test_an_installed_package_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "brings_a_number"
    package.mkdir()
    written(package, "", "__init__.py")
    written(package, WHOLE.replace("NUMBER", "COUNT").replace(HEAD, f"{HEAD}from . import other\n"), "counting.py")
    written(package, "", "other.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("count", "brings_a_number.counting:COUNT", user_numbers.GROUP)
    monkeypatch.setattr(user_numbers, "entry_points", lambda group: [point] if group == point.group else [])
    assert [one.row.key for one in load_numbers(["count"])] == ["messages"]
    with pytest.raises(UserNumberError, match=r"cuont: there is no such number; .*installed packages bring count"):
        load_numbers(["cuont"])


# -- what is wrong with it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("import nothing_there", 1, "ModuleNotFoundError: No module named 'nothing_there'"),
        ("x = 1\ndef f(:\n", 2, "SyntaxError: invalid syntax"),
        ("x = 1\n\nprint('hello')\n", 3, "writes 'hello' to standard output, which is the results'; use sys.stderr"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("import os\nos._exit(3)\n", 0, "ended Python with status 3 when it was loaded; let it define things alone"),
        ("x = 1\n", 0, "defines no NUMBER; end it with NUMBER = UserNumber(api=1, key=…, unit=…, about=…, compute=…)"),
        ("x = 1\nNUMBER = 7\n", 2, "NUMBER is no UserNumber; write NUMBER = UserNumber(api=1, "),
        (WHOLE.replace("api=1", "api=2"), 3, "made for version 2 of the interface; this testbed has 1"),
        (WHOLE.replace('"messages"', '"SIP messages"'), 3, "key is 'SIP messages', and should be of small letters"),
        (WHOLE.replace('unit="1"', 'unit=""'), 3, "unit is '', and should be one line of text"),
        (WHOLE.replace('of="run"', 'of="call"'), 3, "of is 'call', and should be 'run' or 'direction'"),
        (WHOLE.replace("lambda run: len(run.messages)", "7"), 3, "compute is 7, and should be a function"),
    ],
)  # fmt: skip
def test_a_file_that_brings_none_is_refused_by_its_line(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, what: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SystemExit) as end:
        main(["measure", str(run_folder), "--number", str(path)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    assert said.err.startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert what in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return 1 / 0", "ZeroDivisionError: division by zero"),
        ("return run.no_such_thing", "AttributeError: "),
        ("sys.exit(0)", "SystemExit: 0"),
        ("print('debugging'); return 1", "writes 'debugging' to standard output"),
        ("return mine(run, direction)", "RecursionError: "),
    ],
)
def test_one_that_fails_is_null_and_the_rest_is_kept(run_folder: Path, tmp_path: Path, body: str, what: str) -> None:
    path = written(tmp_path, computing(body))
    plain, result = MeasuredRun(run_folder).result, MeasuredRun(run_folder, loaded(path)).result
    assert result["numbers"] == {"mine": {"to_mn": None, "to_cn": None}}
    (warning,) = result["warnings"][len(plain["warnings"]) :]
    assert warning.startswith(f"number mine: {path}:5: {what}")
    assert {**result, "warnings": plain["warnings"]} == {**plain, "numbers": result["numbers"]}
    again = shutil.copytree(run_folder, tmp_path / "again")
    (again / "result.json").write_text(to_json(result))
    assert MeasuredRun(again).result == result, "measured again without the file: still null, and still told why"


@pytest.mark.parametrize("value", ["'7'", "float('nan')", "float('inf')", "True", "[1]"])
def test_nonsense_is_null(run_folder: Path, tmp_path: Path, value: str) -> None:
    path = written(tmp_path, computing(f"return {value}"))
    result = MeasuredRun(run_folder, loaded(path)).result
    assert result["numbers"] == {"mine": {"to_mn": None, "to_cn": None}}
    assert result["warnings"][-1].startswith(f"number mine: {path}:4: compute answered ")
    to_json(result)


def test_a_relative_path_is_told_as_it_was_given(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, computing("return 1 / 0"))
    monkeypatch.chdir(tmp_path)
    result = MeasuredRun(run_folder, load_numbers(["./mine.py"])).result
    assert result["warnings"][-1] == "number mine: mine.py:5: ZeroDivisionError: division by zero"


def test_one_that_runs_for_ever_is_stopped(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, computing("while True: pass"))
    numbers = loaded(path)
    monkeypatch.setattr(user_numbers, "LIMIT_S", 0.2)
    result = MeasuredRun(run_folder, numbers).result
    assert result["numbers"] == {"mine": {"to_mn": None, "to_cn": None}}
    assert result["warnings"][-1] == f"number mine: {path}:5: not done after 0.2 s"


CATCHES_ALL = """while True:
        try:
            sum(range(99))
        except BaseException:
            pass"""


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("import os; os._exit(3)", 4, "ended Python with status 3"),
        ("import ctypes; ctypes.string_at(0)", 6, "ended by SIGSEGV"),
        ("import os; os.kill(os.getpid(), 9)", 4, "ended by SIGKILL"),
        ("import itertools; return sum(itertools.repeat(1))", 6, "not done after 0.3 s"),
        (CATCHES_ALL, None, "not done after 0.3 s"),
    ],
    ids=["os._exit", "a bad address", "killed", "for ever in C", "catches the limit"],
)
def test_one_that_ends_its_process_ends_nothing_else(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, line: int | None, what: str
) -> None:
    first, last = written(tmp_path, WHOLE, "first.py"), written(tmp_path, SHARE, "last.py")
    path = written(tmp_path, computing(f"if direction == 'to_mn': return 7\n    {body}"))
    numbers = [one for each in (first, path, last) for one in loaded(each)]
    monkeypatch.setattr(user_numbers, "LIMIT_S", 0.3)
    plain, result = MeasuredRun(run_folder).result, MeasuredRun(run_folder, numbers).result
    lost = {"to_mn": 100 * 144 / 700, "to_cn": 100 * 150 / 700}
    assert result["numbers"] == {"messages": 8, "mine": {"to_mn": 7, "to_cn": None}, "lost_percent": lost}
    (warning,) = result["warnings"][len(plain["warnings"]) :]
    assert re.fullmatch(rf"number mine: {re.escape(str(path))}:({line or '[6-9]|1[01]'}): {what}", warning), warning


def test_one_that_ends_its_process_is_not_tried_again(run_folder: Path, tmp_path: Path) -> None:
    body = "open(__file__ + '.tried', 'a').write(direction); __import__('os')._exit(3)"
    path = written(tmp_path, computing(body))
    assert MeasuredRun(run_folder, loaded(path)).result["numbers"] == {"mine": {"to_mn": None, "to_cn": None}}
    assert (tmp_path / "mine.py.tried").read_text() == "to_mn"


def test_what_it_changes_changes_nothing_of_ours(run_folder: Path, tmp_path: Path) -> None:
    path = written(tmp_path, computing("run.result['media'].clear(); return 1"))
    plain, result = MeasuredRun(run_folder).result, MeasuredRun(run_folder, loaded(path)).result
    assert result == {**plain, "numbers": {"mine": {"to_mn": 1, "to_cn": 1}}}


def test_numpy_s_numbers_and_none_are_taken(run_folder: Path, tmp_path: Path) -> None:
    path = written(
        tmp_path, computing("return run.media[direction].new.time_ns.max() if direction == 'to_mn' else None")
    )
    numbers: dict[str, Any] = MeasuredRun(run_folder, loaded(path)).result["numbers"]
    assert type(numbers["mine"]["to_mn"]) is int
    assert numbers["mine"]["to_cn"] is None


def test_two_files_of_one_key_are_refused(tmp_path: Path) -> None:
    paths = [str(written(tmp_path, WHOLE, name)) for name in ("one.py", "two.py")]
    with pytest.raises(UserNumberError, match=r"two\.py: its key messages is that of .*one\.py too; take another"):
        load_numbers(paths)
    assert len(load_numbers([paths[0], paths[0]])) == 1


def test_it_has_its_limit_in_any_thread(run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = written(tmp_path, WHOLE, "whole.py"), written(tmp_path, computing("while True: pass"))
    numbers, results = [one for path in paths for one in loaded(path)], list[dict[str, Any]]()
    monkeypatch.setattr(user_numbers, "LIMIT_S", 0.3)
    other = threading.Thread(target=lambda: results.append(MeasuredRun(run_folder, numbers).result))
    other.start()
    other.join()
    assert results[0]["numbers"] == {"messages": 8, "mine": {"to_mn": None, "to_cn": None}}
    assert results[0]["warnings"][-1].endswith("mine.py:5: not done after 0.3 s")


def test_standard_output_is_free_again(run_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _ = MeasuredRun(run_folder, loaded(written(tmp_path, computing("print('x', file=sys.stderr); return 1")))).result
    sys.stdout.write("free\n")
    assert capfd.readouterr() == ("free\n", "x\nx\n")


def test_a_capture_has_none(tmp_path: Path, run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["measure", str(run_folder / "captures" / "mn-wifi.pcap"), "--number", str(written(tmp_path, WHOLE))])
    assert end.value.code == USERS_FAULT
    assert "A file of --number is about runs" in capsys.readouterr().err
