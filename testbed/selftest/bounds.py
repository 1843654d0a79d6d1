"""Probes in captures to numbers, and whether they are within the bounds that statistics allow.

With "s.e." for the standard error of what was measured, given the profile: everything random is to be within four of
them (one false alarm in 16 000), what is not random within the tolerance that is stated beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from testbed.lab.links.draws import CELL_S
from testbed.lab.links.queues.register import QUEUES
from testbed.measure.capture.capture import picked
from testbed.measure.capture.pcap import read_capture
from testbed.measure.wire.checksums import ETHERNET_BYTES, sound
from testbed.measure.wire.packets import decode_udp
from testbed.scenario.links.jitter_spread import spread_of
from testbed.selftest.probing import (
    FIRST_PORT,
    FULL_BYTES,
    SMALL_BYTES,
    SPEECH_BYTES,
    THIN_PORT,
    ProbingStage,
    ends,
    stages,
    standing_s,
    thin_stage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from testbed.lab.network import Direction, Network
    from testbed.lab.plan import QueueOrder
    from testbed.measure.capture.capture import Capture
    from testbed.scenario.kinds.profile import LinkDirection, LinkProfile

STANDARD_ERRORS = 4.0
# What four kernels' forwarding adds at most.
DELAY_TOLERANCE_MS = 0.1
RATE_TOLERANCE = 0.01
# How much of the target a mean that is controlled may be off for as long as it is looked at.
SWING = 0.1


@dataclass(frozen=True)
class BoundsRow:
    """One quantity of one direction of a link: what the profile says, what came out, how far it may be off."""

    profile: str
    direction: str
    quantity: str
    configured: float
    measured: float
    bound: float

    @property
    def is_within(self) -> bool:
        """Whether the link does what its profile says."""
        return abs(self.measured - self.configured) <= self.bound * (1 + 1e-9)


@dataclass(frozen=True)
class Probes:
    """The probes of one stage: when each left (ns), when it arrived, or -1, and how often it did.

    Those with a bit error have not arrived; `damaged` is when such frames of their length came, in order.
    """

    sent: NDArray[np.int64]
    arrived: NDArray[np.int64]
    copies: NDArray[np.int64]
    damaged: NDArray[np.int64]

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which ones did not arrive."""
        return self.arrived < 0


def verdicts(folder: Path, network: Network, profiles: dict[str, LinkProfile], loss_probes: int) -> list[BoundsRow]:
    """All rows of a run that sent probes over these links."""
    rows: list[BoundsRow] = []
    links = [link for link in network.access_links if link.name in profiles]
    for number, link in enumerate(links):
        profile = profiles[link.name]
        for way, direction in profile.directions.items():
            left, came = (read_capture(folder / "captures" / f"{end}.pcap") for end in ends(network, link.name, way))
            crossing = Crossing(left, came, way, network, link.name)
            planned = stages(direction, loss_probes)
            rows += [BoundsRow(profile.name, way, *row) for row in quantities(direction, planned, crossing, number)]
    return rows


def quantities(
    direction: LinkDirection, planned: list[ProbingStage], crossing: Crossing, number: int
) -> Iterator[Quantity]:
    """What the probes of one direction tell; `number` is the link's."""
    every = crossing.probes(FIRST_PORT + number, planned)
    probes = {tells: [one for stage, one in zip(planned, every, strict=True) if stage.tells == tells]
              for tells in ("delay", "rate", "wait", "loss")}  # fmt: skip
    yield from delay_rows(direction, probes["delay"][0], planned[1].interval_s)
    yield rate_row(direction, probes["rate"])
    managed = direction.managed_by
    if managed is not None and probes["wait"]:
        yield wait_row(direction, managed, probes["wait"][0])
    thin = thin_stage(direction, planned)
    if thin is not None:
        yield thin_row(direction, crossing.probes(THIN_PORT + number, [thin])[0])
    yield from loss_rows(direction, probes["loss"][0], planned[-1].interval_s)
    yield from duplicate_rows(direction, probes["loss"][0])
    yield from damage_rows(direction, probes["loss"][0])


