"""Two swept fields at once: a map for each scheme, with its numbers in the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bokeh.models import FixedTicker, Range1d

from testbed.report.pages import palette
from testbed.report.pages.figures import new_figure
from testbed.report.pages.pages import PlainTable, Plot
from testbed.report.several.comparison_verdict import interrupted, worse
from testbed.report.terminal import NOT_MEASURED, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bokeh.plotting import figure

    from testbed.report.several.groups import Condition, Series
    from testbed.report.several.plots.sweeps import Axis, Sweep

CELL, HEAD = 44, 70
"""Pixels of a row, and of the axis."""
DARKEST = 0.6
"""Of the colour, so that the numbers can be read."""


def heat_maps(sweep: Sweep, number_of: int) -> Iterator[Plot]:
    """Yield a map for each scheme of how many runs were interrupted, and of the interruption."""
    across, down = sweep.axes
    for name, title, of in (
        ("share", "interrupted runs [%]", _share),
        ("interruption", "mean interruption of the worse direction [ms]", worse),
    ):
        values = {
            (series.name, one.varied[across.field], one.varied[down.field]): of(one, series)
            for one in sweep.conditions
            for series in one.series
        }
        most = max((value for value in values.values() if value is not None), default=0.0)
        for place, scheme in enumerate(sweep.schemes):
            cells = {key[1:]: value for key, value in values.items() if key[0] == scheme}
            rows = tuple((y, *(number(cells.get((x, y))) for x in across.values)) for y in reversed(down.values))
            yield Plot(
                f"heat-{name}-{place}-{number_of}",
                f"{scheme}: {title}",
                "The darker the worse; all schemes have the same shades.",
                _map(across, down, cells, most) if any(one is not None for one in cells.values()) else None,
                (PlainTable(f"{title}: {down.field} by {across.field}", (down.field, *across.values), rows),),
            )


def _map(across: Axis, down: Axis, cells: dict[tuple[str, str], float | None], most: float) -> figure:
    """Draw a cell for each pair of values, at equal distances, with its number in it."""
    xs, ys = (range(len(axis.values)) for axis in (across, down))
    made = new_figure(
        height=HEAD + CELL * len(down.values),
        label=down.field,
        x_range=Range1d(start=-0.5, end=len(across.values) - 0.5),
        y_range=Range1d(start=-0.5, end=len(down.values) - 0.5),
    )
    made.tools = []
    made.xaxis.axis_label = across.field
    for scale, values in ((made.xaxis, across.values), (made.yaxis, down.values)):
        scale.ticker = FixedTicker(ticks=list(range(len(values))))
        scale.major_label_overrides = dict(enumerate(values))
    found = [(x, y, cells.get((across.values[x], down.values[y]))) for x in xs for y in ys]
    made.rect(
        [x for x, _, _ in found], [y for _, y, _ in found], width=1, height=1, fill_color=palette.BLUE.light,
        fill_alpha=[0.0 if value is None or not most else DARKEST * value / most for _, _, value in found],
        line_color=palette.GRID.light,
    )  # fmt: skip
    made.text(
        [x for x, _, _ in found], [y for _, y, _ in found],
        text=[NOT_MEASURED if value is None else number(value, 0 if value >= 10 else 1) for _, _, value in found],
        text_align="center", text_baseline="middle", text_color=palette.INK.light, text_font_size="13px",
    )  # fmt: skip
    return made


def _share(condition: Condition, series: Series) -> float | None:
    """In which part of the runs the call was interrupted, in %."""
    found = interrupted(condition, series)
    return None if found is None else 100 * found.hits / found.total
