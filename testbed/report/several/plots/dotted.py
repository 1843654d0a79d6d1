"""A dot for each of several runs, mean and interval beside them; differences; phases as bars.

Every plot has the tables behind it. Schemes stand below each other, so that their names have room on a narrow screen.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d
from bokeh.models.annotations.geometry import Span

from testbed.report.estimates.order_statistics import quantiles
from testbed.report.pages import palette
from testbed.report.pages.figures import new_figure
from testbed.report.pages.pages import PlainTable, Plot
from testbed.report.several import groups
from testbed.report.several.comparison_verdict import bracketed
from testbed.report.several.means_table import mean_cell
from testbed.report.several.plots.ecdf import QUANTILES, quantile_cells
from testbed.report.terminal import DIRECTIONS, PHASES, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bokeh.plotting import figure

    from testbed.report.estimates.intervals import Estimate
    from testbed.report.several.groups import Condition, Metric, Series

ROW, HEAD = 62, 56
"""Pixels for a scheme, and for the axis."""
COLOURS = {"to_mn": palette.GREEN, "to_cn": palette.PURPLE}
MARKERS = {"to_mn": "circle", "to_cn": "triangle"}
_SHIFT = {"to_mn": 0.2, "to_cn": -0.2}
_SPREAD = 0.035
"""Dots lie beside each other by so much of a row, so that equal ones are seen."""
_NAME = 18
"""Characters of a scheme's name in a line."""
_ROOM = 0.06
"""Beyond the outermost dot, as a part of the axis."""


class DottedLine(NamedTuple):
    """What stands at a height of a plot: (name of its run, value) of each dot, and what is known of all of them."""

    y: float
    way: str
    label: str
    dots: tuple[tuple[str, float], ...]
    found: Estimate
    interval: tuple[float, float] | None


def metric_plot(condition: Condition, number_of: int, metric: Metric, about: str, beside: Metric | None = None) -> Plot:
    """Return the dots, means and intervals of a number, of both directions where it has them.

    The mean of `beside` is marked in the same rows.
    """
    lines = _lines(condition, metric)
    steps = [] if beside is None else _lines(condition, beside)
    tables = [_means_table(lines, metric), _quantiles_table(lines, metric), _dots_table(lines, metric)]
    return Plot(
        f"{metric.name.replace(' ', '-')}-{number_of}",
        f"{metric.name[0].upper()}{metric.name[1:]}{bracketed(metric)}",
        about,
        _dots(lines, condition.series, metric, beside=steps) if any(line.dots for line in lines) else None,
        (*tables, *([] if beside is None else [_means_table(steps, beside)])),
    )


def _lines(condition: Condition, metric: Metric) -> list[DottedLine]:
    """Return what is known of a number, for each scheme and direction."""
    ways = list(DIRECTIONS) if "{direction}" in metric.path else [""]
    return [
        DottedLine(
            y=place + _SHIFT.get(way, 0),
            way=way,
            label=f"{series.name}{f', {DIRECTIONS[way]}' if way else ''}",
            dots=tuple(
                (entry.record.name, value)
                for entry in series.counted
                if (value := entry.value(metric.of(way))) is not None
            ),
            found=series.estimate(metric.of(way)),
            interval=_interval(series.estimate(metric.of(way)), metric),
        )
        for place, series in _places(condition.series)
        for way in ways
    ]


def difference_plot(condition: Condition, number_of: int, metric: Metric) -> Plot:
    """Return each scheme less the reference, seed by seed; below it the table of all pairs of schemes."""
    reference = condition.reference
    others = [series for series in condition.series if series is not reference]
    lines = [
        _difference(condition, (series, reference), place + _SHIFT[way], way, metric.of(way))
        for place, series in _places(others)
        for way in DIRECTIONS
    ]
    pairs = [
        _difference(condition, (one, other), 0, way, metric.of(way))
        for place, other in enumerate(condition.series)
        for one in condition.series[place + 1 :]
        for way in DIRECTIONS
    ]
    is_drawn = any(line.dots for line in lines)
    return Plot(
        f"difference-{metric.name.replace(' ', '-')}-{number_of}",
        f"Difference in {metric.name} to {reference.name}{bracketed(metric)}",
        "Left of 0 is less. An interval that does not reach 0 tells two schemes apart.",
        _dots(lines, others, metric._replace(least=float("-inf")), zero=True) if is_drawn else None,
        (_means_table(pairs, metric, f"{metric.name}, each scheme less another, seed by seed"),),
    )


