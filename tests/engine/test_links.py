"""Does an emulated link do what its profile says? RTP's one-way delay, from captures at both ends of the link."""

import random
import statistics
from pathlib import Path

import pytest

from .command import DATA, run_scenario
from .rtp_packets import rtp_packets

PACKET_INTERVAL_MS = 20.0
IP_BITS = 200 * 8  # IPv4 20, UDP 8, RTP 12, speech 160 bytes
DELAY_MS = {"wifi": 1.5, "umts": 110.0}
JITTER_MS = {"wifi": 1.0, "umts": 20.0}
BITS_PER_MS = {("wifi", "down"): 30_000.0, ("wifi", "up"): 15_000.0, ("umts", "down"): 384.0, ("umts", "up"): 128.0}
# What four kernels' forwarding adds at most, and what is allowed where the profile has no jitter.
# netem keeps times in whole nanoseconds, and its rate in ticks.
ROUNDED_MS = 0.0001
TOLERANCE_MS = 0.1
# A message with credentials is 900 bytes, 56 ms at 128 kbit/s: three packets each wait behind the four of a handover.
MOST_BEHIND_SIP = 12


def delays_ms(folder: Path, link: str, direction: str) -> list[float]:
    """One-way delays of the RTP packets of a direction, between the node's and the access router's interfaces."""
    node, router = folder / "captures" / f"mn-{link}.pcap", folder / "captures" / f"{link}-gw-air.pcap"
    from_cn = direction == "down"
    sender, receiver = (router, node) if from_cn else (node, router)
    sent, received = (
        {one.sequence: one.time_ns for one in rtp_packets(capture) if (one.source == "10.20.0.2") == from_cn}
        for capture in (sender, receiver)
    )
    return [(at - sent[sequence]) / 1e6 for sequence, at in received.items()]


@pytest.mark.parametrize("link", ["wifi", "umts"])
def test_without_jitter_the_delay_is_that_of_the_profile_and_serialisation(link: str, tmp_path: Path) -> None:
    run_scenario(DATA / f"steady-on-{link}.yaml", tmp_path / "run")
    for direction in ("down", "up"):
        measured = delays_ms(tmp_path / "run", link, direction)
        assert len(measured) > 450
        expected = DELAY_MS[link] + IP_BITS / BITS_PER_MS[link, direction]
        # A packet may have waited behind a SIP message: the median is of those that did not.
        assert statistics.median(measured) == pytest.approx(expected, abs=TOLERANCE_MS)
        assert min(measured) >= expected - ROUNDED_MS
        assert sum(delay > expected + TOLERANCE_MS for delay in measured) <= MOST_BEHIND_SIP


@pytest.mark.parametrize("link", ["wifi", "umts"])
def test_with_jitter_the_mean_delay_is_that_of_the_profile_within_three_standard_errors(
    link: str, tmp_path: Path
) -> None:
    run_scenario(DATA / f"shipped-on-{link}.yaml", tmp_path / "run")
    for direction in ("down", "up"):
        measured = delays_ms(tmp_path / "run", link, direction)
        expected, error = mean_delay_ms(link, direction, len(measured))
        assert statistics.mean(measured) == pytest.approx(expected, abs=3 * error + TOLERANCE_MS)


def mean_delay_ms(link: str, direction: str, packets: int) -> tuple[float, float]:
    """Mean delay that a profile promises to this many packets of speech, and the standard error of that mean.

    Delay, serialisation, and the wait of packets that would overtake others: on a link that keeps their order a packet
    leaves it a serialisation time after the one before it, at the earliest. By simulation, 200 calls.
    """
    rng = random.Random(f"{link} {direction}")
    serialisation = IP_BITS / BITS_PER_MS[link, direction]
    means = []
    for _ in range(200):
        leaves, total = 0.0, 0.0
        for number in range(packets):
            enters = number * PACKET_INTERVAL_MS
            delay = DELAY_MS[link] + rng.uniform(-JITTER_MS[link], JITTER_MS[link])
            leaves = max(enters + delay, leaves) + serialisation
            total += leaves - enters
        means.append(total / packets)
    return statistics.mean(means), statistics.stdev(means)


def test_where_no_packet_can_overtake_the_promise_is_the_plain_sum() -> None:
    expected, _ = mean_delay_ms("wifi", "down", 3000)
    assert expected == pytest.approx(DELAY_MS["wifi"] + IP_BITS / BITS_PER_MS["wifi", "down"], abs=0.01)
