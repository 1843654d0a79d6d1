"""`import testbed` without any engine: what runs where, what is told on the way, what comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

import pytest

import testbed
from testbed.scenario.reading.places import FAILURE, SCENARIO
from tests.cli.engines import WrittenEngine, pcap

CAPTURES = {"cn-eth0": pcap(b"a"), "mn-wifi": pcap(b"a"), "mn-umts": pcap(b"a")}


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WrittenEngine:
    """An engine that runs nothing, used from an empty folder."""
    written = WrittenEngine(CAPTURES)
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: written)
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")
    monkeypatch.chdir(tmp_path)
    return written


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose runs all fail, and leave nothing."""
    monkeypatch.setattr("testbed.api.carrying_out.make_engine", lambda _: WrittenEngine({}, failure="mn ended"))
    monkeypatch.setattr("testbed.api.carrying_out.usual_engine", lambda _: "vm")


def test_run_returns_the_run_opened() -> None:
    run = testbed.run(SCENARIO.find("ideal"), scheme="reinvite", seed=5, out="mine")
    assert (run.folder, run.scheme, run.seed, run.status, run.failure) == (Path("mine"), "reinvite", 5, "done", None)
    assert run.result.scheme == "reinvite"
    assert run.result.media.to_mn.gap_ms is None, "nothing of it was captured"
    assert run.captures == {name: Path(f"mine/captures/{name}.pcap") for name in sorted(CAPTURES)}
    assert run.capture.is_file()
    assert run.report.is_file()
    assert repr(run) == "<Run reinvite, seed 5, done: mine>"


def test_run_without_out_goes_below_runs() -> None:
    run = testbed.run("ideal")
    assert run.folder.parent == Path("runs")


def test_compare_returns_every_run_and_a_page() -> None:
    runs = testbed.compare("ideal", schemes=["reinvite", "handover-cn"], runs=2, seed=8, out="out")
    assert [(run.scheme, run.seed) for run in runs] == [
        ("reinvite", 8), ("reinvite", 9), ("handover-cn", 8), ("handover-cn", 9),
    ]  # fmt: skip
    assert runs.page == Path("out/comparison.html")
    assert runs.page.is_file()
    assert [run.folder for run in testbed.Runs.below("out")] == sorted(run.folder for run in runs)
    assert runs[1:3][0] is runs[1]
    assert runs.frame()["seed"].to_list() == [8, 8, 9, 9, 8, 8, 9, 9], "a row for each direction"


def test_replay_and_triggers_take_theirs() -> None:
    replayed = testbed.replay(FAILURE.find("wifi-break"), schemes=["reinvite"], out="replayed")
    assert [run.manifest["failure_script"] for run in replayed] == ["wifi-break"]
    compared = testbed.compare_triggers(triggers=["signal"], out="triggers")
    assert [(run.folder.name, run.manifest["trigger"]) for run in compared] == [("signal", "signal")]


def test_news_come_in_order() -> None:
    news: list[testbed.News] = []
    testbed.run("ideal", out="mine", watch=news.append)
    assert [one.stage for one in news] == ["preparing", "begins", "told", "told", "ends"]
    assert [one.text for one in news if one.text] == ["nothing to prepare", "done"]
    assert news[2].report == {"stage": "ready"}


def test_run_is_a_plain_function_where_a_loop_runs_as_in_a_notebook() -> None:
    threads: list[threading.Thread] = []

    async def cell() -> testbed.Run:
        return testbed.run("ideal", out="mine", watch=lambda _: threads.append(threading.current_thread()))

    assert asyncio.run(cell()).status == "done"
    assert threading.main_thread() not in threads


def test_error_is_the_same_where_a_loop_runs() -> None:
    async def cell() -> None:
        testbed.run("ideal", scheme="reinvit", out="mine")

    with pytest.raises(testbed.BadScenarioError, match="reinvit"):
        asyncio.run(cell())


@pytest.mark.usefixtures("failing")
def test_run_that_fails_says_why_and_has_no_result() -> None:
    run = testbed.run("ideal", out="mine")
    assert (run.status, run.failure, run.numbers) == ("failed", "mn ended", None)
    assert run.warnings == ["the run failed: mn ended"]
    with pytest.raises(testbed.RunFolderError, match=r"mine/result\.json: is not there; the run failed: mn ended"):
        _ = run.result


def test_verify_says_what_differs() -> None:
    run = testbed.run("ideal", out="mine")
    assert testbed.verify(run).is_same
    (run.folder / "captures" / "mn-wifi.pcap").write_bytes(pcap(b"b"))
    found = testbed.verify("mine")
    assert found.difference is not None
    assert found.difference.startswith("captures/mn-wifi.pcap, packet 1")


@pytest.mark.parametrize(("engine", "jobs", "at_once"), [("vm", None, 2), ("native", None, 1), ("native", 3, 3)])
def test_by_the_wall_clock_runs_do_not_share_the_machine_unless_asked_to(
    engine: Literal["vm", "native"], jobs: int | None, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carried_out(*_: object, at_once: int, **__: object) -> list[object]:
        told.append(at_once)
        return []

    told: list[int] = []
    monkeypatch.setattr("testbed.api.runs.carry_out_experiments", carried_out)
    testbed.compare_triggers("triggers", engine=engine, jobs=jobs, out="out")
    assert told == [at_once]


def test_what_is_wrong_beforehand_raises() -> None:
    Path("full").mkdir()
    Path("full/precious").touch()
    with pytest.raises(testbed.OutputError, match="full is not empty"):
        testbed.run("ideal", out="full")
    with pytest.raises(ValueError, match="seed is -1; it should be from 0"):
        testbed.run("ideal", seed=-1)
    with pytest.raises(ValueError, match="runs is 0"):
        testbed.compare("ideal", runs=0)
    with pytest.raises(ValueError, match="jobs is 0"):
        testbed.compare("ideal", jobs=0)
    with pytest.raises(testbed.RunFolderError, match=r"full/manifest\.json"):
        testbed.Run("full")
    with pytest.raises(ValueError, match="there is no table 'run'; possible are: runs, "):
        testbed.frame(["full"], "run")
    with pytest.raises(ValueError, match="there is no attack 'shout'"):
        testbed.attack(["shout"])
    assert sorted(path.name for path in Path().iterdir()) == ["full"], "nothing was begun"


def test_import_costs_little_and_loads_nothing() -> None:
    """The guest and every agent on this machine's own kernel import it, too."""
    heavy = ["numpy", "polars", "pydantic", "click", "scapy", "mininet", "jinja2", "asyncio"]
    code = f"import sys, testbed; print([one for one in {heavy} if one in sys.modules], testbed.Run.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] Run\n"


def test_a_choice_that_there_is_not_is_a_type_error() -> None:
    """A slip of the hand would be another experiment than the one that was meant."""
    with pytest.raises(TypeError, match="there is no 'shceme' to choose; possible are: cn, dad, failure, hangs_up, mn"):
        testbed.run("ideal", shceme="reinvite")  # type: ignore[call-arg]
    assert not Path("runs").exists()


def test_one_scheme_need_not_be_in_a_list() -> None:
    assert [run.scheme for run in testbed.compare("ideal", schemes="reinvite", out="one")] == ["reinvite"]


def test_a_number_that_cannot_be_loaded_is_a_mistake_in_a_user_s_file() -> None:
    Path("mine.py").write_text("\nimport nothing_like_it\n")
    with pytest.raises(testbed.BadScenarioError, match=r"mine.py:2: ModuleNotFoundError") as error:
        testbed.run("ideal", numbers="./mine.py")
    assert error.value.errors[0].line == 2
