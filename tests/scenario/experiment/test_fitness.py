"""What is told before a run: speech that does not fit, SIP that takes longer than T1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.experiment.fitness import doubts
from testbed.scenario.reading.places import SCENARIO

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("umts-r99-384", []),
        ("umts-r99-64", ["PCMU needs 80 kbit/s"] * 2),
        ("signalling-9k6", ["PCMU needs 80 kbit/s", "take 1.04 s or more, longer than T1 (500 ms)"] * 2),
    ],
)
def test_what_does_not_fit_is_told_for_each_direction(profile: str, told: list[str], tmp_path: Path) -> None:
    text = SCENARIO.find("wifi-to-umts").read_text().replace("umts: umts-r99-384", f"umts: {profile}")
    scenario = tmp_path / "narrow.yaml"
    scenario.write_text(text)
    found = list(doubts(load_experiment(str(scenario))))
    assert len(found) == len(told)
    assert all(what in line for what, line in zip(told, found, strict=True))
    assert all(f"link 'umts' ({profile}, " in line for line in found)
