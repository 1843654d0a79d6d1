"""Plots over time of a capture: its calls, and what each stream suffered, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.one_capture.capture_tables import name_of, windows_table
from testbed.report.one_run.lanes import draw_messages
from testbed.report.pages import palette
from testbed.report.pages.pages import Plot
from testbed.report.pages.plotting import DASHES, DataColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testbed.measure.result.chart import Chart
    from testbed.report.one_run.lanes import TimeAxis
    from testbed.report.pages.palette import Colour
    from testbed.report.pages.plotting import Figure

COLOURS = (palette.BLUE, palette.ORANGE, palette.GREEN, palette.PURPLE, palette.YELLOW, palette.GREY)
MOST_STREAMS, MOST_CALLS = len(COLOURS) * len(DASHES), 12
"""More cannot be told apart, or seen at once."""

_QUANTITIES = {
    "loss": ("Packets lost", "%", {"loss_percent": "lost [%]", "lost": "lost", "late": "late", "packets": "packets"}),
    "jitter": ("Jitter", "ms", {"jitter_ms": "jitter [ms]", "jitter_max_ms": "greatest [ms]"}),
    "gap": ("Longest gap", "ms", {"gap_ms": "gap [ms]"}),
    "mos": ("MOS", "MOS", {"mos": "MOS", "r_factor": "R"}),
}
_ABOUT = {
    "loss": "Of the packets that should have come in each window, how many did not.",
    "jitter": "Interarrival jitter (RFC 3550), its mean in each window.",
    "gap": "Longest silence that ends in the window, less what the sender meant.",
    "mos": "By the E-model, with a jitter buffer of 60 ms; of G.711, and of G.722 on the wideband scale.",
}


def style_of(number: int) -> tuple[Colour, str]:
    """Return colour and dash of a stream."""
    return COLOURS[number % len(COLOURS)], list(DASHES)[number // len(COLOURS) % len(DASHES)]


def plots(axis: TimeAxis, result: dict[str, Any], chart: Chart | None) -> Iterator[Plot]:
    """Yield all plots with the tables behind them: of the first streams and calls, where there are more."""
    calls = result["dialogs"][:MOST_CALLS]
    if calls or (chart is not None and chart.passages):
        about = "Bars: a call, from its INVITE to its end; pale: somebody is on hold. Triangles: SIP messages."
        yield Plot("calls", "Calls, key presses and signalling", about, _calls_lane(axis, result, calls, chart), ())
    streams = result["streams"][:MOST_STREAMS]
    for name, (title, unit, columns) in _QUANTITIES.items():
        table = windows_table(f"{title}, window by window", streams, columns)
        yield Plot(name, title, _ABOUT[name], _windows_lane(axis, streams, next(iter(columns)), unit), (table,))


def _windows_lane(axis: TimeAxis, streams: Sequence[dict[str, Any]], field: str, unit: str) -> Figure | None:
    """Return one quantity of all streams over time; None where no stream has it."""
    drawn = [
        (number, stream, windows)
        for number, stream in enumerate(streams)
        if (windows := [one for one in stream["over_time"] if one[field] is not None])
    ]
    if not drawn:
        return None
    highest = max(one[field] for _, _, windows in drawn for one in windows)
    lowest, top = (1.0, 4.6) if field == "mos" else (0.0, max(highest * 1.1, 0.1))
    made = axis.lane(height=150, label=unit)
    made.show_y(lowest, top, bounds=(lowest, None))
    for number, stream, windows in drawn:
        colour, dash = style_of(number)
        ends = {"left": [one["from_s"] for one in windows], "right": [one["to_s"] for one in windows]}
        middles = [(one["from_s"] + one["to_s"]) / 2 for one in windows]
        values, value = [one[field] for one in windows], DataColumn("value")
        shown = [("stream", name_of(stream)), (unit, "@value{0.0[00]}"), ("", "@left{0.[000]} s to @right{0.[000]} s")]
        made.draw(
            "Segment", {**ends, "value": values}, x0=DataColumn("left"), y0=value, x1=DataColumn("right"), y1=value,
            line_color=colour.light, line_dash=DASHES[dash], line_width=2, tooltips=shown,
        )  # fmt: skip
        made.draw(
            "Scatter", {"middle": middles, "value": values}, x=DataColumn("middle"), y=value, size=4,
            fill_color=colour.light, line_color=None,
        )  # fmt: skip
    return made


def _calls_lane(axis: TimeAxis, result: dict[str, Any], calls: Sequence[dict[str, Any]], chart: Chart | None) -> Figure:
    """Return the calls, the keys that were pressed, and the SIP messages, a row each."""
    keys = [
        (one["at_s"], one["digit"]) for part in ("streams", "dialogs") for each in result[part] for one in each["dtmf"]
    ]
    rows = [*(f"call {one['number']}" for one in calls), *(["keys"] if keys else []), "SIP"]
    made = axis.lane(height=56 + 26 * len(rows), label="")
    made.show_y(-0.6, len(rows) - 0.4)
    made.name_rows(rows)
    for place, one in enumerate(calls):
        _bars(made, len(rows) - 1 - place, one, axis.whole)
    if keys:
        made.draw(
            "Text", {"x": [at for at, _ in keys], "key": [key for _, key in keys]}, x=DataColumn("x"), y=1,
            text=DataColumn("key"), text_align="center", text_baseline="middle", text_font_size="13px",
            text_color=palette.PURPLE.light,
        )  # fmt: skip
    if chart is not None:
        draw_messages(made, chart, "seen")
    return made


def _bars(made: Figure, row: int, dialog: dict[str, Any], whole: tuple[float, float]) -> None:
    """Draw a call, its holds, and where a side moved to another address."""

    def bar(spans: Sequence[tuple[float, float]], colour: Colour, height: float, what: Sequence[str]) -> None:
        made.draw(
            "Quad", {"left": [one for one, _ in spans], "right": [one for _, one in spans], "what": list(what)},
            left=DataColumn("left"), right=DataColumn("right"), bottom=row - height, top=row + height,
            fill_color=colour.light, line_color=colour.light,
            tooltips=[("", "@what"), ("", "@left{0.000} s to @right{0.000} s")],
        )  # fmt: skip

    begin = next(
        (
            one
            for one in (dialog["invite_s"], *(each["request_s"] for each in dialog["transactions"]))
            if one is not None
        ),
        whole[0],
    )
    end = whole[1] if dialog["ended_s"] is None else dialog["ended_s"]
    bar([(begin, end)], palette.BLUE, 0.32, [f"call {dialog['number']}, {dialog['state']}"])
    holds = [(one["from_s"], end if one["to_s"] is None else one["to_s"]) for one in dialog["holds"]]
    bar(holds, palette.GRID, 0.2, [f"{one['listener']} on hold" for one in dialog["holds"]])
    moves = {
        "x": [one["at_s"] for one in dialog["moves"]],
        "what": [f"{one['by']} moves to {one['to']}" for one in dialog["moves"]],
    }
    made.draw(
        "Scatter", moves, x=DataColumn("x"), y=row, marker="diamond", size=14, fill_color=palette.ORANGE.light,
        line_color=palette.BACKGROUND.light, tooltips=[("", "@what"), ("at", "@x{0.000} s")],
    )  # fmt: skip
