"""`python -m testbed.lab.links.gate CONFIG`: an access link that packets leave when a trace lets them.

The semantics of Mahimahi (Netravali et al., USENIX ATC 2015): a trace is a list of times, in ms, at each of which the
link can deliver 1500 bytes, over and over. What no packet uses is lost; a packet may take several of them. Packets wait
in order; more than the queue holds are dropped.

The program stands in the place of the air's bridge, between its two ports, and starts on the lab's clock: a line
{"report": "start", "zero_s": …} on its standard input says when scenario time begins. Frames pass as they are, with
what the kernel knows about their checksums (PACKET_VNET_HDR), and then take the delay and loss of the port that they
leave by.
"""

import errno
import json
import os
import selectors
import socket
import sys
import time
from bisect import bisect_left
from collections import deque
from pathlib import Path
from typing import Any

OPPORTUNITY_BYTES = 1500
ETHERNET_BYTES = 14
# linux/if_packet.h, linux/virtio_net.h; Python's socket module does not name them.
SOL_PACKET, PACKET_VNET_HDR, VNET_HEADER_BYTES = 263, 15, 10
ETH_P_ALL = 3
LARGEST_FRAME = 65600
RECEIVE_BUFFER = 1 << 22


class Gate:
    """One direction: packets in, and when which of them leave. Pure: times come from outside, in seconds."""

    def __init__(self, opportunities_ms: list[int], queue: int, begins_s: float = 0.0) -> None:
        """`opportunities_ms` are sorted; after the last they begin again. The trace begins at `begins_s`."""
        self.begins_s = begins_s
        self._times = opportunities_ms
        self._period = opportunities_ms[-1]
        self._queue = queue
        self._waiting: deque[bytes] = deque()
        self._sent_of_first = 0
        # The next opportunity that nothing has been decided about, counted from the first one ever.
        self._next = 0
        self.dropped = 0

    def put(self, packet: bytes, now: float) -> None:
        """A packet arrives."""
        if not self._waiting:
            # What went by while nobody waited is lost.
            self._next = max(self._next, self._first_after(now))
        if len(self._waiting) < self._queue:
            self._waiting.append(packet)
        else:
            self.dropped += 1

    def next_at(self) -> float | None:
        """When a packet may leave next; None when none waits."""
        return self._time(self._next) if self._waiting else None

    def take(self, now: float) -> list[bytes]:
        """The packets that leave by now."""
        leaving = []
        while self._waiting and self._time(self._next) <= now:
            self._next += 1
            budget = OPPORTUNITY_BYTES
            while self._waiting and budget > 0:
                size = len(self._waiting[0]) - VNET_HEADER_BYTES - ETHERNET_BYTES
                part = min(budget, size - self._sent_of_first)
                self._sent_of_first += part
                budget -= part
                if self._sent_of_first == size:
                    leaving.append(self._waiting.popleft())
                    self._sent_of_first = 0
        return leaving

    def _time(self, index: int) -> float:
        rounds, place = divmod(index, len(self._times))
        return self.begins_s + (rounds * self._period + self._times[place]) / 1000

    def _first_after(self, now: float) -> int:
        rounds, rest_ms = divmod(max(0.0, now - self.begins_s) * 1000, self._period)
        return int(rounds) * len(self._times) + bisect_left(self._times, rest_ms)


def port(name: str) -> socket.socket:
    """All frames of a port of the air."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    sock.setblocking(False)
    sock.bind((name, ETH_P_ALL))
    return sock


class GatedAir:
    """Both directions of a link, one or both of them gated."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._ports = {way: port(name) for way, name in config["ports"].items()}
        # What leaves through the one port has come in by the other.
        self._other = {"down": "up", "up": "down"}
        self._gates = {way: Gate(**gate) for way, gate in config["gates"].items()}
        self._zero: float | None = None
        # Of those that Python has, the one that waits by the microsecond: epoll's wait is rounded up to the next ms.
        self._selector = selectors.SelectSelector()
        for way, sock in self._ports.items():
            self._selector.register(sock, selectors.EVENT_READ, way)
        self._selector.register(0, selectors.EVENT_READ, "")

    def run(self) -> None:
        """Until standard input ends."""
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        while True:
            for key, _ in self._selector.select(self._timeout()):
                if key.data:
                    self._receive(key.data)
                elif not self._read_report():
                    return
            for way, gate in self._gates.items():
                for frame in gate.take(self._now()):
                    self._send(way, frame)

    def _now(self) -> float:
        """Scenario time; before its zero no trace has begun."""
        return -1.0 if self._zero is None else time.monotonic() - self._zero

    def _timeout(self) -> float | None:
        times = [at for gate in self._gates.values() if (at := gate.next_at()) is not None]
        return max(0.0, min(times) - self._now()) if times else None

    def _receive(self, way: str) -> None:
        """A frame that came in by the port of `way` goes out by the other one."""
        while True:
            try:
                frame, address = self._ports[way].recvfrom(LARGEST_FRAME)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENETDOWN:
                    raise
                return  # told once of a port that is down, or has gone down; nothing comes until it is up again
            if address[2] == socket.PACKET_OUTGOING:
                continue
            gate = self._gates.get(self._other[way])
            if gate is None or self._now() < gate.begins_s:
                self._send(self._other[way], frame)
            else:
                gate.put(frame, self._now())

    def _send(self, way: str, frame: bytes) -> None:
        try:
            self._ports[way].send(frame)
        except OSError as error:  # the port is down: the radio has lost its carrier
            sys.stderr.write(f"a frame was lost: {error}\n")

    def _read_report(self) -> bool:
        data = os.read(0, 65536)
        for line in data.splitlines():
            report = json.loads(line)
            if report["report"] == "start":
                self._zero = report["zero_s"]
        return bool(data)


if __name__ == "__main__":
    GatedAir(json.loads(Path(sys.argv[1]).read_text())).run()
