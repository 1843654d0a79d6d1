"""Where the clock of the capturing machine was set: packets go on in the file, and their times do not.

A capture is written as packets come, so that the order of the file is what happened. Times after such a place are
moved on as if no time had passed there; how much did nobody knows, and what lasted over it is not measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.capture.capture import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.wire.packets import Datagrams

LEAST_NS, BACK_NS = 10_000_000, 100_000_000
"""By more than that no capture is out of order that one machine wrote: within a stream, and from one to another."""

PAUSE_NS, FORWARD_NS = 1_000_000_000, 600_000_000_000
"""So long may pass without any packet, and streams go on as if nothing had been: a pause; a clock that was set."""

_MOST_PLACES = 20
_LOOKED_AT = 2000
_NEXT, _LONGEST_STEP, _SLOWEST_HZ = 50, 480_000, 8000
"""Numbers and ticks of a timestamp within which a stream goes on; the slowest clock of speech."""


class ClockNote(NamedTuple):
    """What is told of a place, the row after it; `is_pause` where that is of interest to streams alone."""

    row: int
    said: str
    is_pause: bool = False


@dataclass(frozen=True, slots=True)
class ClockSteps:
    """The rows of a capture before which its clock was set, and by how much the times from there on are moved (ns)."""

    rows: Ints
    moved_ns: Ints
    notes: tuple[ClockNote, ...] = ()

    def warnings(self, streams: Iterable[tuple[int, int]]) -> list[str]:
        """Return what is to be told; `streams` are the first and the last row of each that was found.

        What looked like RTP may have been none: a pause within no stream is nobody's.
        """
        spans = list(streams)
        return [
            note.said
            for note in self.notes
            if not note.is_pause or any(first < note.row <= last for first, last in spans)
        ]

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
    places = list(_places(capture))
    back = [one for one in places if one[1] < 0]
    if len([step_ns for _, step_ns in back if step_ns < -BACK_NS]) > _MOST_PLACES:
        first = back[0][0] + 1
        said = f"time goes back at {len(back)} packets, first at packet {first}: they are taken in the order of time"
        return ClockSteps(*_columns([]), (ClockNote(first, said),))
    on = sorted((one for one in places if one[1] > 0), key=lambda one: -one[1])[:_MOST_PLACES]
    found: list[tuple[int, int]] = []
    notes: list[ClockNote] = []
    for row, step_ns in sorted(back[: 2 * _MOST_PLACES] + on):
        seen = _Around(rtp, row, step_ns)
        if not seen.is_of_interest:
            continue
        what = f"time goes {'on' if step_ns > 0 else 'back'} by {abs(step_ns) / 1e9:.3f} s at packet {row + 1}"
        is_set_right = any(abs(step_ns + other_ns) < BACK_NS for _, other_ns in found)
        if step_ns < 0 and seen.others > seen.going_on:
            notes.append(ClockNote(row, f"{what}: packets are taken in the order of their times"))
        elif 0 < step_ns < FORWARD_NS and not is_set_right:
            said = f"{what}, and the streams go on as if nothing had been: a pause, or the clock was set"
            notes.append(ClockNote(row, said, is_pause=True))
        else:
            found.append((row, step_ns))
            said = (
                f"{what}: the clock of the capture was set; times from there on are told as if none had passed there, "
                "and what lasted over it (jitter, silence) is not measured"
            )
            notes.append(ClockNote(row, said))
    return ClockSteps(*_columns(found), tuple(notes))


def _columns(found: list[tuple[int, int]]) -> tuple[Ints, Ints]:
    rows = np.array([row for row, _ in found], dtype=np.int64)
    return rows, np.array([-step_ns for _, step_ns in found], dtype=np.int64)


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
    jumps: Booleans = ((steps < -LEAST_NS) | (steps > PAUSE_NS)) & known[1:] & known[:-1]
    return jumps


class _Around:
    """What streams do at a row of the capture, in the order of the file, where time makes a step.

    `going_on` is how many go on by number and timestamp, `others` how many do not; `falling` are those of the first
    whose own time goes back.
    """

    def __init__(self, rtp: RtpPackets, row: int, step_ns: int) -> None:
        self._step_ns = step_ns
        place = int(np.searchsorted(rtp.packet, row))
        self._is_amid_rtp = 0 < place < len(rtp) and int(rtp.packet[place] - rtp.packet[place - 1]) == 1
        before: dict[tuple[int, ...], int] = {}
        after: dict[tuple[int, ...], int] = {}
        for one in range(max(place - _LOOKED_AT, 0), place):
            before[_key(rtp, one)] = one
        for one in range(min(place + _LOOKED_AT, len(rtp)) - 1, place - 1, -1):
            after[_key(rtp, one)] = one
        # A pause that the timestamps know of is none of the clock's.
        most = _LONGEST_STEP if step_ns < 0 else min(_LONGEST_STEP, step_ns * _SLOWEST_HZ // 2_000_000_000)
        self.going_on = self.others = self.falling = 0
        for key in before.keys() & after.keys():
            last, first = before[key], after[key]
            number = int(rtp.sequence[first]) - int(rtp.sequence[last]) & 0xFFFF
            ticks = int(rtp.timestamp[first]) - int(rtp.timestamp[last]) & 0xFFFFFFFF
            if 0 < number <= _NEXT and ticks <= most:
                self.going_on += 1
                self.falling += bool(rtp.time_ns[first] < rtp.time_ns[last])
            else:
                self.others += 1

    @property
    def is_of_interest(self) -> bool:
        """Whether the step may be the clock's: far back; a little back, also within streams; on, and nothing paused."""
        if self._step_ns < -BACK_NS:
            return True
        if self._step_ns < 0:
            return self.falling > 0 and not self.others
        return self.going_on > 0 and not self.others and self._is_amid_rtp


def _key(rtp: RtpPackets, row: int) -> tuple[int, ...]:
    return int(rtp.interface[row]), int(rtp.source[row]), int(rtp.destination[row]), int(rtp.ssrc[row])
