"""The page of a capture that is of no run; the same file gives the same bytes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from testbed.measure.bare.bare_chart import chart_of
from testbed.measure.bare.stream_speech import speech_of_streams
from testbed.measure.capture.errors import CaptureError, NotInCaptureError
from testbed.measure.listening.codec_ratings import NARROW_BAND, WIDEBAND
from testbed.measure.result.found import SelectedCapture
from testbed.measure.result.summary import result_of
from testbed.measure.selection.selection import EVERYTHING, Selection
from testbed.report.not_read import notes, shown
from testbed.report.one_capture import capture_tables as tables
from testbed.report.one_capture.capture_lanes import MOST_CALLS, MOST_STREAMS, plots, style_of
from testbed.report.one_run.chart_messages import messages_of
from testbed.report.one_run.drawing import draw
from testbed.report.one_run.lanes import TimeAxis
from testbed.report.pages.pages import render
from testbed.report.terminal import mos_number, number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testbed.measure.result.chart import Chart

MOST_CARDS, SOUND_S = 6, 8
"""Streams that have a card each, and how much of their speech can be heard in it."""

MOST_ROWS, MOST_MESSAGES = 500, 1000
"""Rows of a table, and SIP messages in the chart: a browser can do more, and nobody reads them."""

_NEARLY = 0.8
_ASK = "name a call (--call-id, --user) or a time (--from, --to)"


@dataclass(frozen=True, slots=True)
class StreamCard:
    """A stream in big figures, in the colour that its lines have, with its sound in base64 where there is any.

    `numbers` are (what, value, note).
    """

    name: str
    codec: str
    big: str
    what: str
    is_good: bool | None
    numbers: tuple[tuple[str, str, str], ...]
    doubt: str | None
    sound: str | None
    sound_says: str


def write_capture_page(path: Path, out: Path, selection: Selection = EVERYTHING) -> None:
    """Write the page of a capture, or of what is asked for of it.

    `CaptureError` as in `measure_capture`, and where there is neither SIP nor RTP nor RTCP.
    """
    out.write_text(capture_page(path, selection), encoding="utf-8")


def capture_page(path: Path, selection: Selection = EVERYTHING) -> str:
    """Return the page; see `write_capture_page`."""
    opened = SelectedCapture(path, selection, keeps=True)
    result = result_of(opened)
    if not (result["streams"] or result["rtcp"] or opened.messages):
        raise NotInCaptureError(path, "neither SIP nor RTP was found: there is nothing to show")
    chart, no_chart = _chart(opened, result)
    whole = _whole(result, chart)
    axis = TimeAxis(whole, _media(result, whole))
    streams = result["streams"]
    return render(
        "capture.html.j2",
        list(plots(axis, result, chart)),
        headline=_headline(PurePath(path).name, result),
        facts=tuple(_facts(opened, result)),
        warnings_of_page=(*shown(result), *notes(result), *result["warnings"], *_left_out(result)),
        cards=tuple(_cards(opened, result)),
        legend=tuple((tables.name_of(one), *style_of(place)) for place, one in enumerate(streams[:MOST_STREAMS])),
        axis=axis,
        streams=tables.streams_table(streams[:MOST_ROWS]),
        dialogs=tables.dialogs_table(result["dialogs"][:MOST_ROWS]) if result["dialogs"] else None,
        keys=tables.key_presses_table(result),
        reports=tables.reports_table(result),
        transactions=tables.transactions_table(result["sip"][:MOST_ROWS]),
        drawing=None if chart is None else draw(chart, 0),
        no_chart=no_chart,
        messages=() if chart is None else tuple(messages_of(chart)),
    )


def _chart(opened: SelectedCapture, result: dict[str, Any]) -> tuple[Chart | None, str]:
    """Return the message chart, or why there is none."""
    if not (result["streams"] or opened.messages):
        return None, "neither SIP nor RTP was found."
    if (count := len(opened.messages)) > MOST_MESSAGES:
        return None, f"{count} SIP messages, and {MOST_MESSAGES} can be drawn: {_ASK}."
    try:
        return chart_of(opened), ""
    except CaptureError as error:
        return None, f"{error.what}."


def _whole(result: dict[str, Any], chart: Chart | None) -> tuple[float, float]:
    """Return from when until when something is to be shown, in seconds."""
    times = [one[name] for one in result["streams"] for name in ("first_s", "last_s")]
    times += [one["request_s"] for one in result["sip"]]
    if chart is not None:
        times += [(one.time_ns - chart.start_ns) / 1e9 for one in chart.passages]
    first, last = min(times, default=0.0), max(times, default=0.0)
    return first, max(last, first + 0.1)


def _media(result: dict[str, Any], whole: tuple[float, float]) -> tuple[float, float] | None:
    """Return when there were media, and a little around; None where that is nearly all, or nothing."""
    times = [one[name] for one in result["streams"] for name in ("first_s", "last_s")]
    if not times:
        return None
    around = 0.02 * (max(times) - min(times)) + 0.1
    part = max(min(times) - around, whole[0]), min(max(times) + around, whole[1])
    return part if part[1] - part[0] < _NEARLY * (whole[1] - whole[0]) else None


def _headline(name: str, result: dict[str, Any]) -> str:
    streams = result["streams"]
    counts = [(len(result["dialogs"]), "call"), (len(streams), "RTP stream")]
    parts = [f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts if count]
    if streams:
        lost, unique = (sum(one[key] or 0 for one in streams) for key in ("lost", "unique"))
        parts.append(f"{lost} of {lost + unique} packets lost" if lost else "no packet lost")
    for scale, what in ((NARROW_BAND, "MOS"), (WIDEBAND, "wideband MOS")):
        rated = [one["mos"] for one in streams if one["mos_scale"] == scale]
        if rated:
            parts.append(f"{what} {min(rated):.2f}" + (" at worst" if len(rated) > 1 else ""))
    return f"{name}: {', '.join(parts) or 'RTCP alone'}"


def _facts(opened: SelectedCapture, result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    start_ns = opened.found.captured.start_ns
    yield "file", str(opened.path)
    yield "packets", str(result["packets"])
    try:
        began = datetime.fromtimestamp(start_ns / 1e9, UTC)
    except (OverflowError, OSError, ValueError):
        return
    yield "begins", f"{began:%Y-%m-%d %H:%M:%S} UTC"


def _left_out(result: dict[str, Any]) -> Iterator[str]:
    for what, name, most in (("streams", "streams", MOST_STREAMS), ("dialogs", "calls", MOST_CALLS)):
        if (count := len(result[what])) > most:
            yield f"the plots show the first {most} of {count} {name}: {_ASK}"
    for what, name in (("streams", "streams"), ("dialogs", "calls"), ("sip", "SIP transactions")):
        if (count := len(result[what])) > MOST_ROWS:
            yield f"the table has the first {MOST_ROWS} of {count} {name}: {_ASK}"


def _cards(opened: SelectedCapture, result: dict[str, Any]) -> Iterator[StreamCard]:
    """Yield a card for each of the first streams."""
    if not result["streams"]:
        return
    for place, one in zip(range(MOST_CARDS), speech_of_streams(opened), strict=False):
        stream = result["streams"][place]
        rated = stream["mos"] is not None
        wav, length_s = one.wav(SOUND_S), min(one.length_s or 0.0, SOUND_S)
        begins = number((one.start_ns - opened.found.captured.start_ns) / 1e9, 2)
        yield StreamCard(
            name=tables.name_of(stream),
            codec=f"{tables.codec_of(stream)}, SSRC {stream['ssrc']}",
            big=mos_number(stream) if rated else number(stream["loss_percent"]),
            what="MOS" if rated else "% lost",
            is_good=not (stream["lost"] or stream["late"]),
            numbers=(
                ("packets", number(stream["packets"]), f"{number(stream['duplicates'])} of them again"),
                ("lost", number(stream["lost"]), f"{number(stream['loss_percent'])} %"),
                ("late", number(stream["late"]), "for a buffer of 60 ms"),
                ("gap", number(stream["gap_ms"]), "ms, the longest"),
                ("jitter", number(stream["jitter_ms"], 2), "ms, mean"),
                ("keys", number(len(stream["dtmf"])), "".join(key["digit"] for key in stream["dtmf"][:12]) or "none"),
            ),
            doubt=stream["quality_doubt"] if rated else None,
            sound=None if wav is None else base64.b64encode(wav).decode("ascii"),
            sound_says=f"{length_s:.1f} s, from {begins} s on",
        )
