"""The tables that a terminal shows of runs: every handover of a call has its row."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from testbed.report.several.comparison_table import comparison

WHOLE = {"lost": 7, "duplicates": 40, "mos": 4.2}


def handover(
    old: str, new: str | None, gap_ms: float, *, outcome: str = "done", delay_ms: float = 50.0
) -> dict[str, Any]:
    media = {"gap_ms": gap_ms, "path_step_ms": 1.5, "interruption_ms": 0.0, "lost_in_window": 3}
    return {
        "old_path": old, "new_path": new, "outcome": outcome, "delay_ms": delay_ms,
        "phases_ms": dict.fromkeys(("detect", "attach", "address", "signalling", "media"), 0.0),
        "media": {"to_mn": media, "to_cn": media},
    }  # fmt: skip


def result(*handovers: dict[str, Any]) -> dict[str, Any]:
    first = handovers[0] if handovers else {"media": {"to_mn": {}, "to_cn": {}}}
    media = {name: {**media, **WHOLE} for name, media in first["media"].items()}
    return {
        "handover": handovers[0] if handovers else None, "handovers": list(handovers), "warnings": [],
        "media": media, "signalling": {"messages": 5, "bytes": 2000},
    }  # fmt: skip


def rows(*results: tuple[str, dict[str, Any]]) -> list[list[str]]:
    """The words of each line."""
    out = Console(file=StringIO(), width=120, highlight=False)
    out.print(comparison(results))
    assert isinstance(out.file, StringIO)
    return [line.split() for line in out.file.getvalue().splitlines()]


def test_each_handover_has_its_row_and_the_call_its_numbers_once() -> None:
    call = result(
        handover("wifi", "umts", 98.5),
        handover("umts", "wifi", 20.3, delay_ms=12.0),
        handover("wifi", None, 0.0, outcome="refused"),
    )
    found = rows(("handover-cn", call))
    assert ["handover-cn", "1", "wifi", "to", "umts", "to", "MN", "98.5", "1.5", "0.0", "3", "7", "40", "4.20"] in found
    assert ["2", "umts", "to", "wifi", "to", "MN", "20.3", "1.5", "0.0", "3"] in found
    assert ["3", "wifi,", "refused", "to", "MN", "0.0", "1.5", "0.0", "3"] in found
    assert found.count(["to", "CN", "20.3", "1.5", "0.0", "3"]) == 1
    assert ["handover-cn", "1", "wifi", "to", "umts", *["0.0"] * 5, "50.0", "5", "2000"] in found
    assert ["2", "umts", "to", "wifi", *["0.0"] * 5, "12.0"] in found


def test_a_mos_of_the_wideband_scale_is_not_taken_for_another() -> None:
    call = result(handover("wifi", "umts", 98.5))
    wide = {**call, "media": {name: {**one, "mos_scale": "wideband"} for name, one in call["media"].items()}}
    found = rows(("reinvite", call), ("handover-cn", wide))
    assert ["reinvite", "to", "MN", "98.5", "1.5", "0.0", "3", "7", "40", "4.20"] in found
    assert ["handover-cn", "to", "MN", "98.5", "1.5", "0.0", "3", "7", "40", "4.20", "WB"] in found
    assert "MOS WB: wideband scale of ITU-T G.107.1" in " ".join(" ".join(line) for line in found)
    assert "WB" not in {word for line in rows(("reinvite", call)) for word in line}


def test_with_one_handover_each_there_is_no_column_of_them() -> None:
    found = rows(("reinvite", result(handover("wifi", "umts", 98.5))), ("none", result()))
    assert ["reinvite", "to", "MN", "98.5", "1.5", "0.0", "3", "7", "40", "4.20"] in found
    assert ["none", "to", "MN", *["–"] * 4, "7", "40", "4.20"] in found
    assert ["none", *["–"] * 6, "5", "2000"] in found
