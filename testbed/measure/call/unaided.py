"""Handovers of a mobile node that says nothing of them: when it was first seen to send over another link.

That is the trigger then. What decided it, and when, stays inside of a program that nobody here wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.folder.run_folder import Event

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.call.handover import Handover
    from testbed.measure.folder.run_folder import Manifest
    from testbed.measure.sip.transactions import SeenTransaction

KIND = "seen"
NOTHING_TRIGGERED = "no handover took place: nothing triggered one"
# Speech and an INVITE cross each other: a link that was used so recently has not been left.
STILL_USED_NS = 1_000_000_000


def seen_triggers(manifest: Manifest, transactions: list[SeenTransaction], to_cn: Direction) -> list[Event]:
    """Return a trigger for each time that a foreign mobile node began to send RTP or INVITEs over another link."""
    if manifest.mobile is None or manifest.mn.kept is not None:  # below it there is somebody who tells
        return []
    has_path = to_cn.sent.path >= 0
    acts = list(zip(to_cn.sent.time_ns[has_path].tolist(), to_cn.sent.path[has_path].tolist(), strict=True))
    for one in transactions:
        link = manifest.mn.addresses.get(one.request.source.ip)
        if one.request.method == "INVITE" and link is not None:
            acts.append((one.request.time_ns, manifest.links.index(link)))
    used: dict[int, int] = {}
    current, found = None, []
    for time_ns, link_number in sorted(acts):
        is_new = time_ns - used.get(link_number, np.iinfo(np.int64).min // 2) > STILL_USED_NS
        if current is not None and link_number != current and is_new:
            fields = {"kind": KIND, "link": manifest.links[current], "new": manifest.links[link_number]}
            found.append(Event(time_ns, None, "measure", "trigger", fields))
        if current is None or is_new:
            current = link_number
        used[link_number] = time_ns
    return found


def untold_handover(manifest: Manifest, handovers: list[Handover]) -> list[str]:
    """Return that there was no handover, where there was none."""
    if handovers:
        return []
    if manifest.mobile is None:
        return [NOTHING_TRIGGERED]
    return [f"{manifest.mobile} handed nothing over: all that it sent of the call went over one link"]
