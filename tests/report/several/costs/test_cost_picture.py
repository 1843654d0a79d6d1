"""The picture of what policies bring and cost: its points stand where their numbers say."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING

import pytest

from testbed.measure import measure_run, read_records, to_json
from testbed.report.several.costs.cost_picture import BOTTOM, HEIGHT, LEFT, PolicyCost, main, picture, policies
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A run in which a dialog stood by, two plain ones, and one that failed before it was measured."""
    made = (standby.standby_run(), synthetic.plain_run(), synthetic.plain_run())
    for number, run in enumerate(made):
        folder = run.write(tmp_path / "runs" / str(number))
        (folder / "result.json").write_text(to_json(measure_run(folder)))
    synthetic.begin("proactive").write(tmp_path / "runs" / "3")
    return tmp_path / "runs"


def test_a_policy_is_the_scheme_and_when_copies_go(runs: Path) -> None:
    ready, plain = policies(read_records([runs]))
    assert (ready.name, ready.runs, plain.name, plain.runs) == ("handover-standby, at-risk", 1, "none", 2)
    results = [json.loads((runs / "0" / "result.json").read_text())["media"][way] for way in ("to_mn", "to_cn")]
    missed_s = sum(one["interruption_call_ms"] for one in results) / 2 / 1000
    # A call of 14 s; of two alarms none was false.
    assert ready.missed_s == pytest.approx(missed_s * 3600 / 14)
    assert (ready.lost, ready.false_alarms, ready.joules) == (0, 0, None)
    assert ready.alarms == pytest.approx(2 * 3600 / 14)
    assert (plain.missed_s, plain.extra_percent) == (0, 0)


def test_points_stand_where_their_numbers_say() -> None:
    found = [
        PolicyCost("dear", 1, 0.0, 0, 100.0, None, 0, 0),
        PolicyCost("bad", 1, 8.0, 0, 0.0, None, 0, 0),
        PolicyCost("between", 1, 4.0, 0, 1.0, None, 0, 0),
        PolicyCost("unknown", 1, None, 0, 1.0, None, 0, 0),
    ]
    text = picture(found)
    at = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', text)]
    bad, between, dear = at
    assert bad[0] == LEFT
    assert dear[1] == HEIGHT - BOTTOM
    assert between[0] == pytest.approx((2 * bad[0] + dear[0]) / 3, abs=0.1)
    assert between[1] == pytest.approx((bad[1] + dear[1]) / 2, abs=0.1)
    assert "unknown" not in text


def test_labels_do_not_stand_on_each_other() -> None:
    text = picture([PolicyCost(str(number), 1, 0.0, 0, 1.0, None, 0, 0) for number in range(5)])
    heights = sorted(float(y) for y in re.findall(r'<text x="582" y="([\d.]+)"', text))
    assert len(heights) == 5
    assert all(later - earlier >= 16 for earlier, later in itertools.pairwise(heights))


def test_it_is_written_and_the_table_is_printed(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path / "cost.svg"), str(runs)])
    assert (tmp_path / "cost.svg").read_text().startswith("<svg")
    assert "handover-standby, at-risk" in capsys.readouterr().out
