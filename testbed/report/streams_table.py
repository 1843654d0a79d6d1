"""What `testbed measure` prints: the streams of a capture as a table for a terminal."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from testbed.measure.listening.codec_ratings import WIDEBAND
from testbed.report.not_read import no_streams, notes, shown
from testbed.report.terminal import ABOUT_WB, mos_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

NOT_MEASURED = "–"
_MOST_KEYS = 16
_LONGEST_V4 = len("255.255.255.255:65535")


def render(summary: dict[str, Any], *, width: int | None = None) -> str:
    """Return the result of `measure_capture` as plain text of at most `width` columns (None: as wide as it needs)."""
    console = Console(width=width or 200, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(tables(summary))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def tables(summary: dict[str, Any]) -> RenderableType:
    """Return the result of `measure_capture` for a rich console: streams, merged calls, SIP, warnings."""
    parts: list[RenderableType] = [Text(line) for line in shown(summary)]
    if summary["streams"]:
        parts.append(_streams(summary["streams"]))
    else:
        parts.append(Text(no_streams(summary)))
    merged = [call for call in summary["calls"] if len(call["paths"]) > 1]
    if merged:
        parts.append(_calls(merged))
    changed = [one for one in summary["listeners"] if len(one["ssrcs"]) > 1]
    if changed:
        parts.append(_listeners(changed))
    reported = [(stream, stream["rtcp"]) for stream in summary["streams"] if stream["rtcp"]]
    reported += [(one, one) for one in summary["rtcp"]]
    if reported:
        parts.append(_rtcp(reported))
    if summary["dialogs"]:
        parts.append(_dialogs(summary["dialogs"]))
    if summary["sip"]:
        parts.append(_sip(summary["sip"]))
    parts += [Text(line) for line in _keys(summary)]
    parts += [Text(_how_lost(one)) for one in summary["streams"] if one["burst_loss"]["lost_runs"]]
    parts += [Text(f"MOS of {one['ssrc']}, merged: {one['quality_doubt']}") for one in merged if _is_doubtful(one)]
    if any(one["mos_scale"] == WIDEBAND for one in summary["streams"]):
        parts.append(Text(f"MOS {ABOUT_WB}"))
    parts += [Text(note) for note in notes(summary)]
    parts += [Text(f"warning: {warning}") for warning in summary["warnings"]]
    return Group(*parts)


def speech_of_streams_table(result: dict[str, Any]) -> RenderableType:
    """Return what `testbed speech` says of a capture: a row for each stream, and what could not be decoded.

    A file's name is short of the folder, which the reader is told.
    """
    table = _table(
        f"What can be heard in {result['capture']}",
        *("<stream", "<from", "<to", "<codec", "from s", "s", "decoded", "lost", "late", "<WAV file"),
    )
    notes = [f"warning: {one}" for one in result["warnings"]]
    for one in result["streams"]:
        names = ("stream", "src", "dst")
        codec = one["codec"] or f"type {one['payload_type']}"
        counted = (one[name] for name in ("start_s", "length_s", "decoded", "lost", "late"))
        file = None if one["file"] is None else PurePath(one["file"]).name
        _add_row(table, *(one[name] for name in names), codec, *counted, file)
        notes += [
            f"stream {one['stream']}: {count} packets could not be decoded: {why}"
            for why, count in one["undecoded"].items()
        ]
    return Group(table, *(Text(note) for note in notes))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        words = column.startswith("<")
        table.add_column(column.lstrip("<"), justify="left" if words else "right", overflow="fold", no_wrap=not words)
    return table


def _streams(streams: list[dict[str, Any]]) -> Table:
    table = _table(
        "RTP streams, each as the interface nearest to its receiver saw it",
        *(
            "<from",
            "<to",
            "<SSRC",
            "<codec",
            "packets",
            "lost",
            "%",
            "dup",
            "reord",
            "gap ms",
            "jitter ms",
            "MOS",
            "from–to s",
            "<at",
        ),
    )
    for one in streams:
        codec = one["codec"] or f"type {one['payload_type']}"
        ends = (one[name] for name in ("src", "dst", "ssrc"))
        span = f"{one['first_s']:.1f}–{one['last_s']:.1f}"
        counts = one["packets"], one["lost"], _rounded(one["loss_percent"], 1), one["duplicates"], one["reordered"]
        times = one["gap_ms"], one["jitter_ms"], _mos(one)
        _add_row(table, *ends, codec, *counts, *times, span, _measured_at(one))
    table.padding = (0, 1, 0, 0)
    for column, name in zip(table.columns, ("src", "dst"), strict=False):
        column.min_width = min(max(len(one[name]) for one in streams), _LONGEST_V4)
    return table


def _keys(summary: dict[str, Any]) -> Iterator[str]:
    """Yield which keys were pressed, and when: in media (RFC 4733), and in INFO requests."""
    pressed = [(f"{one['src']} > {one['dst']}", one["dtmf"]) for one in summary["streams"]]
    pressed += [(f"dialog {one['number']} (INFO)", one["dtmf"]) for one in summary["dialogs"]]
    for who, keys in pressed:
        if keys:
            told = ", ".join(f"{one['digit']} at {one['at_s']:.3f} s" for one in keys[:_MOST_KEYS])
            more = f" and {len(keys) - _MOST_KEYS} more" if len(keys) > _MOST_KEYS else ""
            yield f"keys pressed, {who}: {told}{more}"


def _how_lost(stream: dict[str, Any]) -> str:
    """Return how the losses of a stream lie, and whether its MOS can be trusted."""
    lies = stream["burst_loss"]
    runs = f"{lies['lost_runs']} run{'' if lies['lost_runs'] == 1 else 's'}, the longest of {lies['longest_lost_run']}"
    dense = (
        "" if not lies["bursts"] else f"; {lies['bursts']} bursts, {100 * lies['burst_density']:.0f} % missing in them"
    )
    doubt = f"; {stream['quality_doubt']}" if _is_doubtful(stream) else ""
    return f"lost of {stream['src']} > {stream['dst']} {stream['ssrc']}: {runs}{dense}{doubt}"


def _is_doubtful(heard: dict[str, Any]) -> bool:
    """Whether there is a MOS that is not to be trusted."""
    return heard["mos"] is not None and bool(heard["quality_doubt"])


def _mos(heard: dict[str, Any]) -> str | None:
    return None if heard["mos"] is None else mos_number(heard)


def _rounded(value: float | None, digits: int) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _measured_at(stream: dict[str, Any]) -> str:
    """Return the interface; where it has no name, which of how many it is."""
    words: str = stream["measured_at"]
    return stream["interface"] or ("" if words.startswith("the only") else words.partition(":")[0])


def _calls(calls: list[dict[str, Any]]) -> Table:
    table = _table(
        "The same stream over several paths, merged", "<SSRC", "unique", "lost", "dup", "gap ms", "MOS", "<paths"
    )
    for one in calls:
        paths = ", ".join(_path(path) for path in one["paths"])
        counted = (one[name] for name in ("ssrc", "unique", "lost", "duplicates", "gap_ms"))
        _add_row(table, *counted, _mos(one), paths)
    return table


def _path(path: dict[str, Any]) -> str:
    dialogs = f", dialog {' and '.join(map(str, path['dialogs']))}" if path["dialogs"] else ""
    return f"{path['src']} > {path['dst']} (first with {path['first_copies']}{dialogs})"


def _listeners(listeners: list[dict[str, Any]]) -> Table:
    """Return what a listener got whose source changed its SSRC: the silence from one to the next is one, too."""
    table = _table(
        "One listener, several SSRCs one after the other",
        *("<from", "<to", "dialog", "<SSRCs", "unique", "lost", "dup", "gap ms", "silence ms"),
    )
    for one in listeners:
        counted = ("unique", "lost", "duplicates", "gap_ms", "longest_silence_ms")
        ends = one["src"], one["dst"], one["dialog"]
        _add_row(table, *ends, ", ".join(one["ssrcs"]), *(one[name] for name in counted))
    return table


def _rtcp(streams: list[tuple[dict[str, Any], dict[str, Any]]]) -> Table:
    """Return what the receivers reported; how much was lost until the last report beside what the capture shows.

    Streams that were not captured have no ports and nothing to be set beside, and their jitter no clock.
    """
    table = _table(
        "What the receivers reported (RTCP)",
        *(
            "<from",
            "<to",
            "<SSRC",
            "reports",
            "lost",
            "captured",
            "jitter ms",
            "round trip ms",
            "max",
            "said goodbye s",
        ),
    )
    for one, told in streams:
        trip = told["round_trip_ms"]
        values = [told["reports"], told["cumulative_lost"], told["captured_lost"], told["jitter_ms"]["mean"]]
        _add_row(table, one["src"], one["dst"], one["ssrc"], *values, trip["mean"], trip["max"], told["bye_s"])
    return table


def _dialogs(dialogs: list[dict[str, Any]]) -> Table:
    columns = ("number", "at s", "<caller", "<callee", "set-up ms", "<what became of it", "<Call-ID")
    table = _table("SIP dialogs", *columns)
    for one in dialogs:
        ends = (one[side]["address"] for side in ("caller", "callee"))
        _add_row(table, one["number"], one["invite_s"], *ends, one["setup_ms"], became(one), one["call_id"])
    return table


def became(dialog: dict[str, Any]) -> str:
    """Return what became of a dialog: moves, holds, its end."""
    parts = [] if dialog["handover_of"] is None else [f"takes over from {dialog['handover_of']}"]
    if dialog["handover"] and dialog["handover_of"] is None:
        parts.append("takes over from one that is not here")
    parts += [_move(move) for move in dialog["moves"]]
    parts += [_hold(hold) for hold in dialog["holds"]]
    match dialog["state"]:
        case "ended":
            parts.append(f"ended by {dialog['ended_by']} at {dialog['ended_s']:.3f} s")
        case "refused" | "cancelled":
            parts.append(f"{dialog['state']} ({dialog['status']})")
        case state:
            parts.append(state)
    return ", ".join(parts)


def _move(move: dict[str, Any]) -> str:
    """Return what became of a move, and what was answered to earlier tries of it."""
    refused = f" after {', '.join(map(str, move['refusals']))}" if move["refusals"] else ""
    at = f"{move['to']} at {move['at_s']:.3f} s"
    status = move["status"]
    if status is None or status < 300:
        return f"{move['by']} moves to {at}{refused}"
    return f"{move['by']} may not move to {at} ({status}{refused})"


def _hold(hold: dict[str, Any]) -> str:
    until = "" if hold["to_s"] is None else f" to {hold['to_s']:.3f} s"
    return f"{hold['listener']} on hold from {hold['from_s']:.3f} s{until}"


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
