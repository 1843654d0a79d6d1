"""The native engine on this machine's own kernel. The links are ideal ones: not every kernel has sch_netem."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from testbed.cli.main import RUNS_FAULT, main
from testbed.engine import native, run_records
from testbed.engine.errors import MissingRequirementError
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from tests.namespaces import unprivileged
from tests.patience import PATIENCE_S, wait_for

from .command import TESTBED, call
from .leftovers import left_behind, world

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the native engine needs root: sudo make test")


def native_run(folder: Path) -> subprocess.Popen[str]:
    """A native run in the background, which hears Ctrl-C however the tests were started."""
    argv = ["env", "--default-signal=INT", str(TESTBED), "run", "ideal", "--engine", "native", "--out", str(folder)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@needs_root
def test_a_run_from_another_folder_with_a_relative_path(tmp_path: Path) -> None:
    argv = [str(TESTBED), "run", "ideal", "--engine", "native", "--out", "mine/run"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine" / "run" / "result.json").exists()
    assert not (tmp_path / "mine" / "run" / ".plan.json").exists()


@pytest.mark.parametrize("text", ['{"folder": "/x", "own', "[]", '{"folder": "/x"}', '{"folder": 1, "owner": 2}'])
def test_a_record_that_is_none_is_told_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """An older version could be killed while it wrote one."""
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))
    (run_records.records_folder() / "1-1.json").write_text(text)
    (said,) = run_records.clean()
    assert said.startswith(f"{tmp_path}/run-records/1-1.json: no record of a run, removed (")
    assert run_records.clean() == []


def test_a_record_is_whole_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed while writing leaves the record before, and a file that the next `clean` removes."""
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True).stdout.strip()
    with run_records.recorded(tmp_path / "run"):
        (record,) = run_records.records_folder().iterdir()
        before = record.read_text()
        unfinished = record.with_name(f"{ended}-1.unfinished")
        unfinished.write_text(before[:10])
        assert run_records.clean() == [f"{tmp_path / 'run'}: still running, left alone"]
        assert record.read_text() == before
        assert not unfinished.exists()
    assert list(run_records.records_folder().iterdir()) == []


