"""Where the clock of the capturing machine was set: packets go on in the file, and their times do not.

A capture is written as packets come, so that the order of the file is what happened. Times after such a place are
moved on as if no time had passed there; how much did nobody knows, and what lasted over it is not measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.wire.packets import Datagrams

BACK_NS = 100_000_000
"""By more than that no capture is out of order that one machine wrote."""

PAUSE_NS, FORWARD_NS = 10_000_000_000, 600_000_000_000
"""So long may pass without any packet, and streams go on as if nothing had been: a pause; a clock that was set."""

_MOST_PLACES = 20
_LOOKED_AT = 2000
_NEXT, _LONGEST_STEP = 50, 480_000
"""Numbers and ticks of a timestamp within which a stream goes on."""


@dataclass(frozen=True, slots=True)
class ClockSteps:
    """The rows of a capture before which its clock was set, and by how much the times from there on are moved (ns)."""

    rows: Ints
    moved_ns: Ints
    warnings: tuple[str, ...] = ()

    def before(self, packet: Ints) -> Ints | None:
        """Return how often the clock had been set before each packet; None where it never was."""
        return np.searchsorted(self.rows, packet, side="right") if len(self.rows) else None

    def straighten(
        self, capture: Capture, datagrams: Datagrams, rtp: RtpPackets
    ) -> tuple[Capture, Datagrams, RtpPackets]:
        """Return them with times that go on."""
        if not len(self.rows):
            return capture, datagrams, rtp
        moved = np.zeros(len(capture), dtype=np.int64)
        moved[self.rows] = self.moved_ns
        moved = np.cumsum(moved)
        moved[capture.time_ns == NO_TIME] = 0
        if datagrams.rebuilt is not None:
            rebuilt, within = datagrams.rebuilt
            times = rebuilt.capture.time_ns + moved[rebuilt.rows]
            whole = replace(rebuilt, capture=replace(rebuilt.capture, time_ns=times))
            datagrams = replace(datagrams, rebuilt=(whole, within))
        rtp = replace(rtp, time_ns=rtp.time_ns + moved[rtp.packet])
        return replace(capture, time_ns=capture.time_ns + moved), datagrams, rtp


def find_clock_steps(capture: Capture, rtp: RtpPackets) -> ClockSteps:
    """Look for places where time goes back, or far on, while the streams just go on."""
    rows: list[int] = []
    moved: list[int] = []
    warnings: list[str] = []
    places = list(_places(capture))
    if len(places) > _MOST_PLACES:
        first = places[0][0] + 1
        said = (
            f"time jumps at {len(places)} packets, first at packet {first}: they are taken in the order of their times"
        )
        return ClockSteps(np.array(rows, dtype=np.int64), np.array(moved, dtype=np.int64), (said,))
    for row, step_ns in places:
        going_on, others = _going_on(rtp, row)
        if step_ns > 0 and (not going_on or others):
            continue
        what = f"time goes {'on' if step_ns > 0 else 'back'} by {abs(step_ns) / 1e9:.3f} s at packet {row + 1}"
        if step_ns < 0 and others > going_on:
            warnings.append(f"{what}: packets are taken in the order of their times")
        elif 0 < step_ns < FORWARD_NS:
            warnings.append(f"{what}, and the streams go on as if nothing had been: a pause, or the clock was set")
        else:
            rows.append(row)
            moved.append(-step_ns)
            warnings.append(
                f"{what}: the clock of the capture was set; times from there on are told as if none had passed there, "
                "and what lasted over it (jitter, silence) is not measured"
            )
    return ClockSteps(np.array(rows, dtype=np.int64), np.array(moved, dtype=np.int64), tuple(warnings))


def _places(capture: Capture) -> Iterator[tuple[int, int]]:
    """Yield the rows at which time jumps, and by how much, at one interface; in the order of the file."""
    times = capture.time_ns
    jumps = _jumps(times)
    if not jumps.any():
        return
    if len(capture.interfaces) == 1:
        for row in np.flatnonzero(jumps).tolist():
            yield row + 1, int(times[row + 1] - times[row])
        return
    found = []
    for number in range(len(capture.interfaces)):
        mine = np.flatnonzero(capture.interface == number)
        own = times[mine]
        # Forward only where no interface saw anything meanwhile.
        found += [
            (int(mine[at + 1]), int(own[at + 1] - own[at]))
            for at in np.flatnonzero(_jumps(own)).tolist()
            if own[at + 1] < own[at] or jumps[mine[at + 1] - 1]
        ]
    seen: set[int] = set()
    for row, step_ns in sorted(found):
        # The clock is one for all interfaces: what the first one shows, the others show a little later.
        if not any(abs(step_ns - other) < BACK_NS for other in seen):
            yield row, step_ns
        seen.add(step_ns)


def _jumps(times: Ints) -> Booleans:
    known = times != NO_TIME
    steps = np.diff(np.where(known, times, 0))
    jumps: Booleans = ((steps < -BACK_NS) | (steps > PAUSE_NS)) & known[1:] & known[:-1]
    return jumps


def _going_on(rtp: RtpPackets, row: int) -> tuple[int, int]:
    """Return how many streams go on at a row of the capture in the order of the file, and how many do not."""
    place = int(np.searchsorted(rtp.packet, row))
    before: dict[tuple[int, ...], int] = {}
    after: dict[tuple[int, ...], int] = {}
    for one in range(max(place - _LOOKED_AT, 0), place):
        before[_key(rtp, one)] = one
    for one in range(min(place + _LOOKED_AT, len(rtp)) - 1, place - 1, -1):
        after[_key(rtp, one)] = one
    going_on = others = 0
    for key in before.keys() & after.keys():
        last, first = before[key], after[key]
        number = int(rtp.sequence[first]) - int(rtp.sequence[last]) & 0xFFFF
        ticks = int(rtp.timestamp[first]) - int(rtp.timestamp[last]) & 0xFFFFFFFF
        if 0 < number <= _NEXT and ticks <= _LONGEST_STEP:
            going_on += 1
        else:
            others += 1
    return going_on, others


def _key(rtp: RtpPackets, row: int) -> tuple[int, ...]:
    return int(rtp.interface[row]), int(rtp.source[row]), int(rtp.destination[row]), int(rtp.ssrc[row])
