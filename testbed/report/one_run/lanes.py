"""Plots over time, one below the other, that share their time axis: zooming one zooms all.

Made of a `Story`; each with one sentence for those who don't see it. The tables behind them are in `behind`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.report.pages import palette
from testbed.report.pages.plotting import DataColumn, Figure, Model, span_of, upright

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testbed.measure.capture.capture import Booleans
    from testbed.measure.folder.link_history import Floats, LinkHistory
    from testbed.measure.result.chart import Chart
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
        self.range = span_of(start, end, bounds=self.whole, min_interval=0.02, name="time")
        self._pointer = upright(None, palette.GREY.light)
        self._triggers = trigger_s

    @classmethod
    def of_run(cls, story: Story) -> TimeAxis:
        """Return the axis of a run's page."""
        whole = (min(story.start_s, 0.0), max(story.end_s, 0.1))
        return cls(whole, _around_handover(story, whole), story.trigger_s)

    def lane(self, *, height: int, label: str, heard: DirectionStory | None = None, is_log: bool = False) -> Figure:
        """Return an empty plot; the window and the gap of `heard` are shaded in it. `is_log`: its y axis."""
        made = Figure(height=height, label=label, x_range=self.range, y_log=is_log)
        made.add_tool(Model("CrosshairTool", overlay=self._pointer))
        if heard is not None:
            _shade(made, heard, self.whole[1])
        for at_s in self._triggers:
            made.mark(upright(at_s, palette.INK.light, "dashed"))
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


def _shade(made: Figure, heard: DirectionStory, last_s: float) -> None:
    """Shade the handover window lightly, and the gap within it; one without an end lasts until the plot's."""
    if heard.window_s is not None:
        left, right = heard.window_s
        made.mark(_box(left, right, fill_color=palette.GREY.light, fill_alpha=0.1))
    if heard.gap_s is not None:
        left, end = heard.gap_s
        right = last_s if end is None else end
        made.mark(_box(left, right, fill_color=palette.BAD.light, fill_alpha=0.18, level="underlay"))


def _box(left: float, right: float, **properties: object) -> Model:
    return Model("BoxAnnotation", left=left, right=right, line_color=None, **properties)


def links_lane(axis: TimeAxis, story: Story, phases: Sequence[tuple[str, float, float]]) -> Figure:
    """Return what the links were, when messages left, and the phases of the handover, one row each.

    `phases` are (name, start, end) in seconds; one that ends before it starts is drawn backwards.
    """
    names = [link.link for link in story.links]
    beside = story.chart.protocol if story.chart.said else None
    rows = [*names, *(["phases"] if phases else []), *([beside] if beside else []), "SIP"]
    made = axis.lane(height=56 + 26 * len(rows), label="")
    made.show_y(-0.6, len(rows) - 0.4)
    made.name_rows(rows)
    colours = palette.path_colours(names)
    for link in story.links:
        _states(made, link, len(rows) - 1 - rows.index(link.link), colours[link.link])
    for name, start, end in phases:
        at = len(rows) - 1 - rows.index("phases")
        made.draw(
            "Quad", {"left": [start], "right": [end], "what": [name], "ms": [(end - start) * 1000]},
            left=DataColumn("left"), right=DataColumn("right"), bottom=at - 0.3, top=at + 0.3,
            fill_color=palette.PHASES[name].light, line_color=palette.BACKGROUND.light,
            tooltips=[("phase", "@what"), ("took", "@ms{0.0} ms")],
        )  # fmt: skip
    draw_messages(made, story.chart, "left")
    if beside:
        _draw_said(made, story.chart, beside)
    return made


