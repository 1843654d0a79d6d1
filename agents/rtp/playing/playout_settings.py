"""How deep a playout buffer is, how fast it changes, and how long it remembers."""

from __future__ import annotations

from typing import NamedTuple


class PlayoutSettings(NamedTuple):
    """Times in seconds."""

    clock_rate: int = 8000
    """Ticks of the timestamp per second."""
    interval: float = 0.020
    """Speech in one packet."""
    initial_depth: float = 0.040
    """Delay of the first packet. Two packets; NetEQ starts with 80 ms (kStartDelayMs), baresip with five packets."""
    min_depth: float = 0.040
    """Never shallower: with less than two packets, a lone lost packet can't be told from one that is late."""
    max_depth: float = 1.0
    """Never deeper; what a queue hands out beyond it after an outage is skipped. More than the step between any two
    of our links; NetEQ keeps 200 packets."""
    margin: float = 0.010
    """Added to the slowest recent packet. Half a packet: the next one may be slower than all before."""
    window: float = 2.0
    """How long a slow packet is remembered (NetEQ: kPacketHistorySizeMs)."""
    path_memory: float = 1.0
    """A path that brought nothing for so long is gone, and the depth no longer follows it."""
    max_stretch: float = 1 / 8
    """A frame is played longer or shorter by at most this part of it. In a second the buffer becomes deeper by 111 ms
    (2.5 in 22.5) or shallower by 143 (2.5 in 17.5); NetEQ: about 100 ms (kMinTimescaleInterval)."""
    hurried_stretch: float = 1 / 3
    """Longer by at most this when there is a reason to hurry: 250 ms in a second. NetEQ may repeat one pitch period,
    of 15 ms at most, in each 50 ms (time_stretch.h, kMaxLag): 30 %."""
    patience: float = 1.0
    """It hurries when it would take longer than this without."""
    loss_memory: float = 10.0
    """A listener who has missed something lately will again soon. A link that loses 1 % in bursts of two packets
    has two or three of them in this time."""
    hysteresis: float = 0.020
    """Shortening begins this far above the target, and ends at the target (NetEQ: kDelayAdjustmentGranularityMs)."""

    @classmethod
    def of(cls, *, clock_rate: int = 8000, interval: float = 0.020) -> PlayoutSettings:
        """Those for packets of another `interval`: depths and margin are as many packets as of those of 20 ms."""
        return cls(clock_rate, interval, initial_depth=2 * interval, min_depth=2 * interval, margin=interval / 2)

    def check(self) -> None:
        """Raise ValueError for settings that make no sense."""
        if self.clock_rate <= 0 or self.interval <= 0 or round(self.interval * self.clock_rate) < 1:
            raise ValueError(f"clock rate {self.clock_rate} Hz, interval {self.interval} s: must be above 0")
        for stretch in (self.max_stretch, self.hurried_stretch):
            if not 0 <= stretch < 1:
                raise ValueError(f"a stretch of {stretch}: not from 0 up to 1")
        if not 0 <= self.min_depth <= self.max_depth or not 0 <= self.initial_depth <= self.max_depth:
            raise ValueError(f"min_depth and initial_depth must be from 0 to max_depth, {self.max_depth} s")
        if self.margin < 0 or self.hysteresis < 0 or self.window <= 0 or self.path_memory <= 0:
            raise ValueError("margin and hysteresis must not be negative, window and path_memory must be above 0")
        if self.patience < 0 or self.loss_memory < 0:
            raise ValueError("patience and loss_memory must not be negative")
