"""The socket on the real kernel, over loopback."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from agents.io.udp import UdpSocket
from agents.sip.message.address import Address
from tests.agents.io.conftest import free_port
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

# Between the clocks' readings, on a busy machine.
TOLERANCE_S = 0.005


@pytest.fixture
def pair() -> Iterator[tuple[UdpSocket, UdpSocket]]:
    """Two addresses of this machine with the same port."""
    port = free_port()
    sockets = UdpSocket(Address("127.0.0.1", port)), UdpSocket(Address("127.0.0.2", port))
    yield sockets
    for sock in sockets:
        sock.close()


def received(sock: UdpSocket, count: int) -> list[tuple[bytes, Address, float]]:
    limit = time.monotonic() + PATIENCE_S
    arrivals: list[tuple[bytes, Address, float]] = []
    while len(arrivals) < count and time.monotonic() < limit:
        arrivals += sock.received()
    return arrivals


def test_what_arrives_is_handed_out_with_its_sender(pair: tuple[UdpSocket, UdpSocket]) -> None:
    first, second = pair
    for text in (b"", b"one", b"x" * 60000):
        first.send(text, second.local)
    assert [(data, remote) for data, remote, _ in received(second, 3)] == [
        (b"", first.local), (b"one", first.local), (b"x" * 60000, first.local),
    ]  # fmt: skip
    assert list(second.received()) == []


def test_arrival_times_are_the_kernels_on_the_monotonic_clock(pair: tuple[UdpSocket, UdpSocket]) -> None:
    """Not those of reading: the datagrams lie there for a while first."""
    first, second = pair
    sent = []
    for _ in range(50):
        before = time.monotonic()
        first.send(b"speech", second.local)
        sent.append((before, time.monotonic()))
        time.sleep(0.001)
    time.sleep(0.1)
    times = [at for _, _, at in received(second, 50)]
    assert times == sorted(times)
    for (before, after), at in zip(sent, times, strict=True):
        assert before - TOLERANCE_S < at < after + TOLERANCE_S


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_wall_clock_that_is_set_moves_no_arrival(
    step_s: int, pair: tuple[UdpSocket, UdpSocket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel stamped before the step, and we compare the two clocks after it."""
    first, second = pair
    assert list(second.received()) == []
    before = time.monotonic()
    first.send(b"speech", second.local)
    set_clock = time.time_ns() + step_s * 1_000_000_000
    monkeypatch.setattr("agents.io.udp.time.time_ns", lambda: set_clock)
    ((_, _, at),) = received(second, 1)
    assert before - TOLERANCE_S < at <= time.monotonic()


def test_it_is_bound_to_one_address_and_no_other(pair: tuple[UdpSocket, UdpSocket]) -> None:
    """Answers leave from where the question came (RFC 3581 4); and a phone with two links has this twice."""
    first, second = pair
    first.send(b"to the second", second.local)
    first.send(b"to nobody", second.local._replace(ip="127.0.0.3"))
    assert [data for data, _, _ in received(second, 1)] == [b"to the second"]
    assert list(first.received()) == []
    with pytest.raises(OSError, match="in use"):
        UdpSocket(first.local)


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(OSError, match="assign"):
        UdpSocket(Address("192.0.2.1", free_port()))


def test_an_icmp_error_ends_nothing(pair: tuple[UdpSocket, UdpSocket]) -> None:
    """Port unreachable, from a peer that has closed its socket (RFC 1122 4.1.3.3)."""
    first, second = pair
    for _ in range(3):
        first.send(b"anybody there?", Address("127.0.0.1", free_port()))
        assert list(first.received()) == []
    second.send(b"still here", first.local)
    assert [data for data, _, _ in received(first, 1)] == [b"still here"]


def test_what_the_system_refuses_is_an_oserror(pair: tuple[UdpSocket, UdpSocket]) -> None:
    first, _ = pair
    with pytest.raises(OSError, match="too long"):
        first.send(bytes(70000), first.local)


def test_ipv6() -> None:
    sock = UdpSocket(Address("::1", free_port()))
    sock.send(b"six", sock.local)
    ((data, remote, _),) = received(sock, 1)
    sock.close()
    assert (data, remote) == (b"six", sock.local)
