"""What traffic beside the call got, and what it did to the call: `traffic`, an entry for each flow."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from testbed.measure.numbers.delays import Delays
from testbed.measure.numbers.number import Number, by_key
from testbed.measure.wire.flow_packets import seen_flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.measure.call.recording import Recording
    from testbed.measure.wire.flow_packets import SeenFlow
    from testbed.measure.wire.flow_places import FlowPlace

_MOBILE = "mn"
_DIRECTIONS = {True: "to_mn", False: "to_cn"}


class FlowFacts:
    """A flow in a run folder."""

    def __init__(self, run: Recording, flow: FlowPlace) -> None:
        self.run, self.flow = run, flow

    @cached_property
    def seen(self) -> SeenFlow:
        """Its packets at both ends."""
        sent, received = (self.run.captures.at({name}) for name in (self.flow.sent_at, self.flow.received_at))
        return seen_flow(sent, received, self.flow)

    @cached_property
    def begins_ns(self) -> int | None:
        """When its first packet was sent; None where none was."""
        return int(self.seen.sent.time_ns[0]) if len(self.seen.sent) else None

    @property
    def throughput(self) -> float | None:
        """Bits of payload a second, in thousands, over the time that it was to last."""
        if self.begins_ns is None:
            return None
        in_time = self.seen.received.until(self.begins_ns + round(self.flow.for_s * 1e9))
        return round(in_time.different_bytes * 8 / self.flow.for_s / 1e3, 3)

    @cached_property
    def delays(self) -> Delays:
        """Its one-way delays."""
        return Delays(self.seen.delay_ns)

    @cached_property
    def queueing(self) -> Delays:
        """By how much each is above the least."""
        delay_ns = self.seen.delay_ns
        return Delays(delay_ns - delay_ns.min() if len(delay_ns) else delay_ns)

    @cached_property
    def of_speech(self) -> Delays:
        """One-way delays of the call's packets that arrived over the same link, the same way, meanwhile."""
        none = np.empty(0, dtype=np.int64)
        if self.flow.link is None or self.begins_ns is None:
            return Delays(none)
        direction = self.run.media[_DIRECTIONS[self.flow.receiver == _MOBILE]]
        if self.flow.link not in direction.links or not len(direction.received):
            return Delays(none)
        received = direction.received
        at = received.time_ns
        ends_ns = int(self.seen.received.time_ns[-1]) if len(self.seen.received) else self.begins_ns
        mine = (received.path == direction.links.index(self.flow.link)) & (at >= self.begins_ns) & (at <= ends_ns)
        return Delays(direction.delay_ns[mine])


def _text(key: str, column: str, about: str, compute: Callable[[FlowFacts], str | None]) -> Number[FlowFacts]:
    return Number(key, "text", "", column, about, compute)


def _packets(
    key: str, column: str, about: str, compute: Callable[[FlowFacts], int | None], more: str = ""
) -> Number[FlowFacts]:
    return Number(key, "integer", "packets", column, about, compute, more)


def _ms(
    key: str, column: str, about: str, compute: Callable[[FlowFacts], float | None], more: str = ""
) -> Number[FlowFacts]:
    return Number(key, "number", "ms", column, about, compute, more)


FLOWS = by_key((
    _text("from", "from", "where it comes from", lambda one: one.flow.sender),
    _text("to", "to", "where it goes to", lambda one: one.flow.receiver),
    _text("link", "path", "the MN's link that it goes over; null between other nodes", lambda one: one.flow.link),
    _text("kind", "kind", "`tcp`, `udp` or `on-off`", lambda one: one.flow.kind),
    _text("congestion", "congestion", "TCP's congestion control", lambda one: one.flow.congestion),
    Number("throughput_kbit_s", "number", "kbit/s", "throughput_kbit_s",
           "payload that arrived in its time, each byte once, by that time",
           lambda one: one.throughput, "From its first packet with data on, for as long as the scenario says"),
    Number("delivered_bytes", "integer", "bytes", "delivered_bytes", "payload that ever arrived, each byte once",
           lambda one: one.seen.received.different_bytes),
    _packets("sent", "packets_sent", "packets with data that were sent", lambda one: len(one.seen.sent)),
    _packets("lost", "packets_lost", "those of them that did not arrive", lambda one: one.seen.lost),
    _packets("retransmitted", "packets_retransmitted", "those that began with bytes that had been sent before",
             lambda one: int(one.seen.sent.again.sum()) if one.flow.is_tcp else None, "Null of UDP"),
    _ms("delay_ms.mean", "delay_mean_ms", "mean one-way delay of packets that were sent once",
        lambda one: one.delays.mean),
    _ms("delay_ms.min", "delay_min_ms", "least one-way delay", lambda one: one.delays.least),
    _ms("delay_ms.max", "delay_max_ms", "greatest one-way delay", lambda one: one.delays.most),
    _ms("queue_delay_ms.mean", "queue_delay_mean_ms", "mean of what each took longer than the quickest",
        lambda one: one.queueing.mean, "Waiting, and the link's jitter"),
    _ms("queue_delay_ms.p99", "queue_delay_p99_ms", "what 99 % of them do not exceed", lambda one: one.queueing.p99),
    _ms("speech_delay_ms.mean", "speech_delay_mean_ms",
        "mean one-way delay of the call's packets that came over the same link meanwhile",
        lambda one: one.of_speech.mean, "From its first packet sent to its last one that arrived"),
    _ms("speech_delay_ms.p99", "speech_delay_p99_ms", "what 99 % of them do not exceed",
        lambda one: one.of_speech.p99),
))  # fmt: skip
"""Key -> row, in the order of result.json."""
