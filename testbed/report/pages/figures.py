"""Empty plots in the style of our pages."""

from __future__ import annotations

from typing import Any

from bokeh.models import FixedTicker, LogAxis, NumeralTickFormatter, PanTool, WheelZoomTool
from bokeh.plotting import figure

from testbed.report.pages import palette

LEFT, RIGHT = 72, 12
"""Pixels beside each plot, the same in all of them, so that the same moment is below itself."""

FONT = "12px"
LOG_TICKS = [step * 10.0**power for power in range(-3, 8) for step in (1, 3)]


def new_figure(*, height: int, label: str, **options: Any) -> figure:  # noqa: ANN401 - those of Bokeh
    """Return an empty plot in the page's style. Drag moves it, Ctrl and the wheel zooms."""
    made = figure(
        height=height,
        sizing_mode="stretch_width",
        toolbar_location=None,
        tools=[PanTool(dimensions="width"), WheelZoomTool(dimensions="width", modifiers="ctrl")],
        min_border_left=LEFT,
        min_border_right=RIGHT,
        min_border_top=4,
        min_border_bottom=4,
        **options,
    )
    made.background_fill_alpha = 0
    made.border_fill_alpha = 0
    made.outline_line_color = palette.GRID.light
    made.grid.grid_line_color = palette.GRID.light
    made.axis.axis_line_color = palette.GREY.light
    made.axis.major_tick_line_color = palette.GREY.light
    made.axis.minor_tick_line_color = None
    made.axis.major_label_text_color = palette.INK.light
    made.axis.major_label_text_font_size = FONT
    made.axis.axis_label_text_color = palette.INK.light
    made.axis.axis_label_text_font_size = FONT
    made.axis.axis_label_text_font_style = "normal"
    made.axis.axis_label_standoff = 4
    made.yaxis.axis_label = label
    for scale in (*made.xaxis, *made.yaxis):
        if isinstance(scale, LogAxis):
            ticker = FixedTicker(ticks=LOG_TICKS)
            scale.update(ticker=ticker, formatter=NumeralTickFormatter(format="0.[000]"))
    return made
