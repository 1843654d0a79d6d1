"""Packets that are passed on without asking the role: from whom they should be, to everybody who wants them."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING

import pytest

from agents.io.udp import UdpSocket
from agents.sip.message.address import Address

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["127.0.0.1", "::1"])
def sockets(request: pytest.FixtureRequest) -> Iterator[list[UdpSocket]]:
    made = [UdpSocket(Address(request.param, 0)) for _ in range(5)]
    yield made
    for one in made:
        one.close()


def address(sock: UdpSocket) -> Address:
    return Address(*sock._socket.getsockname()[:2])


def heard(sock: UdpSocket) -> list[bytes]:
    select.select([sock], [], [], 0.2)
    return [data for data, _, _ in sock.received()]


def test_what_comes_from_the_source_goes_to_every_way_as_it_is(sockets: list[UdpSocket]) -> None:
    sender, relay, out, first, second = sockets
    asked: list[bytes] = []
    pass_on = relay.splice(
        address(sender), [(out, address(first)), (out, address(second))], lambda data, _: asked.append(data)
    )
    for packet in (b"one", b"", bytes(1400)):
        sender.send(packet, address(relay))
        select.select([relay], [], [], 1.0)
        pass_on()
    assert heard(first) == heard(second) == [b"one", b"", bytes(1400)]
    assert not asked


def test_strangers_are_asked_about_and_passed_on_to_nobody(sockets: list[UdpSocket]) -> None:
    sender, relay, out, first, stranger = sockets
    asked: list[tuple[bytes, Address]] = []
    pass_on = relay.splice(address(sender), [(out, address(first))], lambda *what: asked.append(what))
    stranger.send(b"boo", address(relay))
    select.select([relay], [], [], 1.0)
    pass_on()
    assert asked == [(b"boo", address(stranger))]
    assert heard(first) == []


def test_one_way_that_is_gone_does_not_close_the_others(sockets: list[UdpSocket]) -> None:
    sender, relay, out, first, gone = sockets
    there = address(gone)
    gone.close()
    pass_on = relay.splice(address(sender), [(gone, there), (out, address(first))], lambda *_: None)
    sender.send(b"still", address(relay))
    select.select([relay], [], [], 1.0)
    pass_on()
    assert heard(first) == [b"still"]
    pass_on()  # nothing is there: that is no error