def _draw_said(made: Figure, chart: Chart, protocol: str) -> None:
    """Draw the messages of what moves the call beside SIP, in the row above SIP's."""
    lifelines = [line.name for line in chart.lifelines]
    columns = {
        "x": [(one.time_ns - chart.start_ns) / 1e9 for one in chart.said],
        "what": [", ".join((one.words.name, *one.words.notes)) for one in chart.said],
        "way": [f"{lifelines[one.sender]} to {lifelines[one.receiver]}" for one in chart.said],
    }
    made.draw(
        "Scatter", columns, x=DataColumn("x"), y=1, marker="triangle", size=8, fill_color=palette.GREY.light,
        line_color=palette.INK.light, tooltips=[(protocol, "@what"), ("", "@way"), ("left", "@x{0.0000} s")],
    )  # fmt: skip


def draw_messages(made: Figure, chart: Chart, when: str) -> None:
    """Draw the SIP messages of a chart in the lowest row; `when`: what their time is called."""
    lifelines = [line.name for line in chart.lifelines]
    columns = {
        "x": [(one.time_ns - chart.start_ns) / 1e9 for one in chart.passages],
        "what": [_said(one.message.method, one.message.status) for one in chart.passages],
        "way": [f"{lifelines[one.sender]} to {lifelines[one.receiver]}" for one in chart.passages],
    }
    made.draw(
        "Scatter", columns, x=DataColumn("x"), y=0, marker="inverted_triangle", size=9, fill_color=palette.INK.light,
        line_color=None, tooltips=[("SIP", "@what"), ("", "@way"), (when, "@x{0.0000} s")],
    )  # fmt: skip


def _said(method: str, status: int | None) -> str:
    """Return a message in a word or two."""
    return method if status is None else f"{status} {method}"


def _states(made: Figure, link: LinkHistory, row: int, colour: Colour) -> None:
    for state in link.states:
        is_up = state.name == "up"
        made.draw(
            "Quad", {"left": [state.start_s], "right": [state.end_s], "what": [state.name]},
            left=DataColumn("left"), right=DataColumn("right"), bottom=row - 0.32, top=row + 0.32,
            fill_color=colour.light, fill_alpha=0.75 if is_up else 0.0, line_color=colour.light,
            hatch_pattern=None if state.name in {"up", "off"} else "right_diagonal_line",
            hatch_color=palette.BAD.light if state.name == "gone" else palette.GREY.light, hatch_weight=2,
            tooltips=[("link", link.link), ("state", "@what"), ("", "@left{0.000} s to @right{0.000} s")],
        )  # fmt: skip


def packets_lane(axis: TimeAxis, heard: DirectionStory) -> Figure:
    """Return what arrived: a row for each path, new packets as strokes, duplicates as circles, and a row of losses."""
    rows = [*(path.link for path in heard.paths), "lost"]
    made = axis.lane(height=50 + 32 * len(rows), label="", heard=heard)
    made.show_y(-0.6, len(rows) - 0.4)
    made.name_rows(rows)
    colours = palette.path_colours([path.link for path in heard.paths])
    for number, path in enumerate(heard.paths):
        row, colour = len(rows) - 1 - number, colours[path.link].light
        new, copies = _packets(path, path.is_new), _packets(path, ~path.is_new)
        made.draw(
            "Segment", new, x0=DataColumn("x"), y0=row - 0.3, x1=DataColumn("x"), y1=row + 0.35, line_color=colour,
            line_width=1.5, tooltips=_shown(path.link, "new"),
        )  # fmt: skip
        made.draw(
            "Scatter", copies, x=DataColumn("x"), y=row, size=7, fill_alpha=0, line_color=colour, line_width=1.5,
            tooltips=_shown(path.link, "duplicate"),
        )  # fmt: skip
        _crosses(made, path.lost_s, row - 0.38, 5, f"left over {path.link}, did not arrive over it")
    _crosses(made, heard.missing_s, 0, 8, "arrived nowhere")
    return made


def _packets(path: PathArrivals, which: Booleans) -> dict[str, Floats]:
    return {"x": path.time_s[which].round(6), "delay": path.delay_ms[which].round(3)}


def _shown(link: str, what: str) -> list[tuple[str, str]]:
    return [("packet", what), ("path", link), ("arrived", "@x{0.000} s"), ("delay", "@delay{0.0} ms")]


