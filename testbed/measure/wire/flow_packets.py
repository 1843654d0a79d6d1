"""The packets of traffic beside the call at both of its ends, matched: those of TCP by their bytes' numbers, those of
UDP by the time and number that iperf3 writes into each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.capture.capture import words
from testbed.measure.headers.peeled import DATAGRAM, SEGMENT, Findings
from testbed.measure.headers.peeling import peel
from testbed.measure.wire.tcp import payload_at, read_segments, useful

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testbed.measure.capture.capture import Booleans, Capture, Ints
    from testbed.measure.headers.peeled import Peeled
    from testbed.measure.wire.flow_places import FlowPlace

# iperf3's seconds, microseconds and number (of 32 bits).
_LABEL = 12


@dataclass(frozen=True, slots=True)
class FlowPackets:
    """A flow's packets with data at one interface, in order of time: when, which bytes of it from `start` on, how many.

    The same `key` at both ends is the same packet; one that was sent again has it too.
    """

    time_ns: Ints
    key: Ints
    start: Ints
    length: Ints

    def __len__(self) -> int:
        return len(self.key)

    def until(self, time_ns: int) -> FlowPackets:
        """Return those before a time."""
        mine = self.time_ns < time_ns
        return FlowPackets(self.time_ns[mine], self.key[mine], self.start[mine], self.length[mine])

    @property
    def different_bytes(self) -> int:
        """How many bytes they have, each counted once."""
        order = np.argsort(self.start, kind="stable")
        start, end = self.start[order], (self.start + self.length)[order]
        seen = np.maximum.accumulate(np.concatenate([start[:1], end[:-1]]))
        return int(np.maximum(end - np.maximum(start, seen), 0).sum())

    @property
    def again(self) -> Booleans:
        """Which begin with bytes that had gone by before."""
        end = self.start + self.length
        before = np.concatenate([self.start[:1], np.maximum.accumulate(end)[:-1]])
        return self.start < before


@dataclass(frozen=True)
class SeenFlow:
    """A flow at its two ends."""

    sent: FlowPackets
    received: FlowPackets

    @cached_property
    def delay_ns(self) -> Ints:
        """One-way delays, of the packets that were sent once and arrived once, in order of arrival."""
        return self._matched[1] - self._matched[0]

    @cached_property
    def _matched(self) -> tuple[Ints, Ints]:
        (sent, at_sender), (received, at_receiver) = _single(self.sent), _single(self.received)
        _, mine, others = np.intersect1d(sent, received, assume_unique=True, return_indices=True)
        left, arrived = at_sender[mine], at_receiver[others]
        order = np.argsort(arrived, kind="stable")
        return left[order], arrived[order]

    @property
    def lost(self) -> int:
        """How many packets were sent and did not arrive; the same bytes again are another packet."""
        keys, counts = np.unique(self.sent.key, return_counts=True)
        arrived, times = np.unique(self.received.key, return_counts=True)
        _, mine, others = np.intersect1d(keys, arrived, assume_unique=True, return_indices=True)
        came = np.zeros(len(keys), dtype=np.int64)
        came[mine] = times[others]
        return int(np.maximum(counts - came, 0).sum())


def seen_flow(sent: Capture, received: Capture, flow: FlowPlace) -> SeenFlow:
    """Find a flow in the captures of its two interfaces."""
    return SeenFlow(*(_packets(one, flow) for one in (sent, received)))


def segments_of(capture: Capture, flows: Iterable[FlowPlace]) -> int:
    """Count the segments with data in a capture that are these flows', of their control connections too."""
    ports = [one.port for one in flows]
    if not ports:
        return 0
    layer = _peeled(capture, SEGMENT)
    numbers = words(capture.data, ">u2")
    mine = np.isin(numbers[layer.at], ports) | np.isin(numbers[layer.at + 2], ports)
    return int((mine & (payload_at(capture.data, layer.at) < layer.end)).sum())


def _single(packets: FlowPackets) -> tuple[Ints, Ints]:
    """Return the keys that were seen once, and when."""
    keys, first, counts = np.unique(packets.key, return_index=True, return_counts=True)
    once = counts == 1
    return keys[once], packets.time_ns[first[once]]


def _peeled(capture: Capture, kind: int) -> Peeled:
    layer = peel(capture, np.arange(len(capture), dtype=np.int64), Findings())[kind]
    return layer.pick(useful(capture.data, layer.at, layer.end)) if kind == SEGMENT else layer


def _packets(capture: Capture, flow: FlowPlace) -> FlowPackets:
    return _of_tcp(capture, flow) if flow.is_tcp else _of_udp(capture, flow)


def _of_tcp(capture: Capture, flow: FlowPlace) -> FlowPackets:
    layer = _peeled(capture, SEGMENT)
    numbers = words(capture.data, ">u2")
    ports = tuple(numbers[layer.at + place].astype(np.int32) for place in (0, 2))
    segments = read_segments(capture.data, layer.row, layer.ip, layer.at, layer.end, (ports[0], ports[1]))
    mine, others = (
        (segments.source, segments.destination) if flow.is_from_port else (segments.destination, segments.source)
    )
    is_flow = mine == flow.port
    # The first connection is the one by which iperf3's two ends agree.
    either = (segments.source == flow.port) | (segments.destination == flow.port)
    first = np.flatnonzero(either)[:1]
    control = np.where(segments.source == flow.port, segments.destination, segments.source)[first]
    rows = np.flatnonzero(is_flow & ~np.isin(others, control) & (segments.length > 0))
    sequence, length = segments.sequence[rows].astype(np.int64), segments.length[rows]
    # Numbers of 32 bits, without their wraps: each is near the one before it.
    steps = np.diff(sequence, prepend=sequence[:1]).astype(np.int32).astype(np.int64)
    start = (sequence[:1] if len(sequence) else 0) + np.cumsum(steps)
    return FlowPackets(capture.time_ns[segments.packet[rows]], sequence << 32 | length, start, length)


def _of_udp(capture: Capture, flow: FlowPlace) -> FlowPackets:
    layer = _peeled(capture, DATAGRAM)
    numbers, wide = words(capture.data, ">u2"), words(capture.data, ">u4")
    mine = numbers[layer.ports + (0 if flow.is_from_port else 2)] == flow.port
    layer = layer.pick(mine & (layer.at + _LABEL <= layer.end))
    length = numbers[layer.ports + 4].astype(np.int64) - 8
    second, number = wide[layer.at].astype(np.int64), wide[layer.at + 8].astype(np.int64)
    # No byte is sent twice: one stands behind the other, as they are seen.
    start = np.cumsum(length) - length
    return FlowPackets(capture.time_ns[layer.row], second << 32 | number, start, length)
