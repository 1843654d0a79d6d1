"""The one loop that has sockets and a clock; what to do is the role's business."""

from __future__ import annotations

import gc
import json
import os
import select
import selectors
import sys
import time
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from agents.io.tcp import Connections
from agents.io.udp import MANY, UdpSocket
from agents.roles.role import (
    Attach,
    Close,
    HearLinks,
    HearMobility,
    HearNeighbours,
    HearQuenches,
    LinkPacket,
    MobilityPacket,
    NeighbourPacket,
    Note,
    Open,
    Splice,
    Tell,
)
from agents.sip.message.address import UDP

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from agents.io.kernel import KernelLinks
    from agents.io.link_socket import LinkSocket
    from agents.io.mobility_socket import MobilitySocket
    from agents.io.neighbour_socket import NeighbourSocket
    from agents.io.netlink_orders import OrderedKernel
    from agents.roles.kernel_orders import KernelOrder
    from agents.roles.role import Role
    from agents.sip.message.address import Address, Datagram

LONGEST_LINE = 65536
# How long speech may lie in the kernel before the role hears of it: it sends a packet that often anyway.
PATIENCE_S = 0.020
# How long one turn serves what has come, before timers and speech have theirs again: less than half a packet's time.
TURN_S = 0.005
# What is worth a word of how late something was done, and how much more it has to be for another one.
LATE_S = 0.002
# Transactions and dialogs live for half a minute: with Python's own thresholds a busy agent spends a third of its time
# on looking for garbage among them (`make bench`). Calls that a flood makes and that are refused die young: few at a
# time, and few survivors before the middle generation is looked at, lest speech waits meanwhile.
COLLECT_AFTER = (2_000, 20, 2_000)


