"""Conditions that differ in what a campaign varied, put together again: what is swept, and where each one stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from testbed.report.several.groups import Condition

_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(.*)")
NOT_COMMON = {"varied", "its digest"}
"""Facts that a sweep's conditions need not have in common: a varied scenario is another text."""


@dataclass(frozen=True)
class Axis:
    """A field that is swept: its values in words, in their order.

    `places` are their numbers, in `unit`, where all are numbers of one unit; else they are counted from 0, `unit` is
    None, and distances between them mean nothing.
    """

    field: str
    values: tuple[str, ...]
    places: tuple[float, ...]
    unit: str | None

    def place(self, condition: Condition) -> float:
        """Where a condition stands."""
        return self.places[self.values.index(condition.varied[self.field])]


@dataclass(frozen=True)
class Sweep:
    """Conditions that have all in common but what is swept."""

    name: str
    conditions: tuple[Condition, ...]
    axes: tuple[Axis, ...]

    @property
    def is_grid(self) -> bool:
        """Whether there is a condition for each combination of values."""
        combinations = 1
        for axis in self.axes:
            combinations *= len(axis.values)
        return combinations == len(self.conditions)

    @property
    def schemes(self) -> list[str]:
        """Names of their series, as they come."""
        return list(dict.fromkeys(series.name for one in self.conditions for series in one.series))


def sweeps(conditions: Iterable[Condition]) -> list[Sweep]:
    """Return what is swept among conditions; one that varied nothing, or is alone, is in none."""
    groups: dict[tuple[tuple[str, str], ...], list[Condition]] = {}
    for condition in conditions:
        common = tuple(fact for fact in condition.facts if fact[0] not in NOT_COMMON)
        groups.setdefault((*common, *((name, "") for name in condition.varied)), []).append(condition)
    found = []
    for common, mine in groups.items():
        fields = [name for name in mine[0].varied if len({one.varied[name] for one in mine}) > 1]
        if fields:
            axes = tuple(axis(field, [one.varied[field] for one in mine]) for field in fields)
            found.append(Sweep(", ".join(value for _, value in common if value), tuple(mine), axes))
    return found


def axis(field: str, values: Sequence[str]) -> Axis:
    """Return the axis of these values, in the order of their numbers, or as they come."""
    each = list(dict.fromkeys(values))
    read = [_NUMBER.fullmatch(one.strip()) for one in each]
    known = [one for one in read if one is not None]
    units = {one[2] for one in known}
    if len(known) < len(each) or len(units) > 1:
        return Axis(field, tuple(each), tuple(float(place) for place in range(len(each))), None)
    ordered = sorted((float(one[1]), value) for one, value in zip(known, each, strict=True))
    return Axis(field, tuple(value for _, value in ordered), tuple(place for place, _ in ordered), units.pop())
