"""A run as a story on one time axis: everything that a picture of it shows, as arrays, from the run folder alone.

Times are seconds of scenario time, as in the timeline (`t_s`), and what they are of is measured as result.json is:
by the same functions, from the same captures. Whoever draws decides what to leave out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from testbed.measure.call.direction import NO_DELAY
from testbed.measure.call.window import longest_gap, open_silence
from testbed.measure.capture.capture import NO_TIME
from testbed.measure.folder.link_history import read_links
from testbed.measure.rtp import stream_numbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from testbed.measure.call.direction import Direction
    from testbed.measure.call.recording import Recording
    from testbed.measure.call.window import Window
    from testbed.measure.capture.capture import Booleans, Ints
    from testbed.measure.folder.link_history import Floats, LinkHistory
    from testbed.measure.folder.run_folder import Event
    from testbed.measure.listening.listened import Listened
    from testbed.measure.listening.playout import Heard
    from testbed.measure.result.chart import Chart

NS_PER_S, NS_PER_MS = 1e9, 1e6
TOUCHING_S = 1e-6
"""Concealed intervals that are nearer to each other than this are one hole: their times are floats."""


@dataclass(frozen=True, slots=True)
class PathArrivals:
    """The packets of one direction that arrived over one path, in order; one entry a packet.

    `delay_ms` is the one-way delay, NaN where the sending was not captured; `is_new` tells new packets from duplicates.
    `lost_s` are the packets that went onto this path and did not come off it (see `Direction.carried`): when they left.
    """

    link: str
    time_s: Floats
    delay_ms: Floats
    is_new: Booleans
    lost_s: Floats


@dataclass(frozen=True, slots=True)
class SilentStretch:
    """A stretch of time in which the listener had nothing to hear; `causes` as the playout buffer names them."""

    at_s: float
    duration_s: float
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Playout:
    """What the playout buffer did: its depth from each `time_s` on, and the holes."""

    time_s: Floats
    depth_ms: Floats
    holes: tuple[SilentStretch, ...]


@dataclass(frozen=True, slots=True)
class DirectionStory:
    """One direction of the call, at its receiver.

    `missing_s` are the packets that never arrived on any path: when they left, or should have where nobody saw them
    leave. `new_s` are the arrivals of all new packets. `gap_s` is the longest silence that belongs to the handover
    window (of the whole call where there was no handover): its last packet before, its first after, None where none
    came any more. `window_s` is the handover window. `playout` is None where nothing was heard, `window_s` and `gap_s`
    where there is none.
    """

    name: str
    paths: tuple[PathArrivals, ...]
    new_s: Floats
    missing_s: Floats
    gap_s: tuple[float, float | None] | None
    window_s: tuple[float, float] | None
    playout: Playout | None


@dataclass(frozen=True, slots=True)
class Story:
    """A run. `result` is what result.json holds, `document` what manifest.json does; `trigger_s` are all triggers,
    as in it: of a phone that tells of none, when it was first seen on another link.

    `directions` has `to_mn` and `to_cn`. `start_s` and `end_s` enclose all that was captured at the two ends.
    """

    document: dict[str, Any]
    result: dict[str, Any]
    chart: Chart
    links: tuple[LinkHistory, ...]
    directions: dict[str, DirectionStory]
    events: tuple[Event, ...]
    trigger_s: tuple[float, ...]
    start_s: float
    end_s: float


def tell(run: Recording, listened: Mapping[str, Listened], chart: Chart, result: dict[str, Any]) -> Story:
    """Return the story of a run of which these are known; `RunFolderError` where its plan describes no links."""
    manifest, events, capture, handover = run.manifest, run.events, run.capture, run.first_handover
    clock = _Clock(run.start_ns)
    timed = capture.time_ns[capture.time_ns != NO_TIME]
    ends_s = (clock.s(int(timed.min())), clock.s(int(timed.max()))) if len(timed) else (0.0, 0.0)
    return Story(
        document=run.document,
        result=result,
        chart=chart,
        links=read_links(run.folder, manifest.links, events, ends_s[1]),
        directions={
            name: _heard(one, handover.windows[name] if handover else None, clock) for name, one in listened.items()
        },
        events=tuple(events),
        trigger_s=tuple(clock.s(one.trigger_ns) for one in run.handovers),
        start_s=min(ends_s[0], 0.0),
        end_s=ends_s[1],
    )


class _Clock:
    """Scenario seconds of nanoseconds since the epoch."""

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns

    def s(self, time_ns: int) -> float:
        """Return one time."""
        return (time_ns - self._start_ns) / NS_PER_S

    def all_s(self, times_ns: Ints) -> Floats:
        """Return many."""
        return (times_ns - self._start_ns) / NS_PER_S


def _heard(one: Listened, window: Window | None, clock: _Clock) -> DirectionStory:
    direction, interval_ns = one.direction, one.interval_ns
    return DirectionStory(
        name=one.name,
        paths=tuple(_arrivals(direction, path, clock) for path in range(len(direction.links))),
        new_s=clock.all_s(direction.new.time_ns),
        missing_s=_missing(direction, interval_ns, clock),
        gap_s=_gap(direction, interval_ns, window, clock),
        window_s=None if window is None else (clock.s(window.open_ns), clock.s(window.close_ns)),
        playout=None if one.playout is None else _playout(one.playout, clock),
    )


def _arrivals(direction: Direction, path: int, clock: _Clock) -> PathArrivals:
    received = direction.received
    here = received.path == path
    delay_ns = direction.delay_ns[here]
    left = direction.onto.pick(direction.onto.path == path)
    firsts = np.unique(left.key, return_index=True)[1]
    lost = firsts[~np.isin(left.key[firsts], direction.off.key[direction.off.path == path])]
    return PathArrivals(
        link=direction.links[path],
        time_s=clock.all_s(received.time_ns[here]),
        delay_ms=np.where(delay_ns == NO_DELAY, np.nan, delay_ns / NS_PER_MS),
        is_new=stream_numbers.first_arrivals(received.key)[here],
        lost_s=clock.all_s(np.sort(left.time_ns[lost])),
    )


def _missing(direction: Direction, interval_ns: int, clock: _Clock) -> Floats:
    """Return when the packets left that arrived nowhere.

    One that nobody saw leave stands between its neighbours in the sequence; beyond the first or last that was seen,
    each is a packet interval away. Where the sender was not captured, the arrivals stand for it.
    """
    if not direction.observed:
        return np.empty(0)
    keys = np.setdiff1d(np.arange(direction.keys), direction.received.key)
    known = direction.sent if len(direction.sent) else direction.received
    if not len(keys) or not len(known):
        return np.empty(0)
    seen, firsts = np.unique(known.key, return_index=True)
    times = known.time_ns[firsts]
    before, after = np.minimum(keys - seen[0], 0), np.maximum(keys - seen[-1], 0)
    between = np.interp(keys, seen, times - times[0]).astype(np.int64) + times[0]
    return clock.all_s(np.sort(between + (before + after) * interval_ns))


def _gap(
    direction: Direction, interval_ns: int, window: Window | None, clock: _Clock
) -> tuple[float, float | None] | None:
    """Return the silence that `longest_gap` measures; one that has no end is (its start, None)."""
    times = direction.new.time_ns
    if not len(times) or not direction.observed:
        return None
    if longest_gap(direction, interval_ns, window) is None:
        return (clock.s(int(times[-1])), None) if open_silence(direction, interval_ns, window) else None
    before, after = times[:-1], times[1:]
    touching = np.ones(len(before), dtype=np.bool_)
    if window is not None:
        touching = (after >= window.open_ns) & (before <= window.close_ns)
    longest = int(np.argmax(np.where(touching, after - before, -1)))
    return clock.s(int(before[longest])), clock.s(int(after[longest]))


def _playout(heard: Heard, clock: _Clock) -> Playout:
    origin_s = clock.s(heard.origin_ns)
    changes = [(one.at, one.depth) for one in heard.depths]
    holes: list[SilentStretch] = []
    for one in sorted(heard.concealed, key=lambda concealed: concealed.at):
        at_s = one.at + origin_s
        last = holes[-1] if holes else None
        if last is not None and at_s - (last.at_s + last.duration_s) < TOUCHING_S:
            causes = last.causes if one.cause in last.causes else (*last.causes, one.cause)
            holes[-1] = SilentStretch(last.at_s, at_s + one.duration - last.at_s, causes)
        else:
            holes.append(SilentStretch(at_s, one.duration, (one.cause,)))
    return Playout(
        time_s=np.array([origin_s, *(at + origin_s for at, _ in changes)]),
        depth_ms=np.array([heard.settings.initial_depth, *(depth for _, depth in changes)]) * 1000,
        holes=tuple(holes),
    )
