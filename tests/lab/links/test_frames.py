"""Bit errors are in the IP packet, and whoever receives it can see them; flows are told apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.lab.links.departures import Way
from testbed.lab.links.draws import CELL_S
from testbed.lab.links.frames import IP_AT, flow_of, is_ip, summed, with_bit_error

from .framing import udp_frame
from .test_departures import ALWAYS, order

ARP = bytes(10) + b"\xff" * 12 + b"\x08\x06" + bytes(28)


@pytest.mark.parametrize("ip6", [False, True])
@pytest.mark.parametrize("payload", [b"", b"odd", b"\xff" * 160])
def test_a_sum_that_is_left_to_the_kernel_is_made_as_the_kernel_makes_it(payload: bytes, ip6: bool) -> None:
    assert summed(udp_frame(payload, is_open=True, ip6=ip6)) == udp_frame(payload, ip6=ip6)


@given(drawn=st.integers(0, 2**64 - 1), is_open=st.booleans())
def test_one_bit_of_the_ip_packet_is_another_one(drawn: int, is_open: bool) -> None:
    damaged, frame = with_bit_error(udp_frame(b"speech", is_open=is_open), drawn), udp_frame(b"speech")
    assert damaged[:IP_AT] == frame[:IP_AT]
    differing = int.from_bytes(damaged) ^ int.from_bytes(frame)
    assert differing.bit_count() == 1


def test_each_bit_has_its_turn() -> None:
    bits = (len(udp_frame(b"speech")) - IP_AT) * 8
    assert len({with_bit_error(udp_frame(b"speech"), number) for number in range(bits)}) == bits


def test_flows() -> None:
    flows = [flow_of(frame) for frame in (udp_frame(b"a"), udp_frame(b"a", port=1), udp_frame(b"a", ip6=True), ARP)]
    assert len(set(flows)) == 4
    assert flow_of(udp_frame(b"a")) == flow_of(udp_frame(b"bc"))
    assert flow_of(ARP) == b""
    assert [is_ip(one) for one in (udp_frame(b""), udp_frame(b"", ip6=True), ARP)] == [True, True, False]


def damaged_at(key: int, shares: list[tuple[float, float]], packets: int = 4000) -> list[int]:
    """Which packets get a bit error, of one in each stretch that has a draw of its own."""
    way, frame = Way(order(rates=[(ALWAYS, 1e9)], corrupts=shares, key=key)), udp_frame(b"speech")
    found = []
    for number in range(packets):
        ((passed, _),) = way.arrive((number + 0.5) * CELL_S, frame, len(frame) - IP_AT, is_ip=True)
        found += [number] if passed != frame else []
    return found


def test_bit_errors_follow_from_key_and_time_and_change_when_they_are_to() -> None:
    found = damaged_at(1, [(ALWAYS, 0.0), (1.0, 0.25), (3.0, 0.0)])
    assert 1000 <= found[0] < found[-1] < 3000
    assert len(found) == pytest.approx(500, abs=80)  # four standard deviations
    assert found == damaged_at(1, [(ALWAYS, 0.0), (1.0, 0.25), (3.0, 0.0)])
    assert found != damaged_at(2, [(ALWAYS, 0.0), (1.0, 0.25), (3.0, 0.0)])
    # A larger share has the same ones, and more.
    assert set(found) < set(damaged_at(1, [(ALWAYS, 0.5)]))


def test_what_is_no_ip_packet_stays_as_it_is() -> None:
    way = Way(order(corrupts=[(ALWAYS, 1.0)]))
    assert [frame for frame, _ in way.arrive(0.0, ARP, 28, is_ip=False)] == [ARP]


def test_what_the_kernel_would_cut_later_is_lost_with_its_bit_error() -> None:
    large = b"\x01\x01" + udp_frame(b"speech", is_open=True)[2:]
    assert Way(order(corrupts=[(ALWAYS, 1.0)])).arrive(0.0, large, 1000, is_ip=True) == []
    assert Way(order()).arrive(0.0, large, 1000, is_ip=True) == [(large, 0.008)]


def test_copies_begin_and_end_when_they_are_to() -> None:
    way = Way(order(rates=[(ALWAYS, 1e9)], duplicates=[(ALWAYS, 0.0), (1.0, 1.0), (1.1, 0.0)]))
    counts = [len(way.departures(0.99995 + number * 1e-4, 200)) for number in range(1100)]
    assert [number for number, (one, other) in enumerate(pairwise(counts)) if one != other] == [0, 1000]
