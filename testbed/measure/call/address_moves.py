"""A handover of an address that the mobile node keeps: which registrations did it, and when media had followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testbed.measure.call.direction import Direction
    from testbed.measure.folder.run_folder import Event
    from testbed.measure.mobility.seen_registration import SeenRegistration

LET_GO_WITHIN_NS = 2_000_000_000
"""So long after the reply the old care-of address may be in use on purpose: simultaneous bindings last a second."""
LATEST_NS = int(np.iinfo(np.int64).max)


def registered_for(
    registrations: Sequence[SeenRegistration], trigger: Event, until_ns: int | None
) -> list[SeenRegistration]:
    """Return the requests over the new link between a trigger and the next one that were to bind its address."""
    return [
        one
        for one in registrations
        if one.is_home
        and (one.lifetime_s or one.is_return)
        and one.link == trigger.fields.get("to")
        and one.asked_ns >= trigger.time_ns
        and (until_ns is None or one.asked_ns < until_ns)
    ]


def followed_ns(
    direction: Direction, old: str | None, new: str | None, moved_ns: int | None, until_ns: int | None
) -> int | None:
    """Return when media had followed the address: the first new packet over the new link after the last over the old.

    Not before it was moved: when its registration was answered or, without one, when the MN told so. Where packets go
    over both links until the next handover, it is the first one over the new link, new or not. None where there is no
    such packet.
    """
    if moved_ns is None or old is None or new is None:
        return None
    before_ns = LATEST_NS if until_ns is None else until_ns
    left, taken = (direction.links.index(link) for link in (old, new))
    received, fresh = direction.received, direction.new
    on_old = received.time_ns[(received.path == left) & (received.time_ns > moved_ns) & (received.time_ns < before_ns)]
    if len(on_old) and on_old[-1] > moved_ns + LET_GO_WITHIN_NS:
        times = received.time_ns[(received.path == taken) & (received.time_ns >= moved_ns)]
    else:
        last_ns = max([moved_ns, *on_old[-1:].tolist()])
        times = fresh.time_ns[(fresh.path == taken) & (fresh.time_ns >= last_ns)]
    return int(times[0]) if len(times) else None
