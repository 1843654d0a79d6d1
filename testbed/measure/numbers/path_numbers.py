"""The numbers of one path of one direction: `media.….paths`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure import units
from testbed.measure.numbers.delays import Delays
from testbed.measure.numbers.number import Number, by_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.measure.call.direction import Direction, Sightings
    from testbed.measure.numbers.number import Value


class PathFacts:
    """What one path carried; `path` numbers it."""

    def __init__(self, direction: Direction, path: int) -> None:
        self.direction, self.path = direction, path

    @cached_property
    def arrivals(self) -> Sightings:
        """All that arrived over it, copies too."""
        return self.direction.received.pick(self.direction.received.path == self.path)

    @cached_property
    def delays(self) -> Delays:
        """Their one-way delays."""
        return Delays(self.direction.delay_ns[self.direction.received.path == self.path])


def _packets(
    key: str, column: str, about: str, compute: Callable[[PathFacts], int], more: str = ""
) -> Number[PathFacts]:
    return Number(key, "integer", "packets", column, about, _observed(compute), more)


def _ms(key: str, column: str, about: str, compute: Callable[[PathFacts], float | None]) -> Number[PathFacts]:
    return Number(key, "number", "ms", column, about, _observed(compute))


def _observed(compute: Callable[[PathFacts], Value]) -> Callable[[PathFacts], Value]:
    """Where a capture of the receiver is missing, nobody knows what came off a path."""
    return lambda one: compute(one) if one.direction.observed else None


PATHS = by_key((
    _packets("packets", "packets_received", "arrivals, copies too", lambda one: len(one.arrivals)),
    _packets("new", "packets_new", "arrivals that were the first of their number on any path",
             lambda one: int((one.direction.new.path == one.path).sum())),
    _packets("sent", "packets_sent", "different packets that went onto it",
             lambda one: len(one.direction.carried(one.path)[0])),
    _packets("lost", "packets_lost", "those of them that did not come off it",
             lambda one: len(np.setdiff1d(*one.direction.carried(one.path))),
             "From the MN to the one it sends to, the CN or a relay, and back: what a relay leaves out, because it has "
             "had a copy, is not lost"),
    _ms("delay_ms.mean", "delay_mean_ms", "mean one-way delay", lambda one: one.delays.mean),
    _ms("delay_ms.p99", "delay_p99_ms", "one-way delay that 99 % do not exceed", lambda one: one.delays.p99),
    _ms("delay_ms.min", "delay_min_ms", "least one-way delay", lambda one: one.delays.least),
    _ms("delay_ms.max", "delay_max_ms", "greatest one-way delay", lambda one: one.delays.most),
    _ms("delay_ms.sd", "delay_sd_ms", "standard deviation of the one-way delay", lambda one: one.delays.sd),
    _ms("jitter_ms", "jitter_ms", "mean interarrival jitter (RFC 3550) of all arrivals",
        lambda one: units.ms(units.mean(one.direction.jitter_ns(one.arrivals)))),
))  # fmt: skip
"""Key -> row, in the order of result.json."""