def _crosses(made: Figure, times_s: Floats, row: float, size: int, what: str) -> None:
    made.draw(
        "Scatter", {"x": times_s.round(6)}, x=DataColumn("x"), y=row, marker="x", size=size,
        line_color=palette.BAD.light, line_width=1.5, tooltips=[("lost", what), ("left", "@x{0.000} s")],
    )  # fmt: skip


def delay_lane(axis: TimeAxis, heard: DirectionStory) -> Figure:
    """Return the one-way delay of each packet over time; new ones filled, duplicates hollow."""
    made = axis.lane(height=180, label="ms", heard=heard)
    largest = max((np.nanmax(path.delay_ms) for path in heard.paths if _has_delays(path)), default=1.0)
    made.show_y(0, float(largest) * 1.08, bounds=(0, None))
    colours = palette.path_colours([path.link for path in heard.paths])
    for path in heard.paths:
        colour = colours[path.link].light
        for is_new in (True, False):
            made.draw(
                "Scatter", _packets(path, (path.is_new == is_new) & ~np.isnan(path.delay_ms)), x=DataColumn("x"),
                y=DataColumn("delay"), size=5, line_color=colour, fill_color=colour, fill_alpha=0.85 if is_new else 0,
                tooltips=_shown(path.link, "new" if is_new else "duplicate"),
            )  # fmt: skip
    return made


def _has_delays(path: PathArrivals) -> bool:
    return bool((~np.isnan(path.delay_ms)).any())


def playout_lane(axis: TimeAxis, heard: DirectionStory) -> Figure | None:
    """Return the playout buffer's depth over time, and the holes that the listener heard; None without playout."""
    if heard.playout is None:
        return None
    made = axis.lane(height=130, label="ms", heard=heard)
    played = heard.playout
    top = float(played.depth_ms.max()) * 1.15
    made.show_y(0, top, bounds=(0, None))
    holes = {
        "left": [round(one.at_s, 6) for one in played.holes],
        "right": [round(one.at_s + one.duration_s, 6) for one in played.holes],
        "ms": [round(one.duration_s * 1000, 3) for one in played.holes],
        "why": [", ".join(one.causes) for one in played.holes],
    }
    made.draw(
        "Quad", holes, left=DataColumn("left"), right=DataColumn("right"), bottom=0, top=top,
        fill_color=palette.BAD.light, fill_alpha=0.55, line_color=palette.BAD.light,
        tooltips=[("nothing to hear", "@ms{0.0} ms"), ("as", "@why")],
    )  # fmt: skip
    made.draw_steps(
        np.append(played.time_s.round(6), axis.whole[1]), np.append(played.depth_ms.round(3), played.depth_ms[-1]),
        palette.GREEN.light,
    )  # fmt: skip
    return made


SETTINGS = {"delay": ("delay_ms", "ms"), "loss": ("loss_percent", "%"), "rate": ("rate_kbit_s", "kbit/s")}


def settings_lanes(axis: TimeAxis, links: Sequence[LinkHistory]) -> Mapping[str, Figure | None]:
    """Return what the links were set to over time, by quantity; None where no link has it."""
    return {"signal": _signal_lane(axis, links), **{name: _settings_lane(axis, links, name) for name in SETTINGS}}


def _signal_lane(axis: TimeAxis, links: Sequence[LinkHistory]) -> Figure | None:
    if not any(len(link.signal_s) for link in links):
        return None
    made = axis.lane(height=140, label="dBm")
    colours = palette.path_colours([link.link for link in links])
    for link in links:
        if len(link.signal_s):
            _step(made, axis, link.signal_s, link.signal_dbm, colours[link.link].light, "solid")
    return made


def _settings_lane(axis: TimeAxis, links: Sequence[LinkHistory], name: str) -> Figure | None:
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


def _step(made: Figure, axis: TimeAxis, times_s: Floats, values: Floats, colour: str, dash: str) -> None:
    last_s = max(axis.whole[1], float(times_s[-1]))
    made.draw_steps(np.append(times_s, last_s), np.append(values.round(6), values[-1]), colour, dash)
