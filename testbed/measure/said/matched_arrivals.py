"""Equal messages at two places: which of those that left is which of those that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sighted(Protocol):
    """What was seen at a time."""

    @property
    def time_ns(self) -> int:
        """When it was seen."""
        ...


Seen = TypeVar("Seen", bound=Sighted)


def match_arrivals(left: Sequence[Seen], arrived: Sequence[Seen]) -> list[tuple[Seen | None, Seen | None]]:
    """Pair equal messages that left with those that arrived, (None, …) and (…, None) where there is no other.

    A path keeps their order, and what arrives is rather the last one that left: from the end on, each arrival takes the
    latest departure before it.
    """
    waiting = list(left)
    pairs: list[tuple[Seen | None, Seen | None]] = []
    for arrival in reversed(arrived):
        while waiting and waiting[-1].time_ns > arrival.time_ns:
            pairs.append((waiting.pop(), None))
        pairs.append((waiting.pop() if waiting else None, arrival))
    pairs += ((one, None) for one in reversed(waiting))
    return sorted(pairs, key=lambda pair: min(one.time_ns for one in pair if one is not None))
