"""Our plots, read by Bokeh: nothing in them that it does not know, and what was drawn is what it finds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bokeh.core.serialization import DeserializationError
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
from bokeh.models.renderers.glyph_renderer import GlyphRenderer

from testbed.report.pages.plotting import DataColumn, Figure, Model, PlotJson, span_of, upright
from tests.report.bokeh import NotBokehsError, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokeh.plotting import figure


def taken(*plots: Model) -> list[figure]:
    """The plots of a page as Bokeh's own."""
    plot_json = PlotJson()
    return read([plot_json.json_of(plot) for plot in plots])


def test_points_and_what_is_said_at_them() -> None:
    made = Figure(height=100, label="ms")
    times = np.array([0.25, np.nan, 1.0])
    made.draw("Scatter", {"x": times, "says": ["a", "b", "c"]}, x=DataColumn("x"), y=2, tooltips=[("", "@says")])
    (plot,) = taken(made)
    (drawn,) = plot.renderers
    assert isinstance(drawn, GlyphRenderer)
    assert isinstance(drawn.data_source, ColumnDataSource)
    np.testing.assert_array_equal(drawn.data_source.data["x"], times)
    assert list(drawn.data_source.data["says"]) == ["a", "b", "c"]
    (hover,) = [tool for tool in plot.tools if isinstance(tool, HoverTool)]
    assert hover.renderers == [drawn]
    assert isinstance(hover.tooltips, list)
    assert [tuple(line) for line in hover.tooltips] == [("", "@says")]


def test_axis_that_plots_share_is_one() -> None:
    shared = span_of(1.0, 2.0, bounds=(0, None), name="time")
    one, other = taken(Figure(height=10, label="", x_range=shared), Figure(height=10, label="", x_range=shared))
    assert one.x_range is other.x_range
    assert isinstance(one.x_range, Range1d)
    assert (one.x_range.start, one.x_range.end) == (1.0, 2.0)
    assert list(one.x_range.bounds or ()) == [0, None]


def test_rows_are_named_from_the_top() -> None:
    made = Figure(height=10, label="")
    made.name_rows(["wifi", "umts"])
    (plot,) = taken(made)
    assert plot.yaxis[0].major_label_overrides == {0: "umts", 1: "wifi"}
    assert isinstance(plot.yaxis[0].ticker, FixedTicker)
    assert plot.yaxis[0].ticker.ticks == [0, 1]


def wrong_property(made: Figure) -> None:
    made.mark(Model("Span", dimenson="height"))


def wrong_value(made: Figure) -> None:
    made.show_y(0, 1, bounds="wide")


def wrong_colour(made: Figure) -> None:
    made.mark(upright(1.0, "bluish"))


def wrong_object(made: Figure) -> None:
    made.add_tool(Model("CrossHair"))


@pytest.mark.parametrize("mistake", [wrong_property, wrong_value, wrong_colour, wrong_object])
def test_bokeh_finds_mistakes(mistake: Callable[[Figure], None]) -> None:
    """Or it would be no test that it reads our pages. Also where Dask was imported, which silences Bokeh's loggers."""
    logging.getLogger("bokeh").setLevel(logging.ERROR)
    made = Figure(height=10, label="")
    mistake(made)
    with pytest.raises((ValueError, DeserializationError, NotBokehsError)):
        taken(made)
