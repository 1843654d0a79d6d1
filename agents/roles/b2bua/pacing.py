"""When a packet from the MN goes on to the peer: at once, but during a handover later and later, in small steps.

The peer gets each packet once, the first copy of it. So it can't see that the new path is slower until the old one is
let go, and then its playout would run dry for as long as the path step. Whoever drops the copies has to prepare it:
while two paths bring packets, each first copy is held back a little longer than the one before, until what leaves us is
as late as what the slower path brings. A playout that follows its packets deepens meanwhile, without a hole. How much
longer depends on the time that is left, as in our own playout (agents.rtp.playout): more where there is much to do, or
where packets are being lost that only the slower path still brings.

A path that comes in after a break begins with what was said before, all at once (`agents.media.ring`). That leaves us
one after the other too, and what has overtaken others on its way waits for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.media.ring import most_packets
from agents.rtp.delay import PathDelay, learn_delay
from agents.rtp.playing.playout_settings import PlayoutSettings

if TYPE_CHECKING:
    from agents.rtp.duplicates import Arrival

_PLAYOUT = PlayoutSettings()
# What small steps make up for within the playout's patience.
_EASY_S = _PLAYOUT.patience * _PLAYOUT.max_stretch
# How long a slow packet is remembered, and how long a path that brings nothing counts as one.
WINDOW_S = 2.0
PATH_MEMORY_S = 1.0


class Pacing:
    """One stream on its way through us. Transit is arrival less media time: the delay plus a constant."""

    def __init__(self, interval_s: float = _PLAYOUT.interval) -> None:
        """`interval_s` is the speech in a packet."""
        playout = PlayoutSettings.of(interval=interval_s)
        # How much later each packet leaves than the one before it would have: as fast as a playout can follow.
        self._step_s = interval_s * playout.max_stretch
        self._hurried_step_s = interval_s * playout.hurried_stretch
        # What leaves us is later than the slower path's latest by this, so that its next ones are in time too.
        self._margin_s = playout.margin
        self._most_skipped = most_packets(interval_s)
        self.clock_hz = 8000
        """The RTP clock of what is said."""
        self._paths: dict[str, PathDelay] = {}
        self._offset_s: float | None = None
        self._stream = -1
        self._newest: Arrival | None = None
        self._hurries = False
        self._lost_at = float("-inf")

    @property
    def is_on(self) -> bool:
        """Whether packets are being held back."""
        return self._offset_s is not None

    def learn(self, arrival: Arrival) -> None:
        """Takes in a copy, the first or a later one."""
        if arrival.stream != self._stream:
            if arrival.stream < self._stream:
                return
            self._stream, self._offset_s, self._newest = arrival.stream, None, None
            self._paths.clear()
        learn_delay(self._paths, arrival.path, self._transit_s(arrival), window=WINDOW_S, now=arrival.at)

    def let_pass(self) -> None:
        """From now on packets go by unseen: when they are seen again, those in between have not been skipped."""
        self._newest = None

    def wait_s(self, path: str, *, now: float) -> float | None:
        """How long the slowest recent packet of this path would have waited here for its turn; below 0: it was late.

        None where no packets are held back, or the path brought none lately.
        """
        delay = self._paths.get(path)
        slowest = delay.slowest(now=now) if delay is not None else None
        return None if slowest is None or self._offset_s is None else self._offset_s - slowest

    def due(self, arrival: Arrival) -> float:
        """When a first copy leaves."""
        if arrival.stream != self._stream:
            return arrival.at  # a straggler of the stream before
        # What the other path brings of packets that were lost, late, is no step: the peer's playout has gone on.
        due = arrival.at
        if self._newest is None or arrival.sequence > self._newest.sequence:
            if self._newest is not None and arrival.sequence > self._newest.sequence + 1:
                self._lost_at = arrival.at
            self._adjust(arrival)
            due = self._wait_for_skipped(arrival)
            self._newest = arrival
        offset, transit = self._offset_s, self._transit_s(arrival)
        return due if offset is None else max(due, arrival.at - transit + offset)

    def _adjust(self, arrival: Arrival) -> None:
        """A step up while the slower path is not reached, a step down once there is only one, until nothing is held."""
        at, transit, offset = arrival.at, self._transit_s(arrival), self._offset_s
        slowest = self._live(at)
        if len(slowest) > 1:
            held = transit if offset is None else offset
            lack = max(slowest) + self._margin_s - held
            self._hurries = lack > 0 and (self._hurries or lack > _EASY_S or at - self._lost_at < _PLAYOUT.loss_memory)
            # Down in small steps too, when a slow one is forgotten: what follows must not overtake what is held.
            most = self._hurried_step_s if self._hurries else self._step_s
            self._offset_s = held + min(max(lack, -self._step_s), most)
        elif offset is not None:
            self._offset_s = offset - self._step_s if offset - self._step_s > transit else None

    def _wait_for_skipped(self, arrival: Arrival) -> float:
        """When a packet leaves that a path has brought which has just come in, or that brings a probe now and then.

        What is missing so far leaves before it, as it was spoken, and what a slower path still brings.
        """
        at, transit = arrival.at, self._transit_s(arrival)
        if self._newest is None or self._paths[arrival.path].is_settled(now=at):
            return at
        skipped = arrival.sequence - self._newest.sequence - 1
        if not 0 < skipped <= self._most_skipped:
            return at
        spoken_s = (arrival.timestamp - self._newest.timestamp) / self.clock_hz
        needed = transit + spoken_s * skipped / (skipped + 1)
        self._offset_s = needed if self._offset_s is None else max(self._offset_s, needed)
        return max([at, *(at - transit + slowest for slowest in self._live(at))])

    def _live(self, at: float) -> list[float]:
        """The highest transit of late of each path that brings the stream."""
        live = [one.slowest(now=at) for one in self._paths.values() if one.is_stream and one.heard > at - PATH_MEMORY_S]
        return [one for one in live if one is not None]

    def _transit_s(self, arrival: Arrival) -> float:
        return arrival.at - arrival.timestamp / self.clock_hz
