"""Part of a trace: from some time of it on, for so long; and the changes of a link that this makes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from testbed.scenario.links.history import Change, moment
from testbed.scenario.reading.tree import Place, bad

Way = Literal["both", "down", "up"]
WAYS: dict[str | None, Way] = {None: "both", "down": "down", "up": "up"}
Values = dict[tuple[Way, str], float]
"""What is known of a link: direction and quantity to a value in base units."""


@dataclass(frozen=True, slots=True)
class TracedMoment:
    """From `at` seconds of the trace on a link is like this; `line` says so. One without values is the trace's end."""

    line: int
    at: float
    values: Values


@dataclass(frozen=True)
class TraceExcerpt:
    """From `skip` seconds on, for `lasts` seconds; None: to the end."""

    skip: float = 0.0
    lasts: float | None = None

    def of(self, path: Path, moments: Iterable[TracedMoment]) -> Iterator[TracedMoment]:
        """That part, its time counted from its beginning, at which all is known that was told before.

        What comes after it is not read. Raises BadScenarioError where nothing is left.
        """
        known: Values = {}
        line, has_begun = 0, False
        for one in moments:
            line = one.line
            if one.at < self.skip:
                known |= one.values
                continue
            if not has_begun:
                has_begun = True
                if one.at > self.skip and known:
                    yield TracedMoment(line, 0.0, known)
                elif known:
                    one = TracedMoment(line, one.at, known | one.values)  # noqa: PLW2901 - the same moment, all of it
            if self.lasts is not None and one.at >= moment(self.skip + self.lasts):
                yield TracedMoment(line, self.lasts, {})
                return
            yield TracedMoment(line, moment(one.at - self.skip), one.values)
        if self.skip and not has_begun:
            raise bad(path, line, f"this is the last row, and before {self.skip:g} s; skip less")

    def of_opportunities(self, path: Path, times_ms: list[int]) -> list[int]:
        """That part of a Mahimahi trace; raises BadScenarioError where nothing is left."""
        if not self.skip and self.lasts is None:
            return times_ms
        first = self.skip * 1000
        last = times_ms[-1] + 1 if self.lasts is None else first + self.lasts * 1000
        found = [round(one - first) for one in times_ms if first <= one < last]
        if not found or not found[-1]:
            raise bad(
                path, len(times_ms), f"nothing passes from {self.skip:g} s on; the last time is {times_ms[-1]} ms"
            )
        return found


def changes(place: Place, link: str, at: float, moments: Iterable[TracedMoment]) -> Iterator[Change]:
    """What becomes of a link that is like this from scenario time `at` on; `place` is where a script says so."""
    for one in moments:
        for way in WAYS.values():
            values = {name: value for (side, name), value in one.values.items() if side == way}
            if values:
                yield Change(place, moment(at + one.at), link=link, direction=way, values=values)
