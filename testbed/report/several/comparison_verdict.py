"""What the comparison of schemes comes to, in words and figures that are understood at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from testbed.report.estimates.intervals import CONFIDENCE
from testbed.report.several import groups
from testbed.report.several.means_table import counted, mean_cell
from testbed.report.terminal import DIRECTIONS, NOT_MEASURED, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testbed.report.estimates.intervals import Share
    from testbed.report.several.groups import Condition, Metric, Series


@dataclass(frozen=True, slots=True)
class SchemeCard:
    """One scheme: how often the call was interrupted, and what each direction and the network had to bear.

    `big` is that share as it is said (of one run the interruption itself), `what` it is, `sure` how sure it is; `rows`
    are (what, a cell for each direction), `cost` is (what, value).
    """

    name: str
    runs: str
    big: str
    what: str
    sure: str
    is_good: bool | None
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    cost: tuple[tuple[str, str], ...]


def headline(condition: Condition) -> str:
    """Return one sentence: which schemes never interrupted the call, and which did."""
    never: list[Series] = []
    ever: list[Series] = []
    for series in condition.series:
        share = interrupted(condition, series)
        if share is not None:
            (ever if share.hits else never).append(series)
    runs = {len(series.counted) for series in (*never, *ever)}
    each = f" ({_runs(min(runs))}{' each' if len(never) + len(ever) > 1 else ''})" if len(runs) == 1 else ""
    if not never and not ever:
        return "Nothing could be measured."
    if not ever:
        return f"{_names(never)} never interrupted the call{each}."
    if not never:
        return (
            f"{'Every scheme' if len(ever) > 1 else ever[0].name} interrupted the call{each}{_least(condition, ever)}."
        )
    return f"{_names(never)} never interrupted the call, {_names(ever)} did{each}."


def _least(condition: Condition, ever: Sequence[Series]) -> str:
    """Return which scheme interrupted the call least, and for how long."""
    known = [(value, series.name) for series in ever if (value := worse(condition, series)) is not None]
    if len(known) < 2:
        return ""
    value, name = min(known)
    return f", {name} least: {value:.0f} ms"


def worse(condition: Condition, series: Series) -> float | None:
    """Return the mean interruption of the direction that had more of it; None unless both were measured."""
    means = [series.estimate(condition.interruption.of(way)).mean for way in DIRECTIONS]
    known = [mean for mean in means if mean is not None]
    return max(known) if len(known) == len(means) else None


def _names(series: Sequence[Series]) -> str:
    *first, last = (one.name for one in series)
    return f"{', '.join(first)} and {last}" if first else last


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def interrupted(condition: Condition, series: Series) -> Share | None:
    """Return in how many runs the listener at either end missed something."""
    return series.interrupted([condition.interruption.of(way) for way in DIRECTIONS])


def card(condition: Condition, series: Series) -> SchemeCard:
    """Return the card of one scheme."""
    share = interrupted(condition, series)
    metrics = condition.metrics
    big, what, sure = NOT_MEASURED, "interruption", "Not measured"
    if share is not None and share.total > 1:
        big, what = f"{share.hits} of {share.total}", "runs interrupted"
        sure = f"{_percent(share.low)} to {_percent(share.high)} of all such runs ({_percent(CONFIDENCE)} confidence)"
    elif share is not None:
        big, what = number(worse(condition, series)), "ms interruption"
        sure = "The worse direction of one run: there is no interval, and another seed may do differently"
    return SchemeCard(
        name=series.name,
        runs=counted(series),
        big=big,
        what=what,
        sure=sure,
        is_good=None if share is None else not share.hits,
        rows=tuple(
            (
                f"{metric.name}{bracketed(metric)}",
                tuple(mean_cell(series.estimate(metric.of(way)), metric) for way in DIRECTIONS),
            )
            for metric in metrics
        ),
        cost=tuple(
            (f"{metric.name} [{metric.unit}]" if metric.unit == "ms" else metric.name,
             mean_cell(series.estimate(metric), metric))
            for metric in (groups.DELAY, groups.SETUP, groups.MESSAGES, groups.BYTES)
        ),
    )  # fmt: skip


def bracketed(metric: Metric) -> str:
    """Return the unit as it stands behind a name; nothing where the name says it."""
    return f" [{metric.unit}]" if metric.unit and metric.unit not in metric.name else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
