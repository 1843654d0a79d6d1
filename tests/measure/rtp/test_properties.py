"""What holds for every run, whatever its links do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testbed.measure.result.result import to_json
from testbed.measure.result.run import measure_run
from tests.measure import synthetic
from tests.measure.result.test_oracle import spoiled_run

if TYPE_CHECKING:
    from pathlib import Path

SPOILED = st.tuples(st.integers(0, 2**32), st.floats(0, 0.6), st.floats(0, 150))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SPOILED)
def test_packets_add_up(tmp_path: Path, spoiled: tuple[int, float, float]) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    result = measure_run(spoiled_run(*spoiled).write(folder))
    assert to_json(measure_run(folder)) == to_json(result), "the same folder gives the same bytes"
    for media in result["media"].values():
        assert media["received"] + media["lost"] == media["sent"]
        arrived = sum(path["packets"] for path in media["paths"].values())
        assert media["received"] + media["duplicates"] == arrived
        assert sum(path["new"] for path in media["paths"].values()) == media["received"]
        for path in media["paths"].values():
            assert path["new"] <= path["packets"] <= path["sent"]
        assert media["lost_in_window"] <= media["lost"]
        assert media["late_in_window"] <= media["late"]
        assert media["gap_ms"] is None or media["gap_call_ms"] is None or media["gap_ms"] <= media["gap_call_ms"]
        assert media["interruption_ms"] <= media["interruption_call_ms"]
        deep, shallow = (media["fixed_playout"][depth] for depth in ("200_ms", "60_ms"))
        assert deep["interruption_call_ms"] <= shallow["interruption_call_ms"]
        assert deep["late"] <= shallow["late"]
        assert (media["depth_needed_ms"] <= 200) == (deep["late"] == 0)
        burst = media["burst_loss"]
        lengths = (burst[f"{name}s"] * (burst[f"{name}_duration_ms"] or 0) for name in ("burst", "gap"))
        assert sum(lengths) == pytest.approx(20 * media["sent"], abs=0.1)
        assert burst["lost_runs"] <= media["lost"]
        assert burst["longest_lost_run"] <= media["lost"]
    signalling = result["signalling"]
    for what in ("messages", "bytes", "retransmissions"):
        assert sum(signalling[name][what] for name in ("handover", "registering", "rest")) == signalling[what]
    assert sum(signalling["requests"].values()) + sum(signalling["responses"].values()) == signalling["messages"]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(6001, 9000))
def test_phases_are_the_gap_when_the_call_broke_first(tmp_path: Path, trigger_ms: float) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    result = measure_run(synthetic.reinvite_run(trigger_ms).write(folder))
    gap_ms = result["media"]["to_mn"]["gap_ms"]
    assert sum(result["handover"]["phases_ms"].values()) == pytest.approx(gap_ms, abs=0.003)
