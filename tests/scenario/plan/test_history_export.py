"""A run's link history as a failure script: replayed, it is the same plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan
from testbed.scenario.plan.history_export import SCRIPT, exported
from testbed.scenario.reading.places import FAILURE

if TYPE_CHECKING:
    from pathlib import Path


def replayed(failure: str, seed: int, folder: Path) -> None:
    """Exports the history of a run that was not carried out, and compares the plan of its replay."""
    first = load_experiment("wifi-to-umts", failure=failure, seed=seed)
    for name, content in exported(first).items():
        (folder / name).write_bytes(content)
    again = load_experiment("wifi-to-umts", failure=str(folder / SCRIPT), seed=seed)
    assert compile_plan(again) == compile_plan(first)
    # Nothing is left to chance in it: another seed changes nothing.
    other = load_experiment("wifi-to-umts", failure=str(folder / SCRIPT), seed=seed + 1)
    assert compile_plan(other)["timeline"] == compile_plan(first)["timeline"]


@pytest.mark.parametrize("failure", FAILURE.shipped())
def test_of_every_failure_script(failure: str, tmp_path: Path) -> None:
    replayed(failure, 7, tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_of_whatever_is_drawn(seed: int, tmp_path: Path) -> None:
    replayed("jamming", seed, tmp_path)


def test_of_traces(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "walk.csv").write_text("time [s], signal [dBm], up.delay [ms]\n0, -50, 2\n3.3, -66.6, 12.75\n")
    (mine / "umts.down").write_text("".join(f"{7 * number}\n" for number in range(1, 100)))
    (mine / "umts.log").write_text("".join(f"{6 + n % 2} {n * 5} 0.{n % 9 + 1}\n" for n in range(3000)))
    (mine / "bus").write_text("0.0\t4.0\n0.5\t3.0\n1.25\t2.0\n")
    (mine / "mine.yaml").write_text(
        "name: mine\nabout: 'mine: a walk'\nsteps:\n  - {at: 1 s to 2 s, for: 1 s, link: umts, loss: 1 % to 3 %}\n"
        "traces:\n  - {link: wifi, csv: walk.csv, at: 2.5 s}\n"
        "  - {link: umts, mahimahi: umts.down, direction: down, skip: 35 ms, for: 400 ms}\n"
        "  - {link: umts, csv: umts.log, columns: {time: '#2 [s]', up.rate: '#3 [Mbit/s]'}, stamped: end,"
        " where: {'#1': '7'}, skip: 2 h, for: 30 s, at: 1 s}\n"
        "  - {link: wifi, csv: bus, form: pensieve, skip: 0.5 s}\n"
    )
    (tmp_path / "out").mkdir()
    replayed(str(mine / "mine.yaml"), 3, tmp_path / "out")