class Crossing:
    """One direction of a link, between the captures of its two ends."""

    def __init__(self, left: Capture, came: Capture, way: Direction, network: Network, link: str) -> None:
        self._way, self._network, self._link = way, network, link
        is_sound = sound(came)
        self._left, self._came, self._damaged = left, picked(came, is_sound), picked(came, ~is_sound)

    def probes(self, port: int, planned: list[ProbingStage]) -> list[Probes]:
        """Those of each stage, of the flow with that port."""
        sent, arrived = (times(one, port, self._way, self._network, self._link) for one in (self._left, self._came))
        return [matched(index, stage, sent, arrived, self._of_length(stage)) for index, stage in enumerate(planned)]

    def _of_length(self, stage: ProbingStage) -> NDArray[np.int64]:
        return np.asarray(self._damaged.time_ns[self._damaged.original == ETHERNET_BYTES + stage.ip_bytes])


Quantity = tuple[str, float, float, float]
"""Name, configured, measured, bound."""


def times(capture: Capture, port: int, way: Direction, network: Network, link: str) -> NDArray[np.int64]:
    """The probes of one direction in a capture, as rows of stage, number, time in ns."""
    datagrams = decode_udp(capture)
    mobile = network.access_link(link).node.address.partition("/")[0]
    towards = np.array([end.port == port and (end.ip == mobile) == (way == "down") for end in datagrams.endpoints])
    mine = towards[datagrams.destination] & (datagrams.captured >= 5) if len(datagrams) else np.zeros(0, dtype=bool)
    offset = datagrams.offset[mine]
    number = np.zeros(len(offset), dtype=np.int64)
    for position in range(1, 5):
        number = number << 8 | capture.data[offset + position]
    return np.stack([capture.data[offset].astype(np.int64), number, capture.time_ns[datagrams.packet[mine]]])


def matched(
    index: int,
    stage: ProbingStage,
    sent: NDArray[np.int64],
    arrived: NDArray[np.int64],
    damaged: NDArray[np.int64],
) -> Probes:
    """The probes of a stage, in the order of their numbers."""
    found = []
    for rows in (sent, arrived):
        at = np.full(stage.probes, -1, dtype=np.int64)
        mine = rows[:, rows[0] == index][:, ::-1]  # of two copies the first one counts
        at[mine[1]] = mine[2]
        found.append(at)
    copies = np.bincount(arrived[1, arrived[0] == index], minlength=stage.probes)
    return Probes(found[0], found[1], copies, damaged)


def delay_rows(direction: LinkDirection, probes: Probes, interval_s: float) -> Iterator[Quantity]:
    """Mean and spread of the one-way delay in ms, and how often the jitter is that of the packet before.

    A draw that lasts for T on average is still the same after d with exp(-d/T), which is the correlation too; n packets
    tell then as much of the mean as n (1 - e) / (1 + e) that have nothing in common.
    """
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    lasts_s = direction.jitter_correlation
    alike = math.exp(-interval_s / lasts_s) if lasts_s else 0.0
    delays_ms = (probes.arrived - probes.sent)[~probes.lost] / 1e6
    count = max(1, len(delays_ms)) * (1 - alike) / (1 + alike)
    expected_ms = (direction.delay + around.mean + SPEECH_BYTES * 8 / direction.rate) * 1e3
    deviation_ms = around.deviation * 1e3
    bound = STANDARD_ERRORS * deviation_ms / math.sqrt(count) + DELAY_TOLERANCE_MS
    yield "delay of 200 bytes, ms", expected_ms, mean(delays_ms), bound
    # The standard error of a deviation is the deviation times sqrt((kurtosis - 1) / 4n).
    bound = STANDARD_ERRORS * deviation_ms * math.sqrt((around.kurtosis - 1) / 4 / count) + DELAY_TOLERANCE_MS
    yield "deviation of delay, ms", deviation_ms, float(np.std(delays_ms)) if len(delays_ms) else math.nan, bound
    if lasts_s:
        apart_ms = np.diff(np.where(probes.lost, np.nan, (probes.arrived - probes.sent) / 1e6))
        pairs = apart_ms[~np.isnan(apart_ms)]
        same = float((np.abs(pairs) < DELAY_TOLERANCE_MS).mean()) if len(pairs) else math.nan
        # Two draws can be as close as that by chance.
        bound = (
            STANDARD_ERRORS * math.sqrt(alike * (1 - alike) / max(1, len(pairs))) + DELAY_TOLERANCE_MS / deviation_ms
        )
        yield "correlation of jitter, %", 100 * alike, 100 * same, 100 * bound


