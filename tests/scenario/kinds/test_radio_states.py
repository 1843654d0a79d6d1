"""The states of a radio in a profile: each falls to the next one, but the last; what manifests say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.runner import radios
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.reading.errors import BadScenarioError
from tests.scenario.files import SCENARIO_FILE, WIFI, Files

if TYPE_CHECKING:
    from pathlib import Path

SAVING = "  - {state: power saving, power: 10 mW}"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (SAVING, "  - {state: saving, power: 10 mW, tail: 1 s}", "state 'saving': the last state lasts: leave out its"),
        (", tail: 240 ms", "", "state 'talks': add its 'tail: …'"),
        ("133 mW", "133 kW", "133 kW"),
    ],
)
def test_states_that_do_not_fall_are_refused(old: str, new: str, said: str, files: Files) -> None:
    files.change(WIFI, old, new)
    with pytest.raises(BadScenarioError, match=WIFI) as refused:
        load_experiment(str(files.scenario))
    assert said in str(refused.value)


def test_the_manifest_says_what_the_radios_take(files: Files) -> None:
    found = radios(load_experiment(str(files.scenario)))
    assert found["wifi"] == [
        {"state": "talks", "power_w": 0.133, "tail_s": 0.24}, {"state": "power saving", "power_w": 0.01},
    ]  # fmt: skip
    assert [one["state"] for one in found["umts"]] == ["DCH", "FACH", "idle"]


def test_the_power_that_a_scenario_gives_is_that_while_it_talks(files: Files) -> None:
    text = files.scenario.read_text()
    files.write(SCENARIO_FILE, text + "networks:\n  wifi: {power: 1.2 W}\n")
    assert [one["power_w"] for one in radios(load_experiment(str(files.scenario)))["wifi"]] == [1.2, 0.01]