def _difference(condition: Condition, both: tuple[Series, Series], y: float, way: str, metric: Metric) -> DottedLine:
    one, other = both
    found = condition.difference(one, other, metric)
    here, there = one.by_seed(metric), other.by_seed(metric)
    known = [seed for seed, value in here.items() if value is not None and there.get(seed) is not None]
    dots = tuple((f"seed {seed}", value) for seed, value in zip(known, found.values, strict=True))
    return DottedLine(y, way, f"{one.name} less {other.name}, {DIRECTIONS[way]}", dots, found, found.interval)


def phases_plot(condition: Condition, number_of: int) -> Plot:
    """Return the mean phases of each scheme on one axis, 0 at the trigger; what overlaps is drawn thinner."""
    bars: dict[str, list[tuple[float, float, float, float, str]]] = {name: [] for name in PHASES}
    for place, series in _places(condition.series):
        at = 0.0
        for name in PHASES:
            mean = series.estimate(groups.PHASE[name]).mean
            if mean is None:
                continue
            start = -mean if name == "detect" else at
            end = start + mean
            at = end if name != "detect" else 0.0
            height = 0.6 if mean >= 0 else 0.25
            bars[name].append((min(start, end), max(start, end), place, height, f"{series.name}: {number(mean)} ms"))
    return Plot(
        f"phases-{number_of}",
        "Where the time went [ms]",
        "Means of each phase, from the trigger (0) to the first packet on the new path; before it, how long the call "
        "had been broken already. A phase that ran backwards (the media were faster than the response) is thin.",
        _bars(bars, condition.series) if any(bars.values()) else None,
        (_phases_table(condition),),
    )


def _places(series: Sequence[Series]) -> Iterable[tuple[float, Series]]:
    """Number the schemes from the top, as they are read."""
    return ((float(len(series) - 1 - place), one) for place, one in enumerate(series))


def _interval(found: Estimate, metric: Metric) -> tuple[float, float] | None:
    """Return the interval, without what is below the least that there can be."""
    return None if found.interval is None else (max(found.interval[0], metric.least), found.interval[1])


def _dots(
    lines: Sequence[DottedLine],
    series: Sequence[Series],
    metric: Metric,
    *,
    beside: Sequence[DottedLine] = (),
    zero: bool = False,
) -> figure:
    """Draw lines; `zero` marks it, and is always on the axis then, as it is where nothing can be below it."""
    ends = [value for line in lines for value in (*(one for _, one in line.dots), *(line.interval or ()))]
    ends += [line.found.mean for line in beside if line.found.mean is not None]
    ends += [0.0] if zero else [metric.least] if metric.least >= 0 else []
    low, high = min(ends), max(ends)
    low, high = (low, high) if high > low else (low, low + 1)
    room = _ROOM * (high - low)
    made = _empty(series, metric.unit or metric.name, Range1d(start=low - room, end=high + room))
    if zero:
        made.add_layout(Span(location=0, dimension="height", line_color=palette.INK.light, line_dash="dashed"))
    for way in dict.fromkeys(line.way for line in lines):
        mine = [line for line in lines if line.way == way]
        _draw(made, mine, COLOURS.get(way, palette.BLUE).light, MARKERS.get(way, "circle"))
    marked = [(line.found.mean, line.y) for line in beside if line.found.mean is not None]
    if marked:
        made.scatter(
            [x for x, _ in marked], [y for _, y in marked], marker="diamond", size=13, fill_color=None,
            line_color=palette.ORANGE.light, line_width=2,
        )  # fmt: skip
    return made


