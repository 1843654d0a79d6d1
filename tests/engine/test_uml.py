"""The quick engine: the same bytes however its guest is run, and whatever goes wrong is told and leaves nothing."""

import asyncio
import contextlib
import hashlib
import json
import os
import signal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from testbed.api.reference import FILE, verify_self
from testbed.engine.engine import Place
from testbed.engine.errors import MissingRequirementError, RunFailedError
from testbed.engine.guest import following
from testbed.engine.guest.recipes import PLAIN, WITH_FOREIGN
from testbed.engine.uml import started_kernel
from testbed.engine.uml.compiled_code import code_files, digest_of
from testbed.engine.uml.processors import processor_of_our_own
from testbed.engine.uml.started_kernel import Seccomp, memory_folder
from testbed.engine.uml.uml_engine import UmlEngine, UmlGuest
from testbed.lab.plan import Plan
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from tests.patience import wait_for

from .command import DATA, call, needs_uml, run_scenario

SHORT = DATA / "short.yaml"


def digest(folder: Path) -> str:
    """SHA-256 of all that a run wrote in its guest."""
    files = [path for name in ("captures", "logs") for path in sorted((folder / name).rglob("*")) if path.is_file()]
    total = hashlib.sha256()
    for path in [*files, folder / "events.jsonl"]:
        total.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return total.hexdigest()


def ready(seccomp: Seccomp = "auto") -> tuple[Place, Plan]:
    """A guest that can be started, and what it should do."""
    plan = compile_plan(load_experiment(str(SHORT)))
    return asyncio.run(UmlEngine(seccomp).prepare(plan, print)), plan


def guests_of(folder: Path) -> list[int]:
    """Processes that work in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:  # it has ended
            continue
    return found


@needs_uml
def test_both_ways_to_catch_system_calls_give_the_same_bytes(tmp_path: Path) -> None:
    """And two guests at once, each on a processor of its own, where there are as many."""

    async def both() -> None:
        await asyncio.gather(
            *(place.run(plan, tmp_path / name, lambda _: None) for name, (place, plan) in places.items())
        )

    places = {"on": ready("on"), "off": ready("off")}
    asyncio.run(both())
    assert digest(tmp_path / "on") == digest(tmp_path / "off")


@needs_uml
def test_a_run_says_what_made_it_and_its_plan_gives_the_same_bytes_again(tmp_path: Path) -> None:
    result = run_scenario(SHORT, tmp_path / "run", "--engine", "uml")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["engine"] == "uml"
    assert manifest["reproducible"]
    assert set(manifest["engine_identity"]) == {"kernel", "kernel_sha256", "image_sha256", "guest_code_sha256"}
    assert result["handover"]["outcome"] == "done"
    assert {media["interruption_ms"] for media in result["media"].values()} == {0.0}
    done = call("verify", tmp_path / "run")
    assert done.returncode == 0, done.stderr


@needs_uml
def test_nothing_of_this_machine_is_in_the_guest_s_root() -> None:
    """Or others would have another image, and no run of theirs the same identity."""
    place, _ = ready()
    assert isinstance(place, UmlGuest)
    assert not {"hostname", "resolv.conf"} & {path.name for path in (place.tree.folder / "etc").iterdir()}


@needs_uml
def test_computing_takes_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is late but the lab, which waits in whole milliseconds (epoll_wait(2)). Into a folder named from here."""
    monkeypatch.chdir(tmp_path)
    place, plan = ready()
    asyncio.run(place.run(plan, Path("run"), lambda _: None))
    late_s = json.loads(Path("run/outcome.json").read_text())["late_s"]
    assert set(late_s) <= {"lab"}
    assert all(one < 0.003 for one in late_s.values())