class Driver:
    """Runs a role: datagrams by its sockets, reports by standard input, events by standard output."""

    def __init__(self, role: Role, links: KernelLinks | None = None, events: TextIO | None = None) -> None:
        """`events`: where events go to, if not to standard output."""
        self._role = role
        self._events = events or sys.stdout
        self._links = links
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[Address, UdpSocket] = {}
        # Those that the selector does not look at, by descriptor, and what looks at all of them at once.
        self._patient: dict[int, UdpSocket] = {}
        self._came = select.poll()
        self._connections = Connections(self._selector, self._read_stream, time.monotonic)
        self._kernel: OrderedKernel | None = None
        self._mobility: MobilitySocket | None = None
        self._neighbours: NeighbourSocket | None = None
        self._on_links: LinkSocket | None = None
        self._rest = b""
        self._notes: list[str] = []
        self._zero_s = time.monotonic()
        # The latest that anything was done so far in scenario time, of which the lab has been told; None before that.
        self._late_s: float | None = None
        self._running = True
        self._last_served = -1
        # Whether the last turn had time for all, and which descriptors bring media.
        self._served_all = True
        self._media: set[int] = set()
        # Whether a patient socket had more than is taken in one go.
        self._has_more = False

        self._obeys: dict[type, Callable[[Any], None]] = {
            Note: lambda command: self._note(command.text),
            Open: self._open,
            Splice: self._splice,
            Close: self._close,
            HearQuenches: lambda _: self._hear_quenches(),
            HearMobility: lambda _: self._hear_mobility(),
            MobilityPacket: self._send_mobility,
            HearNeighbours: self._hear_neighbours,
            NeighbourPacket: self._send_neighbour,
            HearLinks: self._hear_links,
            LinkPacket: self._send_on_link,
            Attach: lambda command: self._write(json.dumps({"request": "attach", "link": command.link})),
            Tell: self._tell,
        }

    def run(self) -> None:
        """Until standard input ends."""
        gc.set_threshold(*COLLECT_AFTER)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_reports)
        if self._links is not None:
            self._selector.register(self._links.fileno(), selectors.EVENT_READ, self._read_links)
            for change in self._links.present():
                self._role.link_changed(change, now=time.monotonic())
        self._flush()
        self._write("READY")
        while self._running:
            timer = self._role.get_timer()
            if ready := self._selector.select(self._timeout(timer)):
                self._serve(ready)
                timer = self._role.get_timer()
            now = time.monotonic()
            if timer is not None and timer <= now:
                self._tell_late(now - timer)
                self._role.handle_timer(now=now)
            self._connections.handle_timer(now=now)
            # What is due leaves first: listening takes its time, and would be seen in the pace of our own packets.
            self._flush()
            self._has_more = False
            if self._patient and (came := self._came.poll(0)):
                self._read_patient([self._patient[descriptor] for descriptor, _ in came])
                self._flush()

    def _serve(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        """For as long as a turn lasts; who did not have his comes first in the next one.

        Else signalling comes before media: who answers a call may speak in the same instant.
        """
        until = time.monotonic() + TURN_S
        first = next((at for at, (key, _) in enumerate(ready) if key.fd > self._last_served), 0)
        ordered = ready[first:] + ready[:first]
        if self._served_all:
            ordered.sort(key=lambda one: one[0].fd in self._media)
        self._served_all = False
        for key, _ in ordered:
            cast("Callable[[], None]", key.data)()
            self._last_served = key.fd
            if time.monotonic() > until:
                return
        self._served_all = True

    def _timeout(self, timer: float | None) -> float | None:
        """How long to wait for the role's timer or another, in seconds; None for as long as nothing comes."""
        if self._has_more:
            return 0.0
        other = self._connections.get_timer()
        if timer is None or (other is not None and other < timer):
            timer = other
        if timer is None:
            return PATIENCE_S if self._patient else None
        timeout = max(0.0, timer - time.monotonic())
        return min(timeout, PATIENCE_S) if self._patient else timeout

    def _flush(self) -> None:
        """Until there is nothing more: what the system refuses to send, a role may send another way."""
        refused = True
        while refused:
            self._obey()  # first: a datagram may leave from a socket that is to be opened
            refused = False
            for datagram in self._role.datagrams_to_send():
                if not self._send(datagram):
                    self._role.send_failed(datagram, now=time.monotonic())
                    refused = True
            for datagram in self._connections.failed():
                self._role.send_failed(datagram, now=time.monotonic())
                refused = True

    def _obey(self) -> None:
        while (command := self._role.next_command()) is not None:
            self._obeys.get(type(command), self._order)(command)
        if self._notes:  # at once: a write for each would cost more than what they tell of
            sys.stderr.write("".join(self._notes))
            self._notes.clear()

    def _tell(self, command: Tell) -> None:
        stamp = {"time_ns": time.clock_gettime_ns(time.CLOCK_REALTIME), "event": command.event}
        self._write(json.dumps({**stamp, **command.facts}))

    def _send(self, datagram: Datagram) -> bool:
        sock = self._sockets.get(datagram.local)
        if sock is None:
            return False
        if datagram.remote.transport != UDP:
            return self._connections.send(datagram)
        try:
            sock.send(datagram.data, datagram.remote)
        except OSError:
            return False
        return True

    def _open(self, command: Open) -> None:
        if command.local in self._sockets:
            return
        try:
            sock = self._sockets[command.local] = UdpSocket(command.local, command.hop_limit)
        except OSError as error:  # the address has gone again since the kernel told of it
            self._note(f"{command.local.hostport} not opened: {error}")
            return
        if command.is_patient:
            self._patient[sock.fileno()] = sock
            self._came.register(sock, select.POLLIN)
        else:
            read = self._read_media if command.is_media else self._read
            self._selector.register(sock, selectors.EVENT_READ, lambda: read(sock))
            if command.is_media:
                self._media.add(sock.fileno())
            elif command.hop_limit is None:
                self._listen(command.local)

    def _splice(self, command: Splice) -> None:
        sock = self._sockets.get(command.local)
        if sock is None:
            return
        ways = [(self._sockets[local], remote) for local, remote in command.ways if local in self._sockets]

        def ask(data: bytes, remote: Address) -> None:
            self._role.receive_datagram(data, local=command.local, remote=remote, now=time.monotonic())

        reader = sock.splice(command.source, ways, ask) if ways else lambda: self._read_media(sock)
        self._selector.modify(sock, selectors.EVENT_READ, reader)

    def _close(self, command: Close) -> None:
        sock = self._sockets.pop(command.local, None)
        if sock is None:
            return
        if self._patient.pop(sock.fileno(), None) is not None:
            self._came.unregister(sock)
        else:
            self._selector.unregister(sock)
        self._media.discard(sock.fileno())
        sock.close()

    def _hear_quenches(self) -> None:
        from agents.io.icmp import QuenchSocket  # noqa: PLC0415 - few want it

        try:
            sock = QuenchSocket()
        except OSError as error:
            self._note(f"no ICMP is heard: {error}")
            return

        def read() -> None:
            for data in sock.received():
                self._role.receive_report({"report": "icmp", "data": data}, now=time.monotonic())

        self._selector.register(sock, selectors.EVENT_READ, read)

    def _hear_mobility(self) -> None:
        from agents.io.mobility_socket import MobilitySocket  # noqa: PLC0415 - few want it

        sock = self._mobility = MobilitySocket()

        def read() -> None:
            for packet in sock.received():
                self._role.receive_report({"report": "mobility", "packet": packet}, now=time.monotonic())

        self._selector.register(sock, selectors.EVENT_READ, read)

    def _send_mobility(self, packet: MobilityPacket) -> None:
        """What the system refuses is lost, as on the way: whoever wants an answer asks again."""
        if self._mobility is not None:
            try:
                self._mobility.send(packet)
            except OSError as error:
                self._note(f"mobility header to {packet.destination} not sent: {error}")

    def _hear_neighbours(self, order: HearNeighbours) -> None:
        from agents.io.neighbour_socket import NeighbourSocket  # noqa: PLC0415 - few want it

        sock = self._neighbours = NeighbourSocket(order.kinds)

        def read() -> None:
            for packet in sock.received():
                self._role.receive_report({"report": "neighbour", "packet": packet}, now=time.monotonic())

        self._selector.register(sock, selectors.EVENT_READ, read)

    def _send_neighbour(self, packet: NeighbourPacket) -> None:
        """What the system refuses is lost, as on the way: whoever wants an answer says it again."""
        if self._neighbours is not None:
            try:
                self._neighbours.send(packet)
            except OSError as error:
                self._note(f"ICMPv6 by {packet.interface} not sent: {error}")

    def _hear_links(self, order: HearLinks) -> None:
        from agents.io.link_socket import LinkSocket  # noqa: PLC0415 - few want it

        sock = self._on_links = LinkSocket(order)

        def read() -> None:
            for packet in sock.received():
                self._role.receive_report({"report": "link", "packet": packet}, now=time.monotonic())

        self._selector.register(sock, selectors.EVENT_READ, read)

    def _send_on_link(self, packet: LinkPacket) -> None:
        """What the system refuses is lost, as on the way: whoever wants an answer says it again."""
        if self._on_links is not None:
            try:
                self._on_links.send(packet)
            except OSError as error:
                self._note(f"packet to {packet.destination} by {packet.interface} not sent: {error}")

    def _order(self, order: KernelOrder) -> None:
        if self._kernel is None:
            from agents.io.netlink_orders import OrderedKernel  # noqa: PLC0415 - few want it

            self._kernel = OrderedKernel()
        said = self._kernel.carry_out(order)
        if said is not None:
            self._role.receive_report({"report": "held", **said}, now=time.monotonic())

    def _listen(self, local: Address) -> None:
        try:
            self._connections.listen(local)
        except OSError as error:
            self._note(f"{local.hostport} not opened for TCP: {error}")

    def _read_patient(self, ready: list[UdpSocket]) -> None:
        """In the order of arrival over all sockets: to a playout a packet over the other link is not an old one."""
        heard = []
        for sock in ready:
            came = [(at, sock.local, remote, data) for data, remote, at in sock.received(MANY)]
            self._has_more |= len(came) == MANY
            heard += came
        now = time.monotonic()
        for at, local, remote, data in sorted(heard, key=itemgetter(0)):
            self._role.receive_datagram(data, local=local, remote=remote, now=now, came=at)

    def _read(self, sock: UdpSocket) -> None:
        """SIP: of its timers none runs from a time that is over, so the clock counts and not the time of arrival."""
        for data, remote, at in sock.received():
            now = time.monotonic()
            self._tell_late(now - at)
            self._role.receive_datagram(data, local=sock.local, remote=remote, now=now)

    def _read_media(self, sock: UdpSocket) -> None:
        for data, remote, at in sock.received(MANY):
            now = time.monotonic()
            self._tell_late(now - at)
            self._role.receive_datagram(data, local=sock.local, remote=remote, now=now, came=at)

    def _read_stream(self, data: bytes, local: Address, remote: Address, now: float) -> None:
        self._role.receive_datagram(data, local=local, remote=remote, now=now)

    def _read_links(self) -> None:
        if self._links is not None:
            for change in self._links.news():
                self._role.link_changed(change, now=time.monotonic())

    def _read_reports(self) -> None:
        data = os.read(sys.stdin.fileno(), LONGEST_LINE)
        if not data:
            self._running = False
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            report: dict[str, Any] = json.loads(line)
            if report["report"] == "start":
                self._zero_s, self._late_s = report["zero_s"], 0.0
                self._role.start(now=self._zero_s)
            else:
                self._role.receive_report(report, now=time.monotonic())

    def _tell_late(self, late_s: float) -> None:
        """How much later something is done than it was due, or than it came in: a line where it is worth one."""
        if self._late_s is not None and late_s > self._late_s + LATE_S:
            self._late_s = late_s
            self._write(json.dumps({"late_s": round(late_s, 6)}))

    def _note(self, text: str) -> None:
        self._notes.append(f"{time.monotonic() - self._zero_s:.6f} {text}\n")

    def _write(self, line: str) -> None:
        self._events.write(line + "\n")
        self._events.flush()
