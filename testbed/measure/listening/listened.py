"""One direction of the call, and what would have been heard of it with each jitter buffer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from testbed.measure.listening import fixed_playout, playout

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.listening.playout import Heard


@dataclass(frozen=True)
class Listened:
    """One direction; each playout of it is worked out when it is first asked for, and once."""

    name: str
    direction: Direction
    interval_ns: int

    @property
    def is_measured(self) -> bool:
        """Whether there were media, and a capture of their receiver."""
        return self.direction.keys > 0 and self.direction.observed

    @cached_property
    def playout(self) -> Heard | None:
        """What the agents' buffer made of the arrivals, wherever there are any; see `heard`."""
        return playout.listen(self.direction, self.interval_ns)

    @property
    def heard(self) -> Heard | None:
        """What the listener heard with the agents' buffer; None where it was not measured."""
        return self.playout if self.is_measured else None

    @cached_property
    def schedule(self) -> fixed_playout.Schedule | None:
        """When a buffer that never adapts would play."""
        return fixed_playout.schedule(self.direction, self.interval_ns) if self.is_measured else None

    @cached_property
    def fixed(self) -> dict[int, Heard | None]:
        """What the listener would have heard with fixed buffers: depth in ms -> playout."""
        plan = self.schedule
        return {
            depth: None if plan is None else fixed_playout.listen_fixed(self.direction, plan, self.interval_ns, depth)
            for depth in fixed_playout.DEPTHS_MS
        }
