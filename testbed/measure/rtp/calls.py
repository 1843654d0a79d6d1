"""Copies of one SSRC over several paths, merged: what the receiver has when it takes whichever copy comes first.

An SSRC alone makes no call: phones have fixed ones, and a recording that is played has that of its making. Streams are
of one call when one dialog (or one that took over from it) announced them; without dialogs, when they have an end in
common, or go on with each other's packets between hosts of which one is the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.rtp.restarts import MAX_DROPOUT, renumber
from testbed.measure.rtp.stream_numbers import first_arrivals
from testbed.measure.rtp.streams import by_time

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from testbed.measure.capture.capture import Ints
    from testbed.measure.rtp.streams import RtpPackets, Stream

_APART_NS = 400_000_000
"""By how much the same packet over two paths to or from one host may differ, where that is all that they share."""

_PLAYED_TWICE_NS = 10_000_000
"""By how much the first packet of both may differ, or it is two sources that play the same recording."""

_MOST_TICKS = 90_000 * 60
"""A minute of the fastest usual clock: by more no stream goes on."""

_HOP_NS = 2_000_000_000
"""How long a relay may hold a packet back."""

_NEAREST = 32
"""With so many streams before it a stream is compared: thousands of calls with one SSRC are no reason to wait."""


@dataclass(frozen=True, slots=True)
class MergedCall:
    """The streams of one SSRC that end at its receiver, and all their packets in order of arrival.

    `rows`, `extended` and `path` have one entry a packet; `path` indexes `streams`, `restarts` are the places where the
    numbers begin anew. `members` are all streams of the call, also those into a relay.
    """

    ssrc: int
    streams: tuple[Stream, ...]
    rows: Ints
    extended: Ints
    path: Ints
    restarts: tuple[int, ...]
    members: tuple[Stream, ...]

    def first_copies(self) -> list[int]:
        """Return for each path how many new packets it delivered before any other path did."""
        new = first_arrivals(self.extended)
        return [int(copies) for copies in np.bincount(self.path[new], minlength=len(self.streams))]


def merge_calls(
    rtp: RtpPackets,
    streams: list[Stream],
    originals: dict[int, int],
    dialogs_of: Callable[[Stream], frozenset[int]] = lambda _: frozenset(),
) -> Iterator[MergedCall]:
    """Merge the streams of each call, and those of its copies; calls come in the order of their first streams.

    `originals` says which SSRCs are declared to be copies of which (see `copies`), `dialogs_of` which dialogs announced
    a stream; of dialogs that took over from each other the first stands for all.

    A stream into an address from which the same SSRC goes on (a relay, such as a B2BUA) is a hop on the way and no
    copy; it is left out. Where every stream is such a hop, somebody echoes: then each stream is a call of its own.
    """
    by_ssrc: dict[int, list[Stream]] = {}
    for stream in streams:
        by_ssrc.setdefault(originals.get(stream.ssrc, stream.ssrc), []).append(stream)
    together = (same for one in by_ssrc.values() for same in _calls(rtp, one, dialogs_of))
    place = {id(stream): number for number, stream in enumerate(streams)}
    for same in sorted(together, key=lambda one: place[id(one[0])]):
        sources = {stream.source.ip for stream in same if stream.source.ip != stream.destination.ip}
        last_hops = [stream for stream in same if stream.destination.ip not in sources]
        groups = [last_hops] if last_hops else [[stream] for stream in same]
        yield from (_merge(rtp, group, same) for group in groups)


def _merge(rtp: RtpPackets, streams: list[Stream], members: list[Stream]) -> MergedCall:
    if len(streams) == 1:
        (one,) = streams
        path = np.zeros(len(one.rows), dtype=np.int64)
        return MergedCall(one.ssrc, (one,), one.rows, one.extended, path, one.restarts, tuple(members))
    rows = np.concatenate([stream.rows for stream in streams])
    path = np.repeat(np.arange(len(streams)), [len(stream.rows) for stream in streams])
    order = by_time(rtp.time_ns[rows], np.arange(len(rows)))
    rows, path = rows[order], path[order]
    numbering = renumber(rtp.sequence[rows], rtp.timestamp[rows], rtp.time_ns[rows])
    return MergedCall(
        ssrc=streams[0].ssrc,
        streams=tuple(streams),
        rows=rows,
        extended=numbering.extended,
        path=path,
        restarts=numbering.restarts,
        members=tuple(members),
    )


def _calls(
    rtp: RtpPackets, streams: list[Stream], dialogs_of: Callable[[Stream], frozenset[int]]
) -> Iterator[list[Stream]]:
    """Yield which streams of one SSRC are of one call."""
    if len(streams) == 1:
        yield streams
        return
    joined = _Joined(rtp, streams, [dialogs_of(stream) for stream in streams])
    joined.by_dialogs()
    joined.by_ends()
    joined.by_hosts()
    joined.by_relays()
    found: dict[int, list[Stream]] = {}
    for number, stream in enumerate(streams):
        found.setdefault(joined.root(number), []).append(stream)
    yield from found.values()


class _Joined:
    """Streams of one SSRC, in order of their first packets, and which of them are known to belong together."""

    def __init__(self, rtp: RtpPackets, streams: list[Stream], dialogs: list[frozenset[int]]) -> None:
        self._rtp, self._streams, self._dialogs = rtp, streams, dialogs
        self._over = list(range(len(streams)))
        self._first_ns = [int(rtp.time_ns[one.rows[0]]) for one in streams]
        self._last_ns = [int(rtp.time_ns[one.rows[-1]]) for one in streams]
        before: dict[Hashable, int] = defaultdict(int)
        self._life = []
        for one in streams:
            pair = one.source, one.destination
            self._life.append(before[pair])
            before[pair] += 1

    def root(self, number: int) -> int:
        while self._over[number] != number:
            number = self._over[number] = self._over[self._over[number]]
        return number

    def _join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._over[second] = first

    def _may(self, one: int, other: int) -> bool:
        """Whether no two dialogs that have nothing to do with each other announced them."""
        return not (self._dialogs[one] and self._dialogs[other]) or bool(self._dialogs[one] & self._dialogs[other])

    def by_dialogs(self) -> None:
        firsts: dict[Hashable, int] = {}
        for number, dialogs in enumerate(self._dialogs):
            for dialog in dialogs:
                self._join(firsts.setdefault((dialog, self._life[number]), number), number)

    def by_ends(self) -> None:
        """Join those from or to one transport address, that are not far apart or go on from each other."""
        known: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
        for number, stream in enumerate(self._streams):
            for end in (("from", stream.source), ("to", stream.destination)):
                parts = known[end, self._life[number]]
                for place in range(max(len(parts) - _NEAREST, 0), len(parts)):
                    first, last = parts[place]
                    if self._may(first, number) and self._is_near(last, number):
                        self._join(first, number)
                        parts[place] = first, max(last, number, key=self._last_ns.__getitem__)
                        break
                else:
                    parts.append((number, number))

    def _is_near(self, one: int, other: int) -> bool:
        return self._first_ns[other] - self._last_ns[one] <= _HOP_NS or self._goes_on(one, other)

    def by_hosts(self) -> None:
        """Join those from or to one host, the other being different, that share packets or go on from each other."""
        at: dict[Hashable, list[int]] = defaultdict(list)
        for number, stream in enumerate(self._streams):
            for end, ip, other_ip in (
                ("from", stream.source.ip, stream.destination.ip),
                ("to", stream.destination.ip, stream.source.ip),
            ):
                known = at[end, ip]
                for one in known[-_NEAREST:]:
                    peer = self._streams[one]
                    if other_ip == (peer.destination.ip if end == "from" else peer.source.ip):
                        continue
                    if self.root(one) != self.root(number) and self._may(one, number) and self._goes_on(one, number):
                        self._join(one, number)
                known.append(number)

    def by_relays(self) -> None:
        """Join each stream out of a host with the one into it that has its packets shortly before."""
        into: dict[str, list[int]] = defaultdict(list)
        for number, stream in enumerate(self._streams):
            into[stream.destination.ip].append(number)
        for number, stream in enumerate(self._streams):
            candidates = into[stream.source.ip]
            times = [self._first_ns[one] for one in candidates]
            until = bisect_left(times, self._first_ns[number] + _HOP_NS)
            best: tuple[int, int] | None = None
            for one in candidates[max(until - _NEAREST, 0) : until]:
                ends = self._streams[one].source.ip, self._streams[one].destination.ip
                if one == number or stream.destination.ip in ends:
                    continue
                behind = self._behind_ns(one, number)
                if behind is not None and abs(behind) <= _HOP_NS and (best is None or abs(behind) < best[0]):
                    best = abs(behind), one
            if best is not None:
                self._join(best[1], number)

    def _behind_ns(self, one: int, other: int) -> int | None:
        """Return how much later the other has the same packets, by the median; None where it has none of them."""
        numbers, mine, theirs = np.intersect1d(self._ids(one), self._ids(other), return_indices=True)
        if not len(numbers):
            return None
        first, second = (self._streams[number].rows for number in (one, other))
        return int(np.median(self._rtp.time_ns[second[theirs]] - self._rtp.time_ns[first[mine]]))

    def _ids(self, number: int) -> Ints:
        """Return sequence number and timestamp of each packet as one number."""
        rows = self._streams[number].rows
        return self._rtp.timestamp[rows].astype(np.int64) << 16 | self._rtp.sequence[rows]

    def _goes_on(self, one: int, other: int) -> bool:
        """Whether the two have the same packets at nearly the same time, or the other goes on where the one ends.

        Two that begin with the same packet at different times are a recording that is played twice.
        """
        last, first = self._streams[one].rows[-1], self._streams[other].rows[0]
        behind = self._behind_ns(one, other)
        if behind is not None:
            begin_alike = self._id(self._streams[one].rows[0]) == self._id(first)
            return abs(behind) <= (_PLAYED_TWICE_NS if begin_alike else _APART_NS)
        number = int(self._rtp.sequence[first]) - int(self._rtp.sequence[last]) + MAX_DROPOUT & 0xFFFF
        ticks = int(self._rtp.timestamp[first]) - int(self._rtp.timestamp[last]) + _MOST_TICKS & 0xFFFFFFFF
        overlap_ns = self._last_ns[one] - self._first_ns[other]
        return number <= 2 * MAX_DROPOUT and ticks <= 2 * _MOST_TICKS and overlap_ns <= _HOP_NS

    def _id(self, row: int) -> tuple[int, int]:
        return int(self._rtp.sequence[row]), int(self._rtp.timestamp[row])
