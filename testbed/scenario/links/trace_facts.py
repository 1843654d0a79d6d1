"""What a trace holds, in numbers: how long it is, and the rates and gaps in it."""

from dataclasses import dataclass, field
from itertools import pairwise

from testbed.scenario.links.trace_file import MAHIMAHI, Place, TraceFile, named

OPPORTUNITY_BITS = 12_000
"""1500 bytes: what Mahimahi lets through at each time."""
SILENCE_S = 0.1
"""How long nothing passes in a Mahimahi trace before that is told: five packets of speech."""


@dataclass
class Quiet:
    """The stretches in which nothing passes: how many, how long together, and the longest, all in seconds."""

    count: int = 0
    total_s: float = 0.0
    longest_s: float = 0.0
    longest_at_s: float = 0.0

    def __post_init__(self) -> None:
        self._since_s: float | None = None

    def see(self, at_s: float, lasts_s: float, *, passes: bool) -> None:
        """The next piece of time; pieces in which nothing passes are one stretch."""
        if passes:
            self._since_s = None
            return
        if self._since_s is None:
            self._since_s = at_s
            self.count += 1
        self.total_s += lasts_s
        if at_s + lasts_s - self._since_s > self.longest_s:
            self.longest_at_s, self.longest_s = self._since_s, at_s + lasts_s - self._since_s


@dataclass
class QuantityFacts:
    """A quantity of a link, in base units; the mean is one over time."""

    least: float
    most: float
    mean: float
    quiet: Quiet = field(default_factory=Quiet, compare=False)


@dataclass(frozen=True)
class TraceFacts:
    """A trace. `rows` is how many there are, `times` how many different ones; `longest_step_s` between two of them."""

    kind: str
    rows: int
    times: int
    lasts_s: float
    longest_step_s: float
    longest_step_at_s: float
    quantities: dict[str, QuantityFacts]


def facts_of(trace: TraceFile) -> TraceFacts:
    """What a trace holds; raises BadScenarioError."""
    return facts_of_opportunities(trace.opportunities()) if trace.kind == MAHIMAHI else facts_of_moments(trace)


def facts_of_opportunities(times_ms: list[int]) -> TraceFacts:
    """Rates of whole seconds; nothing passes where no packet can leave for a while."""
    end_s = times_ms[-1] / 1000
    counts = [0] * (times_ms[-1] // 1000 + 1)
    for one in times_ms:
        counts[one // 1000] += 1
    quiet, step_s, step_at_s = Quiet(), 0.0, 0.0
    for before, after in pairwise((0, *times_ms)):
        lasts_s = (after - before) / 1000
        quiet.see(before / 1000, lasts_s, passes=lasts_s < SILENCE_S)
        # A packet leaves.
        quiet.see(after / 1000, 0.0, passes=True)
        if lasts_s > step_s:
            step_s, step_at_s = lasts_s, before / 1000
    mean = len(times_ms) * OPPORTUNITY_BITS / end_s
    whole = [float(count * OPPORTUNITY_BITS) for count in counts[:-1]] or [mean]
    rate = QuantityFacts(min(whole), max(whole), mean, quiet)
    return TraceFacts(MAHIMAHI, len(times_ms), len(set(times_ms)), end_s, step_s, step_at_s, {"rate": rate})


def facts_of_moments(trace: TraceFile) -> TraceFacts:
    """Each quantity from the first row on that tells it."""
    sums: dict[Place, QuantityFacts] = {}
    known_s: dict[Place, float] = {}
    count = 0
    end_s = step_s = step_at_s = 0.0
    for one in trace.stretches():
        count, end_s, lasts_s = count + 1, one.end, one.end - one.start
        if lasts_s > step_s:
            step_s, step_at_s = lasts_s, one.start
        for place, value in one.values.items():
            told = sums.setdefault(place, QuantityFacts(value, value, 0.0))
            told.least, told.most = min(told.least, value), max(told.most, value)
            told.mean += value * lasts_s
            known_s[place] = known_s.get(place, 0.0) + lasts_s
            told.quiet.see(one.start, lasts_s, passes=place[1] != "rate" or value > 0)
    for place, told in sums.items():
        told.mean /= known_s[place]
    rows = count if trace.published is None else trace.published.row_count
    quantities = {named(place): told for place, told in sums.items()}
    return TraceFacts(trace.kind, rows, count, end_s, step_s, step_at_s, quantities)
