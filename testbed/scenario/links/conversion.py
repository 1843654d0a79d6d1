"""A trace in another form: our own CSV, or Mahimahi's; and what is lost by that."""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Literal, TypeVar

from testbed.scenario.links.excerpt import TracedMoment
from testbed.scenario.links.trace import KINDS
from testbed.scenario.links.trace_facts import OPPORTUNITY_BITS
from testbed.scenario.links.trace_file import MAHIMAHI, Place, Stretch, TraceFile, named
from testbed.scenario.reading.tree import bad
from testbed.scenario.reading.units import plain

T = TypeVar("T")
MOST_ROWS = 1_000_000
MOST_CHANCES = 10_000_000
UNITS = {
    "rate": "kbit/s", "delay": "ms", "jitter": "ms", "jitter_correlation": "ms", "loss": "%", "loss_burst": "ms",
    "duplicate": "%", "corrupt": "%", "signal": "dBm",
}  # fmt: skip
"""In which units columns are written."""


class Conversion:
    """A trace as lines of another form. `losses` says, once they were all taken, what those lines do not say."""

    def __init__(self, trace: TraceFile) -> None:
        self._trace = trace
        self.losses: list[str] = []

    def to_csv(self, every_s: float, way: Literal["down", "up"] | None = None) -> Iterator[str]:
        """As our own CSV; of a Mahimahi trace the rate in each `every_s` seconds, of that direction."""
        if self._trace.kind == MAHIMAHI:
            yield from self._rates_of_opportunities(every_s, "both" if way is None else way)
            return
        moments = kept(self._trace.path, self._trace.moments())
        yield from table(moments)
        if moments and not moments[-1].values:
            self.losses.append(f"its end, at {moments[-1].at:g} s: the link stays what it is in the last row")

    def _rates_of_opportunities(self, every_s: float, way: Literal["both", "down", "up"]) -> Iterator[str]:
        times_ms = self._trace.opportunities()
        bins = math.ceil(round(times_ms[-1] / 1000 / every_s, 6))
        if bins > MOST_ROWS:
            raise bad(self._trace.path, 0, f"a rate for each {every_s:g} s would be {bins} rows; take a longer --every")
        counts = [0] * bins
        for one in times_ms:
            counts[min(bins - 1, int(one / 1000 / every_s))] += 1
        ends_s = [*(every_s * (number + 1) for number in range(bins - 1)), times_ms[-1] / 1000]
        starts_s = [every_s * number for number in range(bins)]
        rates = [
            count * OPPORTUNITY_BITS / (end_s - start_s)
            for count, start_s, end_s in zip(counts, starts_s, ends_s, strict=True)
        ]
        moments = [TracedMoment(0, at, {(way, "rate"): rate}) for at, rate in zip(starts_s, rates, strict=True)]
        yield from table(moments)
        self.losses.append(f"when packets can leave within each {every_s:g} s")
        self.losses.append(f"its end, at {ends_s[-1]:g} s, where Mahimahi begins again")

    def to_mahimahi(self, way: Literal["down", "up"] | None = None) -> Iterator[str]:
        """As times in ms at which 1500 bytes can leave, of that direction; raises BadScenarioError without a rate."""
        if self._trace.kind == MAHIMAHI:
            yield from (f"{one}" for one in self._trace.opportunities())
            return
        stretches = kept(self._trace.path, self._trace.stretches())
        place = self._rate_of(stretches, way)
        count = int(sum(one.values.get(place, 0.0) * (one.end - one.start) for one in stretches) / OPPORTUNITY_BITS)
        if count > MOST_CHANCES:
            what = f"{count} packets can leave in {stretches[-1].end:g} s; take a part of it, with --skip and --for"
            raise bad(self._trace.path, 0, what)
        last_ms = 0
        for last_ms in opportunities(stretches, place):
            yield f"{last_ms}"
        if not last_ms:
            raise bad(self._trace.path, 0, f"{named(place)} lets no packet through; a Mahimahi trace has one at least")
        end_s = stretches[-1].end
        self.losses.append("the part of a millisecond: chances are at the next whole one")
        if end_s - last_ms / 1000 > 1e-3:
            self.losses.append(
                f"{end_s - last_ms / 1000:.3f} s at its end: Mahimahi begins again after the last chance"
            )
        others = {named(one) for stretch in stretches for one in stretch.values} - {named(place)}
        self.losses += [f"{one}: Mahimahi knows rates of one direction" for one in sorted(others)]

    def _rate_of(self, stretches: list[Stretch], way: Literal["down", "up"] | None) -> Place:
        """Which rate is meant."""
        rates = {place: None for one in stretches for place in one.values if place[1] == "rate"}
        fitting = [place for place in rates if way is None or place[0] in {"both", way}]
        if not fitting:
            of_way = f" {way}" if way else ""
            raise bad(self._trace.path, 0, f"it has no rate{of_way}, and a Mahimahi trace is nothing else")
        if len(fitting) > 1:
            names = " and ".join(named(one) for one in fitting)
            raise bad(self._trace.path, 0, f"it has {names}; say which: --direction down, or up")
        return fitting[0]


def kept(path: Path, found: Iterable[T]) -> list[T]:
    """All of them, while memory does not matter; raises BadScenarioError."""
    first = list(islice(found, MOST_ROWS + 1))
    if len(first) > MOST_ROWS:
        raise bad(path, 0, f"there are more than {MOST_ROWS} rows; take a part of it, with --skip and --for")
    return first


def opportunities(stretches: Iterable[Stretch], place: Place) -> Iterator[int]:
    """When 1500 bytes have come together again at the rates of these stretches, in ms."""
    bits = 0.0
    for one in stretches:
        rate = one.values.get(place, 0.0)
        together = bits + rate * (one.end - one.start)
        # Sums of binary fractions are a little too small as often as too large.
        count = int((together + 1e-3) / OPPORTUNITY_BITS)
        for number in range(1, count + 1):
            at_s = one.start + (number * OPPORTUNITY_BITS - bits) / rate
            yield math.ceil(round(at_s * 1000, 3))
        bits = max(0.0, together - count * OPPORTUNITY_BITS)


def table(moments: list[TracedMoment]) -> Iterator[str]:
    """Rows of our own CSV, with all digits; an empty cell changes nothing."""
    columns = list(dict.fromkeys(place for one in moments for place in one.values))
    yield ", ".join(["time [s]", *(f"{named(one)} [{UNITS[one[1]]}]" for one in columns)])
    for one in moments:
        if one.values:
            cells = [cell(place, one.values[place]) if place in one.values else "" for place in columns]
            yield ", ".join([plain(Decimal(repr(one.at))), *cells])


def cell(place: Place, value: float) -> str:
    """A value in its column's unit, all of its digits."""
    return plain(Decimal(repr(value)) / KINDS[place[1]].units[UNITS[place[1]]])


def written(lines: Iterable[str], path: Path) -> int:
    """How many lines a new file now has; there is none where not all could be had. Raises OSError, too."""
    with path.open("x", encoding="utf-8") as file:
        try:
            return sum(1 for line in lines if file.write(f"{line}\n"))
        except BaseException:
            path.unlink()
            raise
