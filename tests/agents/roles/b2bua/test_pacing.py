"""What leaves a relay that holds packets back is in the order of its numbers."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.media.leg import Agreed, Leg
from agents.roles.b2bua.relay import Relay
from agents.rtp.playing.playout_settings import PlayoutSettings
from agents.sdp.audio import PCMU, Numbering
from agents.sip.message.address import Address
from tests.agents.rtp.packets import build_packet

if TYPE_CHECKING:
    from agents.sip.message.address import Datagram

PLAYOUT = PlayoutSettings()
MARGIN_S, STEP_S = PLAYOUT.margin, PLAYOUT.interval * PLAYOUT.max_stretch
HURRIED_STEP_S = PLAYOUT.interval * PLAYOUT.hurried_stretch
NUMBERING = Numbering({PCMU: 0}, {0: PCMU})
PEER = Leg(Address("10.0.8.1", 40000), Address("10.0.9.1", 30000))
LEGS = {
    "a": Leg(Address("10.0.8.1", 40002), Address("10.0.1.1", 20000)),
    "b": Leg(Address("10.0.8.1", 40004), Address("10.0.2.1", 20002)),
}
# There is no end to the reports on two legs.
HELD_AT_MOST_S = 2.0


def passed_on(arrivals: list[tuple[float, str, int]]) -> list[int]:
    """The numbers that the peer gets, of packets that arrive at these times over these legs."""
    return [number for _, number in left(arrivals)]


def left(arrivals: list[tuple[float, str, int]]) -> list[tuple[float, int]]:
    """When they leave, and their numbers."""
    times: list[float] = []
    out: list[Datagram] = []
    relay = Relay(out, "b2bua@home", Random(1))
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
    while (due := relay.get_timer()) is not None and due < at + HELD_AT_MOST_S:
        relay.handle_timer(now=due)
        times += [due] * (len(out) - len(times))
    speech = [(at, one) for at, one in zip(times, out, strict=True) if one.remote == PEER.remote]
    return [(at, int.from_bytes(one.data[2:4], "big")) for at, one in speech]


def test_what_went_by_unseen_was_not_skipped() -> None:
    """A driver that passes packets on shows none of them: the first one that is seen again leaves at once."""
    out: list[Datagram] = []
    relay = Relay(out, "b2bua@home", Random(1))
    relay.set_peer(Agreed(PEER, may_send=True, numbering=NUMBERING), now=0.0)
    relay.set_leg("a", Agreed(LEGS["a"], may_send=True, numbering=NUMBERING), now=0.0)
    for number in range(10):
        data = build_packet(0, number, 160 * number, 1, bytes(160))
        at = 0.02 * number + 0.050
        relay.receive_datagram(data, local=LEGS["a"].local, remote=LEGS["a"].remote, now=at)
    assert relay.splices()[LEGS["a"].local].ways
    relay.let_pass(LEGS["a"].local)
    relay.set_leg("b", Agreed(LEGS["b"], may_send=True, numbering=NUMBERING), now=0.45)
    out.clear()
    data = build_packet(0, 22, 160 * 22, 1, bytes(160))
    relay.receive_datagram(data, local=LEGS["b"].local, remote=LEGS["b"].remote, now=0.46)
    assert [one.remote for one in out if one.remote == PEER.remote] == [PEER.remote]


def test_after_one_very_slow_packet_nothing_overtakes() -> None:
    """Its memory fades after two seconds: then less is held back, but in small steps."""
    late = {60: 0.3}
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400)]
    arrivals += [(n * 0.02 + late.get(n, 0.11), "b", n) for n in range(50, 400)]
    numbers = passed_on(arrivals)
    assert numbers == sorted(numbers)
    assert len(numbers) == 400


def steps_of(paced: list[tuple[float, int]]) -> list[float]:
    """How much later each packet left than the one before it, against its number."""
    delays = [at - n * 0.02 for at, n in paced]
    return [after - before for before, after in pairwise(delays)]


def test_a_small_step_is_made_gently() -> None:
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400)]
    arrivals += [(n * 0.02 + 0.11, "b", n) for n in range(50, 400)]
    paced = left(arrivals)
    assert max(steps_of(paced)) <= STEP_S + 1e-9
    assert paced[-1][0] - 399 * 0.02 == pytest.approx(0.11 + MARGIN_S)


def test_a_step_of_a_third_of_a_second_is_made_at_once() -> None:
    """From 10 to 360 ms: with the first copy packet 50 has come, and 53 steps of 6.7 ms are enough."""
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400)]
    arrivals += [(n * 0.02 + 0.36, "b", n) for n in range(50, 400)]
    paced = {n: at - n * 0.02 for at, n in left(arrivals)}
    assert max(steps_of(left(arrivals))) <= HURRIED_STEP_S + 1e-9
    first = 50 + round(0.35 / 0.02)
    assert paced[first - 1] == pytest.approx(0.01)
    assert paced[first + 54] == pytest.approx(0.36 + MARGIN_S)


def test_where_packets_are_lost_a_small_step_is_hurried_too() -> None:
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400) if n % 20]
    arrivals += [(n * 0.02 + 0.11, "b", n) for n in range(50, 400)]
    paced = {n: at - n * 0.02 for at, n in left(arrivals)}
    assert paced[50 + 5 + 19] == pytest.approx(0.11 + MARGIN_S)


def test_what_was_lost_on_the_fast_path_does_not_hurry_the_rest() -> None:
    """Its copies come late, over the slow one: the peer's playout has not stood still for them, nor become deeper."""
    lost = range(180, 190)
    arrivals = [(n * 0.02 + 0.01, "a", n) for n in range(400) if n not in lost]
    arrivals += [(n * 0.02 + 0.44, "b", n) for n in range(50, 400)]
    paced = [(at, n) for at, n in left(arrivals) if n not in lost]
    assert max(steps_of(paced)) <= HURRIED_STEP_S + 1e-9
    assert paced[-1][0] - 399 * 0.02 == pytest.approx(0.44 + MARGIN_S)


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
