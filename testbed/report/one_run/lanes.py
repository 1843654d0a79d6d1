"""Plots over time, one below the other, that share their time axis: zooming one zooms all.

Made of a `Story`; each with one sentence for those who don't see it. The tables behind them are in `behind`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    HoverTool,
    Range1d,
)
from bokeh.models.annotations.geometry import BoxAnnotation, Span

from testbed.report.pages import palette
from testbed.report.pages.figures import new_figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bokeh.models.renderers.glyph_renderer import GlyphRenderer
    from bokeh.plotting import figure

    from testbed.measure.capture.capture import Booleans
    from testbed.measure.folder.link_history import Floats, LinkHistory
    from testbed.measure.result.story import DirectionStory, PathArrivals, Story
    from testbed.report.pages.palette import Colour

AROUND_S = 1.5
"""So much is shown before and after the handover at first."""
STATES = {"up": 1.0, "gone": 0.0, "no carrier": 0.0, "off": 0.0}
DASHES = {"down": "solid", "up": "dashed"}


class TimeAxis:
    """The time axis of a page, and what every lane shows: triggers, handover window, where the pointer is."""

    def __init__(
        self,
        whole: tuple[float, float],
        part: tuple[float, float] | None = None,
        trigger_s: tuple[float, ...] = (),
    ) -> None:
        """`part` is what of the `whole` is shown at first; None: all of it."""
        self.whole = whole
        self.part = part
        start, end = part or whole
        self.range = Range1d(start=start, end=end, bounds=self.whole, min_interval=0.02, name="time")
        self._pointer = Span(dimension="height", line_color=palette.GREY.light, line_width=1)
        self._triggers = trigger_s

    @classmethod
    def of_run(cls, story: Story) -> TimeAxis:
        """Return the axis of a run's page."""
        whole = (min(story.start_s, 0.0), max(story.end_s, 0.1))
        return cls(whole, _around_handover(story, whole), story.trigger_s)

    def lane(self, *, height: int, label: str, heard: DirectionStory | None = None, is_log: bool = False) -> figure:
        """Return an empty plot; the window and the gap of `heard` are shaded in it. `is_log`: its y axis."""
        made = new_figure(height=height, label=label, x_range=self.range, y_axis_type="log" if is_log else "linear")
        made.add_tools(CrosshairTool(overlay=self._pointer))
        if heard is not None:
            _shade(made, heard, self.whole[1])
        for at_s in self._triggers:
            made.add_layout(Span(location=at_s, dimension="height", line_color=palette.INK.light, line_dash="dashed"))
        return made


def _around_handover(story: Story, whole: tuple[float, float]) -> tuple[float, float] | None:
    """Return what of the time axis shows the handover, windows and gaps, with a little around it."""
    spans = [one.window_s for one in story.directions.values() if one.window_s is not None]
    if not spans:
        return None
    gaps = [one.gap_s for one in story.directions.values() if one.gap_s is not None]
    starts = [start for start, _ in (*spans, *gaps)]
    ends = [end for _, end in (*spans, *gaps) if end is not None]
    return max(min(starts) - AROUND_S, whole[0]), min(max(ends) + AROUND_S, whole[1])


def _shade(made: figure, heard: DirectionStory, last_s: float) -> None:
    """Shade the handover window lightly, and the gap within it; one without an end lasts until the plot's."""
    if heard.window_s is not None:
        left, right = heard.window_s
        made.add_layout(
            BoxAnnotation(left=left, right=right, fill_color=palette.GREY.light, fill_alpha=0.1, line_color=None)
        )
    if heard.gap_s is not None:
        left, end = heard.gap_s
        made.add_layout(
            BoxAnnotation(
                left=left,
                right=last_s if end is None else end,
                fill_color=palette.BAD.light,
                fill_alpha=0.18,
                line_color=None,
                level="underlay",
            )
        )


def _name_rows(made: figure, names: Sequence[str]) -> None:
    """Name the rows of a plot, from the top."""
    made.yaxis.ticker = FixedTicker(ticks=list(range(len(names))))
    made.yaxis.major_label_overrides = dict(enumerate(reversed(names)))
    made.ygrid.grid_line_color = None


