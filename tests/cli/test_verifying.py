"""`testbed verify`: the same bytes or the first packet that differs; never a guess about a folder that is no run."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from testbed.cli.main import RUNS_FAULT, USERS_FAULT, main
from testbed.lab.plan import Plan

from .engines import WrittenEngine, a_run, pcap

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = {"cn-eth0": pcap(b"a", b"b"), "mn-wifi": pcap(b"a")}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run."""
    folder = tmp_path / "run"
    asyncio.run(a_run(folder, WrittenEngine(CAPTURES)))
    return folder


def verify(run: Path, engine: WrittenEngine, monkeypatch: pytest.MonkeyPatch, *options: str) -> int | str | None:
    """Status of `testbed verify`, with this engine in the place of the real one."""
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: engine)
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")
    try:
        main(["verify", str(run), *options])
    except SystemExit as end:
        return end.code
    return 0


def test_same_bytes(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(run, WrittenEngine(CAPTURES), monkeypatch) == 0
    assert capsys.readouterr().out == "the same: 2 captures and result.json, byte for byte\n"


def test_first_packet_that_differs(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {**CAPTURES, "cn-eth0": pcap(b"a", b"c")}
    assert verify(run, WrittenEngine(other), monkeypatch) == RUNS_FAULT
    assert capsys.readouterr().out.startswith("different: captures/cn-eth0.pcap, packet 2 at 1767225601.000000000 s: ")


def test_second_run_that_fails_is_told(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = WrittenEngine({"mn-wifi": pcap(b"a")}, failure="mn ended with status 1")
    assert verify(run, engine, monkeypatch) == RUNS_FAULT
    said = capsys.readouterr()
    assert "handover-cn: FAILED: mn ended with status 1" in said.err
    assert said.out.startswith("different: captures/cn-eth0.pcap: only in ")


def test_difference_of_the_result_alone(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "result.json").write_text("{}")
    assert verify(run, WrittenEngine(CAPTURES), monkeypatch) == RUNS_FAULT
    assert capsys.readouterr().out == "different: result.json, though the captures are the same\n"


def test_what_has_changed_since_is_told(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change_manifest(run, engine_identity={"kernel_release": "5.10"})
    verify(run, WrittenEngine(CAPTURES), monkeypatch)
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "note: kernel_release was 5.10 and is 6.1 now",
        "note: the testbed's own code has changed since",
    ]


def test_second_run_can_be_kept(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verify(run, WrittenEngine(CAPTURES), monkeypatch, "--keep", str(tmp_path / "kept"))
    assert (tmp_path / "kept" / "captures" / "mn-wifi.pcap").read_bytes() == CAPTURES["mn-wifi"]
    assert (tmp_path / "kept" / "report.html").is_file()


# -- folders that are no runs -----------------------------------------------------------------------------------------


def change_manifest(run: Path, **fields: Any) -> None:  # noqa: ANN401 - any JSON value
    path = run / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def refusal(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that `testbed verify` says of a folder."""
    with pytest.raises(SystemExit) as end:
        main(["verify", str(run)])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (USERS_FAULT, "")
    (line,) = said.err.splitlines()
    return line


def test_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(tmp_path, capsys) == (
        f"error: {tmp_path}/manifest.json: cannot be read: No such file or directory; name the folder of a run"
    )


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_manifest_that_is_no_json(content: bytes, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "manifest.json").write_bytes(content)
    assert refusal(run, capsys).startswith(f"error: {run}/manifest.json: is not JSON")


@pytest.mark.parametrize("content", ["[]", "5", "null", "{}"])
def test_manifest_of_something_else(content: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "manifest.json").write_text(content)
    assert refusal(run, capsys) == (
        f"error: {run}/manifest.json: has no 'engine'; name the folder of a run that this version made"
    )


def test_run_of_a_newer_version(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_manifest(run, schema_version=2)
    assert refusal(run, capsys).startswith(f"error: {run}/manifest.json: was made by a newer testbed")


@pytest.mark.parametrize("field", sorted(Plan.__required_keys__))
def test_plan_that_lacks_something(field: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = json.loads((run / "plan.json").read_text())
    del plan[field]
    (run / "plan.json").write_text(json.dumps(plan))
    assert refusal(run, capsys) == (
        f"error: {run}/plan.json: has no '{field}'; name the folder of a run that this version made"
    )


def test_run_that_can_not_be_the_same_twice(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_manifest(run, engine="native", reproducible=False)
    assert refusal(run, capsys) == "error: the native engine made this run, and is never the same twice"


def test_engine_that_there_is_not(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_manifest(run, engine="cloud")
    assert refusal(run, capsys) == "error: there is no engine 'cloud', which made this run"
