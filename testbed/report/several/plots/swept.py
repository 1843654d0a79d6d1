"""What changes with what is swept: a line for each scheme, or a heat map for each where two fields are swept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, Range1d

from testbed.report.pages import palette
from testbed.report.pages.figures import new_figure
from testbed.report.pages.pages import PlainTable, Plot
from testbed.report.several import groups
from testbed.report.several.comparison_verdict import bracketed, interrupted
from testbed.report.several.plots.heat_maps import heat_maps
from testbed.report.terminal import DIRECTIONS, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bokeh.plotting import figure

    from testbed.report.several.groups import Condition, Metric, Series
    from testbed.report.several.plots.sweeps import Axis, Sweep

HEIGHT = 260


class Look(NamedTuple):
    """How a scheme is drawn: a colour of the palette by its name, Bokeh's marker, the same as text, dashes (pixels)."""

    name: str
    marker: str
    sign: str
    dash: str

    @property
    def colour(self) -> str:
        """The colour on a light page."""
        found: palette.Colour = getattr(palette, self.name.upper())
        return found.light


LOOKS = (
    Look("blue", "circle", "●", "1 0"),
    Look("orange", "triangle", "▲", "8 4"),
    Look("green", "square", "■", "2 4"),
    Look("purple", "diamond", "◆", "10 4 2 4"),
    Look("bad", "inverted_triangle", "▼", "1 0"),
    Look("yellow", "hex", "⬢", "8 4"),
    Look("grey", "star", "★", "2 4"),
)
"""More than seven schemes have them again."""
_ROOM = 0.06
_BESIDE = 0.008
"""Schemes stand beside each other by so much of the axis, so that their intervals are seen."""


class Point(NamedTuple):
    """A number of a scheme under a condition: place on the axis, its value, how sure it is, and in words."""

    x: float
    at: str
    value: float
    interval: tuple[float, float] | None
    says: str


class SweptNumber(NamedTuple):
    """What is drawn over an axis: `of` gives a point's value, its interval and the words, None where not measured."""

    name: str
    title: str
    unit: str
    of: Callable[[Condition, Series], tuple[float, tuple[float, float] | None, str] | None]


def legend(sweep: Sweep) -> tuple[tuple[str, Look], ...]:
    """Return how each scheme is drawn; nothing where each has a map of its own."""
    if has_maps(sweep):
        return ()
    return tuple((scheme, LOOKS[place % len(LOOKS)]) for place, scheme in enumerate(sweep.schemes))


def has_maps(sweep: Sweep) -> bool:
    """Whether two fields are swept, and each combination is there."""
    return len(sweep.axes) == 2 and sweep.is_grid


def swept_plots(sweep: Sweep, number_of: int) -> Iterator[Plot]:
    """Yield heat maps where two fields are swept in a grid, else a plot of each number over each field."""
    if has_maps(sweep):
        yield from heat_maps(sweep, number_of)
        return
    for place, axis in enumerate(sweep.axes):
        for measure in _measures(sweep.conditions[0]):
            yield _over(sweep, axis, measure, f"swept-{measure.name}-{place}-{number_of}")


def _measures(condition: Condition) -> Iterator[SweptNumber]:
    """Yield in how many runs the call was interrupted, and then what each direction bore."""
    yield SweptNumber("share", "Interrupted runs [%]", "% of the runs", _share)
    for metric in (condition.interruption, condition.gap, groups.LOST):
        for way, direction in DIRECTIONS.items():
            name = f"{metric.name} {direction}".replace(" ", "-")
            title = f"{metric.name[0].upper()}{metric.name[1:]} {direction}{bracketed(metric)}"
            yield SweptNumber(name, title, metric.unit or metric.name, _mean(metric.of(way)))


def _share(condition: Condition, series: Series) -> tuple[float, tuple[float, float] | None, str] | None:
    found = interrupted(condition, series)
    if found is None:
        return None
    return 100 * found.hits / found.total, (100 * found.low, 100 * found.high), f"{found.hits} of {found.total}"


