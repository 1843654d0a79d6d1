"""The comparison of runs as tables for a terminal: what the listener suffered, and where the time went."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group
from rich.text import Text

from testbed.measure.listening.codec_ratings import WIDEBAND
from testbed.measure.numbers.handover_numbers import DELAY, NEW_PATH, OLD_PATH, OUTCOME, PHASES
from testbed.measure.numbers.media_numbers import (
    DUPLICATES,
    GAP,
    INTERRUPTION,
    LOST,
    LOST_IN_WINDOW,
    MOS_SCALE,
    PATH_STEP,
    UNAVOIDABLE,
)
from testbed.measure.numbers.signalling_numbers import BYTES, MESSAGES
from testbed.report.several.costs.cost_table import cost_table, mobility_table
from testbed.report.several.costs.flows_table import flows_table
from testbed.report.terminal import ABOUT_WB, DIRECTIONS, NOT_MEASURED, good_or_bad, mos_number, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table


def comparison(results: Sequence[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Tables of (name, result.json) pairs."""
    parts: list[RenderableType] = [media_table(results), Text(), phases_table(results)]
    for table in (flows_table(results), cost_table(results), mobility_table(results), users_table(results)):
        parts += [] if table is None else [Text(), table]
    for name, result in results:
        parts += [Text(f"warning, {name}: {warning}", style="yellow") for warning in result["warnings"]]
    return Group(*parts)


class HandedOver(NamedTuple):
    """A handover of a run, or what stands for it in a run without one; `label` is empty but where there are several."""

    label: str
    handover: dict[str, Any]
    media: dict[str, Any]


def moves_of(result: dict[str, Any]) -> list[HandedOver]:
    """Return the handovers of a run, in turn."""
    handovers = result.get("handovers") or []
    if len(handovers) <= 1:
        return [HandedOver("", result["handover"] or {}, result["media"])]
    return [HandedOver(f"{order} {_from_to(one)}", one, one["media"]) for order, one in enumerate(handovers, start=1)]


def _from_to(handover: dict[str, Any]) -> str:
    """Return the two links; where it did not come to the new one, what became of it."""
    old, new = OLD_PATH.read(handover) or NOT_MEASURED, NEW_PATH.read(handover)
    return f"{old} to {new}" if new else f"{old}, {OUTCOME.read(handover)}"


def _begun(title: str, results: Sequence[tuple[str, dict[str, Any]]], *columns: str) -> tuple[Table, bool]:
    """Return a table that begins with the scheme, and with the handover if any run has several; and whether it does."""
    has_several = any(len(moves_of(result)) > 1 for _, result in results)
    return new_table(title, "scheme", *(["handover"] if has_several else []), *columns), has_several


def media_table(results: Sequence[tuple[str, dict[str, Any]]]) -> Table:
    """One row for each scheme, handover and direction; numbers of the whole call stand beside the first handover's."""
    title = f"What the call suffered during the handover (times in ms{_by_engine(results)}{about_mos(results)})"
    table, has_several = _begun(title, results, "")
    # Beside what was missed, and only where something was that could not be helped.
    has_unavoidable = any(
        UNAVOIDABLE.read(move.media[key]) for _, result in results for move in moves_of(result) for key in DIRECTIONS
    )
    columns = ["gap", "path\nstep", "interrup-\ntion", "lost in\nwindow", "lost\nin call", "dupli-\ncates", "MOS"]
    if has_unavoidable:
        columns.insert(3, "unavoid-\nable")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in results:
        for place, (move, (key, direction)) in enumerate(product(moves_of(result), DIRECTIONS.items())):
            media, call = move.media[key], result["media"][key]
            label = [move.label if place % len(DIRECTIONS) == 0 else ""]
            of_call = [number(LOST.read(call)), number(DUPLICATES.read(call)), mos_number(call)]
            table.add_row(
                "" if place else name,
                *(label if has_several else []),
                direction,
                *(number(one.read(media)) for one in (GAP, PATH_STEP)),
                good_or_bad(INTERRUPTION.read(media)),
                *([number(UNAVOIDABLE.read(media))] if has_unavoidable else []),
                number(LOST_IN_WINDOW.read(media)),
                *(of_call if place < len(DIRECTIONS) else []),
            )
    return table


def _by_engine(results: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return who made these runs, for a title; nothing of captures that no run of ours has made."""
    engines = dict.fromkeys(result["engine"] for _, result in results if result.get("engine"))
    return f"; engine: {', '.join(engines)}" if engines else ""


def about_mos(results: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return what WB behind a MOS says, for a title, where there is one."""
    has_one = any(MOS_SCALE.read(media) == WIDEBAND for _, one in results for media in one["media"].values())
    return f"; MOS {ABOUT_WB}" if has_one else ""


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
    """Where the time of each handover went; and the call's SIP, beside the first one."""
    title = "Where the time went (ms; the delay runs from the trigger to media on the new path)"
    table, has_several = _begun(title, results)
    for column in ("detect", "attach", "address", "signal-\nling", "media", "delay", "SIP mes-\nsages", "SIP\nbytes"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, result in results:
        for place, move in enumerate(moves_of(result)):
            of_call = (number(one.read(result["signalling"])) for one in (MESSAGES, BYTES))
            table.add_row(
                "" if place else name,
                *([move.label] if has_several else []),
                *(number(one.read(move.handover)) for one in (*PHASES.values(), DELAY)),
                *(() if place else of_call),
            )
    return table