def links_lane(axis: TimeAxis, story: Story, phases: Sequence[tuple[str, float, float]]) -> figure:
    """Return what the links were, when SIP messages left, and the phases of the handover, one row each.

    `phases` are (name, start, end) in seconds; one that ends before it starts is drawn backwards.
    """
    names = [link.link for link in story.links]
    rows = [*names, *(["phases"] if phases else []), "SIP"]
    made = axis.lane(height=56 + 26 * len(rows), label="")
    made.y_range = Range1d(start=-0.6, end=len(rows) - 0.4)
    _name_rows(made, rows)
    colours = palette.path_colours(names)
    for link in story.links:
        _states(made, link, len(rows) - 1 - rows.index(link.link), colours[link.link])
    for name, start, end in phases:
        at = len(rows) - 1 - rows.index("phases")
        source = ColumnDataSource({"left": [start], "right": [end], "what": [name], "ms": [(end - start) * 1000]})
        drawn = made.quad(
            left="left", right="right", bottom=at - 0.3, top=at + 0.3, source=source,
            fill_color=palette.PHASES[name].light, line_color=palette.BACKGROUND.light,
        )  # fmt: skip
        made.add_tools(HoverTool(renderers=[drawn], tooltips=[("phase", "@what"), ("took", "@ms{0.0} ms")]))
    lifelines = [line.name for line in story.chart.lifelines]
    source = ColumnDataSource(
        {
            "x": [(one.time_ns - story.chart.start_ns) / 1e9 for one in story.chart.passages],
            "what": [said(one.message.method, one.message.status) for one in story.chart.passages],
            "way": [f"{lifelines[one.sender]} to {lifelines[one.receiver]}" for one in story.chart.passages],
        }
    )
    marks = made.scatter(
        "x", 0, marker="inverted_triangle", size=9, source=source, fill_color=palette.INK.light, line_color=None
    )
    made.add_tools(HoverTool(renderers=[marks], tooltips=[("SIP", "@what"), ("", "@way"), ("left", "@x{0.0000} s")]))
    return made


def said(method: str, status: int | None) -> str:
    """Return a message in a word or two."""
    return method if status is None else f"{status} {method}"


def _states(made: figure, link: LinkHistory, row: int, colour: Colour) -> None:
    for state in link.states:
        is_up = state.name == "up"
        source = ColumnDataSource({"left": [state.start_s], "right": [state.end_s], "what": [state.name]})
        drawn = made.quad(
            left="left", right="right", bottom=row - 0.32, top=row + 0.32, source=source,
            fill_color=colour.light, fill_alpha=0.75 if is_up else 0.0, line_color=colour.light,
            hatch_pattern=None if state.name in {"up", "off"} else "right_diagonal_line",
            hatch_color=palette.BAD.light if state.name == "gone" else palette.GREY.light, hatch_weight=2,
        )  # fmt: skip
        shown = [("link", link.link), ("state", "@what"), ("", "@left{0.000} s to @right{0.000} s")]
        made.add_tools(HoverTool(renderers=[drawn], tooltips=shown))


def packets_lane(axis: TimeAxis, heard: DirectionStory) -> figure:
    """Return what arrived: a row for each path, new packets as strokes, duplicates as circles, and a row of losses."""
    rows = [*(path.link for path in heard.paths), "lost"]
    made = axis.lane(height=50 + 32 * len(rows), label="", heard=heard)
    made.y_range = Range1d(start=-0.6, end=len(rows) - 0.4)
    _name_rows(made, rows)
    colours = palette.path_colours([path.link for path in heard.paths])
    for number, path in enumerate(heard.paths):
        row, colour = len(rows) - 1 - number, colours[path.link].light
        new, copies = _packets(path, path.is_new), _packets(path, ~path.is_new)
        strokes = made.segment("x", row - 0.3, "x", row + 0.35, source=new, line_color=colour, line_width=1.5)
        circles = made.scatter("x", row, size=7, source=copies, fill_alpha=0, line_color=colour, line_width=1.5)
        made.add_tools(_hover(strokes, path.link, "new"), _hover(circles, path.link, "duplicate"))
        _crosses(made, path.lost_s, row - 0.38, 5, f"left over {path.link}, did not arrive over it")
    _crosses(made, heard.missing_s, 0, 8, "arrived nowhere")
    return made


def _packets(path: PathArrivals, which: Booleans) -> ColumnDataSource:
    return ColumnDataSource({"x": path.time_s[which].round(6), "delay": path.delay_ms[which].round(3)})


def _hover(drawn: GlyphRenderer[Any], link: str, what: str) -> HoverTool:
    shown = [("packet", what), ("path", link), ("arrived", "@x{0.000} s"), ("delay", "@delay{0.0} ms")]
    return HoverTool(renderers=[drawn], tooltips=shown)


def _crosses(made: figure, times_s: Floats, row: float, size: int, what: str) -> None:
    drawn = made.scatter(
        "x", row, marker="x", size=size, line_color=palette.BAD.light, line_width=1.5,
        source=ColumnDataSource({"x": times_s.round(6)}),
    )  # fmt: skip
    made.add_tools(HoverTool(renderers=[drawn], tooltips=[("lost", what), ("left", "@x{0.000} s")]))


