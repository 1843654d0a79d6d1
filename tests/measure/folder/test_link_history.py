"""What a link went through, as the plan of its run says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from testbed.measure.folder.link_history import read_links
from testbed.scenario.experiment.experiment import load_experiment
from testbed.scenario.plan.compile import compile_plan

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.measure.folder.link_history import Shaping


def at(shaping: Shaping, time_s: float) -> tuple[float, float, float, float]:
    """Delay (ms), jitter (ms), loss (%) and rate (kbit/s) at a time."""
    row = max(number for number, since in enumerate(shaping.time_s) if since <= time_s)
    columns = (shaping.delay_ms, shaping.jitter_ms, shaping.loss_percent, shaping.rate_kbit_s)
    return tuple(round(float(one[row]), 3) for one in columns)  # type: ignore[return-value]


def test_of_a_link_that_a_program_carries_all_settings_are_those_of_the_script(tmp_path: Path) -> None:
    plan = compile_plan(load_experiment("wifi-to-umts", failure="wifi-fade"))
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    wifi, umts = read_links(tmp_path, ["wifi", "umts"], [], 30.0)
    assert at(wifi.shaping["down"], 0.0) == (1.5, 1.0, 0.0, 30_000.0)
    assert at(wifi.shaping["down"], 15.5) == (20.75, 8.0, 3.333, 15_500.0)
    assert at(wifi.shaping["down"], 17.95) == (39.23, 14.72, 19.333, 1580.0)
    assert at(wifi.shaping["up"], 0.0)[3] == 15_000.0
    assert not wifi.is_traced
    assert at(umts.shaping["down"], 0.0) == (110.0, 20.0, 0.0, 384.0)
