"""Plots in the style of our pages, as Bokeh's script takes them: its objects as JSON, without Bokeh's own Python.

That checks each property of each object: a second for the page of a run, and half a second to load, which is more than
measuring the run. Here an object is a name and what is not as Bokeh has it anyway; a test has Bokeh read it.
"""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from testbed.report.pages import palette

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testbed.measure.folder.link_history import Floats

LEFT, RIGHT = 72, 12
"""Pixels beside each plot, the same in all of them, so that the same moment is below itself."""

FONT = "12px"
LOG_TICKS = [step * 10.0**power for power in range(-3, 8) for step in (1, 3)]
DASHES: Mapping[str, tuple[int, ...]] = {"solid": (), "dashed": (6,)}
"""Pixels on and off; what Bokeh's script itself calls dashed has shorter ones."""
_LINES = ("Step",)
"""Glyphs that are drawn in one stroke: only their points are columns of the data, and their look is plain values."""


class DataColumn(NamedTuple):
    """A column of a glyph's data, where another glyph has one value for all."""

    name: str


class _Same(NamedTuple):
    value: object


class Model:
    """An object of Bokeh's: what it is called there, and properties of it. Two with the same are two."""

    def __init__(self, name: str, /, **properties: object) -> None:
        self.name = name
        self.properties = properties


class PlotJson:
    """Models as JSON, numbered as they come: the second time that one is met, it is its number alone."""

    def __init__(self) -> None:
        self._ids: dict[Model | str, str] = {}

    def json_of(self, value: object) -> Any:  # noqa: ANN401 - JSON
        """Return a model, or a value of a property; arrays are numbers, packed as Bokeh packs them."""
        if isinstance(value, Model):
            return self._json_of_model(value)
        if isinstance(value, DataColumn):
            return {"type": "field", "field": value.name}
        if isinstance(value, _Same):
            return {"type": "value", "value": value.value}
        if isinstance(value, dict):
            return {"type": "map", "entries": [[key, self.json_of(one)] for key, one in value.items()]}
        if isinstance(value, list | tuple):
            return [self.json_of(one) for one in value]
        return _packed(value) if isinstance(value, np.ndarray) else value

    def _json_of_model(self, model: Model) -> dict[str, Any]:
        if model in self._ids:
            return {"id": self._ids[model]}
        return {
            "type": "object",
            "name": model.name,
            "id": self._id_of(model),
            "attributes": {key: self.json_of(one) for key, one in model.properties.items()},
        }

    def renumbered(self, content: Any) -> Any:  # noqa: ANN401 - JSON
        """Return JSON of Bokeh's own making with our numbers: its are those of a process, and never the same."""
        if isinstance(content, dict):
            return {
                key: self._id_of(one) if key == "id" and isinstance(one, str) else self.renumbered(one)
                for key, one in content.items()
            }
        return [self.renumbered(one) for one in content] if isinstance(content, list) else content

    def _id_of(self, model: Model | str) -> str:
        return self._ids.setdefault(model, f"m{len(self._ids) + 1}")


def _packed(values: np.ndarray[Any, Any]) -> dict[str, Any]:
    data = gzip.compress(values.astype("<f8").tobytes(), mtime=1)
    return {
        "type": "ndarray",
        "array": {"type": "bytes", "data": base64.b64encode(data).decode("ascii")},
        "shape": list(values.shape),
        "dtype": "float64",
        "order": "little",
    }


def span_of(start: float, end: float, **properties: object) -> Model:
    """Return what an axis shows; `bounds` in the properties: what it can show."""
    return Model("Range1d", start=start, end=end, **properties)


def upright(at: float | None, colour: str, dash: str = "solid") -> Model:
    """Return a line from the top of a plot to its bottom; None: not there yet. `dash` as in `DASHES`."""
    return Model("Span", dimension="height", location=at, line_color=colour, line_dash=DASHES[dash])


