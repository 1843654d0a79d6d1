"""Everything that is known of several runs as plain rows, for JSON and for data frames.

Three tables: `numbers` has a row for each scheme, direction and number, `interrupted` says in how many runs the call
was interrupted, `differences` has each scheme less the reference. What can't be said of so few runs, or was not
measured, is None. docs/statistics.md says what each field means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from testbed.report.estimates.intervals import CONFIDENCE
from testbed.report.estimates.order_statistics import quantiles
from testbed.report.several import groups
from testbed.report.several.differences import WANTED_MS, differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from testbed.report.estimates.intervals import Estimate
    from testbed.report.estimates.order_statistics import Quantile, Quantiles
    from testbed.report.several.differences import SchemeDifference
    from testbed.report.several.groups import Condition, Metric, Series

Row = dict[str, Any]

OF_THE_RUN = (groups.DELAY, *groups.PHASE.values(), groups.SETUP, groups.MESSAGES, groups.BYTES)


def statistics(conditions: Iterable[Condition], wanted_ms: float = WANTED_MS) -> dict[str, Any]:
    """Return the three tables; `wanted_ms`, above 0, is the half width that `pairs_wanted` counts the pairs for."""
    known = list(conditions)
    return {
        "confidence": CONFIDENCE,
        "wanted_ms": wanted_ms,
        "numbers": [row for one in known for row in _numbers(one)],
        "interrupted": [row for one in known for row in _interrupted(one)],
        "differences": [row for one in known for row in _differences(one, wanted_ms)],
    }


def _about(condition: Condition, series: Series) -> Row:
    return {"condition": condition.name, "varied": condition.varied, "scheme": series.name}


def _numbers(condition: Condition) -> Iterator[Row]:
    for series in condition.series:
        for metric, direction in _metrics(condition):
            found, around = series.estimate(metric), quantiles(entry.value(metric) for entry in series.counted)
            yield {**_about(condition, series), **_number(metric, direction), **_mean(found, "runs"), **_around(around)}


def _metrics(condition: Condition) -> Iterator[tuple[Metric, str | None]]:
    """Yield each number of each direction, then those of the whole run."""
    for metric in condition.metrics:
        yield from ((metric.of(direction), direction) for direction in groups.DIRECTIONS)
    yield from ((metric, None) for metric in OF_THE_RUN)


def _number(metric: Metric, direction: str | None) -> Row:
    field = metric.path.removeprefix("result.")
    return {"number": metric.name, "field": field, "direction": direction, "unit": metric.unit or "1"}


def _mean(found: Estimate, counted: str) -> Row:
    low, high = found.interval or (None, None)
    return {
        counted: len(found.values),
        "missing": found.missing,
        "mean": found.mean,
        "mean_low": low,
        "mean_high": high,
        "interval": found.method,
        "deviation": found.deviation,
    }


def _around(found: Quantiles) -> Row:
    rows: Row = {}
    for name, one in (("median", found.median), ("q05", found.low), ("q95", found.high)):
        rows |= _quantile(name, one)
    return {**rows, "least": found.least, "most": found.most}


def _quantile(name: str, found: Quantile | None) -> Row:
    low, high = (found and found.interval) or (None, None)
    return {name: found and found.value, f"{name}_low": low, f"{name}_high": high}


def _interrupted(condition: Condition) -> Iterator[Row]:
    ways: Sequence[tuple[str | None, Sequence[str]]] = (
        *((way, (way,)) for way in groups.DIRECTIONS),
        (None, groups.DIRECTIONS),
    )
    for series in condition.series:
        for direction, some in ways:
            share = series.interrupted([condition.interruption.of(way) for way in some])
            yield {
                **_about(condition, series),
                "direction": direction,
                "interrupted": share and share.hits,
                "runs": share.total if share else 0,
                "share_low": share and share.low,
                "share_high": share and share.high,
            }


def _differences(condition: Condition, wanted_ms: float) -> Iterator[Row]:
    for one in differences(condition):
        yield {
            **_about(condition, one.series),
            "less": condition.reference.name,
            **_number(one.metric.of(one.direction), one.direction),
            **_mean(one.found, "pairs"),
            "p": one.p,
            "p_holm": one.adjusted,
            "stands": one.stands,
            "pairs_wanted": _wanted(one, wanted_ms),
        }


def _wanted(one: SchemeDifference, wanted_ms: float) -> int | None:
    """How many pairs, of times that are seen to vary alone."""
    return one.pairs_for(wanted_ms) if one.metric.unit == "ms" and one.found.deviation else None
