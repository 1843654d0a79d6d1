"""What a policy brings against what it costs: missed speech an hour against extra bytes, a point each.

`python -m testbed.report.several.costs.cost_picture SVG RUN_OR_FOLDER…` prints the table and writes the picture.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from testbed.measure import RunFolderError, read_records
from testbed.measure.numbers.cost_numbers import EXTRA_PERCENT, JOULES
from testbed.measure.numbers.media_numbers import INTERRUPTION_CALL, LOST
from testbed.measure.numbers.standby_numbers import STANDBY
from testbed.report.pages.pages import environment
from testbed.report.terminal import DIRECTIONS, console, new_table, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from testbed.measure import Record

HOUR_S = 3600
TEMPLATE = "cost.svg.j2"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 190, 20, 60
LEAST_PERCENT, LINE = 0.1, 16
"""Where the axis of extra bytes begins, which is logarithmic; how far apart two labels are."""


@dataclass(frozen=True)
class PolicyCost:
    """The runs of one policy; rates are an hour of calls, the mean of both directions, None where not measured."""

    name: str
    runs: int
    missed_s: float | None
    lost: float | None
    extra_percent: float | None
    joules: float | None
    alarms: float | None
    false_alarms: float | None


class PolicyPoint(NamedTuple):
    """A policy in the picture; `label_y` is where its name stands."""

    name: str
    x: float
    y: float
    label_y: float


def policies(records: Sequence[Record]) -> list[PolicyCost]:
    """Return the policies in the order in which they come; runs that have no result are left out."""
    groups: dict[str, list[Record]] = {}
    for one in records:
        if one.result is not None:
            groups.setdefault(_policy(one), []).append(one)
    return [_of(name, group) for name, group in groups.items()]


def _policy(record: Record) -> str:
    """The scheme, and when media go over both links where it has a dialog that stands by."""
    result = record.result or {}
    policy = STANDBY["policy"].read(result.get("standby") or {})
    return f"{result['scheme']}, {policy}" if policy else str(result["scheme"])


def _of(name: str, records: list[Record]) -> PolicyCost:
    results: list[dict[str, Any]] = [one.result for one in records if one.result is not None]
    hours = sum(float(one.manifest["call"]["duration_s"]) for one in records) / HOUR_S
    missed = _sum([INTERRUPTION_CALL.read(one["media"][way]) for one in results for way in DIRECTIONS])
    lost = _sum([LOST.read(one["media"][way]) for one in results for way in DIRECTIONS])
    joules = _sum([JOULES.read(one["cost"]) for one in results])
    extra = _sum([EXTRA_PERCENT.read(one["cost"]) for one in results])
    alarms, false = (
        _sum([STANDBY[key].read(one["standby"]) if one["standby"] else 0 for one in results])
        for key in ("alarms", "false_alarms")
    )
    return PolicyCost(
        name=name,
        runs=len(results),
        missed_s=_rate(missed, hours * len(DIRECTIONS) * 1000),
        lost=_rate(lost, hours * len(DIRECTIONS)),
        extra_percent=_rate(extra, len(results)),
        joules=_rate(joules, hours),
        alarms=_rate(alarms, hours),
        false_alarms=_rate(false, hours),
    )


def _sum(values: list[float | None]) -> float | None:
    """The sum; None where one of them was not measured."""
    known = [one for one in values if one is not None]
    return sum(known) if len(known) == len(values) else None


def _rate(value: float | None, per: float) -> float | None:
    return None if value is None else value / per


def policies_table(found: Sequence[PolicyCost]) -> Table:
    """One row a policy."""
    table = new_table("What each policy brings, and costs (an hour of calls; mean of both directions)", "policy")
    heads = ("runs", "missed\ns", "packets\nlost", "extra\nbytes %", "kJ of\nboth radios", "alarms", "false\nalarms")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for one in found:
        kilojoules = None if one.joules is None else one.joules / 1000
        table.add_row(
            one.name,
            str(one.runs),
            *(number(each, 2) for each in (one.missed_s, one.lost, one.extra_percent, kilojoules)),
            *(number(each) for each in (one.alarms, one.false_alarms)),
        )
    return table


def picture(found: Sequence[PolicyCost]) -> str:
    """Return the picture as SVG: right is dear, up is bad; policies of which one was not measured are not in it."""
    known = [(one, one.missed_s, one.extra_percent) for one in found]
    shown = [(one.name, missed, extra) for one, missed, extra in known if missed is not None and extra is not None]
    top_s = _nice(max((missed for _, missed, _ in shown), default=1.0))
    decades = max(1, math.ceil(math.log10(max((extra for *_, extra in shown), default=100.0) / LEAST_PERCENT)))
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT

    def x(percent: float) -> float:
        place = math.log10(max(percent, LEAST_PERCENT) / LEAST_PERCENT) / decades
        return round(LEFT + place * (right - LEFT), 1)

    def y(seconds: float) -> float:
        return round(bottom - seconds / top_s * (bottom - TOP), 1)

    points: list[PolicyPoint] = []
    for name, missed, extra in sorted(shown, key=lambda one: (-one[1], one[2])):
        above = points[-1].label_y + LINE if points else 0.0
        points.append(PolicyPoint(name, x(extra), y(missed), max(y(missed), above)))
    over = max(0.0, points[-1].label_y - bottom) if points else 0.0
    points = [one._replace(label_y=min(one.label_y, bottom + 4) if over == 0 else one.label_y - over) for one in points]
    return environment().get_template(TEMPLATE).render(
        width=WIDTH, height=HEIGHT, left=LEFT, right=right, top=TOP, bottom=bottom, points=points,
        percents=[
            (x(LEAST_PERCENT * 10**step), f"{'' if step else '≤ '}{LEAST_PERCENT * 10**step:g}")
            for step in range(decades + 1)
        ],
        seconds=[(y(top_s * step / 4), f"{top_s * step / 4:g}") for step in range(5)],
    )  # fmt: skip


def _nice(largest: float) -> float:
    """Return 1, 2, 4 or 8 times a power of ten that is not less; 1 where there is nothing."""
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(float(f"{step * power:g}") for step in (1, 2, 4, 8, 10) if step * power >= largest)


def main(words: Sequence[str]) -> None:
    """Write the picture, and print the table."""
    found = policies(read_records([Path(word) for word in words[1:]]))
    Path(words[0]).write_text(picture(found))
    console().print(policies_table(found))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunFolderError as error:
        sys.exit(f"error: {error}")