def _draw(made: figure, lines: Sequence[DottedLine], colour: str, marker: str) -> None:
    """Draw the lines of one direction: intervals below, means and dots above."""
    sure = [(line, line.interval) for line in lines if line.interval is not None]
    made.segment(
        [low for _, (low, _) in sure], [line.y for line, _ in sure], [high for _, (_, high) in sure],
        [line.y for line, _ in sure], line_color=colour, line_width=9, line_alpha=0.35,
    )  # fmt: skip
    means = [(line.found.mean, line.y) for line in lines if line.found.mean is not None and len(line.dots) > 1]
    made.scatter(
        [mean for mean, _ in means], [y for _, y in means], marker="dash", angle=1.5707963, size=22,
        line_color=palette.INK.light, line_width=2,
    )  # fmt: skip
    dots = [
        (value, line.y + _SPREAD * (place - (len(line.dots) - 1) / 2) * min(1.0, 8 / len(line.dots)), run, line.label)
        for line in lines
        for place, (run, value) in enumerate(line.dots)
    ]
    columns = dict(zip(("x", "y", "run", "label"), (list(one) for one in zip(*dots, strict=True)), strict=False))
    drawn = made.scatter(
        "x", "y", source=ColumnDataSource(columns), marker=marker, size=9, fill_color=colour,
        line_color=palette.BACKGROUND.light, line_width=0.5,
    ) if dots else None  # fmt: skip
    if drawn is not None:
        made.add_tools(HoverTool(renderers=[drawn], tooltips=[("", "@label"), ("", "@run"), ("", "@x{0.00}")]))


def _empty(series: Sequence[Series], label: str, span: Range1d) -> figure:
    made = new_figure(
        height=HEAD + ROW * len(series), label="", x_range=span, y_range=Range1d(start=-0.55, end=len(series) - 0.45)
    )
    made.tools = []
    made.min_border_right = 20
    made.xaxis.axis_label = label
    made.yaxis.ticker = FixedTicker(ticks=[place for place, _ in _places(series)])
    made.yaxis.major_label_overrides = {
        int(place): "\n".join(wrap(one.name, _NAME, break_on_hyphens=True)) for place, one in _places(series)
    }
    made.ygrid.grid_line_color = None
    return made


def _bars(bars: dict[str, list[tuple[float, float, float, float, str]]], series: Sequence[Series]) -> figure:
    ends = [end for some in bars.values() for left, right, *_ in some for end in (left, right)]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    room = _ROOM * ((high - low) or 1.0)
    made = _empty(series, "ms after the trigger", Range1d(start=low - room, end=high + room))
    for name, some in bars.items():
        if not some:
            continue
        columns = dict(zip(("left", "right", "y", "height", "says"), (list(one) for one in zip(*some, strict=True)),
                           strict=True))  # fmt: skip
        drawn = made.hbar(
            y="y", left="left", right="right", height="height", source=ColumnDataSource(columns),
            fill_color=palette.PHASES[name].light, line_color=palette.BACKGROUND.light,
        )  # fmt: skip
        made.add_tools(HoverTool(renderers=[drawn], tooltips=[(name, "@says")]))
    made.add_layout(Span(location=0, dimension="height", line_color=palette.INK.light, line_dash="dashed"))
    return made


def _means_table(lines: Sequence[DottedLine], metric: Metric, caption: str | None = None) -> PlainTable:
    text: Callable[[float | None], str] = lambda value: number(value, metric.digits)  # noqa: E731
    rows = tuple(
        (
            line.label,
            f"{len(line.found.values)}"
            + (f" of {len(line.found.values) + line.found.missing}" if line.found.missing else ""),
            text(line.found.mean),
            *(text(end) for end in (line.interval or (None, None))),
            *(
                text(end)
                for end in ((min(line.found.values), max(line.found.values)) if line.found.values else (None,) * 2)
            ),
        )
        for line in lines
    )
    columns = ("", "measured", "mean", "95 % from", "95 % to", "least", "most")
    return PlainTable(caption or f"{metric.name}: mean and 95 % confidence interval", columns, rows)


def _quantiles_table(lines: Sequence[DottedLine], metric: Metric) -> PlainTable:
    found = [(line.label, quantiles(line.found.values)) for line in lines]
    rows = tuple((label, *quantile_cells(one, metric)) for label, one in found)
    return PlainTable(f"{metric.name}: median and quantiles, with their 95 % confidence intervals", QUANTILES, rows)


def _dots_table(lines: Sequence[DottedLine], metric: Metric) -> PlainTable:
    rows = tuple((line.label, run, number(value, metric.digits)) for line in lines for run, value in line.dots)
    return PlainTable(f"{metric.name}: each run", ("", "run", metric.unit or metric.name), rows)


def _phases_table(condition: Condition) -> PlainTable:
    metrics = [*(groups.PHASE[name] for name in PHASES), groups.DELAY]
    rows = tuple(
        (series.name, *(mean_cell(series.estimate(metric), metric) for metric in metrics))
        for series in condition.series
    )
    columns = ("scheme", *(metric.name for metric in metrics))
    return PlainTable("Phases: mean ±95 % confidence interval, ms", columns, rows)
