"""The comparison of runs as tables for a terminal: what the listener suffered, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from testbed.report.terminal import DIRECTIONS, PHASES, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table


def comparison(results: Sequence[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Tables of (name, result.json) pairs."""
    parts: list[RenderableType] = [media_table(results), Text(), phases_table(results)]
    users = users_table(results)
    parts += [] if users is None else [Text(), users]
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


def users_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table | None:
    """The numbers that the user brought; None without any. One of the whole run stands in its first row."""
    keys = list(dict.fromkeys(key for _, result in results for key in result.get("numbers", ())))
    if not keys:
        return None
    table = new_table("Numbers of yours", "scheme", "")
    for key in keys:
        table.add_column(Text(key), justify="right", vertical="bottom", overflow="fold")
    for name, result in results:
        for place, (way, direction) in enumerate(DIRECTIONS.items()):
            values = (users_value(result, key, way, is_first=place == 0) for key in keys)
            table.add_row(name if place == 0 else "", direction, *(number(value, 3) for value in values))
    return table


def users_value(result: dict[str, Any], key: str, way: str, *, is_first: bool) -> float | None:
    """Return a user's number of a direction; one of the whole run where that is the first."""
    value = result.get("numbers", {}).get(key)
    if isinstance(value, dict):
        return value.get(way)
    return value if is_first else None


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
