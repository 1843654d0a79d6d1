"""The comparison of runs as tables for a terminal: what the listener suffered, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

NOT_MEASURED = "–"
DIRECTIONS = {"to_mn": "to MN", "to_cn": "to CN"}
PHASES = ("detect", "attach", "address", "signalling", "media")


def comparison(results: Sequence[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Tables of (name, result.json) pairs."""
    parts: list[RenderableType] = [media_table(results), Text(), phases_table(results)]
    for name, result in results:
        parts += [Text(f"warning, {name}: {warning}", style="yellow") for warning in result["warnings"]]
    return Group(*parts)


def media_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """One row for each scheme and direction."""
    table = new_table("The call during the handover", "scheme", "direction")
    for column in ("gap ms", "path step ms", "interruption ms", "lost in window", "lost in call", "duplicates", "MOS"):
        table.add_column(column, justify="right")
    for name, result in results:
        for key, direction in DIRECTIONS.items():
            media = result["media"][key]
            table.add_row(
                name if key == "to_mn" else "",
                direction,
                *(number(media[field]) for field in ("gap_ms", "path_step_ms")),
                Text(
                    number(media["interruption_ms"]),
                    style="bold green" if media["interruption_ms"] == 0 else "bold red",
                ),
                *(number(media[field]) for field in ("lost_in_window", "lost", "duplicates")),
                number(media["mos"], 2),
            )
    return table


def phases_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """Where the time of each handover went."""
    table = new_table(
        "The handover's phases in ms (detect: before the trigger; delay: from trigger to media)", "scheme"
    )
    for column in ("trigger s", "delay", *PHASES, "set-up", "SIP messages", "SIP bytes"):
        table.add_column(column, justify="right")
    for name, result in results:
        handover = result["handover"] or {"trigger_s": None, "delay_ms": None, "phases_ms": dict.fromkeys(PHASES)}
        signalling = result["signalling"]
        table.add_row(
            name,
            number(handover["trigger_s"], 3),
            number(handover["delay_ms"]),
            *(number(handover["phases_ms"][phase]) for phase in PHASES),
            *(number(signalling[field]) for field in ("setup_ms", "messages", "bytes")),
        )
    return table


def new_table(title: str, *columns: str) -> Table:
    """A plain table that begins with these text columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column)
    return table


def number(value: float | None, digits: int = 1) -> str:
    """A number for people; what was not measured is a dash."""
    if value is None:
        return NOT_MEASURED
    return str(value) if isinstance(value, int) else f"{value:.{digits}f}"
