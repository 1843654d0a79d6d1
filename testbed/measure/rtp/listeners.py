"""What one listener heard: a source that changes its SSRC, its address or its way of counting goes on for him.

Calls (see `calls`) that reach the same listener one after the other are taken together; those that overlap are heard
at once (a conference, two cameras) and are listened to one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.rtp.on_hold import OnHold, unagreed_ns

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

PAUSE_NS = 2_000_000_000
"""After so long what comes between the same addresses, in no dialog, is nothing that the same one listens to."""

OVERLAP_NS = 500_000_000
"""So long packets of the old source may still come when the new one has begun."""


@dataclass(frozen=True, slots=True)
class HeardCall:
    """One call as its listener heard it; `number` is its place among the calls. Times are of its first and last packet.

    `holds` are those of its dialog.
    `silence_ns` and `gap_ns` are within it, `interval_ns` is its packet interval; None where they were not measured.
    """

    number: int
    first_ns: int
    last_ns: int
    silence_ns: int | None
    gap_ns: int | None
    interval_ns: int | None
    holds: tuple[OnHold, ...] = ()
    is_of_dialog: bool = True


@dataclass(slots=True)
class ListenedTo:
    """Parts that one listener heard one after the other; `listener` says who he is."""

    listener: Hashable
    parts: list[HeardCall] = field(default_factory=list)

    @property
    def last_ns(self) -> int:
        """When the last packet came."""
        return max(one.last_ns for one in self.parts)

    def _holes(self) -> list[tuple[int, HeardCall]]:
        """Return each part but the first, and how far the last packet before it had come."""
        found = []
        until_ns = self.parts[0].last_ns
        for one in self.parts[1:]:
            found.append((until_ns, one))
            until_ns = max(until_ns, one.last_ns)
        return found

    @property
    def silence_ns(self) -> int | None:
        """Longest time between two packets, also from part to part."""
        found = [one.silence_ns for one in self.parts if one.silence_ns is not None]
        return max([*found, *(one.first_ns - until_ns for until_ns, one in self._holes())], default=None)

    @property
    def gap_ns(self) -> int | None:
        """Longest of these beyond the packet interval, and but for holds."""
        found = [one.gap_ns for one in self.parts if one.gap_ns is not None]
        holes = [
            max(_silent_ns(until_ns, one) - one.interval_ns, 0)
            for until_ns, one in self._holes()
            if one.interval_ns is not None
        ]
        return max([*found, *holes], default=None)


def _silent_ns(until_ns: int, part: HeardCall) -> int:
    ends = np.array([until_ns]), np.array([part.first_ns])
    return int(unagreed_ns(*ends, np.ones(1, dtype=np.bool_), part.holds)[0])


def listen(calls: Iterable[tuple[Hashable, HeardCall]]) -> list[ListenedTo]:
    """Take together what each listener heard, in the order of their first packets."""
    found: list[ListenedTo] = []
    open_ones: dict[Hashable, list[ListenedTo]] = {}
    for listener, part in sorted(calls, key=lambda one: (one[1].first_ns, one[1].number)):
        mine = open_ones.setdefault(listener, [])
        fitting = [
            one
            for one in mine
            if one.last_ns - OVERLAP_NS <= part.first_ns
            and (part.is_of_dialog or part.first_ns - one.last_ns <= PAUSE_NS)
        ]
        if fitting:
            max(fitting, key=lambda one: one.last_ns).parts.append(part)
        else:
            mine.append(ListenedTo(listener, [part]))
            found.append(mine[-1])
    return found
