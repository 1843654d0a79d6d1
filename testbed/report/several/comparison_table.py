"""The comparison of runs as tables for a terminal: what the listener suffered, and where the time went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from testbed.measure.numbers.handover_numbers import DELAY, PHASES
from testbed.measure.numbers.media_numbers import DUPLICATES, GAP, INTERRUPTION, LOST, LOST_IN_WINDOW, MOS, PATH_STEP
from testbed.measure.numbers.signalling_numbers import BYTES, MESSAGES
from testbed.report.terminal import DIRECTIONS, good_or_bad, new_table, number

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
                *(number(one.read(media)) for one in (GAP, PATH_STEP)),
                good_or_bad(INTERRUPTION.read(media)),
                *(number(one.read(media)) for one in (LOST_IN_WINDOW, LOST, DUPLICATES)),
                number(MOS.read(media), 2),
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
            table.add_row(name if place == 0 else "", direction, *(number(value) for value in values))
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
        handover = result["handover"] or {}
        table.add_row(
            name,
            *(number(one.read(handover)) for one in (*PHASES.values(), DELAY)),
            *(number(one.read(result["signalling"])) for one in (MESSAGES, BYTES)),
        )
    return table
