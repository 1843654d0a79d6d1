"""Where a call ends, the same for both its directions: when its user hangs up, or would have.

Captures alone don't tell. Whoever has not learned that the call is over goes on sending, to nobody; whoever has lost
its carrier, or its life, makes no packet that a capture could see, and the other side listens in vain all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.call.window import END_OF_CALL_NS

if TYPE_CHECKING:
    from testbed.measure.call.direction import Direction
    from testbed.measure.folder.run_folder import Event, Manifest
    from testbed.measure.sip.transactions import SeenTransaction

SENDER = {"to_mn": "cn", "to_cn": "mn"}


def judged_alike(
    media: dict[str, Direction], manifest: Manifest, events: list[Event], transactions: list[SeenTransaction]
) -> dict[str, Direction]:
    """Return the directions, up to one end of the call where it is known and the media of one don't end there.

    `transactions` are those at the MN. What a sender made after it, unheard for a second or more, is left out, and so
    is what comes to who has hung up by another path than the call was on: nobody listens any more. What a sender could
    not make before it, for a second or more, counts as sent and lost: when its link had no carrier or it had been
    killed, and when the call was cut off, so that both directions ended before. Else nobody knows why there is nothing.
    """
    end_ns = _end_ns(manifest, events, transactions)
    if end_ns is None or not all(len(one.sent) for one in media.values()):
        return media
    stopped_ns = {name: int(one.sent.time_ns[-1]) for name, one in media.items()}
    early = {name for name, at_ns in stopped_ns.items() if end_ns - at_ns >= END_OF_CALL_NS}
    is_cut_off = len(early) == len(media)
    found = {}
    for name, one in media.items():
        missing = (end_ns - stopped_ns[name]) // manifest.interval_ns
        if name not in early:
            found[name] = _shortened(one, end_ns, manifest.interval_ns)
        elif is_cut_off or _is_mute(name, one, manifest, events, end_ns):
            found[name] = replace(one, keys=one.keys + missing, unsaid=missing, ended_ns=end_ns)
        else:
            found[name] = replace(one, unexplained=missing)
    for event in events:
        name = f"to_{event.fields.get('agent', event.source)}"
        if event.name == "hang_up" and event.time_ns >= end_ns and name in found:
            found[name] = _heard_until(found[name], event.time_ns)
    return found


def _end_ns(manifest: Manifest, events: list[Event], transactions: list[SeenTransaction]) -> int | None:
    """Return when a user hung up, or was to, where the call did not last so long; None where nobody knows.

    What the MN says when its peer ends the call, or when it gives up, is no hanging up of its user.
    """
    own = [one for one in transactions if manifest.mn.has(one.request.source.ip)]
    begun = next((one.request.time_ns for one in own if one.request.method == "INVITE"), None)
    if begun is None or manifest.failed:
        return None
    by_user = [event.time_ns for event in events if event.name == "hang_up" and event.source == "lab"]
    told = [event.time_ns for event in events if event.name == "hang_up" and event.source == "mn"]
    if not told and not by_user:
        return None
    planned = [] if manifest.duration_ns is None else [begun + manifest.duration_ns]
    own_time = [at for at in told if not planned or at >= planned[0] - END_OF_CALL_NS]
    return min([*by_user, *own_time] or planned)


def _is_mute(name: str, direction: Direction, manifest: Manifest, events: list[Event], end_ns: int) -> bool:
    """Whether the sender was dead, or its link without a carrier, from its last packet to the end."""
    who, last_ns, path = SENDER[name], int(direction.sent.time_ns[-1]), int(direction.sent.path[-1])
    if any(one.name == "kill" and one.fields.get("agent") == who and one.time_ns <= end_ns for one in events):
        return True
    if who != "mn" or path < 0:
        return False
    link = manifest.links[path]
    carriers = [one for one in events if one.name == "carrier" and one.link == link and one.time_ns <= end_ns]
    return bool(carriers) and not carriers[-1].fields.get("up") and carriers[-1].time_ns <= last_ns + END_OF_CALL_NS


def _heard_until(direction: Direction, end_ns: int) -> Direction:
    """Return the direction without what came later by another path than the call was on, and what follows it.

    What comes later on the path of the call was on its way, and is no pause.
    """
    is_late = direction.received.time_ns > end_ns
    if not is_late.any() or is_late.all():
        return direction
    carried = direction.new.path[direction.new.time_ns <= end_ns][-1]
    if (direction.received.path[is_late] == carried).all():
        return direction
    in_time = direction.received.pick(~is_late)
    last = int(in_time.key.max())
    sent, onto, off = (one.pick(one.key <= last) for one in (direction.sent, direction.onto, direction.off))
    return replace(direction, sent=sent, received=in_time, onto=onto, off=off, keys=last + 1)


def _shortened(direction: Direction, end_ns: int, interval_ns: int) -> Direction:
    sent, onto, off = direction.sent, direction.onto, direction.off
    in_time = sent.key[sent.time_ns <= end_ns]
    last = int(np.concatenate([in_time, direction.received.key, [0]]).max())
    unheard = direction.keys - 1 - last
    if unheard * interval_ns < END_OF_CALL_NS:
        return direction
    return replace(
        direction,
        sent=sent.pick(sent.key <= last),
        onto=onto.pick(onto.key <= last),
        off=off.pick(off.key <= last),
        keys=last + 1,
        unheard_after=unheard,
        ended_ns=end_ns,
    )
