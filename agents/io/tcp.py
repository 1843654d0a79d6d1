"""SIP over TCP: listening, connecting, and cutting streams into messages (RFC 3261 18, RFC 5626 3.5.1)."""

from __future__ import annotations

import errno
import selectors
import socket
from collections import Counter
from typing import TYPE_CHECKING

from agents.sip.message.address import TCP, Address, Datagram
from agents.sip.message.framing import BLANK_LINE, Framer, FramingError

if TYPE_CHECKING:
    from collections.abc import Callable

    Deliver = Callable[[bytes, Address, Address, float], None]

# RFC 3261 18: at least 64*T1 after the last message, and longer than a phone may ring (timer C, 16.6: over 3 minutes).
IDLE_S = 300.0
# Within 64*T1 a message has to be complete, and what was sent to be acknowledged.
PATIENCE_S = 32.0
# Three SYNs. Who has no TCP refuses at once; behind a firewall nobody does, and there is still UDP (18.1.1).
CONNECT_S = 4.0
# A peer that does not read what it is sent gets no more.
LARGEST_BACKLOG = 131072
MAX_CONNECTIONS = 128
MAX_CONNECTIONS_WITH_A_HOST = 16
# How long one whose bytes are no SIP stays, for its peer to read why: closed at once, it would take the answer with it.
LINGER_S = 1.0
# How much of a stream is taken at once, ten messages or so: who sends faster than we read keeps us from nothing else.
CHUNK = 4096
# How long nobody is let in once there are no descriptors left.
PAUSE_S = 1.0
PONG = b"\r\n"


class Connection:
    """One of them. `early` is what was to be sent while it was not open yet."""

    def __init__(self, sock: socket.socket, local: Address, remote: Address, *, is_open: bool, now: float) -> None:
        self.sock = sock
        self.local = local
        self.remote = remote
        self.is_open = is_open
        self.framer = Framer()
        self.unsent = bytearray()
        self.early: list[Datagram] = []
        self.used_at = now
        #: Whether it has brought a message, or is to take one of ours: else nobody would miss it.
        self.has_spoken = not is_open
        self.is_dropped = False
        # Since when a message is incomplete, and since when nothing can be read any more.
        self.amid_since: float | None = None
        self.broken_since: float | None = None

    @property
    def deadline(self) -> float:
        """When it has waited long enough."""
        if not self.is_open:
            return self.used_at + CONNECT_S
        if self.broken_since is not None:
            return self.broken_since + LINGER_S
        return self.used_at + IDLE_S if self.amid_since is None else self.amid_since + PATIENCE_S


