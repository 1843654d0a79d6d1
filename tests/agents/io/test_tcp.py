"""SIP over TCP on the real kernel, over loopback."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from typing import TYPE_CHECKING, cast

import pytest

from agents.io import tcp
from agents.io.tcp import Connections
from agents.sip.message.address import TCP, Address, Datagram
from tests.agents.io.conftest import free_port
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MESSAGE = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nContent-Length: 4\r\n\r\nbody"


class End:
    """What a driver does, with a clock that stands unless it is put forward."""

    def __init__(self, ip: str = "127.0.0.1") -> None:
        self.selector = selectors.DefaultSelector()
        self.local = Address(ip, free_port())
        self.listening = self.local._replace(transport=TCP)
        self.heard: list[tuple[bytes, Address, Address]] = []
        self.failed: list[Datagram] = []
        self.clock = 1000.0
        self.connections = Connections(
            self.selector, lambda data, local, remote, _: self.heard.append((data, local, remote)), self.now
        )
        self.connections.listen(self.local)

    def now(self) -> float:
        return self.clock

    def turn(self, timeout: float = 0.01) -> None:
        for key, _ in self.selector.select(timeout):
            cast("Callable[[], None]", key.data)()
        self.connections.handle_timer(now=self.now())
        self.failed += self.connections.failed()

    def until(self, is_so: Callable[[], object]) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < limit
            self.turn()

    def wait(self, seconds: float) -> None:
        """Puts its clock forward."""
        self.clock += seconds
        self.turn()

    @property
    def count(self) -> int:
        return len(self.connections._connections)

    def send(self, remote: Address, data: bytes = MESSAGE) -> bool:
        return self.connections.send(Datagram(self.local, remote, data))


@pytest.fixture
def end() -> Iterator[End]:
    end = End()
    yield end
    end.connections.close()


@pytest.fixture
def other() -> Iterator[End]:
    end = End("127.0.0.2")
    yield end
    end.connections.close()


def name_of(sock: socket.socket) -> Address:
    ip, port, *_ = sock.getsockname()
    return Address(ip, port, TCP)


def plain(end: End) -> socket.socket:
    """A client without SIP."""
    sock = socket.create_connection(end.local[:2], timeout=PATIENCE_S)
    end.until(lambda: end.count)
    return sock


def both_until(end: End, other: End, is_so: Callable[[], object]) -> None:
    def turn() -> object:
        other.turn()
        return is_so()

    end.until(turn)


def test_requests_and_responses_share_a_connection(end: End, other: End) -> None:
    """From the address that the request is to leave from (a phone has two), and back (18.2.2)."""
    assert end.send(other.listening)
    both_until(end, other, lambda: other.heard)
    ((data, local, remote),) = other.heard
    assert (data, local) == (MESSAGE, other.local)
    assert (remote.ip, remote.transport) == (end.local.ip, TCP)
    assert remote.port != end.local.port
    assert other.send(remote, MESSAGE.replace(b"body", b"answ"))
    both_until(end, other, lambda: end.heard)
    assert end.heard == [(MESSAGE.replace(b"body", b"answ"), end.local, other.listening)]
    assert end.send(other.listening)
    both_until(end, other, lambda: len(other.heard) == 2)
    assert (end.count, other.count) == (1, 1)
    assert end.failed == other.failed == []


def test_messages_that_come_in_pieces_and_together(end: End) -> None:
    with plain(end) as sock:
        stream = b"\r\n" + MESSAGE * 3
        for start in range(0, len(stream), 50):
            sock.sendall(stream[start : start + 50])
            end.turn()
        end.until(lambda: len(end.heard) == 3)
    assert [data for data, _, _ in end.heard] == [MESSAGE] * 3


def test_a_ping_has_a_pong(end: End) -> None:
    """RFC 5626 3.5.1."""
    with plain(end) as sock:
        sock.sendall(b"\r\n\r\n")
        end.turn(1.0)
        assert sock.recv(100) == b"\r\n"
    assert end.heard == []


def test_nobody_listens(end: End, other: End) -> None:
    """What was to be sent comes back, to go another way (18.1.1)."""
    nowhere = Address("127.0.0.1", free_port(), TCP)
    datagrams = [Datagram(end.local, nowhere, data) for data in (b"one", b"two")]
    # Loopback may refuse within `connect`, or tell a little later.
    refused = [datagram for datagram in datagrams if not end.connections.send(datagram)]
    end.until(lambda: len(end.failed) + len(refused) == 2)
    assert [*refused, *end.failed] == datagrams
    assert end.count == 0
    assert not end.connections.send(
        Datagram(Address("192.0.2.1", 5060), other.listening, b"")
    )  # not an address of ours


def test_a_peer_that_does_not_answer_at_all(end: End) -> None:
    """Behind a firewall: three SYNs, then what was to be sent comes back."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        busy = name_of(full)
        # Whoever comes first fills the queue of those that are not accepted yet; of the rest nothing is heard.
        fillers = [socket.create_connection(busy[:2]) for _ in range(1)]
        assert end.send(busy)
        end.turn(0.1)
        assert (end.failed, end.count) == ([], 1)
        assert end.connections.get_timer() is not None
        end.wait(tcp.CONNECT_S + 0.1)
        assert end.failed == [Datagram(end.local, busy, MESSAGE)]
        for filler in fillers:
            filler.close()