def _mean(metric: Metric) -> Callable[[Condition, Series], tuple[float, tuple[float, float] | None, str] | None]:
    def of(_: Condition, series: Series) -> tuple[float, tuple[float, float] | None, str] | None:
        found = series.estimate(metric)
        if found.mean is None:
            return None
        low, high = found.interval or (found.mean, found.mean)
        return found.mean, found.interval and (max(low, metric.least), high), number(found.mean, metric.digits)

    return of


def _over(sweep: Sweep, axis: Axis, measure: SweptNumber, name: str) -> Plot:
    lines = {scheme: _points(sweep, axis, measure, scheme) for scheme in sweep.schemes}
    rows = tuple(
        (point.at, scheme, point.says, *(number(end) for end in point.interval or (None, None)))
        for scheme, points in lines.items()
        for point in points
    )
    about = "Each scheme with its interval." if len(sweep.axes) == 1 else "A mark for each combination with the others."
    return Plot(
        name,
        f"{measure.title} over {axis.field}",
        about,
        _drawn(sweep, axis, measure, lines) if rows else None,
        (PlainTable(measure.title, (axis.field, "scheme", measure.unit, "95 % from", "95 % to"), rows),),
    )


def _points(sweep: Sweep, axis: Axis, measure: SweptNumber, scheme: str) -> list[Point]:
    found = []
    for condition in sweep.conditions:
        for series in condition.series:
            said = measure.of(condition, series) if series.name == scheme else None
            if said is not None:
                found.append(Point(axis.place(condition), condition.varied[axis.field], *said))
    return sorted(found)


def _drawn(sweep: Sweep, axis: Axis, measure: SweptNumber, lines: dict[str, list[Point]]) -> figure:
    """Draw the lines of schemes beside each other; of several fields at once, marks without lines."""
    width = (axis.places[-1] - axis.places[0]) or 1.0
    ends = [end for points in lines.values() for one in points for end in (one.value, *(one.interval or ()))]
    high, low = max(*ends, 0.0), min(*ends, 0.0)
    high = high if high > low else 1.0
    room = _ROOM * (high - low)
    made = new_figure(
        height=HEIGHT,
        label=measure.unit,
        x_range=_range(axis.places),
        y_range=Range1d(start=low - room, end=high + room),
    )
    made.tools = []
    _label(made.xaxis, axis)
    for number_of, (scheme, points) in enumerate(lines.items()):
        look = LOOKS[number_of % len(LOOKS)]
        beside = width * _BESIDE * (number_of - (len(lines) - 1) / 2)
        xs, ys = [point.x + beside for point in points], [point.value for point in points]
        if len(sweep.axes) == 1 and axis.unit is not None:
            made.line(xs, ys, line_color=look.colour, line_width=2, line_dash=look.dash)
        sure = [(x, point.interval) for x, point in zip(xs, points, strict=True) if point.interval is not None]
        made.segment(
            [x for x, _ in sure], [ends[0] for _, ends in sure], [x for x, _ in sure], [ends[1] for _, ends in sure],
            line_color=look.colour, line_width=5, line_alpha=0.4,
        )  # fmt: skip
        columns = {"x": xs, "y": ys, "at": [point.at for point in points], "says": [point.says for point in points]}
        dots = made.scatter(
            "x", "y", source=ColumnDataSource(columns), marker=look.marker, size=10, fill_color=look.colour,
            line_color=palette.BACKGROUND.light,
        )  # fmt: skip
        made.add_tools(HoverTool(renderers=[dots], tooltips=[("", scheme), (axis.field, "@at"), ("", "@says")]))
    return made


def _range(places: Sequence[float]) -> Range1d:
    room = _ROOM * ((places[-1] - places[0]) or 1.0)
    return Range1d(start=places[0] - room, end=places[-1] + room)


def _label(scale: Any, axis: Axis) -> None:  # noqa: ANN401 - Bokeh's list of axes, which is set like one
    """Write the field below its axis, and its values as words where they are no numbers."""
    scale.axis_label = axis.field if not axis.unit else f"{axis.field} [{axis.unit}]"
    if axis.unit is None:
        scale.ticker = FixedTicker(ticks=list(axis.places))
        scale.major_label_overrides = dict(zip(axis.places, axis.values, strict=True))
