"""The tables of a capture's page: streams, calls, key presses, and what is behind its plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.pages.pages import PlainTable
from testbed.report.streams_table import became
from testbed.report.terminal import mos_number, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_S = 3


def name_of(stream: dict[str, Any]) -> str:
    """Return what a stream is called: its ends."""
    return f"{stream['src']} > {stream['dst']}"


def codec_of(stream: dict[str, Any]) -> str:
    """Return its codec; its payload type where nobody said what that means."""
    return stream["codec"] or f"type {stream['payload_type']}"


def streams_table(streams: Sequence[dict[str, Any]]) -> PlainTable:
    """Return all streams, a row for each."""
    columns = ("packets", "lost", "lost [%]", "late", "duplicates", "reordered", "gap [ms]", "jitter [ms]", "MOS")
    rows = tuple(
        (
            *(name_of(one), one["ssrc"], codec_of(one)),
            *(number(one["first_s"], _S), number(one["last_s"], _S)),
            *(number(one["packets"]), number(one["lost"]), number(one["loss_percent"]), number(one["late"])),
            *(number(one["duplicates"]), number(one["reordered"])),
            *(number(one["gap_ms"]), number(one["jitter_ms"], 2), mos_number(one)),
            " ".join(map(str, one["dialogs"])) or number(None),
        )
        for one in streams
    )
    return PlainTable(
        "RTP streams, each as the interface nearest to its receiver saw it",
        ("from > to", "SSRC", "codec", "from [s]", "to [s]", *columns, "calls"),
        rows,
    )


def dialogs_table(dialogs: Sequence[dict[str, Any]]) -> PlainTable:
    """Return the SIP dialogs, and what became of each."""
    rows = tuple(
        (
            str(one["number"]),
            number(one["invite_s"], _S),
            *(_party(one[side]) for side in ("caller", "callee")),
            number(one["setup_ms"]),
            became(one),
            one["call_id"],
        )
        for one in dialogs
    )
    columns = ("call", "at [s]", "caller", "callee", "set-up [ms]", "what became of it", "Call-ID")
    return PlainTable("Calls (SIP dialogs)", columns, rows)


def _party(party: dict[str, Any]) -> str:
    return " at ".join(one for one in (party["uri"], party["address"]) if one) or number(None)


def key_presses_table(result: dict[str, Any]) -> PlainTable | None:
    """Return all keys that were pressed, in media or in INFO requests, in order of time; None without any."""
    rows = sorted(_key_presses(result))
    if not rows:
        return None
    columns = ("at [s]", "key", "for [ms]", "from", "in", "")
    return PlainTable(
        "Key presses (DTMF)", columns, tuple((number(at, _S), *(str(one) for one in rest)) for at, *rest in rows)
    )


def _key_presses(result: dict[str, Any]) -> Iterator[tuple[float, str, str, str, str, str]]:
    for stream in result["streams"]:
        for one in stream["dtmf"]:
            end = "" if one["complete"] else "its end was not seen"
            yield one["at_s"], one["digit"], number(one["duration_ms"]), name_of(stream), "RTP (RFC 4733)", end
    for dialog in result["dialogs"]:
        for one in dialog["dtmf"]:
            answer = "no answer" if one["status"] is None else f"answered {one['status']}"
            who = f"{one['by']} of call {dialog['number']}"
            yield one["at_s"], one["digit"], number(one["duration_ms"]), who, "SIP INFO", answer


def reports_table(result: dict[str, Any]) -> PlainTable | None:
    """Return what receivers reported (RTCP); None where nothing was."""
    told = [(one, one["rtcp"]) for one in result["streams"] if one["rtcp"]] + [(one, one) for one in result["rtcp"]]
    rows = tuple(
        (
            *(name_of(one), one["ssrc"]),
            *(number(rtcp[name]) for name in ("reports", "cumulative_lost", "captured_lost")),
            *(
                number(rtcp["jitter_ms"]["mean"]),
                number(rtcp["round_trip_ms"]["mean"]),
                number(rtcp["round_trip_ms"]["max"]),
            ),
        )
        for one, rtcp in told
    )
    columns = ("reports", "lost", "captured: lost", "jitter [ms]", "round trip [ms]", "longest [ms]")
    return PlainTable("What the receivers reported (RTCP)", ("from > to", "SSRC", *columns), rows) if rows else None


def transactions_table(transactions: Sequence[dict[str, Any]]) -> PlainTable:
    """Return the SIP transactions."""
    rows = tuple(
        (
            number(one["request_s"], _S),
            *(one["method"], one["src"], one["dst"], number(one["status"]), number(one["ms"])),
            *(number(one["retransmissions"]), one["call_id"]),
        )
        for one in transactions
    )
    columns = ("at [s]", "method", "from", "to", "status", "ms", "sent again", "Call-ID")
    return PlainTable("SIP transactions", columns, rows)


def windows_table(caption: str, streams: Sequence[dict[str, Any]], columns: dict[str, str]) -> PlainTable:
    """Return numbers over time; `columns` are fields of a window and how they are called."""
    rows = tuple(
        (name_of(stream), f"{one['from_s']:g}", f"{one['to_s']:g}", *(number(one[name], 2) for name in columns))
        for stream in streams
        for one in stream["over_time"]
    )
    return PlainTable(caption, ("from > to", "from [s]", "to [s]", *columns.values()), rows)
