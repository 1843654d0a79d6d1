"""When packets leave a link that follows a trace: Mahimahi's semantics, in exact times."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.links.gate import ETHERNET_BYTES, OPPORTUNITY_BYTES, VNET_HEADER_BYTES, Gate
from tests.namespaces import unsharing

if TYPE_CHECKING:
    from pathlib import Path


def packet(size: int, name: int = 0) -> bytes:
    """A frame whose IP packet has this size."""
    return bytes([name]) * (VNET_HEADER_BYTES + ETHERNET_BYTES + size)


def departures(gate: Gate, arrivals: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """Times and names of what leaves, when packets of given sizes arrive; they are named in their order."""
    left: list[tuple[float, int]] = []

    def until(now: float) -> None:
        while (at := gate.next_at()) is not None and at <= now:
            left.extend((round(at, 6), frame[0]) for frame in gate.take(at))

    for name, (at, size) in enumerate(arrivals):
        until(at)
        gate.put(packet(size, name), at)
    until(1e9)
    return left


def test_a_packet_leaves_at_the_next_opportunity() -> None:
    assert departures(Gate([10, 20, 50], 10), [(0.0, 200), (0.015, 200), (0.021, 200)]) == [
        (0.01, 0), (0.02, 1), (0.05, 2),
    ]  # fmt: skip


def test_small_packets_share_an_opportunity_and_a_large_one_takes_two() -> None:
    assert departures(Gate([10, 20, 30], 10), [(0.0, 700), (0.0, 700), (0.0, 700)]) == [(0.01, 0), (0.01, 1), (0.02, 2)]
    assert departures(Gate([10, 20, 30], 10), [(0.0, OPPORTUNITY_BYTES + 1)]) == [(0.02, 0)]


def test_opportunities_that_nobody_takes_are_lost() -> None:
    # Five at once: the packet that comes later has to wait all the same.
    assert departures(Gate([10, 10, 10, 10, 10, 40], 10), [(0.011, 200)]) == [(0.04, 0)]


def test_the_trace_is_repeated_and_begins_at_its_time() -> None:
    assert departures(Gate([10, 50], 10), [(0.055, 200), (0.095, 200)]) == [(0.06, 0), (0.1, 1)]
    assert departures(Gate([10, 50], 10, begins_s=2.0), [(2.0, 200), (2.055, 200)]) == [(2.01, 0), (2.06, 1)]


def test_what_the_queue_does_not_hold_is_dropped() -> None:
    gate = Gate([100], 3)
    assert departures(gate, [(0.0, 200)] * 5) == [(0.1, 0), (0.1, 1), (0.1, 2)]
    assert gate.dropped == 2


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=30).map(sorted).filter(lambda times: times[-1] > 0),
    st.lists(st.tuples(st.integers(0, 2000).map(lambda ms: ms / 1000), st.integers(20, 1500)), max_size=40).map(sorted),
)
def test_in_order_none_lost_and_never_faster_than_the_trace(
    times: list[int], arrivals: list[tuple[float, int]]
) -> None:
    left = departures(Gate(times, 1000), arrivals)
    assert [name for _, name in left] == list(range(len(arrivals)))
    assert all(at >= arrivals[name][0] - 1e-9 for at, name in left)
    for at in {at for at, _ in left}:
        chances = sum(pytest.approx((base + time) / 1000) == at for time in times for base in rounds(at, times[-1]))
        sent = sum(arrivals[name][1] for when, name in left if when == at)
        # The last one may have begun at an opportunity before.
        assert sent <= chances * OPPORTUNITY_BYTES + 1500


def rounds(at: float, period_ms: int) -> set[int]:
    """Where the rounds around a time begin, in ms."""
    number = int(at * 1000 // period_ms)
    return {period_ms * one for one in range(max(0, number - 1), number + 2)}


CABLES = """
for pair in a b; do
    ip link add ${pair}0 type veth peer name ${pair}1
    ip link set ${pair}0 up
    ip link set ${pair}1 up
done
ip link set a0 down
"""


def test_a_port_that_is_down_or_goes_down_is_waited_for(tmp_path: Path) -> None:
    """It is down when it is opened, comes up, and goes down again, as a radio's carrier does."""
    config = tmp_path / "gate.json"
    gates = {"down": {"opportunities_ms": [10, 20], "queue": 10}}
    config.write_text(json.dumps({"ports": {"down": "a0", "up": "b0"}, "gates": gates}))
    changes = "sleep 0.2; ip link set a0 up; sleep 0.2; ip link set a0 down; sleep 0.2"
    gate = f"{sys.executable} -m testbed.lab.links.gate {config}"
    script = f"set -e; {CABLES} {{ {changes}; }} | {gate}"
    found = subprocess.run([*unsharing("--net"), "sh", "-c", script], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "READY\n"), found.stderr