def delay_lane(axis: TimeAxis, heard: DirectionStory) -> figure:
    """Return the one-way delay of each packet over time; new ones filled, duplicates hollow."""
    made = axis.lane(height=180, label="ms", heard=heard)
    largest = max((np.nanmax(path.delay_ms) for path in heard.paths if _has_delays(path)), default=1.0)
    made.y_range = Range1d(start=0, end=float(largest) * 1.08, bounds=(0, None))
    colours = palette.path_colours([path.link for path in heard.paths])
    for path in heard.paths:
        colour = colours[path.link].light
        for is_new in (True, False):
            source = _packets(path, (path.is_new == is_new) & ~np.isnan(path.delay_ms))
            drawn = made.scatter(
                "x", "delay", size=5, source=source, line_color=colour, fill_color=colour,
                fill_alpha=0.85 if is_new else 0,
            )  # fmt: skip
            made.add_tools(_hover(drawn, path.link, "new" if is_new else "duplicate"))
    return made


def _has_delays(path: PathArrivals) -> bool:
    return bool((~np.isnan(path.delay_ms)).any())


def playout_lane(axis: TimeAxis, heard: DirectionStory) -> figure | None:
    """Return the playout buffer's depth over time, and the holes that the listener heard; None without playout."""
    if heard.playout is None:
        return None
    made = axis.lane(height=130, label="ms", heard=heard)
    played = heard.playout
    top = float(played.depth_ms.max()) * 1.15
    made.y_range = Range1d(start=0, end=top, bounds=(0, None))
    holes = ColumnDataSource(
        {
            "left": [round(one.at_s, 6) for one in played.holes],
            "right": [round(one.at_s + one.duration_s, 6) for one in played.holes],
            "ms": [round(one.duration_s * 1000, 3) for one in played.holes],
            "why": [", ".join(one.causes) for one in played.holes],
        }
    )
    drawn = made.quad(
        left="left", right="right", bottom=0, top=top, source=holes, fill_color=palette.BAD.light, fill_alpha=0.55,
        line_color=palette.BAD.light,
    )  # fmt: skip
    made.add_tools(HoverTool(renderers=[drawn], tooltips=[("nothing to hear", "@ms{0.0} ms"), ("as", "@why")]))
    made.step(
        [*played.time_s.round(6), axis.whole[1]], [*played.depth_ms.round(3), float(played.depth_ms[-1])],
        mode="after", line_width=2, line_color=palette.GREEN.light,
    )  # fmt: skip
    return made


SETTINGS = {"delay": ("delay_ms", "ms"), "loss": ("loss_percent", "%"), "rate": ("rate_kbit_s", "kbit/s")}


def settings_lanes(axis: TimeAxis, links: Sequence[LinkHistory]) -> Mapping[str, figure | None]:
    """Return what the links were set to over time, by quantity; None where no link has it."""
    return {"signal": _signal_lane(axis, links), **{name: _settings_lane(axis, links, name) for name in SETTINGS}}


def _signal_lane(axis: TimeAxis, links: Sequence[LinkHistory]) -> figure | None:
    if not any(len(link.signal_s) for link in links):
        return None
    made = axis.lane(height=140, label="dBm")
    colours = palette.path_colours([link.link for link in links])
    for link in links:
        if len(link.signal_s):
            _step(made, axis, link.signal_s, link.signal_dbm, colours[link.link].light, "solid")
    return made


def _settings_lane(axis: TimeAxis, links: Sequence[LinkHistory], name: str) -> figure | None:
    column, unit = SETTINGS[name]
    lines = [
        (link.link, way, shaping.time_s, getattr(shaping, column))
        for link in links
        for way, shaping in link.shaping.items()
        if not np.isnan(getattr(shaping, column)).all()
    ]
    if not lines:
        return None
    made = axis.lane(height=140, label=unit, is_log=name == "rate")  # rates differ by factors
    colours = palette.path_colours([link.link for link in links])
    for link, way, times_s, values in lines:
        _step(made, axis, times_s, values, colours[link].light, DASHES[way])
    return made


def _step(made: figure, axis: TimeAxis, times_s: Floats, values: Floats, colour: str, dash: str) -> None:
    made.step(
        [*times_s, max(axis.whole[1], float(times_s[-1]))], [*values.round(6), float(values[-1])],
        mode="after", line_color=colour, line_dash=dash, line_width=2,
    )  # fmt: skip
