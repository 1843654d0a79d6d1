"""What `testbed measure` prints: the streams of a capture as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

NOT_MEASURED = "–"


def render(summary: dict[str, Any], *, width: int | None = None) -> str:
    """Return the result of `measure_capture` as plain text of at most `width` columns (None: as wide as it needs)."""
    console = Console(width=width or 200, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(tables(summary))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def tables(summary: dict[str, Any]) -> RenderableType:
    """Return the result of `measure_capture` for a rich console: streams, merged calls, SIP, warnings."""
    parts: list[RenderableType] = []
    if summary["streams"]:
        parts.append(_streams(summary["streams"]))
    else:
        parts.append(Text(f"No RTP stream found in {summary['packets']} packets."))
    merged = [call for call in summary["calls"] if len(call["paths"]) > 1]
    if merged:
        parts.append(_calls(merged))
    if summary["sip"]:
        parts.append(_sip(summary["sip"]))
    parts += [Text(f"warning: {warning}") for warning in summary["warnings"]]
    return Group(*parts)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        words = column.startswith("<")
        table.add_column(column.lstrip("<"), justify="left" if words else "right", overflow="fold", no_wrap=not words)
    return table


def _streams(streams: list[dict[str, Any]]) -> Table:
    table = _table(
        "RTP streams",
        *("<from", "<to", "<SSRC", "PT", "packets", "lost", "dup", "reord", "gap ms", "jitter ms", "first s", "last s"),
        "<measured at",
    )
    names = ("src", "dst", "ssrc", "payload_type", "packets", "lost", "duplicates", "reordered", "gap_ms", "jitter_ms")
    for one in streams:
        where = f"{one['interface']}: {one['measured_at']}" if one["interface"] else one["measured_at"]
        _add_row(table, *(one[name] for name in (*names, "first_s", "last_s")), where)
    return table


def _calls(calls: list[dict[str, Any]]) -> Table:
    table = _table("The same stream over several paths, merged", "<SSRC", "unique", "lost", "dup", "gap ms", "<paths")
    for one in calls:
        paths = ", ".join(f"{path['src']} > {path['dst']} (first with {path['first_copies']})" for path in one["paths"])
        _add_row(table, *(one[name] for name in ("ssrc", "unique", "lost", "duplicates", "gap_ms")), paths)
    return table


def _sip(transactions: list[dict[str, Any]]) -> Table:
    table = _table("SIP transactions", "at s", "<method", "<from", "<to", "status", "ms", "resent", "<Call-ID")
    names = ("request_s", "method", "src", "dst", "status", "ms", "retransmissions", "call_id")
    for one in transactions:
        _add_row(table, *(one[name] for name in names))
    return table


def _add_row(table: Table, *values: str | float | None) -> None:
    """Add a row; text is not markup (an IPv6 address has brackets), what was not measured is a dash and not 0."""
    cells = []
    for value in values:
        if value is None:
            cells.append(Text(NOT_MEASURED))
        else:
            cells.append(Text(f"{value:.3f}" if isinstance(value, float) else str(value)))
    table.add_row(*cells)
