"""What leaves a relay that holds packets back is in the order of its numbers."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.media.leg import Agreed, Leg
from agents.roles.b2bua.pacing import STEP_S
from agents.roles.b2bua.relay import Relay
from agents.sdp.audio import PCMU, Numbering
from agents.sip.message.address import Address
from tests.agents.rtp.packets import build_packet

if TYPE_CHECKING:
    from agents.sip.message.address import Datagram

NUMBERING = Numbering({PCMU: 0}, {0: PCMU})
PEER = Leg(Address("10.0.8.1", 40000), Address("10.0.9.1", 30000))
LEGS = {
    "a": Leg(Address("10.0.8.1", 40002), Address("10.0.1.1", 20000)),
    "b": Leg(Address("10.0.8.1", 40004), Address("10.0.2.1", 20002)),
}


def passed_on(arrivals: list[tuple[float, str, int]]) -> list[int]:
    """The numbers that the peer gets, of packets that arrive at these times over these legs."""
    return [number for _, number in left(arrivals)]


def left(arrivals: list[tuple[float, str, int]]) -> list[tuple[float, int]]:
    """When they leave, and their numbers."""
    times: list[float] = []
    out: list[Datagram] = []
    relay = Relay(out)
    relay.set_peer(Agreed(PEER, may_send=True, numbering=NUMBERING), now=0.0)
    for name, leg in LEGS.items():
        relay.set_leg(name, Agreed(leg, may_send=True, numbering=NUMBERING), now=0.0)
    for at, name, number in sorted(arrivals):
        while (due := relay.get_timer()) is not None and due <= at:
            relay.handle_timer(now=due)
            times += [due] * (len(out) - len(times))
        data = build_packet(0, number, 160 * number, 1, bytes(160))
        relay.receive_datagram(data, local=LEGS[name].local, remote=LEGS[name].remote, now=at)
        times += [at] * (len(out) - len(times))
    while (due := relay.get_timer()) is not None:
        relay.handle_timer(now=due)
        times += [due] * (len(out) - len(times))
    return [(at, int.from_bytes(one.data[2:4], "big")) for at, one in zip(times, out, strict=True)]


def test_after_one_very_slow_packet_nothing_overtakes() -> None:
    """Its memory fades after two seconds: then less is held back, but in small steps."""
    late = {60: 0.3}
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400)]
    arrivals += [(n * 0.02 + late.get(n, 0.11), "b", n) for n in range(50, 400)]
    numbers = passed_on(arrivals)
    assert numbers == sorted(numbers)
    assert len(numbers) == 400


def test_what_was_lost_on_the_fast_path_does_not_hurry_the_rest() -> None:
    """Its copies come late, over the slow one: the peer's playout has not stood still for them, nor become deeper."""
    lost = range(180, 190)
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400) if n not in lost]
    arrivals += [(n * 0.02 + 0.44, "b", n) for n in range(50, 400)]
    paced = [(at - n * 0.02, n) for at, n in left(arrivals) if n not in lost]
    steps = [after - before for (before, _), (after, _) in pairwise(paced)]
    assert max(steps) <= STEP_S + 1e-9
    assert paced[-1][0] == pytest.approx(0.44)


def test_a_probe_over_a_quicker_path_overtakes_nothing() -> None:
    """Once a second, while the slower one brings the stream, whose delay varies."""
    random = Random(1)
    arrivals = [(n * 0.02 + random.uniform(0.090, 0.105), "b", n) for n in range(400)]
    arrivals += [(n * 0.02 + 0.002, "a", n) for n in range(60, 400, 50)]
    out = left(arrivals)
    numbers = [n for _, n in out]
    assert numbers == list(range(400))
    assert max(at - n * 0.02 for at, n in out) <= 0.135, "nor does it hold anything up"


def test_what_a_path_begins_with_after_a_break_leaves_one_after_the_other() -> None:
    """Nine packets at once, mixed by the way: the peer gets them in order, as fast as it can play them."""
    random = Random(1)
    arrivals = [(n * 0.02 + 0.002, "a", n) for n in range(100)]
    arrivals += [(1.980 + 0.172 + random.uniform(0.0, 0.003), "b", n) for n in range(92, 103)]
    arrivals += [(n * 0.02 + 0.110, "b", n) for n in range(103, 300)]
    out = left(arrivals)
    numbers = [n for _, n in out]
    assert numbers == list(range(300))
    apart = [after - before for (before, n), (after, _) in pairwise(out) if n > 100]
    assert min(apart) >= 0.02 - STEP_S - 1e-9
    assert out[-1][0] - 299 * 0.02 == pytest.approx(0.110)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1 << 30))
def test_what_comes_in_order_over_each_path_leaves_in_order(seed: int) -> None:
    """Whatever the second path's delay, and however it changes."""
    random = Random(seed)
    arrivals, at = [(n * 0.02 + 0.01, "a", n) for n in range(300)], 0.0
    for n in range(50, 300):
        at = max(at + 0.0001, n * 0.02 + random.choice((0.05, 0.1, 0.1, 0.3)))
        arrivals.append((at, "b", n))
    numbers = passed_on(arrivals)
    assert numbers == sorted(numbers)
