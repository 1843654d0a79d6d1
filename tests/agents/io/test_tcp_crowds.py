"""Connections that are reset, too many, idle or never read: nobody who speaks loses his, and no agent ends."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from agents.io import tcp
from agents.sip.message.address import TCP, Address
from tests.agents.io.test_tcp import MESSAGE, End, name_of
from tests.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def end() -> Iterator[End]:
    end = End()
    yield end
    end.connections.close()


def connect(end: End, ip: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """From an address of one's own choice; not accepted yet."""
    sock = socket.socket()
    sock.settimeout(PATIENCE_S)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((ip, port))
    sock.connect(end.local[:2])
    return sock


def reset(sock: socket.socket) -> int:
    """Its port; closed with RST, so that the port can be used again at once."""
    port = int(sock.getsockname()[1])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    return port


def remotes(end: End) -> set[Address]:
    return {remote for _, remote in end.connections._connections}


def test_a_peer_that_resets_and_comes_again_from_the_same_port(end: End) -> None:
    """Before the reset was heard of: the old connection is told to be gone, the new one is served."""
    first = connect(end)
    end.until(lambda: end.count)
    # Its successor waits to be accepted, and is seen before or after the reset.
    second = connect(end, port=reset(first))
    second.sendall(MESSAGE)
    end.until(lambda: end.heard)
    name = name_of(second)
    assert end.send(name, b"answer")
    assert second.recv(100) == b"answer"
    assert [(gone.remote, gone.data) for gone in end.failed] == [(name, b"")]
    second.close()
    end.until(lambda: not end.count)
    assert len(end.failed) == 2


def test_one_that_was_dropped_in_the_turn_in_which_it_has_news(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    """The selector has told of both: of somebody new, for whom it goes, and of its bytes."""
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS", 4)
    socks = [connect(end, f"127.0.0.{n}") for n in range(2, 6)]
    end.until(lambda: end.count == 4)
    newcomer = connect(end, "127.0.0.9")
    for sock in socks:
        sock.sendall(MESSAGE)
    time.sleep(0.01)
    for _ in range(10):
        end.turn()
    assert end.count == 4
    assert name_of(newcomer) in remotes(end)
    for sock in (*socks, newcomer):
        sock.close()


def test_idle_connections_cost_nobody_who_speaks_his(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS", 20)
    rightful = connect(end)
    rightful.sendall(MESSAGE)
    end.until(lambda: end.heard)
    end.wait(60.0)  # it has been quiet for longer than all that come now
    idle = []
    for n in range(60):
        idle.append(connect(end, f"127.0.1.{1 + n % 30}"))
        end.turn()
    end.until(lambda: end.count == 20)
    assert name_of(rightful) in remotes(end)
    late = connect(end, "127.0.0.3")
    late.sendall(MESSAGE)
    end.until(lambda: len(end.heard) == 2)
    for sock in (rightful, late, *idle):
        sock.close()


def test_of_those_who_speak_the_host_with_most_loses_one(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_CONNECTIONS", 6)
    socks = [connect(end, ip) for ip in ("127.0.0.2", *["127.0.0.3"] * 8)]
    for sock in socks:
        with contextlib.suppress(OSError):
            sock.sendall(MESSAGE)
        for _ in range(3):
            end.turn()
        end.wait(1.0)
    assert name_of(socks[0]) in remotes(end)
    assert end.count == 6
    for sock in socks:
        sock.close()


def test_a_host_that_holds_idle_ones_can_still_come_with_one_that_speaks(end: End) -> None:
    idle = [connect(end) for _ in range(tcp.MAX_CONNECTIONS_WITH_A_HOST)]
    end.until(lambda: end.count == tcp.MAX_CONNECTIONS_WITH_A_HOST)
    late = connect(end)
    late.sendall(MESSAGE)
    end.until(lambda: end.heard)
    assert end.count == tcp.MAX_CONNECTIONS_WITH_A_HOST
    for sock in (*idle, late):
        sock.close()


def test_with_ipv6_a_host_is_its_network() -> None:
    """It makes as many addresses of one /64 as it likes (RFC 8981)."""
    host = tcp.host_of(Address("2001:db8::1", 1, TCP))
    assert host == tcp.host_of(Address("2001:db8:0:0:1:2:3:4", 2, TCP))
    assert host != tcp.host_of(Address("2001:db8:0:1::1", 1, TCP))
    assert tcp.host_of(Address("fe80::1%eth0", 1, TCP)) == tcp.host_of(Address("fe80::2", 1, TCP))
    assert tcp.host_of(Address("127.0.0.1", 1, TCP)) != tcp.host_of(Address("127.0.0.2", 1, TCP))


def test_pongs_that_nobody_reads_are_not_kept_for_ever(end: End) -> None:
    with connect(end) as sock:
        end.until(lambda: end.count)
        (connection,) = end.connections._connections.values()
        # As if the peer's window was closed.
        connection.unsent += b"\r\n" * tcp.LARGEST_BACKLOG
        before = len(connection.unsent)
        connection.framer.push(b"\r\n\r\n" * 1000)
        sock.sendall(b"\r\n\r\n" * 1000)
        for _ in range(5):
            end.turn()
        assert len(connection.unsent) <= before


def test_without_descriptors_the_listener_waits(end: End, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not keep the loop busy with news of somebody who cannot be let in."""
    (listener,) = end.connections._listeners

    class Full:
        def accept(self) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

        def fileno(self) -> int:
            return listener.fileno()

    accept = end.connections._accept
    with monkeypatch.context() as none_left:
        none_left.setattr(end.connections, "_accept", lambda local, _: accept(local, Full()))  # type: ignore[arg-type]
        sock = connect(end)
        end.turn(1.0)
    assert not end.selector.select(0.05)
    assert end.connections.get_timer() == end.clock + tcp.PAUSE_S
    end.wait(tcp.PAUSE_S)
    end.until(lambda: end.count)
    sock.close()
