"""Campaigns with real runs: whoever carries them out, and however often they are ended, the data are the same bytes."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import polars
import pytest

import testbed
from tests.patience import wait_for

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

from .command import DATA, TESTBED, call, needs_uml

VARIED = "vary: {links.wifi.loss: [0 %, 20 %]}\nkeep: none\n"


def campaign(folder: Path, text: str) -> Path:
    """A campaign of the shortest call that has a handover."""
    path = folder / "short.yaml"
    path.write_text(f"scenarios: [{DATA / 'short.yaml'}]\nschemes: [handover-cn]\n{text}")
    return path


def begun(folder: Path) -> subprocess.Popen[str]:
    """A sweep by one worker in the background, into `out` of this folder."""
    file = campaign(folder, "keep: none\n")
    words = [str(TESTBED), "sweep", str(file), "--engine", "uml", "--jobs", "1", "--out", str(folder / "out")]
    return subprocess.Popen(words, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def digests(folder: Path) -> list[str]:
    """SHA-256 of the data files."""
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("data.csv", "data.parquet")]


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that a sweep has started."""
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(one) for path in children for one in path.read_text().split()]


@needs_uml
def test_killed_grown_and_shared_out_campaign_has_the_data_of_one_carried_out_at_once(tmp_path: Path) -> None:
    whole, part = tmp_path / "whole", tmp_path / "part"
    file = campaign(tmp_path, f"seeds: 2\n{VARIED}")
    done = testbed.sweep(file, out=whole, engine="uml", jobs=2)
    assert (len(done), done.made, done.failed) == (4, 4, 0)

    grown = campaign(tmp_path, f"seeds: 1\n{VARIED}")
    words = [str(TESTBED), "sweep", str(grown), "--engine", "uml", "--jobs", "1", "--out", str(part)]
    killed = subprocess.Popen(words, text=True, stderr=subprocess.DEVNULL)
    wait_for("a run", lambda: list(part.glob("runs/*/result.json")), killed)
    workers = workers_of(killed)
    killed.kill()
    killed.wait()
    wait_for("the workers' end", lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    file.write_text(file.read_text().replace("seeds: 1", "seeds: 2"))
    again = testbed.sweep(file, out=part, engine="uml", jobs=1)
    assert again.made < len(again) == 4
    assert digests(part) == digests(whole)

    data = polars.read_parquet(part / "data.parquet")
    assert data["vary_links.wifi.loss [%]"].to_list() == [0.0] * 4 + [20.0] * 4
    lost = (
        data.group_by("vary_links.wifi.loss [%]").agg(polars.col("packets_lost").sum()).sort("vary_links.wifi.loss [%]")
    )
    assert lost["packets_lost"][1] > lost["packets_lost"][0]


@needs_uml
def test_worker_that_dies_is_told_and_its_run_is_carried_out_anew(tmp_path: Path) -> None:
    sweep = begun(tmp_path)
    wait_for("a run's begin", lambda: list((tmp_path / "out").glob("unfinished/testbed-run-*/run")), sweep)
    (worker,) = workers_of(sweep)
    os.kill(worker, signal.SIGKILL)
    _, said = sweep.communicate()
    assert sweep.returncode == 0, said
    assert f"handover-cn, seed 1: a worker (process {worker}) ended by signal 9; it is tried once more" in said


@needs_uml
def test_ctrl_c_ends_the_run_in_hand_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    sweep = begun(tmp_path)
    wait_for("a guest", lambda: list((tmp_path / "out").glob("unfinished/testbed-run-*/run/.vm/console")), sweep)
    workers = workers_of(sweep)
    sweep.send_signal(signal.SIGINT)
    _, said = sweep.communicate()
    assert (sweep.returncode, said.splitlines()[-1]) == (1, "stopped")
    assert not any(Path(f"/proc/{one}").exists() for one in workers)
    assert not (tmp_path / "out" / "unfinished").exists()
    assert list((tmp_path / "out" / "runs").iterdir()) == []


@needs_uml
def test_run_that_fails_is_in_the_data_and_its_files_are_kept(tmp_path: Path) -> None:
    file = campaign(tmp_path, f"vary: {{failure: [{DATA / 'agent-dies.yaml'}, {DATA / 'fading-soon.yaml'}]}}\n")
    done = call("sweep", file, "--engine", "uml", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "agent cn was killed by signal 9" in done.stderr
    data = polars.read_csv(tmp_path / "out" / "data.csv")
    assert data["status"].to_list() == ["failed", "failed", "done", "done"]
    failed, whole = (tmp_path / "out" / "runs" / key for key in data["run"].unique(maintain_order=True))
    assert {path.name for path in whole.iterdir()} == {"manifest.json", "result.json"}
    with ZstdFile(failed / "files.tar.zst") as packed, tarfile.open(fileobj=BytesIO(packed.read())) as tar:
        names = tar.getnames()
    assert {"captures/mn-wifi.pcap", "run.pcapng", "plan.json", "history/failure.yaml"} <= set(names)


@needs_uml
def test_dask_s_workers_give_the_same_data(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")
    file = campaign(tmp_path, VARIED)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        testbed.sweep(file, out=tmp_path / "dask", engine="uml", scheduler=cluster.scheduler_address)
    testbed.sweep(file, out=tmp_path / "here", engine="uml", jobs=1)
    assert digests(tmp_path / "dask") == digests(tmp_path / "here")
