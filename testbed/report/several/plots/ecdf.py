"""How the runs of a scheme are distributed: which part of them had at most so much (ECDF), not only their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d

from testbed.report.estimates.order_statistics import quantiles
from testbed.report.pages import palette
from testbed.report.pages.figures import new_figure
from testbed.report.pages.pages import PlainTable, Plot
from testbed.report.several.comparison_verdict import bracketed
from testbed.report.several.medians_table import FEWEST
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bokeh.plotting import figure

    from testbed.report.estimates.order_statistics import Quantile, Quantiles
    from testbed.report.several.groups import Condition, Metric, Series

HEIGHT = 210
COLOURS = {"to_mn": palette.GREEN, "to_cn": palette.PURPLE}
DASHES = {"to_mn": "solid", "to_cn": "dashed"}
PARTS = [0.05, 0.25, 0.5, 0.75, 0.95]
QUANTILES = ("", "measured", "median", "from", "to", "5 %", "from", "to", "95 %", "from", "to")
_ROOM = 0.06
"""Beyond the outermost value, as a part of the axis."""
_BESIDE = {"to_mn": 0.04, "to_cn": -0.04}
"""The intervals of the medians lie above each other."""


def distribution_plots(condition: Condition, number_of: int) -> Iterator[Plot]:
    """Yield a plot for each scheme with enough runs, and each number that is not the same in all of them."""
    for metric in (condition.interruption, condition.gap):
        for place, series in enumerate(condition.series):
            values = {way: _values(series, metric.of(way)) for way in DIRECTIONS}
            known = {way: some for way, some in values.items() if len(some) >= FEWEST}
            if any(some[0] != some[-1] for some in known.values()):
                yield Plot(
                    f"distribution-{metric.name}-{place}-{number_of}",
                    f"{series.name}: {metric.name}{bracketed(metric)}",
                    f"Which part of {len(series.counted)} runs had at most so much; the bar is the median's interval.",
                    _steps(known, metric),
                    (_table(known, metric, series),),
                )


def quantile_cells(found: Quantiles, metric: Metric) -> tuple[str, ...]:
    """The cells of a row below `QUANTILES`, without its name."""
    whole = found.measured + found.missing
    measured = f"{found.measured} of {whole}" if found.missing else str(found.measured)
    cells = (cell for one in (found.median, found.low, found.high) for cell in _cells(one, metric))
    return (measured, *cells)


def _cells(found: Quantile | None, metric: Metric) -> tuple[str, str, str]:
    if found is None:
        return (NOT_MEASURED,) * 3
    low, high = found.interval or (None, None)
    return number(found.value, metric.digits), number(low, metric.digits), number(high, metric.digits)


def _values(series: Series, metric: Metric) -> list[float]:
    return sorted(value for one in series.counted if (value := one.value(metric)) is not None)


def _steps(known: dict[str, list[float]], metric: Metric) -> figure:
    """Draw a staircase for each direction: at each value it rises by one run."""
    low, high = min(some[0] for some in known.values()), max(some[-1] for some in known.values())
    room = _ROOM * (high - low)
    made = new_figure(
        height=HEIGHT, label="part of the runs", x_range=Range1d(start=low - room, end=high + room),
        y_range=Range1d(start=-0.03, end=1.03),
    )  # fmt: skip
    made.tools = []
    made.xaxis.axis_label = metric.unit or metric.name
    made.yaxis.ticker = FixedTicker(ticks=PARTS)
    made.yaxis.major_label_overrides = {part: f"{100 * part:.0f} %" for part in PARTS}
    for way, some in known.items():
        colour = COLOURS[way].light
        # From the left edge at 0 to the right one at 1.
        xs, ys = [low - room, *some, high + room], [0.0, *((one + 1) / len(some) for one in range(len(some))), 1.0]
        made.step(xs, ys, mode="after", line_color=colour, line_width=2, line_dash=DASHES[way])
        columns = {"x": some, "part": [f"{100 * part:.0f} %" for part in ys[1:-1]], "y": ys[1:-1]}
        dots = made.scatter("x", "y", source=ColumnDataSource(columns), size=5, fill_color=colour, line_color=colour)
        made.add_tools(HoverTool(renderers=[dots], tooltips=[("", DIRECTIONS[way]), ("", "@part at most @x{0.00}")]))
        median = quantiles(some).median
        if median is not None and median.interval is not None:
            (low, high), y = median.interval, 0.5 + _BESIDE[way]
            made.segment([low], [y], [high], [y], line_color=colour, line_width=9, line_alpha=0.35)
    return made


def _table(known: dict[str, list[float]], metric: Metric, series: Series) -> PlainTable:
    rows = tuple((DIRECTIONS[way], *quantile_cells(quantiles(some), metric)) for way, some in known.items())
    return PlainTable(f"{series.name}, {metric.name}: median and quantiles, with their intervals", QUANTILES, rows)