def labs_of(folder: Path) -> list[int]:
    """Processes of the run that fills this folder, our own command aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"testbed.lab" in words and str(folder).encode() in words:
                found.append(int(entry.name))
    return found


@needs_root
def test_two_runs_side_by_side_do_not_touch_each_other(tmp_path: Path) -> None:
    before = world()
    runs = [native_run(tmp_path / name) for name in ("one", "two")]
    for process, name in zip(runs, ("one", "two"), strict=True):
        _, said = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said
        result = json.loads((tmp_path / name / "result.json").read_text())
        assert result["reproducible"] is False
        assert any("not reproducible" in warning for warning in result["warnings"])
        assert json.loads((tmp_path / name / "manifest.json").read_text())["late_ms"].keys() <= {"lab", "mn", "cn"}
        for media in result["media"].values():
            assert media["lost"] == 0
            # How smoothly they are heard is this machine's business: its time goes by on the wall.
            assert media["duplicates"] > 10
    assert left_behind(before) == set()


@needs_root
def test_kill_9_leaves_a_record_and_nothing_else(tmp_path: Path) -> None:
    before = world()
    with native_run(tmp_path / "run") as process:
        wait_for("the call", lambda: any(tmp_path.glob("run/captures/*.pcap")), process)
        time.sleep(1)
        process.kill()
    wait_for("the lab's end", lambda: not labs_of(tmp_path / "run"))
    assert left_behind(before) == set()
    said = call("clean").stdout
    assert f"{tmp_path / 'run'}: nothing was left but its record" in said
    assert str(tmp_path) not in call("clean").stdout


@needs_root
def test_ctrl_c_undoes_everything(tmp_path: Path) -> None:
    before = world()
    process = native_run(tmp_path / "run")
    wait_for("the call", lambda: any(tmp_path.glob("run/captures/*.pcap")), process)
    process.send_signal(2)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert said.strip().endswith("stopped")
    assert not labs_of(tmp_path / "run")
    assert left_behind(before) == set()
    assert not list(run_records.records_folder().glob(f"{process.pid}-*"))


@needs_root
def test_a_link_never_runs_without_its_delay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the kernel has netem, take away what finds it: the refusal is what is tested.
    if native.has_netem():
        monkeypatch.setenv("PATH", str(without_netem(tmp_path)))
    done = call("run", "--engine", "native", "--out", tmp_path / "run", env=dict(os.environ))
    assert done.returncode == 1
    assert done.stderr.startswith("error: this kernel has no sch_netem, so links would have no delay: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_what_the_lab_tells_may_be_long() -> None:
    """Longer than what asyncio takes for a line."""
    said = 'import json; print(json.dumps({"event": "x" * 200_000})); print("no JSON"); print(json.dumps({"t_s": 1}))'

    async def heard() -> list[dict[str, Any]]:
        argv = [sys.executable, "-c", said]
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
        found: list[dict[str, Any]] = []
        await native.follow(process, found.append)
        return found

    assert asyncio.run(heard()) == [{"event": "x" * 200_000}, {"t_s": 1}]


@needs_root
def test_a_container_without_privileges_is_told_what_would_help(tmp_path: Path) -> None:
    """And not that its kernel lacks something: whatever is tried in a namespace fails where there is none."""
    run = [str(TESTBED), "run", "wifi-to-umts", "--engine", "native", "--out", str(tmp_path / "run")]
    done = subprocess.run([*unprivileged(), *run], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        RUNS_FAULT,
        "error: namespaces are forbidden to root here: start the container with --privileged, or use --engine vm\n",
    )
    assert not (tmp_path / "run").exists()


def test_a_kernel_without_veth_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, before anything is made."""
    for name, found in {"may_unshare": True, "has_veth": False}.items():
        monkeypatch.setattr(native, name, lambda found=found: found)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(native, "PROGRAMS", {})
    with pytest.raises(MissingRequirementError, match=r"^this kernel has no veth or no bridge, so there can be no"):
        asyncio.run(native.NativeEngine().prepare(compile_plan(load_experiment("ideal")), print))


def test_what_a_scenario_starts_beside_is_looked_for_too() -> None:
    started = {name: set(native.programs(compile_plan(load_experiment(name)))) for name in ("ideal", "with-dhcp")}
    assert started["ideal"] == set(native.PROGRAMS)
    assert started["with-dhcp"] - started["ideal"] == {"busybox", "dnsmasq"}
    phone = compile_plan(load_experiment("ideal", cn="baresip"))
    assert native.programs(phone)["baresip"] == "baresip-core"
    lossy = compile_plan(load_experiment("all-schemes-lossy"))
    assert ("nft" in native.programs(lossy)) == bool(lossy["patterns"])


def without_netem(folder: Path) -> Path:
    """A folder for PATH with a tc that knows no netem, and everything else as it is."""
    tools = folder / "tools"
    tools.mkdir()
    for directory in os.environ["PATH"].split(":"):
        for program in Path(directory).glob("*"):
            link = tools / program.name
            if not link.exists():
                link.symlink_to(program)
    (tools / "tc").unlink()
    (tools / "tc").write_text("#!/bin/sh\necho 'Error: Specified qdisc kind is unknown.' >&2\nexit 2\n")
    (tools / "tc").chmod(0o755)
    return tools


def test_without_root_the_native_engine_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as ended:
        main(["run", "ideal", "--engine", "native", "--out", str(tmp_path / "run")])
    assert ended.value.code == RUNS_FAULT
    assert capsys.readouterr().err == "error: the native engine needs root: run it with sudo, or use --engine vm\n"
