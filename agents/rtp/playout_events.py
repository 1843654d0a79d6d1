"""What a playout buffer reports. Times are seconds of one clock."""

from typing import Literal, NamedTuple

Cause = Literal["lost", "late", "underrun"]


class Started(NamedTuple):
    """The first packet begins to play."""

    at: float


class Played(NamedTuple):
    """A packet was played, stretched or shortened to `duration`."""

    sequence: int
    at: float
    duration: float


class Concealed(NamedTuple):
    """There was nothing to play; reported when the concealed interval is over, which is when its cause is known."""

    sequence: int | None
    """The packet that should have been heard; None in an underrun, where perhaps none is missing."""
    at: float
    duration: float
    cause: Cause
    """lost: later packets are there, this one is not. late: it came while it was being concealed, and is played next.
    underrun: nothing came at all."""


class LatePacket(NamedTuple):
    """A packet was thrown away: it came `by` seconds after its turn."""

    sequence: int
    by: float


class DepthChanged(NamedTuple):
    """The playout delay has moved by 10 ms since it was last reported."""

    at: float
    depth: float
    target: float


PlayoutEvent = Started | Played | Concealed | LatePacket | DepthChanged
