"""What was heard of each call, as a table: the holes, and what ITU-T P.862 says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from testbed.report.several.means_table import counted, mean
from testbed.report.several.sweep_table import left_out
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, new_table, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from testbed.report.several.groups import Condition


NARROW_BAND = "P.862.1"
WIDEBAND = "P.862.2"
_SCALES = {NARROW_BAND: "P.862.1: 1 to 4.55", WIDEBAND: "P.862.2, wideband (WB): 1 to 4.64"}


def speech_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """One row for each run and direction, of (name, result) pairs as `measure.result.speech_scores` makes them."""
    scales = _scales([result for _, result in results])
    table = new_table(f"What the far end heard ({scales})", "run", "")
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
        number(speech["mos_lqo"], 2) + (" WB" if speech["mos_lqo_scale"] == WIDEBAND else ""),
        *(number(heard.get(field), 2) for field in ("median", "lowest", "highest")),
        number(alone.get("median"), 2),
    ]


def _scales(results: Sequence[dict[str, Any]]) -> str:
    """Return whose scores these are, in words."""
    said = [one for result in results for one in result["speech"].values() if one is not None]
    scales = sorted({one["mos_lqo_scale"] for one in said}) or [NARROW_BAND]
    return "; ".join(f"MOS-LQO of ITU-T {_SCALES[one]}" for one in scales)


def mean_speech_table(conditions: Sequence[Condition], results: Mapping[str, dict[str, Any]]) -> RenderableType:
    """The same of several seeds, of results by the names of their records: means ± half of 95 % confidence intervals.

    Below, what is to be known of runs that count in none.
    """
    title = f"What the far end heard: means ±95 % confidence interval ({_scales(list(results.values()))})"
    table = new_table(title, "condition", "scheme", "runs", "")
    for column, _, _ in _MEANS:
        table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    for condition in conditions:
        for place, series in enumerate(condition.series):
            about = ["" if place else condition.name, series.name, counted(series)]
            said = [results[entry.record.name]["speech"] for entry in series.counted]
            for key, direction in DIRECTIONS.items():
                cells = (mean((one[key] and read(one[key]) for one in said), digits) for _, digits, read in _MEANS)
                table.add_row(*(about if key == "to_mn" else [""] * len(about)), direction, *cells)
    return Group(table, *(Text(line, style="yellow") for line in left_out(conditions)))


def _around_handover(part: str) -> Callable[[dict[str, Any]], float | None]:
    def median(speech: dict[str, Any]) -> float | None:
        found = ((speech["handover"] or {}).get(part) or {}).get("median")
        return None if found is None else float(found)

    return median


def _field(name: str) -> Callable[[dict[str, Any]], float | None]:
    return lambda speech: speech[name]


_MEANS: tuple[tuple[str, int, Callable[[dict[str, Any]], float | None]], ...] = (
    ("holes", 1, _field("holes")),
    ("holes\nms", 1, _field("holes_ms")),
    ("longest\nms", 1, _field("longest_hole_ms")),
    ("longer\nms", 1, _field("stretched_ms")),
    ("shorter\nms", 1, _field("shortened_ms")),
    ("score of\nthe call", 2, _field("mos_lqo")),
    ("handover,\nmedian", 2, _around_handover("as_heard")),
    ("holes\nalone", 2, _around_handover("holes_alone")),
)
"""Columns: what is above them, digits, and where the number is."""
