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


def registered_for(
    registrations: Sequence[SeenRegistration], trigger: Event, until_ns: int | None
) -> list[SeenRegistration]:
    """Return the requests over the new link between a trigger and the next one that were to bind its address."""
    return [
        one
        for one in registrations
        if one.is_home
        and one.lifetime_s
        and one.link == trigger.fields.get("to")
        and one.asked_ns >= trigger.time_ns
        and (until_ns is None or one.asked_ns < until_ns)
    ]


def followed_ns(registration: SeenRegistration, direction: Direction, old: str | None, new: str | None) -> int | None:
    """Return when the first new packet came over the new link after the last one over the old; None where none did.

    Not before the registration was answered.
    """
    if registration.answered_ns is None or old is None or new is None:
        return None
    since_ns = registration.answered_ns
    received, fresh = direction.received, direction.new
    on_old = received.time_ns[received.path == direction.links.index(old)]
    late = on_old[(on_old > since_ns) & (on_old <= since_ns + LET_GO_WITHIN_NS)]
    last_ns = max([since_ns, *late[-1:].tolist()])
    after = np.flatnonzero((fresh.path == direction.links.index(new)) & (fresh.time_ns >= last_ns))
    return int(fresh.time_ns[after[0]]) if len(after) else None
