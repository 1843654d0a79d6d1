"""Empty plots of Bokeh's own Python in the style of our pages, for pages that are made once for many runs."""

from __future__ import annotations

from typing import Any

from bokeh.models import FixedTicker, LogAxis, NumeralTickFormatter, PanTool, WheelZoomTool
from bokeh.plotting import figure

from testbed.report.pages import palette
from testbed.report.pages.plotting import FONT, LEFT, LOG_TICKS, RIGHT


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
