"""Packets on both sides of a NAT: outside, each counts with the address and port that it has inside.

A router that translates changes a packet's addresses and nothing in it. So what passes one of its two interfaces is
looked for at the other one, by the other end and by every byte; from that it is known whose a port outside is, in a
conversation with whom, and from when on: a mapping that was forgotten may be another one's afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.wire.nat_places import NatPlace
    from testbed.measure.wire.packets import Datagrams, TransportAddress
    from testbed.measure.wire.piece import Piece

_Some = TypeVar("_Some", bound="Piece")

WITHIN_NS = 100_000_000
"""So long a packet may take from one interface of a router to the other."""


class Conversation(NamedTuple):
    """What a mapping is looked up by: the end outside of the NAT that its router gave, and the other end."""

    given: TransportAddress
    other: TransportAddress


class Mapped(NamedTuple):
    """From when on a port outside was an inner end's."""

    since_ns: int
    inner: TransportAddress


class Translations(NamedTuple):
    """What the routers of a run translated. `refused` counts by link what came for a NAT's address and got no further.

    `given` are the addresses outside.
    """

    conversations: dict[Conversation, list[Mapped]]
    given: frozenset[str]
    refused: dict[str, int]

    def inside(self, capture: Capture, datagrams: Datagrams) -> Datagrams:
        """Return the datagrams with the ends that they have inside; what was never let in keeps its own."""
        if not self.conversations:
            return datagrams
        endpoints = {one: number for number, one in enumerate(datagrams.endpoints)}
        found = self._with_inner(capture, datagrams, endpoints)
        if datagrams.hidden is not None:
            found = replace(found, hidden=self._with_inner(capture, datagrams.hidden, endpoints))
        if datagrams.rebuilt is not None:
            rebuilt, within = datagrams.rebuilt
            within = self._with_inner(rebuilt.capture, within, endpoints)
            found = replace(found, rebuilt=(rebuilt, replace(within, endpoints=tuple(endpoints))))
        return replace(found, endpoints=tuple(endpoints))

    def _with_inner(self, capture: Capture, piece: _Some, endpoints: dict[TransportAddress, int]) -> _Some:
        """The same; ends that were not there before are added to `endpoints`."""
        source, destination = piece.source.copy(), piece.destination.copy()
        for mine, others in ((source, piece.destination), (destination, piece.source)):
            for conversation, rows in _conversations([*endpoints], mine, others, self.given):
                mapped = self.conversations.get(conversation)
                if mapped is None:
                    continue
                numbers = np.array([endpoints.setdefault(one.inner, len(endpoints)) for one in mapped])
                since = np.array([one.since_ns for one in mapped])
                at = np.searchsorted(since, capture.time_ns[piece.packet[rows]], side="right") - 1
                mine[rows] = numbers[np.maximum(at, 0)]
        return replace(piece, source=source, destination=destination)


NONE = Translations({}, frozenset(), {})


def find_translations(capture: Capture, datagrams: Datagrams, nats: Sequence[NatPlace]) -> Translations:
    """Return what these NATs translated, of a capture at both interfaces of their routers."""
    conversations: dict[Conversation, list[Mapped]] = defaultdict(list)
    refused = {}
    pieces: list[tuple[Capture, Piece]] = [(capture, datagrams)]
    if datagrams.hidden is not None:
        pieces.append((capture, datagrams.hidden))
    if datagrams.rebuilt is not None:
        pieces.append((datagrams.rebuilt[0].capture, datagrams.rebuilt[1]))
    for nat in nats:
        passed = [one for piece in pieces for one in _passed(*piece, datagrams.endpoints, nat)]
        passed.sort(key=lambda one: one.time_ns)
        refused[nat.link] = sum(one.inner is None and one.is_coming for one in passed)
        for one in passed:
            known = conversations[Conversation(one.given, one.other)]
            if one.inner is not None and (not known or known[-1].inner != one.inner):
                known.append(Mapped(one.time_ns, one.inner))
    met = {one: sorted(mapped) for one, mapped in conversations.items() if mapped}
    return Translations(met, frozenset(nat.address for nat in nats), refused)


class _Passed(NamedTuple):
    """A packet at the outer interface; `inner` is None where it was seen at that one alone."""

    time_ns: int
    given: TransportAddress
    other: TransportAddress
    inner: TransportAddress | None
    is_coming: bool


def _passed(capture: Capture, piece: Piece, ends: tuple[TransportAddress, ...], nat: NatPlace) -> Iterator[_Passed]:
    names = np.array([one.name or "" for one in capture.interfaces] or [""])
    at = names[capture.interface[piece.packet]]
    within: dict[tuple[TransportAddress, bool, bytes], list[tuple[int, TransportAddress]]] = defaultdict(list)
    for row in np.flatnonzero(at == nat.inside).tolist():
        source, destination = ends[piece.source[row]], ends[piece.destination[row]]
        time_ns, said = _seen(capture, piece, row)
        within[destination, False, said].append((time_ns, source))
        within[source, True, said].append((time_ns, destination))
    is_given = np.array([one.ip == nat.address for one in ends] or [False])
    for is_coming, mine, others in (
        (False, piece.source, piece.destination),
        (True, piece.destination, piece.source),
    ):
        for row in np.flatnonzero((at == nat.outside) & is_given[mine]).tolist():
            given, other = ends[mine[row]], ends[others[row]]
            time_ns, said = _seen(capture, piece, row)
            inner = _nearest(within.get((other, is_coming, said), []), time_ns, is_coming=is_coming)
            yield _Passed(time_ns, given, other, inner, is_coming)


def _seen(capture: Capture, piece: Piece, row: int) -> tuple[int, bytes]:
    start = int(piece.offset[row])
    said = capture.data[start : start + int(piece.captured[row])].tobytes()
    return int(capture.time_ns[piece.packet[row]]), said


def _nearest(seen: list[tuple[int, TransportAddress]], time_ns: int, *, is_coming: bool) -> TransportAddress | None:
    """Return the inner end of the packet that is the one at `time_ns`: it comes in after that, or left before."""
    place = bisect_right([time for time, _ in seen], time_ns)
    after, before = seen[place : place + 1], seen[max(place - 1, 0) : place]
    for time, end in (after or before) if is_coming else (before or after):
        if abs(time - time_ns) <= WITHIN_NS:
            return end
    return None


def _conversations(
    ends: Sequence[TransportAddress], mine: NDArray[np.int32], others: NDArray[np.int32], given: Iterable[str]
) -> Iterator[tuple[Conversation, Ints]]:
    """Yield the conversations of ends that NATs gave, each with the rows of its datagrams."""
    addresses = {*given}
    is_given: Booleans = np.array([one.ip in addresses for one in ends] or [False])
    rows = np.flatnonzero(is_given[mine])
    pairs = mine[rows].astype(np.int64) << 32 | others[rows].astype(np.int64)
    for pair in np.unique(pairs).tolist():
        yield Conversation(ends[pair >> 32], ends[pair & 0xFFFFFFFF]), rows[pairs == pair]
