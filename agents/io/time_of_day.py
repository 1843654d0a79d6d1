"""What the seconds of a role's `now` lack to the time of day, for protocols that have that in their messages."""

from __future__ import annotations

import time


def clock_offset_s() -> float:
    """Now: the two clocks of this machine go on alike."""
    return time.clock_gettime(time.CLOCK_REALTIME) - time.monotonic()
