"""What the numbers of one direction are made of, each part worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from testbed.measure.call import window
from testbed.measure.call.second_path import second_path
from testbed.measure.listening import at_best, bursts, emodel, playout
from testbed.measure.listening.codec_ratings import rate_call
from testbed.measure.numbers.delays import Delays, delays_of_new, known_delays
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from testbed.measure.call.handover import Handover
    from testbed.measure.call.second_path import SecondPath
    from testbed.measure.call.window import Window
    from testbed.measure.listening.bursts import Periods
    from testbed.measure.listening.codec_ratings import CallRating
    from testbed.measure.listening.listened import Listened
    from testbed.measure.listening.playout import Heard
    from testbed.measure.rtp.stream_numbers import StreamCounts

NEAR_NS = 2_000_000_000
"""Paths are compared within the window or so near to it: 100 packets, before a fading link got bad."""


class Rated(NamedTuple):
    """What the E-model says of a direction, or why it says nothing or little.

    And of what: concealed share in per cent, burst ratio, delay.
    """

    rating: CallRating | None
    doubt: str | None
    loss_percent: float
    burst_ratio: float
    mouth_to_ear_s: float


class Missing(NamedTuple):
    """How losses lie: runs of lost packets, and bursts and gaps of those lost or late (None without a playout)."""

    lost_runs: int
    longest_lost_run: int
    bursts: Periods | None
    gaps: Periods | None


class HandoverSpan(NamedTuple):
    """A handover, and its window in this direction."""

    handover: Handover
    window: Window


class MediaFacts:
    """One direction of the call, and the handover that the numbers of a window are about; None without one."""

    def __init__(self, listened: Listened, handover: Handover | None) -> None:
        self.listened, self.direction, self.interval_ns = listened, listened.direction, listened.interval_ns
        self.heard, self.is_measured = listened.heard, listened.is_measured
        self.span: HandoverSpan | None = None
        if handover is not None and self.is_measured:
            self.span = HandoverSpan(handover, handover.windows[listened.name])

    @cached_property
    def counts(self) -> StreamCounts:
        """Packets received."""
        return stream_numbers.count(self.direction.received.key)

    @cached_property
    def second_path(self) -> SecondPath:
        """What went over more than one path."""
        return second_path(self.direction)

    @property
    def reordered(self) -> int:
        """How many new packets came behind later ones, but for what was said again: that is as late as it must be."""
        if not self.second_path.is_again.any():
            return self.counts.reordered
        new = self.direction.new
        again = self.second_path.said_again(new, len(self.direction.links))
        return stream_numbers.count(new.key[~again]).reordered

    @cached_property
    def delays(self) -> Delays:
        """One-way delays of the new packets."""
        return Delays(known_delays(self.direction))

    def delays_between(self, since_ns: int, until_ns: int) -> Delays:
        """Return those of what came from `since_ns` up to `until_ns`, known or not how many were not."""
        times = self.direction.new.time_ns
        return Delays(delays_of_new(self.direction)[(times >= since_ns) & (times <= until_ns)])

    def missed_s(self, heard: Heard, span: HandoverSpan) -> float:
        """Return how long there was nothing to play in the window."""
        return playout.interruption_s(heard, span.window, window.doings(self.direction, span.window))

    def unavoidable_s(self, heard: Heard, span: HandoverSpan) -> float:
        """Return how much of that there would have been with the best of playouts."""
        missed_s = self.missed_s(heard, span)
        if not missed_s:
            return 0.0
        its = window.doings(self.direction, span.window)
        return min(missed_s, at_best.unavoidable_s(self.direction, heard, span.window, its, span.handover.new))

    @cached_property
    def missing(self) -> Missing:
        """How the losses of the whole call lie."""
        runs, longest = bursts.longest_run(bursts.missing_packets(self.direction))
        if self.heard is None:
            return Missing(runs, longest, None, None)
        late = {one.sequence for one in self.heard.late}
        return Missing(runs, longest, *bursts.bursts_and_gaps(bursts.missing_packets(self.direction, late)))

    @cached_property
    def rated(self) -> Rated | None:
        """The rating and what it is made of; None where the delay or the playout was not measured."""
        if self.heard is None or not len(known_delays(self.direction)):
            return None
        mouth_to_ear_s = playout.mouth_to_ear_s(self.heard, self.direction)
        loss = emodel.loss_and_burst_ratio(self.heard.intervals)
        if mouth_to_ear_s is None or loss is None:
            return None
        rated = rate_call(
            self.direction.codecs, loss_percent=loss[0], burst_r=loss[1], mouth_to_ear_ms=1000 * mouth_to_ear_s
        )
        return Rated(*rated, *loss, mouth_to_ear_s)