def test_a_closed_connection_is_told_of_by_its_addresses(end: End) -> None:
    with plain(end) as sock:
        name = name_of(sock)
    end.until(lambda: end.failed)
    assert end.failed == [Datagram(end.local, name, b"")]
    assert end.count == 0


def test_bytes_that_are_no_sip_end_the_connection_but_not_before_they_are_answered(end: End) -> None:
    with plain(end) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + MESSAGE)
        end.until(lambda: end.heard)
        ((data, _, remote),) = end.heard
        assert data == b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        assert end.send(remote, b"SIP/2.0 400 Bad Request\r\n\r\n")
        assert sock.recv(100).startswith(b"SIP/2.0 400")
        sock.sendall(b"more")
        end.turn()
        end.wait(tcp.LINGER_S + 0.1)
        assert end.count == 0
        assert sock.recv(100) == b""
    assert len(end.heard) == 1


def test_an_idle_connection_is_closed_and_one_that_is_used_is_not(end: End) -> None:
    with plain(end) as sock:
        for _ in range(3):
            end.wait(tcp.IDLE_S - 10)
            assert end.count == 1
            sock.sendall(b"\r\n\r\n")
            end.turn(1.0)
            assert sock.recv(10) == b"\r\n"
        end.wait(tcp.IDLE_S + 1)
        assert end.count == 0
        assert end.connections.get_timer() is None


def test_a_message_that_does_not_end_is_not_waited_for(end: End) -> None:
    """However slowly it keeps coming."""
    with plain(end) as sock:
        for _ in range(4):
            sock.sendall(b"x")
            end.turn(1.0)
            end.wait(tcp.PATIENCE_S / 4 + 0.1)
        assert end.count == 0


def test_a_host_may_have_so_many_connections(end: End) -> None:
    socks = [socket.create_connection(end.local[:2]) for _ in range(tcp.MAX_CONNECTIONS_WITH_A_HOST + 3)]
    for _ in range(3 * len(socks)):
        end.turn()
    assert end.count == tcp.MAX_CONNECTIONS_WITH_A_HOST
    for sock in socks:
        sock.close()
    end.until(lambda: end.count == 0)


def test_when_there_are_too_many_the_one_that_was_quiet_longest_goes(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS", 2)
    first, second = plain(end), plain(end)
    end.until(lambda: end.count == 2)
    end.wait(1.0)
    first.sendall(b"\r\n\r\n")
    end.turn(1.0)
    third = plain(end)
    end.until(lambda: end.failed)
    assert [datagram.remote.port for datagram in end.failed] == [second.getsockname()[1]]
    for sock in (first, second, third):
        sock.close()


def test_a_peer_that_does_not_read_gets_no_more(end: End) -> None:
    with plain(end) as sock:
        remote = name_of(sock)
        sent = 0
        while end.send(remote, b"x" * 65536):
            sent += 1
            assert sent < 1000
        connection = next(iter(end.connections._connections.values()))
        assert len(connection.unsent) <= tcp.LARGEST_BACKLOG + 65536
        received = 0
        sock.setblocking(False)
        while received < sent * 65536:  # it begins to read, and misses nothing
            end.turn(0.0)
            with contextlib.suppress(BlockingIOError):
                received += len(sock.recv(1 << 20))
        assert received == sent * 65536


def test_a_port_that_somebody_else_has(end: End) -> None:
    again = Connections(end.selector, lambda *_: None, end.now)
    with pytest.raises(OSError, match="in use"):
        again.listen(end.local)


def test_ipv6() -> None:
    end, other = End("::1"), End("::1")
    assert end.send(other.listening)
    both_until(end, other, lambda: other.heard)
    assert other.heard[0][2].ip == "::1"
    end.connections.close()
    other.connections.close()
