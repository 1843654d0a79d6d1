"""Why to look twice at the numbers of a run, as `warnings` of result.json say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from testbed.measure.call import window
from testbed.measure.call.direction import NO_DELAY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from testbed.measure.call.handover import Handover
    from testbed.measure.listening.listened import Listened

MOST_NAMED = 5


def doubts(listened: Mapping[str, Listened], handovers: Sequence[Handover]) -> list[str]:
    """Return the reasons to look twice at the numbers; those of later handovers say which one they are about."""
    first = handovers[0] if handovers else None
    found = []
    if len(handovers) > 1:
        found.append(
            f"{len(handovers)} handovers were triggered: 'handover' and 'media' are about the first one, "
            "'handovers' has all of them"
        )
    found += first.warnings if first else []
    for one in listened.values():
        found += _doubts(one, first)
    later: dict[str, list[int]] = {}
    for number, handover in enumerate(handovers[1:], start=2):
        silent = [said for one in listened.values() if one.is_measured for said in _silent(one, handover)]
        for said in (*handover.warnings, *silent):
            later.setdefault(said, []).append(number)
    return found + [f"{_named(numbers)}: {said}" for said, numbers in later.items()]


def _named(handovers: list[int]) -> str:
    """Name handovers by their numbers, of many the first ones: a call may have a hundred for which the same is true."""
    if len(handovers) == 1:
        return f"handover {handovers[0]}"
    few = ", ".join(str(number) for number in handovers[:MOST_NAMED])
    return f"handovers {few}" if len(handovers) <= MOST_NAMED else f"{len(handovers)} handovers ({few}, …)"


def _doubts(one: Listened, handover: Handover | None) -> list[str]:
    """Return the reasons to look twice at a direction's numbers."""
    name, direction = one.name, one.direction
    if not direction.keys:
        return [f"{name}: no RTP stream was captured"]
    if not direction.observed:
        return [f"{name}: a capture of the receiver is missing: nothing was measured"]
    found = []
    if not len(direction.sent):
        found.append(f"{name}: the sender's packets were not captured: delays are unknown, losses perhaps more")
    found += [*_ended(one), *_silent(one, handover)]
    unsent = int((direction.delay_ns == NO_DELAY).sum())
    if len(direction.sent) and unsent:
        found.append(f"{name}: {unsent} packets were received whose sending was not captured; they have no delay")
    return found


def _ended(one: Listened) -> list[str]:
    """Return where the media end elsewhere than the call."""
    direction = one.direction
    seconds = (direction.unsaid + direction.unexplained + direction.unheard_after) * one.interval_ns / 1e9
    if direction.unsaid:
        return [f"{one.name}: nothing was sent in the last {seconds:.2f} s before the call was over: counted as lost"]
    if direction.unexplained:
        why = "though its sender had a carrier: not counted as lost"
        return [f"{one.name}: nothing was sent in the last {seconds:.2f} s before the call was over, {why}"]
    if direction.unheard_after:
        return [f"{one.name}: what was sent for {seconds:.2f} s after the call was over, unheard, does not count"]
    return []


def _silent(one: Listened, handover: Handover | None) -> list[str]:
    """Return that the gap has no end, where it has none."""
    span = handover.windows[one.name] if handover else None
    silent_ns = window.open_silence(one.direction, one.interval_ns, span)
    if not silent_ns or window.longest_gap(one.direction, one.interval_ns, span) is not None:
        return []
    return [f"{one.name}: silent to the end of the call, for {silent_ns / 1e9:.2f} s at least: the gap has no end"]
