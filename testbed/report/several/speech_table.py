"""What was heard of each call, as a table: the holes, and what ITU-T P.862 says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table


def speech_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """One row for each run and direction, of (name, result) pairs as `measure.result.speech_scores` makes them."""
    table = new_table("What the far end heard (MOS-LQO of ITU-T P.862.1: 1 to 4.55)", "run", "")
    columns = ("heard\ns", "holes", "holes\nms", "longest\nms", "longer\nms", "shorter\nms", "score of\nthe call")
    for column in (*columns, "handover,\nmedian", "least", "most", "holes\nalone"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in results:
        for key, direction in DIRECTIONS.items():
            speech = result["speech"][key]
            cells = [NOT_MEASURED] * 11 if speech is None else _cells(speech)
            table.add_row(name if key == "to_mn" else "", direction, *cells)
    return table


def _cells(speech: dict[str, Any]) -> list[str | Text]:
    handover = speech["handover"] or {}
    heard, alone = handover.get("as_heard") or {}, handover.get("holes_alone") or {}
    return [
        number(speech["heard_s"], 2),
        str(speech["holes"]),
        Text(number(speech["holes_ms"]), style="bold red" if speech["holes"] else "bold green"),
        number(speech["longest_hole_ms"]),
        number(speech["stretched_ms"]),
        number(speech["shortened_ms"]),
        number(speech["mos_lqo"], 2),
        *(number(heard.get(field), 2) for field in ("median", "lowest", "highest")),
        number(alone.get("median"), 2),
    ]
