"""What goes wrong is told in one line, ends in bounded time, and loses nothing that was captured."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from testbed.engine.choose import make_engine
from testbed.engine.engine import Place
from testbed.engine.errors import RunFailedError
from testbed.engine.guest import following
from testbed.lab.plan import Plan
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from tests.namespaces import unprivileged, unsharing
from tests.patience import PATIENCE_S, wait_for

from .command import DATA, TESTBED, call, needs_uml, shortened
from .leftovers import left_behind, world
from .rtp_packets import rtp_packets

SHORT = DATA / "short.yaml"
ENGINES = pytest.mark.parametrize("engine", ["vm", pytest.param("uml", marks=needs_uml)])


def processes_of(folder: Path) -> list[int]:
    """Guests that work in this folder, or write into it: their command lines have descriptors and no paths."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and is_guest(entry, folder)]


def is_guest(process: Path, folder: Path) -> bool:
    """Whether a process (its folder in /proc) is an emulator with a file of this folder open, or has it as its own."""
    try:
        if (process / "cwd").readlink().is_relative_to(folder):
            return True
        if b"qemu" not in (process / "cmdline").read_bytes():
            return False
        return any(one.readlink().is_relative_to(folder) for one in (process / "fd").iterdir())
    except OSError:  # it has ended
        return False


def start(folder: Path, engine: str) -> subprocess.Popen[str]:
    """A run of the default scenario, with a long call, in the background, when its call is up."""
    scenario = shortened("wifi-to-umts", folder.parent, 600)
    argv = [str(TESTBED), "run", str(scenario), "--engine", engine, "--out", str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    progress = folder / ".vm" / "progress"
    wait_for("the call", lambda: progress.exists() and "call_established" in progress.read_text(), process)
    return process


def test_an_agent_that_dies_fails_the_run_and_loses_nothing(tmp_path: Path) -> None:
    done = call("run", SHORT, "--no-page", "--failure", DATA / "agent-dies.yaml", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "agent cn was killed by signal 9" in done.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert "agent cn was killed by signal 9" in manifest["failure"]
    # The call began at 1 s and the agent died at 4 s: three seconds of speech were captured, and can be read.
    packets = rtp_packets(tmp_path / "run" / "captures" / "mn-wifi.pcap")
    assert 140 <= sum(packet.source == "10.20.0.2" for packet in packets) <= 152
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert any("the run failed: agent cn" in warning for warning in result["warnings"])


@ENGINES
def test_kill_9_leaves_nothing(engine: str, tmp_path: Path) -> None:
    before = world()
    with start(tmp_path / "run", engine) as process:
        assert processes_of(tmp_path / "run")
        process.kill()
    wait_for("the guest's end", lambda: not processes_of(tmp_path / "run"))
    assert left_behind(before) == set()


@ENGINES
def test_ctrl_c_leaves_nothing_and_marks_the_run(engine: str, tmp_path: Path) -> None:
    process = start(tmp_path / "run", engine)
    assert processes_of(tmp_path / "run")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert said.strip().endswith("stopped")
    assert not processes_of(tmp_path / "run")
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["failure"] == "stopped by the user"


@ENGINES
def test_a_guest_that_dies_fails_the_run(engine: str, tmp_path: Path) -> None:
    process = start(tmp_path / "run", engine)
    for pid in processes_of(tmp_path / "run"):
        with contextlib.suppress(ProcessLookupError):  # programs of the guest end with it
            os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "the guest ended without a result" in said
    assert "Traceback" not in said


def place_and_plan() -> tuple[Place, Plan]:
    """A guest that is ready, and what it should do."""
    plan = compile_plan(load_experiment(str(SHORT)))
    return asyncio.run(make_engine("vm").prepare(plan, print)), plan


def test_a_guest_that_hangs_is_ended_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE_LIMIT_S", 3.0)
    place, plan = place_and_plan()

    def stop_guest(_: dict[str, Any]) -> None:
        for pid in processes_of(tmp_path / "run"):
            os.kill(pid, signal.SIGSTOP)

    with pytest.raises(RunFailedError, match="has not been heard of for 3 s"):
        asyncio.run(place.run(plan, tmp_path / "run", stop_guest))
    assert not processes_of(tmp_path / "run")
    assert (tmp_path / "run" / "logs").is_dir()


def test_a_plan_that_the_kernel_refuses_fails_the_run_with_the_reason(tmp_path: Path) -> None:
    place, plan = place_and_plan()
    plan["shapes"][0]["command"] = plan["shapes"][0]["command"].replace("netem", "nonsense")
    asyncio.run(place.run(plan, tmp_path / "run", lambda _: None))
    outcome = json.loads((tmp_path / "run" / "outcome.json").read_text())
    assert "nonsense" in outcome["failure"]


def test_a_kernel_that_differs_from_the_profile_fails_the_run(tmp_path: Path) -> None:
    place, plan = place_and_plan()
    shape = plan["shapes"][2]
    command = shape["command"]
    shape["command"] = command.replace("delay 89500us", "delay 89600us")
    assert shape["command"] != command
    asyncio.run(place.run(plan, tmp_path / "run", lambda _: None))
    outcome = json.loads((tmp_path / "run" / "outcome.json").read_text())
    assert "umts-air-dn: the kernel differs from the profile in delay" in outcome["failure"]


def test_no_privilege_is_needed(tmp_path: Path) -> None:
    argv = [*unprivileged(), str(TESTBED), "run", str(SHORT), "--no-page"]
    done = subprocess.run([*argv, "--out", str(tmp_path / "run")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# A disk of so many MB, on which a run is carried out that fills up when its call is up.
FULL = """
mount -t tmpfs -o size={size}m tmpfs {folder}
{testbed} run {scenario} --engine {engine} --out {folder}/run &
until grep -q call_established {folder}/run/.vm/progress; do kill -0 $! || break; sleep 0.1; done 2>/dev/null
cat /dev/zero > {folder}/rest 2>/dev/null
wait $!
"""


@pytest.mark.parametrize(
    ("size", "status", "said"), [(1, 2, "No space left on device; name a folder"), (64, 1, "FAILED: ")]
)
@ENGINES
def test_a_full_disk_is_told_before_a_run_or_fails_it(
    engine: str, size: int, status: int, said: str, tmp_path: Path
) -> None:
    script = FULL.format(size=size, folder=tmp_path, testbed=TESTBED, scenario=SHORT, engine=engine)
    argv = [*unsharing("--mount"), "sh", "-c", script]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
