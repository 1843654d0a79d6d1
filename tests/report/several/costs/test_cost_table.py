"""The table of what calls cost: there where a dialog stood by, with each radio's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure import measure_run
from testbed.report.several.costs.cost_table import cost_table
from testbed.report.terminal import PlainConsole
from tests.measure import standby, synthetic

if TYPE_CHECKING:
    from pathlib import Path


def test_it_has_a_row_for_each_radio_and_what_the_call_cost_in_the_first(tmp_path: Path) -> None:
    results = [
        (name, measure_run(run.write(tmp_path / name)))
        for name, run in (("standby", standby.standby_run()), ("plain", synthetic.plain_run()))
    ]
    table = cost_table(results)
    assert table is not None
    console = PlainConsole(width=140, highlight=False)
    with console.capture() as shown:
        console.print(table)
    rows = [line.split() for line in shown.get().splitlines()[-4:]]
    extra, signalling = (results[0][1]["cost"][key] for key in ("extra_percent", "signalling_bytes"))
    assert rows[0][:2] == ["standby", "wifi"]
    # Copies 92 down and 85 up, 6 said again each way, probes 6 down and 5 up.
    assert rows[0][5:] == [f"{extra:.1f}", f"{signalling / 1000:.1f}", "–", "177", "12", "11", "2", "0"]
    assert rows[1][0] == "umts"
    assert rows[2][:2] == ["plain", "wifi"]
    assert rows[2][5] == "0.0"
    assert rows[2][-2:] == ["–", "–"]


def test_nothing_is_said_where_nothing_stood_by(tmp_path: Path) -> None:
    assert cost_table([("plain", measure_run(synthetic.plain_run().write(tmp_path / "run")))]) is None