@needs_uml
def test_an_agent_that_dies_fails_the_run_and_loses_nothing(tmp_path: Path) -> None:
    words = ("run", SHORT, "--engine", "uml", "--no-page", "--failure", DATA / "agent-dies.yaml")
    done = call(*words, "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "agent cn was killed by signal 9" in done.stderr
    assert (tmp_path / "run" / "captures" / "mn-wifi.pcap").stat().st_size > 20_000


@needs_uml
def test_a_guest_that_hangs_is_ended_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE_LIMIT_S", 3.0)
    place, plan = ready()

    def stop(_: dict[str, Any]) -> None:
        for pid in guests_of(tmp_path / "run"):
            os.kill(pid, signal.SIGSTOP)

    with pytest.raises(RunFailedError, match="has not been heard of for 3 s"):
        asyncio.run(place.run(plan, tmp_path / "run", stop))
    wait_for("the guest's end", lambda: not guests_of(tmp_path / "run"))
    assert not (tmp_path / "run" / ".vm").exists()


@needs_uml
def test_a_guest_that_dies_fails_the_run_and_what_was_captured_is_kept(tmp_path: Path) -> None:
    place, plan = ready()

    def kill(line: dict[str, Any]) -> None:
        for pid in guests_of(tmp_path / "run") if line.get("t_s", 0) > 4 else ():
            with contextlib.suppress(ProcessLookupError):  # programs of the guest end with it
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(RunFailedError, match="the guest ended without a result"):
        asyncio.run(place.run(plan, tmp_path / "run", kill))
    wait_for("the guest's end", lambda: not guests_of(tmp_path / "run"))
    # Two seconds of speech at least, 50 packets each way.
    assert (tmp_path / "run/captures/mn-wifi.pcap").stat().st_size > 2 * 100 * 214


@needs_uml
def test_a_plan_that_the_kernel_refuses_fails_the_run_with_the_reason(tmp_path: Path) -> None:
    place, plan = ready()
    plan["shapes"][0]["command"] = plan["shapes"][0]["command"].replace("netem", "nonsense")
    asyncio.run(place.run(plan, tmp_path / "run", lambda _: None))
    assert "nonsense" in json.loads((tmp_path / "run" / "outcome.json").read_text())["failure"]


def test_where_there_is_no_room_for_the_guest_s_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(started_kernel, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(MissingRequirementError, match="where files may be carried out"):
        memory_folder(tmp_path)


@needs_uml
def test_a_run_that_finds_no_room_any_more_fails_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, plan = ready()
    monkeypatch.setattr(started_kernel, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(RunFailedError, match="where files may be carried out"):
        asyncio.run(place.run(plan, tmp_path / "run", lambda _: None))
    assert not (tmp_path / "run" / ".vm").exists()


def test_guests_at_once_have_a_processor_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBED_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5})
    with processor_of_our_own() as one, processor_of_our_own() as other, processor_of_our_own() as third:
        assert {one, other} == {3, 5}
        assert third in {3, 5}
    with processor_of_our_own() as again:
        assert again == 3


@pytest.mark.parametrize("recipe", [PLAIN, WITH_FOREIGN])
def test_the_root_has_the_packages_of_the_other_engine_s_and_no_kernel(recipe: Any) -> None:  # noqa: ANN401
    own = recipe.without_kernel()
    assert own.kernel == ""
    assert set(recipe.packages) - set(own.packages) == {"kmod", "tiny-initramfs"}
    assert own.digest() != recipe.digest()


def test_the_reference_is_of_this_code() -> None:
    """Otherwise `verify --self` would tell everybody that theirs is another one."""
    known = json.loads((resources.files("testbed.selftest") / FILE).read_text())
    said = "the agents' or the lab's code has changed: make reference"
    assert known["uml"]["made_by"]["guest_code_sha256"] == digest_of(code_files()), said
    assert set(known) == {"vm", "uml"}


@needs_uml
def test_this_machine_makes_the_bytes_of_the_reference() -> None:
    """Or says what of kernel and image is another one here, as where Debian's archive has moved on."""
    found = verify_self("uml")
    assert found.is_same or found.changes, found.difference
    if not found.changes:
        assert found.captures == 12