class Connections:
    """Every TCP connection of an agent. Callbacks are registered with the driver's selector.

    `deliver` is told of every message: its bytes, our address, the peer's, and when it came.
    """

    def __init__(self, selector: selectors.BaseSelector, deliver: Deliver, clock: Callable[[], float]) -> None:
        self._selector = selector
        self._deliver = deliver
        self._clock = clock
        self._failed: list[Datagram] = []
        self._listeners: list[socket.socket] = []
        self._connections: dict[tuple[Address, Address], Connection] = {}
        self._check_at: float | None = None
        # Listeners that are not asked at present, with what to do when they are; and until when.
        self._paused: list[tuple[socket.socket, Callable[[], None]]] = []
        self._paused_until = 0.0

    def listen(self, local: Address) -> None:
        """Take connections to this address; raises OSError where that is not possible."""
        sock = new_socket(local)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(local[:2])
            sock.listen()
        except OSError:
            sock.close()
            raise
        self._listeners.append(sock)
        self._selector.register(sock, selectors.EVENT_READ, lambda: self._accept(local, sock))

    def send(self, datagram: Datagram) -> bool:
        """Over the connection with its remote address, or a new one; False when that is not possible."""
        connection = self._connections.get((datagram.local, datagram.remote))
        if connection is None:
            connection = self._connect(datagram.local, datagram.remote)
        if connection is None or len(connection.unsent) > LARGEST_BACKLOG:
            return False
        if connection.is_open:
            connection.used_at = self._clock()
        else:
            connection.early.append(datagram)
        connection.unsent += datagram.data
        self._write(connection)
        return True

    def failed(self) -> list[Datagram]:
        """What came to nothing since the last call; without data: a connection that is gone."""
        failed, self._failed = self._failed, []
        return failed

    def get_timer(self) -> float | None:
        """When `handle_timer` is wanted next."""
        return self._check_at

    def handle_timer(self, *, now: float) -> None:
        """Close what has been idle for too long, or never got anywhere."""
        if self._check_at is None or now < self._check_at:
            return
        for connection in [each for each in self._connections.values() if each.deadline <= now]:
            self._drop(connection)
        if self._paused and self._paused_until <= now:
            for listener, accept in self._paused:
                self._selector.register(listener, selectors.EVENT_READ, accept)
            self._paused.clear()
        self._check_at = min((each.deadline for each in self._connections.values()), default=None)
        if self._paused:
            self._check_by(self._paused_until)

    def close(self) -> None:
        """All of them, without a word."""
        paused = [listener for listener, _ in self._paused]
        for sock in (*self._listeners, *(each.sock for each in self._connections.values())):
            if sock not in paused:
                self._selector.unregister(sock)
            sock.close()
        self._listeners.clear()
        self._paused.clear()
        self._connections.clear()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _accept(self, local: Address, listener: socket.socket) -> None:
        try:
            sock, name = listener.accept()
        except OSError as error:  # it went away again, or there is no descriptor left
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                self._pause(listener)
            return
        sock.setblocking(False)
        remote = Address(name[0], name[1], TCP)
        neighbours = [each for each in self._connections.values() if host_of(each.remote) == host_of(remote)]
        if len(neighbours) >= MAX_CONNECTIONS_WITH_A_HOST:
            silent = [each for each in neighbours if not each.has_spoken]
            if not silent:
                sock.close()
                return
            self._drop(min(silent, key=lambda each: each.used_at))
        self._add(Connection(sock, local, remote, is_open=True, now=self._clock()))

    def _pause(self, listener: socket.socket) -> None:
        """Let it wait: its news would have us come back at once, for nothing."""
        self._paused.append((listener, self._selector.get_key(listener).data))
        self._selector.unregister(listener)
        self._paused_until = self._clock() + PAUSE_S
        self._check_by(self._paused_until)

    def _connect(self, local: Address, remote: Address) -> Connection | None:
        try:
            sock = new_socket(local)
        except OSError:  # no descriptor is left
            return None
        try:
            sock.bind((local.ip, 0))  # which of our links it goes over
            sock.connect(remote[:2])
        except BlockingIOError:
            pass
        except OSError:
            sock.close()
            return None
        return self._add(Connection(sock, local, remote, is_open=False, now=self._clock()))

    def _add(self, connection: Connection) -> Connection:
        known = self._connections.get((connection.local, connection.remote))
        if known is not None:  # the peer has reset it, which was not heard of yet, and comes again from the same port
            self._drop(known)
        elif len(self._connections) >= MAX_CONNECTIONS:
            self._drop(self._least_missed())
        sock = connection.sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(PATIENCE_S * 1000))
        self._connections[connection.local, connection.remote] = connection
        events = selectors.EVENT_READ if connection.is_open else selectors.EVENT_WRITE
        self._selector.register(sock, events, lambda: self._serve(connection))
        self._check_by(connection.deadline)
        return connection

    def _least_missed(self) -> Connection:
        """One that has said nothing; else one of the host that has most; of these, the one that was quiet longest."""
        crowd = Counter(host_of(each.remote) for each in self._connections.values())
        return min(
            self._connections.values(), key=lambda one: (one.has_spoken, -crowd[host_of(one.remote)], one.used_at)
        )

    def _serve(self, connection: Connection) -> None:
        """Something can be done: connected, read, written; each is tried."""
        if connection.is_dropped:  # by what was served before it, in the same turn
            return
        if not connection.is_open:
            if connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._drop(connection)
                return
            connection.is_open = True
            connection.early.clear()
        self._write(connection)
        self._read(connection)

    def _write(self, connection: Connection) -> None:
        if not connection.is_open:
            return
        if connection.unsent:
            try:
                del connection.unsent[: connection.sock.send(connection.unsent)]
            except BlockingIOError:
                pass
            except OSError:
                connection.unsent.clear()  # reading will tell that it is gone
        key = self._selector.get_key(connection.sock)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.unsent else 0)
        if key.events != events:
            self._selector.modify(connection.sock, events, key.data)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        if connection.broken_since is not None:
            return
        now = connection.used_at = self._clock()
        connection.framer.push(data)
        self._hand_over(connection, now)
        if not connection.framer.is_amid:
            connection.amid_since = None
        elif connection.amid_since is None:
            connection.amid_since = now
            self._check_by(connection.deadline)
        pings = connection.framer.take_pings()
        if pings and len(connection.unsent) <= LARGEST_BACKLOG:
            connection.unsent += PONG * pings
            self._write(connection)

    def _hand_over(self, connection: Connection, now: float) -> None:
        local, remote = connection.local, connection.remote
        try:
            while (message := connection.framer.next_message()) is not None:
                connection.amid_since = None
                connection.has_spoken = True
                self._deliver(message, local, remote, now)
        except FramingError as error:
            if error.head:  # to be answered with 400; nothing that follows can be read
                self._deliver(error.head + BLANK_LINE, local, remote, now)
            connection.broken_since = now
            self._check_by(connection.deadline)

    def _drop(self, connection: Connection) -> None:
        """Close it, and tell what came to nothing."""
        connection.is_dropped = True
        del self._connections[connection.local, connection.remote]
        self._selector.unregister(connection.sock)
        connection.sock.close()
        self._failed += connection.early
        if connection.is_open:
            self._failed.append(Datagram(connection.local, connection.remote, b""))

    def _check_by(self, deadline: float) -> None:
        if self._check_at is None or deadline < self._check_at:
            self._check_at = deadline


def host_of(remote: Address) -> bytes | str:
    """Who is on the other end, as far as addresses tell: with IPv6 a host has all of its /64 (RFC 8981)."""
    return socket.inet_pton(socket.AF_INET6, remote.ip.partition("%")[0])[:8] if ":" in remote.ip else remote.ip


def new_socket(local: Address) -> socket.socket:
    """Of the family of an address, and never waiting."""
    sock = socket.socket(socket.AF_INET6 if ":" in local.ip else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    return sock
