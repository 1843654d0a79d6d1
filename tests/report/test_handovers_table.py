"""All handovers of a campaign: what each interrupted, and what may be said of those that were not seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from testbed.report.handovers_table import handovers_table, read
from testbed.report.terminal import console

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def handover(kind: str | None, missed: float, *, outcome: str = "done", lost: int = 0) -> dict[str, Any]:
    there = {"interruption_ms": missed, "lost_in_window": lost}
    back = {"interruption_ms": 0.0, "lost_in_window": 0}
    media = {"to_mn": there, "to_cn": back}
    return {"kind": kind, "outcome": outcome, "old_path": "wifi", "new_path": "umts", "media": media}


def test_every_handover_of_every_call_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = {
        "a": [handover("signal", 0.0), handover("link-down", 40.0, lost=2), handover("signal", 0.0, outcome="undone")],
        "b": [handover("signal", 20.0), handover("signal", 0.0)],
    }
    (tmp_path / "data.csv").write_text(
        "run,scheme,seed,direction,vary_links.umts\n"
        + "".join(f"{run},handover-cn,1,{way},lte\n" for run in runs for way in ("to_mn", "to_cn"))
    )
    for run, found in runs.items():
        (tmp_path / "runs" / run).mkdir(parents=True)
        (tmp_path / "runs" / run / "result.json").write_text(json.dumps({"handovers": found}))
    console().print(handovers_table(read(tmp_path)))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[-4:] == [
        "handover-cn lte wifi umts link-down to MN 1 0 1 of 1 100.00 40 2",
        "to CN 0 of 1 97.50 0 0",
        "handover-cn lte wifi umts signal to MN 4 1 1 of 3 90.57 20 0",
        "to CN 0 of 3 70.76 0 0",
    ]