def rate_row(direction: LinkDirection, trains: list[Probes]) -> Quantity:
    """The rate of IP packets in kbit/s, from how far apart the packets of a train arrive.

    Only from where on packets have waited longer than jitter can be: before, it shows in their distance. And only those
    that had come when the one before them left: where a sender is slower than the link, their distance is the sender's.
    """
    if direction.reordering:
        return slope_row(direction, trains)
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    settled = math.ceil((around.most - around.least) / (FULL_BYTES * 8 / direction.rate))
    least_ns = (direction.delay + around.least) * 1e9
    bits = seconds = 0.0
    for one in trains:
        sent, arrivals, copies = (times[~one.lost][settled:] for times in (one.sent, one.arrived, one.copies))
        waited = sent[1:] + least_ns < arrivals[:-1]
        # What came damaged in between took its time, too.
        passed = copies[:-1] + np.diff(np.searchsorted(one.damaged, arrivals))
        bits += int(passed[waited].sum()) * FULL_BYTES * 8
        seconds += float(np.diff(arrivals)[waited].sum()) / 1e9
    measured = bits / seconds / 1e3 if seconds else math.nan
    return "rate, kbit/s", direction.rate / 1e3, measured, RATE_TOLERANCE * direction.rate / 1e3


def wait_row(direction: LinkDirection, managed: QueueOrder, probes: Probes) -> Quantity:
    """What waits in a managed queue under a steady load that is a little too much, when that has been noticed.

    CoDel keeps the least wait near its target, which the tenth of packets tells that waits least; but it drops nothing
    when only one large packet waits (RFC 8289, 3.1 and 5.1). PIE keeps the mean near its own, swinging around it, but
    drops nothing of two packets (RFC 8033, 4.2 and 5.1).
    """
    packet_s, expected_s = FULL_BYTES * 8 / direction.rate, standing_s(direction)
    took_ms = np.where(probes.lost, np.nan, (probes.arrived - probes.sent) / 1e6)[len(probes.sent) // 2 :]
    waits_ms = took_ms[~np.isnan(took_ms)] - (direction.delay + packet_s) * 1e3
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    bound_ms = (packet_s + around.most) * 1e3
    if QUEUES[managed["kind"]].controls == "mean":
        return "mean wait, ms", expected_s * 1e3, mean(waits_ms), bound_ms + SWING * expected_s * 1e3
    standing_ms = float(np.percentile(waits_ms, 10)) if len(waits_ms) else math.nan
    return "standing wait, ms", expected_s * 1e3, standing_ms, bound_ms


def thin_row(direction: LinkDirection, probes: Probes) -> Quantity:
    """What a thin flow waits beside an overload: while one packet of that is sent, half of which is to be expected."""
    packet_s = FULL_BYTES * 8 / direction.rate
    waits_ms = (probes.arrived - probes.sent)[~probes.lost] / 1e6
    least_ms = (direction.delay + SMALL_BYTES * 8 / direction.rate) * 1e3
    around = spread_of(direction.delay, direction.jitter, direction.distribution)
    bound_ms = (packet_s / 2 + around.most) * 1e3 + DELAY_TOLERANCE_MS
    return "wait of a thin flow, ms", packet_s * 500, mean(waits_ms) - least_ms, bound_ms


def slope_row(direction: LinkDirection, trains: list[Probes]) -> Quantity:
    """The rate where packets overtake each other: their jitter comes behind it, so the line through arrivals has it.

    The slope of a line through n times, each of which has an error of s, has one of s sqrt(12 / n^3).
    """
    packet_s = FULL_BYTES * 8 / direction.rate
    numbers = [np.flatnonzero(~one.lost) for one in trains]
    slopes = [np.polyfit(number, one.arrived[number] / 1e9, 1)[0] for number, one in zip(numbers, trains, strict=True)]
    deviation_s = spread_of(direction.delay, direction.jitter, direction.distribution).deviation
    lasts_s = max(CELL_S, 2 * direction.jitter_correlation)
    count = sum(map(len, numbers)) / len(numbers) * min(1.0, packet_s / lasts_s)
    error = deviation_s * math.sqrt(12 / count**3 / len(trains)) * min(1.0, packet_s / lasts_s) / packet_s
    bound = (RATE_TOLERANCE + STANDARD_ERRORS * error) * direction.rate / 1e3
    return "rate, kbit/s", direction.rate / 1e3, FULL_BYTES * 8 / float(np.mean(slopes)) / 1e3, bound


def duplicate_rows(direction: LinkDirection, probes: Probes) -> Iterator[Quantity]:
    """The share of packets that arrive twice, of those that arrive, in %."""
    if direction.duplicate:
        count = max(1, int((~probes.lost).sum()))
        error = math.sqrt(direction.duplicate * (1 - direction.duplicate) / count)
        twice = int((probes.copies > 1).sum()) / count
        yield "duplicates, %", 100 * direction.duplicate, 100 * twice, 100 * STANDARD_ERRORS * error


def damage_rows(direction: LinkDirection, probes: Probes) -> Iterator[Quantity]:
    """The share of packets that come with a bit error, of all that come, in %."""
    if direction.corrupt:
        damaged = int((probes.damaged >= probes.sent[0]).sum())
        count = max(1, damaged + int(probes.copies.sum()))
        error = math.sqrt(direction.corrupt * (1 - direction.corrupt) / count)
        yield "bit errors, %", 100 * direction.corrupt, 100 * damaged / count, 100 * STANDARD_ERRORS * error


def loss_rows(direction: LinkDirection, probes: Probes, interval_s: float) -> Iterator[Quantity]:
    """The share of packets lost in %, and how many are lost at a time.

    A share L of time is bad, in moments of B on average. Probes d apart see a chain of two states: after a lost one the
    next one is lost, with e = exp(-d / (B (1 - L))), in L + (1 - L) e of all cases. The variance of the mean is then
    L (1 - L) / n times (1 + e) / (1 - e). Of the others a share C has a bit error, each on its own, and is lost too;
    then how many are lost at a time is of two kinds, and is not compared.
    """
    count = len(probes.sent)
    loss = direction.loss
    marks = direction.loss_pattern
    if marks is not None and loss == 0 and not direction.corrupt:
        by_pattern = marks.count("x") / len(marks)
        yield "loss, %", 100 * by_pattern, 100 * float(probes.lost.mean()), 100 / count * len(marks)
        return
    damaged = direction.corrupt
    alike = math.exp(-interval_s / (direction.loss_burst * (1 - loss))) if 0 < loss < 1 else 0.0
    variance = (1 - damaged) ** 2 * loss * (1 - loss) * (1 + alike) / (1 - alike)
    error = math.sqrt((variance + (1 - loss) * damaged * (1 - damaged)) / count)
    expected = loss + (1 - loss) * damaged
    yield "loss, %", 100 * expected, 100 * float(probes.lost.mean()), 100 * STANDARD_ERRORS * error
    lengths = run_lengths(probes.lost)
    leave = (1 - loss) * (1 - alike)
    if 0 < loss < 1 and not damaged and len(lengths):
        error = math.sqrt(1 - leave) / leave / math.sqrt(len(lengths))
        yield "burst, packets", 1 / leave, mean(lengths), STANDARD_ERRORS * error


def run_lengths(lost: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many packets each run of losses has."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], lost, [False]]).astype(np.int8)))
    return np.asarray(edges[1::2] - edges[::2], dtype=np.int64)


def mean(values: NDArray[np.float64] | NDArray[np.int64]) -> float:
    """The mean; not a number for none."""
    return float(values.mean()) if len(values) else math.nan
