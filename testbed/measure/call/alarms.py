"""Silences that ends of a call heard before any kernel noticed a thing, see `agents.rtp.silence`.

The timeline tells when an end took a path for silent. What the path brought before and afterwards, and so whether it
was a false alarm, is read from the captures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.rtp.delay import SPARSE_S

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.capture.capture import Ints
    from testbed.measure.folder.run_folder import Event, Manifest

NS_PER_S = 1_000_000_000
FALSE_WITHIN_NS = 200_000_000
"""A path that brings packets again so soon after an alarm was late, and not broken."""
GOOD_NS = 1_000_000_000
"""How long a path brings packets again until it is believed: `GOOD_S` of `agents.media.readiness`."""
SPARSE_NS = round(SPARSE_S * NS_PER_S)
"""Packets that are further apart are no stream, but probes."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An end heard nothing any more over a path, and took that for a break after `limit_ns`. Times in ns.

    `way` is the direction of the media that were missed. `heard_ns` is the last packet that came off the path before,
    `again_ns` the first one after the alarm; None where there was none.
    """

    end: str
    way: str
    link: str
    at_ns: int
    limit_ns: int | None
    heard_ns: int | None
    again_ns: int | None

    @property
    def is_false(self) -> bool:
        """Whether the path was not broken: it soon brought packets again."""
        return self.again_ns is not None and self.again_ns - self.at_ns <= FALSE_WITHIN_NS


def find_alarms(manifest: Manifest, events: list[Event], media: dict[str, Direction]) -> list[Alarm]:
    """Return all alarms in order of time, but those about a path that is not the MN's."""
    found = []
    for event in events:
        addresses = (event.fields.get("local"), event.fields.get("remote"))
        links = [manifest.mn.addresses[one] for one in addresses if one in manifest.mn.addresses]
        if event.name == "silence" and links:
            way = "to_mn" if event.source == "mn" else "to_cn"
            times = _heard_over(media[way], links[0])
            before, after = times[times <= event.time_ns], times[times > event.time_ns]
            limit_s = event.fields.get("limit_s")
            found.append(
                Alarm(
                    end=event.source,
                    way=way,
                    link=links[0],
                    at_ns=event.time_ns,
                    limit_ns=round(limit_s * NS_PER_S) if isinstance(limit_s, int | float) else None,
                    heard_ns=int(before[-1]) if len(before) else None,
                    again_ns=int(after[0]) if len(after) else None,
                )
            )
    return found


def alarms_of_move(alarms: list[Alarm], media: dict[str, Direction], old: str, span: tuple[int, int]) -> list[Alarm]:
    """Return the alarms about the link that was left, within `span`, that the move away at its end is the end of.

    That is so while the path was not believed again in between: it brought no stream for as long as `GOOD_NS`.
    """
    since_ns, until_ns = span
    return [
        one
        for one in alarms
        if one.link == old
        and since_ns <= one.at_ns <= until_ns
        and not _was_good(_heard_over(media[one.way], old), one.at_ns, until_ns)
    ]


def _heard_over(direction: Direction, link: str) -> Ints:
    """Return when packets came off a path."""
    off = direction.off
    times: Ints = off.time_ns[off.path == direction.links.index(link)]
    return times


def _was_good(times: Ints, since_ns: int, until_ns: int) -> bool:
    """Whether there was a stream of at least `GOOD_NS` in between."""
    heard = times[(times >= since_ns) & (times <= until_ns)]
    if not len(heard):
        return False
    breaks = np.flatnonzero(np.diff(heard) > SPARSE_NS)
    begins, ends = heard[np.append(0, breaks + 1)], heard[np.append(breaks, len(heard) - 1)]
    return bool((ends - begins >= GOOD_NS).any())
