"""The comparison of runs as tables for a terminal: what the listener suffered, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

NOT_MEASURED = "–"
PIPED_WIDTH = 120
DIRECTIONS = {"to_mn": "to MN", "to_cn": "to CN"}
PHASES = ("detect", "attach", "address", "signalling", "media")


def console() -> Console:
    """Where results are shown: as wide as the terminal, and wide enough for every table.

    In a terminal that is narrower than that lines go on in the next one; otherwise whole columns would be missing.
    """
    out = Console(highlight=False)
    return out if out.is_terminal and out.width >= PIPED_WIDTH else Console(highlight=False, width=PIPED_WIDTH)


def comparison(results: Sequence[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Tables of (name, result.json) pairs."""
    parts: list[RenderableType] = [media_table(results), Text(), phases_table(results)]
    for name, result in results:
        parts += [Text(f"warning, {name}: {warning}", style="yellow") for warning in result["warnings"]]
    return Group(*parts)


def media_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """One row for each scheme and direction."""
    table = new_table("What the call suffered during the handover (times in ms)", "scheme", "")
    for column in ("gap", "path\nstep", "interrup-\ntion", "lost in\nwindow", "lost\nin call", "dupli-\ncates", "MOS"):
        table.add_column(column, justify="right", no_wrap=True)
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
    table = new_table("Where the time went (ms; the delay runs from the trigger to media on the new path)", "scheme")
    for column in ("detect", "attach", "address", "signal-\nling", "media", "delay", "SIP mes-\nsages", "SIP\nbytes"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in results:
        handover = result["handover"] or {"delay_ms": None, "phases_ms": dict.fromkeys(PHASES)}
        table.add_row(
            name,
            *(number(handover["phases_ms"][phase]) for phase in PHASES),
            number(handover["delay_ms"]),
            *(number(result["signalling"][field]) for field in ("messages", "bytes")),
        )
    return table


def new_table(title: str, *columns: str) -> Table:
    """A plain table that begins with these text columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, vertical="bottom", no_wrap=True)
    return table


def number(value: float | None, digits: int = 1) -> str:
    """A number for people; what was not measured is a dash."""
    if value is None:
        return NOT_MEASURED
    return str(value) if isinstance(value, int) else f"{round(value, digits) + 0.0:.{digits}f}"  # no "-0.0"
