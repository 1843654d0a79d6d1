"""What a playout buffer reports, and what it means for the listener. Times are seconds of one clock."""

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class Interruption(NamedTuple):
    """What the listener missed."""

    concealed: float
    """Seconds in which nothing was there to play."""
    longest: float
    """The longest uninterrupted stretch of them."""
    holes: int
    """How many such stretches."""
    late: int
    """Packets thrown away because they came too late."""
    played: int
    stretched: float
    """Seconds by which frames were played longer than they are, all taken together; the price of a deeper buffer."""
    shortened: float


def measure_interruption(
    events: "Iterable[PlayoutEvent]", *, interval: float, since: float = float("-inf"), until: float = float("inf")
) -> Interruption:
    """Sum up the concealed intervals that begin within `since` <= t < `until`; `interval` is the length of a frame.

    Late packets are counted where they stand among the events, as they carry no time of their own.
    """
    concealed = longest = hole = stretched = shortened = 0.0
    holes = late = played = 0
    at = float("-inf")
    for event in events:
        if isinstance(event, (Played, Concealed)):
            at = event.at
        if not since <= at < until:
            continue
        if isinstance(event, Played):
            played += 1
            hole = 0.0
            stretched += max(0.0, event.duration - interval)
            shortened += max(0.0, interval - event.duration)
        elif isinstance(event, Concealed):
            holes += not hole
            hole += event.duration
            concealed += event.duration
            longest = max(longest, hole)
        elif isinstance(event, LatePacket):
            late += 1
    return Interruption(concealed, longest, holes, late, played, stretched, shortened)
