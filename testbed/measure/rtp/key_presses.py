"""Key presses in a stream (RFC 4733): which key, when, how long.

Not done: several events in one packet (2.5.1.5), tones by their frequencies (4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from testbed.measure.rtp.streams import KNOWN_CLOCKS
from testbed.measure.rtp.tones import NO_TONE, fields_of
from testbed.measure.sip.info_digits import digit_of

if TYPE_CHECKING:
    from testbed.measure.capture.capture import Ints
    from testbed.measure.rtp.streams import RtpPackets
    from testbed.measure.rtp.tones import ToneFields

_LONGEST = 0xFFFF
_NEAR = 0.1


class KeyPress(NamedTuple):
    """One key press; `duration_ns` is None where nobody knows the clock.

    `begin_ns` is when its first packet arrived; `is_complete`: a packet said that it was over. `volume_dbm0` is as the
    last packet said.
    """

    digit: str
    begin_ns: int
    duration_ns: int | None
    volume_dbm0: int
    packets: int
    is_complete: bool


def find_key_presses(rtp: RtpPackets, rows: Ints, clock_hz: int | None) -> list[KeyPress]:
    """Return the key presses in these packets of one stream, which are of events, in order of their beginnings.

    One that lasts longer than the field can say is told of in segments, one after the other (2.5.1.3).
    """
    rows = rows[rtp.tone[rows] != NO_TONE]
    if not len(rows):
        return []
    told = fields_of(rtp.tone[rows])
    times, stamps = rtp.time_ns[rows], rtp.timestamp[rows].astype(np.int64)
    clock_hz = clock_hz or _clock_of(times, stamps, told)
    segments: dict[tuple[int, int], list[int]] = {}
    for place, which in enumerate(zip(stamps.tolist(), told.event.tolist(), strict=True)):
        segments.setdefault(which, []).append(place)
    found: list[KeyPress] = []
    open_at: tuple[int, int] | None = None  # where the next segment of the last one begins
    for (stamp, event), places in segments.items():
        ticks = int(told.duration[places].max())
        press = KeyPress(
            digit=digit_of(event),
            begin_ns=int(times[places[0]]),
            duration_ns=None if clock_hz is None else ticks * 1_000_000_000 // clock_hz,
            volume_dbm0=-int(told.volume[places[-1]]),
            packets=len(places),
            is_complete=bool(told.is_end[places].any()),
        )
        if found and (stamp, event) == open_at:
            press = _joined(found.pop(), press)
        found.append(press)
        is_open = ticks == _LONGEST and not press.is_complete
        open_at = ((stamp + _LONGEST) % (1 << 32), event) if is_open else None
    return found


def _joined(one: KeyPress, following: KeyPress) -> KeyPress:
    both = one.duration_ns, following.duration_ns
    return following._replace(
        begin_ns=one.begin_ns,
        duration_ns=None if None in both else sum(part for part in both if part is not None),
        packets=one.packets + following.packets,
    )


def _clock_of(times: Ints, stamps: Ints, told: ToneFields) -> int | None:
    """Return the clock of events that nobody announced: how fast the longest of them grew, if that is one in use."""
    growing = np.flatnonzero((np.diff(stamps) == 0) & (np.diff(told.duration) > 0) & (np.diff(times) > 0))
    if not len(growing):
        return None
    steps = np.diff(told.duration)[growing] * 1e9 / np.diff(times)[growing]
    measured = float(np.median(steps))
    nearest = min(KNOWN_CLOCKS, key=lambda clock: abs(clock - measured))
    return nearest if abs(nearest - measured) <= _NEAR * nearest else None
