"""The one loop that has sockets and a clock; what to do is the role's business."""

from __future__ import annotations

import json
import os
import selectors
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from agents.role import Attach, Note, Open, Tell
from agents.sip.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.io.kernel import KernelLinks
    from agents.role import Role

LARGEST_DATAGRAM = 65536
# Speech first, then all else (RFC 4594: EF for telephony); it is read by whoever looks at the capture.
BATCH = 64


class Driver:
    """Runs a role: datagrams by its sockets, reports by standard input, events by standard output."""

    def __init__(self, role: Role, links: KernelLinks | None = None) -> None:
        self._role = role
        self._links = links
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Address, socket.socket] = {}
        self._rest = b""
        self._zero_s = time.monotonic()
        self._running = True

    def run(self) -> None:
        """Until standard input ends."""
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_reports)
        if self._links is not None:
            self._selector.register(self._links.fileno(), selectors.EVENT_READ, self._read_links)
            for change in self._links.present():
                self._role.link_changed(change, now=time.monotonic())
        self._flush()
        self._write("READY")
        while self._running:
            timer = self._role.get_timer()
            timeout = None if timer is None else max(0.0, timer - time.monotonic())
            for key, _ in self._selector.select(timeout):
                cast("Callable[[], None]", key.data)()
            now = time.monotonic()
            timer = self._role.get_timer()
            if timer is not None and timer <= now:
                self._role.handle_timer(now=now)
            self._flush()

    def _flush(self) -> None:
        """Commands first: a datagram may leave from a socket that is to be opened."""
        while (command := self._role.next_command()) is not None:
            if isinstance(command, Open):
                self._open(command.local)
            elif isinstance(command, Attach):
                self._write(json.dumps({"request": "attach", "link": command.link}))
            elif isinstance(command, Tell):
                stamp = {"time_ns": time.clock_gettime_ns(time.CLOCK_REALTIME), "event": command.event}
                self._write(json.dumps({**stamp, **command.facts}))
            elif isinstance(command, Note):
                sys.stderr.write(f"{time.monotonic() - self._zero_s:.6f} {command.text}\n")
        for datagram in self._role.datagrams_to_send():
            try:
                self._sockets[datagram.local].sendto(datagram.data, datagram.remote)
            except OSError:
                self._role.send_failed(datagram, now=time.monotonic())

    def _open(self, local: Address) -> None:
        """Binds a socket to exactly this address: answers leave from where the question came (RFC 3581 4)."""
        if local in self._sockets:
            return
        family = socket.AF_INET6 if ":" in local.ip else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind(local)
        self._sockets[local] = sock

        def read() -> None:
            self._read_socket(sock, local)

        self._selector.register(sock, selectors.EVENT_READ, read)

    def _read_socket(self, sock: socket.socket, local: Address) -> None:
        """All that has come, each with the time at which it was read."""
        for _ in range(BATCH):
            try:
                data, remote = sock.recvfrom(LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of something sent before (RFC 1122 4.1.3.3); it comes once
            self._role.receive_datagram(data, local=local, remote=Address(remote[0], remote[1]), now=time.monotonic())

    def _read_links(self) -> None:
        if self._links is not None:
            for change in self._links.news():
                self._role.link_changed(change, now=time.monotonic())

    def _read_reports(self) -> None:
        data = os.read(sys.stdin.fileno(), LARGEST_DATAGRAM)
        if not data:
            self._running = False
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            report: dict[str, Any] = json.loads(line)
            if report["report"] == "start":
                self._zero_s = report["zero_s"]
                self._role.start(now=self._zero_s)
            else:
                self._role.receive_report(report, now=time.monotonic())

    def _write(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
