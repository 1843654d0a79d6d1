"""What is varied to points: one value for each field, by a grid, a latin hypercube or a Sobol sequence.

Lists are combined in full, with each other and with the samples of ranges. The samples come from a generator with a
fixed seed: the same file has the same points everywhere, and of a Sobol sequence of twice as many the first half is
the same, so that a campaign can grow.
"""

import json
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

from testbed.campaign.campaign_file import Between, Campaign
from testbed.scenario.experiment.varying import Varied
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Place, ValueOrigin
from testbed.scenario.reading.units import QUANTITY, plain, shown

SAMPLING_SEED = 1
DIGITS = 6
"""Sampled values are rounded to so many digits, so that they can be written down and read again."""
MOST_POINTS = 100_000

Point = tuple[Varied, ...]
"""One value for each field that is varied."""


def points(campaign: Campaign) -> list[Point]:
    """All points of a campaign, in the file's order; raises BadScenarioError."""
    vary, design = campaign.file.vary, campaign.file.design
    ranges = [name for name, values in vary.items() if isinstance(values, Between)]
    if ranges and not design.samples:
        what = (
            f"vary: {ranges[0]}: a range has no values of its own; write a list, or 'design: {{latin-hypercube: 40}}'"
        )
        raise _error(campaign, ("vary", ranges[0]), what)
    if design.samples and not ranges:
        what = "design: nothing varies from one value to another; write {from: …, to: …} of a field, or 'grid'"
        raise _error(campaign, ("design",), what)
    lists = {name: values for name, values in vary.items() if name not in ranges}
    count = math.prod(map(len, lists.values())) * (design.samples or 1)
    if count > MOST_POINTS:
        raise _error(campaign, ("vary",), f"vary: these are {count} combinations; at most {MOST_POINTS} are possible")
    combined = [
        dict(zip(lists, one, strict=True)) for one in product(*(list(_listed(campaign, name)) for name in lists))
    ]
    sampled = [dict(zip(ranges, one, strict=True)) for one in _sampled(campaign, ranges)]
    return [tuple({**listed, **sample}[name] for name in vary) for listed in combined for sample in sampled]


def _listed(campaign: Campaign, name: str) -> Iterator[Varied]:
    for number, value in enumerate(campaign.file.vary[name]):
        yield _varied(campaign, name, value, ("vary", name, number))


def _sampled(campaign: Campaign, ranges: Sequence[str]) -> Iterator[list[Varied]]:
    if not ranges:
        yield []
        return
    between = [_Scale(campaign, name) for name in ranges]
    for sample in _unit_samples(len(ranges), campaign):
        values = zip(ranges, between, sample, strict=True)
        yield [_varied(campaign, name, scale.value(share), ("vary", name)) for name, scale, share in values]


def _unit_samples(dimensions: int, campaign: Campaign) -> list[list[float]]:
    """Samples of the unit cube."""
    from scipy.stats import qmc  # noqa: PLC0415 - half a second that other commands don't need

    design = campaign.file.design
    made = qmc.LatinHypercube if design.kind == "latin-hypercube" else qmc.Sobol
    found: list[list[float]] = made(dimensions, rng=SAMPLING_SEED).random(design.samples).tolist()
    return found


class _Scale:
    """From the least to the most value of a field: both quantities of one unit, or both numbers."""

    def __init__(self, campaign: Campaign, name: str) -> None:
        ends = campaign.file.vary[name]
        least, most = _number(ends.least), _number(ends.most)
        between = f"vary: {name}: {shown(ends.least)} to {shown(ends.most)}"
        if least is None or most is None or least[1] != most[1]:
            raise _error(campaign, ("vary", name), f"{between} is no range; both need a number and one unit")
        (self._least, self._unit), (self._most, _) = least, most
        if not self._least < self._most:
            raise _error(campaign, ("vary", name), f"{between} does not go up; write the smaller one first")
        self._is_whole = isinstance(ends.least, int) and isinstance(ends.most, int)

    def value(self, share: float) -> Any:  # noqa: ANN401 - as a file has it
        """The value at a share of the way."""
        if self._is_whole:
            return int(self._least + share * (self._most - self._least + 1))
        found = float(f"{self._least + share * (self._most - self._least):.{DIGITS}g}")
        return f"{plain(Decimal(repr(found)))} {self._unit}" if self._unit else found


def _number(value: object) -> tuple[float, str] | None:
    """A number and its unit, which may be none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value, ""
    match = QUANTITY.fullmatch(value.strip()) if isinstance(value, str) else None
    return None if match is None else (float(match[1]), match[2])


def _varied(campaign: Campaign, name: str, value: Any, place: Place) -> Varied:  # noqa: ANN401 - any YAML value
    """A value; a file that it names lies beside the campaign's."""
    beside = campaign.path.parent / value if isinstance(value, str) and "/" in value else None
    named = str(beside.resolve()) if beside is not None and beside.is_file() else value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return Varied(name, named, ValueOrigin(campaign.path, campaign.tree.line(place), name), text)


def _error(campaign: Campaign, place: Place, what: str) -> BadScenarioError:
    return BadScenarioError([campaign.tree.error(place, what)])
