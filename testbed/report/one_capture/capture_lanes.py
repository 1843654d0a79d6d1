"""Plots over time of a capture: its calls, and what each stream suffered, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d

from testbed.report.one_capture.capture_tables import name_of, windows_table
from testbed.report.one_run.lanes import said
from testbed.report.pages import palette
from testbed.report.pages.pages import Plot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bokeh.plotting import figure

    from testbed.measure.result.chart import Chart
    from testbed.report.one_run.lanes import TimeAxis
    from testbed.report.pages.palette import Colour

COLOURS = (palette.BLUE, palette.ORANGE, palette.GREEN, palette.PURPLE, palette.YELLOW, palette.GREY)
DASHES = ("solid", "dashed")
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
    "mos": "By the E-model, with a jitter buffer of 60 ms; of G.711 only.",
}


def style_of(number: int) -> tuple[Colour, str]:
    """Return colour and dash of a stream."""
    return COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]


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


def _windows_lane(axis: TimeAxis, streams: Sequence[dict[str, Any]], field: str, unit: str) -> figure | None:
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
    made.y_range = Range1d(start=lowest, end=top, bounds=(lowest, None))
    for number, stream, windows in drawn:
        colour, dash = style_of(number)
        source = ColumnDataSource(
            {
                "left": [one["from_s"] for one in windows],
                "right": [one["to_s"] for one in windows],
                "middle": [(one["from_s"] + one["to_s"]) / 2 for one in windows],
                "value": [one[field] for one in windows],
            }
        )
        lines = made.segment(
            "left", "value", "right", "value", source=source, line_color=colour.light, line_dash=dash, line_width=2
        )
        made.scatter("middle", "value", source=source, size=4, fill_color=colour.light, line_color=None)
        shown = [("stream", name_of(stream)), (unit, "@value{0.0[00]}"), ("", "@left{0.[000]} s to @right{0.[000]} s")]
        made.add_tools(HoverTool(renderers=[lines], tooltips=shown))
    return made


def _calls_lane(axis: TimeAxis, result: dict[str, Any], calls: Sequence[dict[str, Any]], chart: Chart | None) -> figure:
    """Return the calls, the keys that were pressed, and the SIP messages, a row each."""
    keys = [
        (one["at_s"], one["digit"]) for part in ("streams", "dialogs") for each in result[part] for one in each["dtmf"]
    ]
    rows = [*(f"call {one['number']}" for one in calls), *(["keys"] if keys else []), "SIP"]
    made = axis.lane(height=56 + 26 * len(rows), label="")
    made.y_range = Range1d(start=-0.6, end=len(rows) - 0.4)
    made.yaxis.ticker = FixedTicker(ticks=list(range(len(rows))))
    made.yaxis.major_label_overrides = dict(enumerate(reversed(rows)))
    made.ygrid.grid_line_color = None
    for place, one in enumerate(calls):
        _bars(made, len(rows) - 1 - place, one, axis.whole)
    if keys:
        source = ColumnDataSource({"x": [at for at, _ in keys], "key": [key for _, key in keys]})
        made.text("x", 1, text="key", source=source, text_align="center", text_baseline="middle",
                  text_font_size="13px", text_color=palette.PURPLE.light)  # fmt: skip
    if chart is not None:
        lines = [line.name for line in chart.lifelines]
        source = ColumnDataSource(
            {
                "x": [(one.time_ns - chart.start_ns) / 1e9 for one in chart.passages],
                "what": [said(one.message.method, one.message.status) for one in chart.passages],
                "way": [f"{lines[one.sender]} to {lines[one.receiver]}" for one in chart.passages],
            }
        )
        marks = made.scatter(
            "x", 0, marker="inverted_triangle", size=9, source=source, fill_color=palette.INK.light, line_color=None
        )
        shown = [("SIP", "@what"), ("", "@way"), ("seen", "@x{0.0000} s")]
        made.add_tools(HoverTool(renderers=[marks], tooltips=shown))
    return made


def _bars(made: figure, row: int, dialog: dict[str, Any], whole: tuple[float, float]) -> None:
    """Draw a call, its holds, and where a side moved to another address."""

    def bar(spans: Sequence[tuple[float, float]], colour: Colour, height: float, what: Sequence[str]) -> None:
        source = ColumnDataSource(
            {"left": [one for one, _ in spans], "right": [one for _, one in spans], "what": list(what)}
        )
        drawn = made.quad(
            left="left", right="right", bottom=row - height, top=row + height, source=source,
            fill_color=colour.light, line_color=colour.light,
        )  # fmt: skip
        made.add_tools(
            HoverTool(renderers=[drawn], tooltips=[("", "@what"), ("", "@left{0.000} s to @right{0.000} s")])
        )

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
    moves = ColumnDataSource(
        {
            "x": [one["at_s"] for one in dialog["moves"]],
            "what": [f"{one['by']} moves to {one['to']}" for one in dialog["moves"]],
        }
    )
    marks = made.scatter(
        "x", row, marker="diamond", size=14, source=moves, fill_color=palette.ORANGE.light,
        line_color=palette.BACKGROUND.light,
    )  # fmt: skip
    made.add_tools(HoverTool(renderers=[marks], tooltips=[("", "@what"), ("at", "@x{0.000} s")]))
