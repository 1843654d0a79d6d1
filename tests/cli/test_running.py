"""`run`, `compare`, `replay` without any engine: which experiments go where, and what is shown of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from testbed.api.places_of_runs import unused
from testbed.cli.main import RUNS_FAULT, main
from testbed.cli.own_name import own_name

from .engines import WrittenEngine, pcap

if TYPE_CHECKING:
    Capture = pytest.CaptureFixture

CAPTURES = {"cn-eth0": pcap(b"a"), "mn-wifi": pcap(b"a"), "mn-umts": pcap(b"a")}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WrittenEngine:
    """An engine that every command uses, from a folder of its own."""
    written = WrittenEngine(CAPTURES)
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: written)
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")
    monkeypatch.chdir(tmp_path)
    return written


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WrittenEngine:
    """An engine whose runs all fail."""
    written = WrittenEngine(CAPTURES, failure="mn [at 3 s] ended with status 1")
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: written)
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")
    monkeypatch.chdir(tmp_path)
    return written


def manifests(folder: Path) -> dict[str, dict[str, Any]]:
    """The manifests below a folder."""
    found = sorted(folder.rglob("manifest.json"))
    return {str(path.parent.relative_to(folder)): json.loads(path.read_text()) for path in found}


@pytest.mark.usefixtures("engine")
def test_run_goes_into_one_folder() -> None:
    main(["run", "ideal", "--seed", "5", "--scheme", "reinvite", "--out", "out"])
    manifest = manifests(Path("out"))["."]
    chosen = {name: manifest[name] for name in ("scheme", "seed", "failure_script", "engine", "status")}
    assert chosen == {
        "scheme": "reinvite", "seed": 5, "failure_script": "signal-falls", "engine": "vm", "status": "done",
    }  # fmt: skip


@pytest.mark.usefixtures("engine")
def test_run_leaves_its_page_for_later() -> None:
    main(["run", "ideal", "--no-page", "--out", "out"])
    assert Path("out/result.json").exists()
    assert not Path("out/report.html").exists()
    main(["run", "ideal", "--out", "another"])
    assert Path("another/report.html").exists()


@pytest.mark.parametrize("reproducible", [True, False])
def test_a_machine_that_was_too_slow_is_told_where_its_clock_counts(
    reproducible: bool, engine: WrittenEngine, monkeypatch: pytest.MonkeyPatch, capsys: Capture[str]
) -> None:
    """Half a packet late, and the numbers may be off by that: in text and JSON, beside them."""
    late_s = {"mn": 0.0354, "cn": 0.0099, "lab": 0.01}
    slow = WrittenEngine(CAPTURES, reproducible=reproducible, late_s=late_s)
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: slow)
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")
    main(["run", "ideal", "--out", "out"])
    said = "this machine was too slow or too busy: lab 10 ms, mn 35 ms late at worst; times may be as much too long"
    assert (f"warning, handover-cn: {said}" in " ".join(capsys.readouterr().out.split())) is not reproducible
    assert (said in json.loads(Path("out/result.json").read_text())["warnings"]) is not reproducible
    manifest = manifests(Path("out"))["."]
    assert manifest.get("late_ms") == (None if reproducible else {"mn": 35.4, "cn": 9.9, "lab": 10.0})


@pytest.mark.usefixtures("engine")
def test_folder_of_a_run_is_named_after_it() -> None:
    main(["run", "ideal"])
    main(["run", "ideal"])
    names = [path.name for path in sorted(Path("runs").iterdir())]
    assert [name.split("-", 2)[2] for name in names] in (
        ["ideal-handover-cn-seed1", "ideal-handover-cn-seed1-2"],
        ["ideal-handover-cn-seed1", "ideal-handover-cn-seed1"],
    )


def test_folder_that_is_there_is_not_used_again(tmp_path: Path) -> None:
    for name in ("a", "a-2"):
        assert unused(tmp_path, "a") == name
        (tmp_path / name).mkdir()
    assert unused(tmp_path, "a") == "a-3"


@pytest.mark.usefixtures("engine")
def test_compare_runs_every_scheme_of_the_scenario() -> None:
    main(["compare", "ideal", "--out", "out"])
    assert {name: one["seed"] for name, one in manifests(Path("out")).items()} == {"reinvite": 1, "handover-cn": 1}


@pytest.mark.usefixtures("engine")
def test_compare_runs_each_seed_under_each_scheme() -> None:
    main(["compare", "ideal", "--runs", "2", "--seed", "8", "--out", "out"])
    assert set(manifests(Path("out"))) == {
        "reinvite-seed8", "reinvite-seed9", "handover-cn-seed8", "handover-cn-seed9",
    }  # fmt: skip


@pytest.mark.usefixtures("engine")
def test_phone_as_the_mobile_node_is_told_apart_under_each_scheme() -> None:
    main(["compare", "phone-as-mn", "--mn", "baresip", "--out", "out"])
    found = {name: (one["mn"], one["scheme"]) for name, one in manifests(Path("out")).items()}
    assert found == {
        "reinvite": ("baresip", "baresip"), "handover-b2bua": ("baresip", "baresip-handover-b2bua"),
    }  # fmt: skip


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    "command", [["compare", "ideal", "--runs", "2"], ["compare", "ideal"], ["replay", "wifi-break"]]
)
def test_several_runs_get_a_page_that_compares_them(command: list[str], capsys: Capture[str]) -> None:
    main([*command, "--out", "out"])
    page = Path("out/comparison.html")
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("Open the comparison:") + 1] == f"  {page.resolve().as_uri()}"
    for run in manifests(Path("out")):
        assert f'<a href="./{run}/report.html">{run}</a>' in page.read_text()


@pytest.mark.usefixtures("engine")
def test_several_seeds_are_shown_as_means(capsys: Capture[str]) -> None:
    main(["compare", "ideal", "--runs", "2", "--out", "out"])
    said = capsys.readouterr().out
    assert "mean ±95 % confidence interval" in said
    assert "seed 1" not in said


@pytest.mark.usefixtures("failing")
def test_runs_that_failed_are_on_the_page_too() -> None:
    with pytest.raises(SystemExit) as end:
        main(["compare", "ideal", "--out", "out"])
    assert end.value.code == RUNS_FAULT
    assert Path("out/comparison.html").read_text().count("not counted: failed: mn [at 3 s] ended with status 1") == 2


@pytest.mark.usefixtures("engine")
def test_scheme_named_twice_is_run_once() -> None:
    main(["compare", "ideal", "--scheme", "reinvite", "--scheme", "reinvite", "--out", "out"])
    assert set(manifests(Path("out"))) == {"reinvite"}


@pytest.mark.usefixtures("engine")
def test_replay_takes_the_default_scenario() -> None:
    main(["replay", "wifi-break", "--out", "out"])
    found = manifests(Path("out"))
    assert set(found) == {"reinvite", "reinvite-soft", "handover-cn", "handover-b2bua"}
    assert {(one["scenario"]["name"], one["failure_script"]) for one in found.values()} == {
        ("wifi-to-umts", "wifi-break")
    }


@pytest.mark.usefixtures("engine")
def test_replay_takes_phones_and_seeds_as_compare_does() -> None:
    main(["replay", "wifi-break", "--scheme", "reinvite", "--cn", "baresip", "--runs", "2", "--out", "out"])
    found = {name: (one["cn"], one["seed"], one["failure_script"]) for name, one in manifests(Path("out")).items()}
    assert found == {f"reinvite-seed{seed}": ("baresip", seed, "wifi-break") for seed in (1, 2)}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("words", "said"),
    [(["ideal"], "  out"), (["ideal", "--cn", "baresip"], "  out  CN: baresip"),
     (["phone-as-mn", "--mn", "linphone"], "  out  MN: linphone")],
)  # fmt: skip
def test_phones_that_are_not_ours_are_named(words: list[str], said: str, capsys: Capture[str]) -> None:
    main(["run", *words, "--out", "out"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("Run folders:") + 1] == said


@pytest.mark.usefixtures("engine")
def test_json_is_alone_on_standard_output(capsys: Capture[str]) -> None:
    main(["run", "ideal", "--json", "--out", "out"])
    said = capsys.readouterr()
    assert json.loads(said.out) == json.loads(Path("out/result.json").read_text())
    assert "handover-cn: done" in said.err.splitlines()


@pytest.mark.usefixtures("engine")
def test_json_of_a_comparison_has_all_results(capsys: Capture[str]) -> None:
    main(["compare", "ideal", "--json", "--out", "out"])
    assert [one["scheme"] for one in json.loads(capsys.readouterr().out)["results"]] == ["reinvite", "handover-cn"]


@pytest.mark.usefixtures("engine")
def test_json_of_several_seeds_has_their_statistics(capsys: Capture[str]) -> None:
    main(["compare", "ideal", "--scheme", "reinvite", "--runs", "2", "--json", "--out", "out"])
    said = json.loads(capsys.readouterr().out)
    assert len(said["results"]) == 2
    assert {one["runs"] + one["missing"] for one in said["statistics"]["numbers"]} == {2}


@pytest.mark.usefixtures("engine")
def test_folders_and_the_command_that_opens_a_capture_are_shown_uncut(capsys: Capture[str]) -> None:
    out = f"{'long' * 60}/[red]out"
    main(["run", "ideal", "--out", out])
    lines = capsys.readouterr().out.splitlines()
    assert f"  {out}" in [line.rstrip() for line in lines]
    assert f"  testbed open '{out}'" in lines
    assert lines[lines.index("Open the report:") + 1] == f"  {(Path(out) / 'report.html').resolve().as_uri()}"


def test_the_command_that_opens_a_capture_can_be_typed_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/testbed", "run"])
    assert own_name() == ".venv/bin/testbed"
    monkeypatch.setattr("sys.argv", ["/a/place/pytest"])
    assert own_name() == "testbed"


@pytest.mark.usefixtures("failing")
def test_run_that_fails_is_kept_shown_and_status_1(capsys: Capture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", "ideal", "--out", "out"])
    said = capsys.readouterr()
    assert end.value.code == RUNS_FAULT
    assert "  out failed: mn [at 3 s] ended with status 1" in said.out.splitlines()
    assert "handover-cn: FAILED: mn [at 3 s] ended with status 1" in said.err.splitlines()
    assert manifests(Path("out"))["."]["status"] == "failed"
    assert "mn [at 3 s] ended with status 1" in Path("out/report.html").read_text()


@pytest.mark.usefixtures("failing")
def test_json_of_a_run_that_fails_says_so(capsys: Capture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "ideal", "--json", "--out", "out"])
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    assert "the run failed: mn [at 3 s] ended with status 1" in warnings
