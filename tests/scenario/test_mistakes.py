"""Mistakes in users' files: exit status 2 and one line each, which says where, what, and what would be right."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from agents.roles.mn.schemes import SCHEMES
from testbed.cli.main import USERS_FAULT, main
from testbed.scenario.experiment.experiment import load_experiment

from .files import SCENARIO_FILE, SCRIPT, WIFI, Files
from .mistakes import FIELDS_AND_VALUES, NAMES, QUANTITIES, STEPS, TOPOLOGY, YAML, Mistake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "mine")


def complaints(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """What a run of a scenario with a mistake says on standard error; nothing on standard output, status 2."""
    with pytest.raises(SystemExit) as end:
        main(["run", *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    return said.err.splitlines()


@pytest.mark.parametrize("mistake", [*NAMES, *FIELDS_AND_VALUES, *QUANTITIES, *STEPS, *YAML, *TOPOLOGY])
def test_mistake_is_one_line_with_its_place(mistake: Mistake, files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.change(mistake.file, mistake.old, mistake.new)
    expected = mistake.complaint.format(folder=files.folder)
    assert complaints(capsys, files.scenario) == [f"{files.folder / mistake.file}:{mistake.line}: {expected}"]


def test_unchanged_files_are_taken(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    said = complaints(capsys, files.scenario, "--scheme", "nosuch")
    assert said == [f"'nosuch': there is no scheme of that name; possible are: {', '.join(SCHEMES)}"]


def test_scheme_without_setting_is_used_as_its_row_says(files: Files) -> None:
    files.change(SCENARIO_FILE, "scheme: handover-cn", "scheme: reinvite")
    files.change(SCENARIO_FILE, "  reinvite:\n    trigger: {on: link-down}\n    attach: when-triggered\n", "")
    setting = load_experiment(str(files.scenario)).setting
    assert (setting.trigger.on, setting.attach) == ("link-down", "when-triggered")


def test_each_mistake_has_its_own_line(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.change(WIFI, "loss: 0.1 %", "loss: 120 %")
    files.change(WIFI, "queue: 500 packets", "queue: many")
    assert complaints(capsys, files.scenario) == [
        f"{files.folder / WIFI}:8: down.loss: '120 %' is impossible; a share is from 0 % to 100 %",
        f"{files.folder / WIFI}:10: down.queue: 'many' is no length of a queue;"
        " write it like 100 packets, 64 kB or 200 ms",
    ]


def test_file_of_another_kind_is_one_mistake(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.change(SCENARIO_FILE, f"wifi: {WIFI}", f"wifi: {SCRIPT}")
    assert complaints(capsys, files.scenario) == [
        f"{files.folder / SCRIPT}:4: this is no link profile: it has no 'signal', and 'steps' does not belong here;"
        " its fields are: name, about, signal, down, up, attach, loss_noticed_after, radio_states"
    ]


def test_failure_script_of_the_command_line_is_checked_against_the_scenario(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    files.change(SCRIPT, "link: wifi, gone", "link: lte, gone")
    assert complaints(capsys, files.scenario, "--failure", files.folder / SCRIPT) == [
        f"{files.folder / SCRIPT}:8: steps.4.link: 'lte' is no access link of the topology; possible are: wifi, umts"
    ]


# -- files that are none ----------------------------------------------------------------------------------------------


def make_nothing(path: Path) -> None:
    path.unlink()


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_empty(path: Path) -> None:
    path.write_text("")


def make_comments(path: Path) -> None:
    path.write_text("# to be written\n\n")


def make_list(path: Path) -> None:
    path.write_text("- name: a\n- name: b\n")


def make_text(path: Path) -> None:
    path.write_text("a fine scenario\n")


def make_binary(path: Path) -> None:
    path.write_bytes(b"name: x\n\x7fELF\x02\x01\x01\x00\xff\xfe")


def make_huge(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"# the same again\n" * (10 * 2**20 // 17))


def make_unreadable(path: Path) -> None:
    path.unlink()
    path.symlink_to("/proc/self/mem")


BEGIN = "it should begin with 'name: …'"
YAML_OR_SHIPPED = "name a scenario that ends in .yaml, or one from 'testbed list scenarios'"


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        pytest.param(make_nothing, f"{{path}}: there is no such file; {YAML_OR_SHIPPED}", id="not there"),
        pytest.param(make_folder, f"{{path}}: is a folder; {YAML_OR_SHIPPED}", id="a folder"),
        pytest.param(make_empty, f"{{path}}:1: the file is empty; {BEGIN}", id="empty"),
        pytest.param(make_comments, f"{{path}}:1: the file is empty; {BEGIN}", id="comments alone"),
        pytest.param(make_list, "{path}:1: here are no fields; the file should begin with 'name: …'", id="a list"),
        pytest.param(make_text, "{path}:1: here are no fields; the file should begin with 'name: …'", id="text"),
        pytest.param(make_binary, "{path}:2: this is not text; a YAML file in UTF-8 is needed", id="binary"),
        pytest.param(make_huge, "{path}: is too long; a YAML file of at most 256 kB is needed", id="10 MB"),
        pytest.param(
            make_unreadable,
            "{path}: cannot be read: Input/output error; name a file that you may read",
            id="unreadable",
        ),
    ],
)
def test_what_is_no_scenario_at_all(
    make: Callable[[Path], None], complaint: str, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    make(files.scenario)
    assert complaints(capsys, files.scenario) == [complaint.format(path=files.scenario)]


@pytest.mark.parametrize("name", ["x" * 300 + ".yaml", "a\x00b.yaml", "a\nb.yaml", "..", "/", "[bold].yaml"])
def test_impossible_paths_are_one_line_too(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(complaints(capsys, name)) == 1


def test_a_name_that_we_do_not_ship(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaints(capsys, "wifi-to-umst") == [
        "'wifi-to-umst': there is no scenario of that name; did you mean 'wifi-to-umts'?"
    ]


# -- what looks odd and is right --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_editor_s_line_ends_count_alike(
    encoding: str, end: str, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    text = files.read(SCENARIO_FILE).replace("duration: 30 s", "duration: 30")
    files.scenario.write_bytes(text.replace("\n", end).encode(encoding))
    assert complaints(capsys, files.scenario) == [
        f"{files.scenario}:11: call.duration: 30 has no unit; a time is written like 75 ms"
    ]


def test_on_is_a_word_in_every_version_of_yaml(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.write(SCENARIO_FILE, f"%YAML 1.1\n---\n{files.read(SCENARIO_FILE)}")
    assert complaints(capsys, files.scenario, "--scheme", "nosuch")[0].startswith("'nosuch':")


def test_files_name_each_other_from_where_they_are(
    files: Files, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(files.folder.parent)
    files.change(WIFI, "loss: 0.1 %", "loss: 120 %")
    relative = os.path.relpath(files.scenario)
    assert complaints(capsys, relative)[0].startswith(f"mine/{WIFI}:8: ")
