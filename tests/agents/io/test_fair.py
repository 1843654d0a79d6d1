"""Who sends faster than an agent reads keeps it from nothing: so much a turn, and speech has its time in between."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, cast

from agents.io import driver
from agents.io.driver import Driver
from agents.io.udp import FEW, UdpSocket
from agents.sip.message.address import Address
from agents.sip.transaction.timer import MOST_AT_ONCE, SWEEP_FROM, TimerQueue
from tests.agents.io.conftest import free_port
from tests.agents.io.parrot import Parrot

if TYPE_CHECKING:
    import selectors

    import pytest


class Counting:
    """Takes some time for each datagram."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_timer(self, name: str, now: float) -> None:
        self.names.append(name)


class Key:
    """What a selector tells."""

    def __init__(self, fd: int, served: list[int], takes_s: float) -> None:
        self.fd = fd
        self.data = self.serve
        self._served = served
        self._takes_s = takes_s

    def serve(self) -> None:
        self._served.append(self.fd)
        time.sleep(self._takes_s)


def test_so_many_datagrams_are_taken_in_one_go() -> None:
    sock = UdpSocket(Address("127.0.0.1", free_port()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(3 * FEW):
            sender.sendto(b"%d" % number, sock.local[:2])
    heard = [[data for data, _, _ in sock.received()] for _ in range(4)]
    assert [len(one) for one in heard] == [FEW, FEW, FEW, 0]
    assert [data for one in heard for data in one] == [b"%d" % number for number in range(3 * FEW)]
    sock.close()


def test_what_is_left_for_the_next_turn_keeps_its_time_of_arrival() -> None:
    sock = UdpSocket(Address("127.0.0.1", free_port()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(2 * FEW):
            sender.sendto(b"%d" % number, sock.local[:2])
    sent_by = time.monotonic()
    time.sleep(0.05)
    times = [at for _, _, at in sock.received()]
    time.sleep(0.05)
    times += [at for _, _, at in sock.received()]
    assert len(times) == 2 * FEW
    assert max(times) < sent_by + 0.02
    sock.close()


def test_a_turn_ends_and_who_had_none_comes_first_in_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[int] = []
    keys = [Key(fd, served, driver.TURN_S * 1.1) for fd in (5, 6, 7)]
    ready = cast("list[tuple[selectors.SelectorKey, int]]", [(key, 1) for key in keys])
    loop = Driver(Parrot(5060))
    for _ in range(4):
        loop._serve(ready)
    assert served == [5, 6, 7, 5]
    monkeypatch.setattr(driver, "TURN_S", 100.0)
    loop._serve(ready)
    assert served[4:] == [6, 7, 5]


def test_timers_that_are_due_in_crowds_run_in_several_turns_and_in_order() -> None:
    queue, owner = TimerQueue(), Counting()
    for number in range(2 * MOST_AT_ONCE + 1):
        queue.start(owner, str(number), 1.0)
    for turn in (1, 2):
        queue.fire(1.0)
        assert len(owner.names) == turn * MOST_AT_ONCE
        assert queue.next_at() == 1.0
    queue.fire(1.0)
    assert owner.names == [str(number) for number in range(2 * MOST_AT_ONCE + 1)]
    assert queue.next_at() is None


def test_timers_that_were_cancelled_do_not_pile_up() -> None:
    """An Expires of a year leaves nothing behind once its call is over."""
    queue, owner = TimerQueue(), Counting()
    kept = queue.start(owner, "kept", 1e9)
    for number in range(10 * SWEEP_FROM):
        queue.start(owner, str(number), 3e7).cancel()
    assert len(queue._heap) <= SWEEP_FROM
    assert [name for _, name in queue.running()] == ["kept"]
    kept.cancel()
    assert queue.next_at() is None


def test_signalling_comes_before_media_unless_a_turn_was_too_short_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers a call may speak in the same instant: whoever relays it has to know of the answer by then."""
    monkeypatch.setattr(driver, "TURN_S", 10.0)
    served: list[int] = []
    ready = cast("list[tuple[selectors.SelectorKey, int]]", [(Key(fd, served, 0.0), 1) for fd in (5, 6, 7)])
    loop = Driver(Parrot(5060))
    loop._media = {6}
    loop._last_served = 5
    loop._serve(ready)
    assert served == [7, 5, 6]
    monkeypatch.setattr(driver, "TURN_S", -1.0)
    for _ in range(3):
        loop._serve(ready)
    assert served[3:] == [7, 5, 6]
    loop._serve(ready)
    assert served[6:] == [7]