class Figure(Model):
    """A plot. Drag moves it, Ctrl and the wheel zooms."""

    def __init__(
        self, *, height: int, label: str, x_range: Model | None = None, x_log: bool = False, y_log: bool = False
    ) -> None:
        """`label` is that of the y axis; an axis without a range shows all that there is."""
        self._x_axis, self._y_axis = _axis(is_log=x_log), _axis(is_log=y_log, axis_label=label)
        self._y_grid = Model("Grid", axis=self._y_axis, dimension=1, grid_line_color=palette.GRID.light)
        self._glyphs: list[Model] = []
        self._tools = [
            Model("PanTool", dimensions="width"),
            Model("WheelZoomTool", dimensions="width", modifiers={"ctrl": True}),
        ]
        self._beneath: list[Model] = [
            Model("Grid", axis=self._x_axis, grid_line_color=palette.GRID.light),
            self._y_grid,
        ]
        super().__init__(
            "Figure",
            height=height,
            sizing_mode="stretch_width",
            **({} if x_range is None else {"x_range": x_range}),
            **({"x_scale": Model("LogScale")} if x_log else {}),
            **({"y_scale": Model("LogScale")} if y_log else {}),
            outline_line_color=palette.GRID.light,
            background_fill_alpha=0,
            border_fill_alpha=0,
            min_border_left=LEFT,
            min_border_right=RIGHT,
            min_border_top=4,
            min_border_bottom=4,
            # What is numbered first stands first: tools name glyphs, grids name axes.
            renderers=self._glyphs,
            toolbar=Model("Toolbar", tools=self._tools),
            toolbar_location=None,
            left=[self._y_axis],
            below=[self._x_axis],
            center=self._beneath,
        )

    def draw(
        self,
        glyph: str,
        columns: Mapping[str, object],
        *,
        tooltips: Sequence[tuple[str, str]] | None = None,
        **properties: object,
    ) -> None:
        """Draw a glyph of Bokeh's for each row of `columns` (arrays, or lists of texts), with `tooltips` at each."""
        looks = {
            name: value if glyph in _LINES or isinstance(value, DataColumn) else _Same(value)
            for name, value in properties.items()
        }
        source = Model("ColumnDataSource", data=dict(columns))
        drawn = Model("GlyphRenderer", data_source=source, glyph=Model(glyph, **looks))
        self._glyphs.append(drawn)
        if tooltips is not None:
            self.add_tool(Model("HoverTool", renderers=[drawn], tooltips=tooltips))

    def draw_steps(self, x: Floats, y: Floats, colour: str, dash: str = "solid") -> None:
        """Draw a line through these points that keeps each height until the next; `dash` as in `DASHES`."""
        self.draw(
            "Step", {"x": x, "y": y}, x=DataColumn("x"), y=DataColumn("y"), mode="after",
            line_color=colour, line_dash=DASHES[dash], line_width=2,
        )  # fmt: skip

    def add_tool(self, tool: Model) -> None:
        """Add another way to handle the plot, or to read it."""
        self._tools.append(tool)

    def mark(self, annotation: Model) -> None:
        """Add a line or a box that is no data."""
        self._beneath.append(annotation)

    def show_y(self, start: float, end: float, **properties: object) -> None:
        """Set what the y axis shows, see `span_of`."""
        self.properties["y_range"] = span_of(start, end, **properties)

    def label_x(self, label: str) -> None:
        """Name the x axis."""
        self._x_axis.properties["axis_label"] = label

    def name_rows(self, names: Sequence[str]) -> None:
        """Name the rows of the plot, from the top: they stand at the heights …, 2, 1, 0."""
        self._y_axis.properties["ticker"] = Model("FixedTicker", ticks=list(range(len(names))))
        self._y_axis.properties["major_label_overrides"] = dict(enumerate(reversed(names)))
        self._y_grid.properties["grid_line_color"] = None


def _axis(*, is_log: bool, **properties: object) -> Model:
    ticks = {
        "ticker": Model("FixedTicker", ticks=LOG_TICKS),
        "formatter": Model("NumeralTickFormatter", format="0.[000]"),
    }
    return Model(
        "LogAxis" if is_log else "LinearAxis",
        **(ticks if is_log else {}),
        axis_line_color=palette.GREY.light,
        major_tick_line_color=palette.GREY.light,
        minor_tick_line_color=None,
        major_label_text_color=palette.INK.light,
        major_label_text_font_size=FONT,
        axis_label_text_color=palette.INK.light,
        axis_label_text_font_size=FONT,
        axis_label_text_font_style="normal",
        axis_label_standoff=4,
        **properties,
    )
