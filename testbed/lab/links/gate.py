"""`python -m testbed.lab.links.gate CONFIG`: a link whose rate changes, that has bad moments, or follows a trace.

The program stands between the air's bridge and the link's two ports. The kernel says when a frame came in; from that
follows when it leaves (testbed.lab.links.departures); and `fq` sends it at that time (SO_TXTIME), to the
microsecond, into the port's netem, which delays it. So how long this program takes does not matter as long as it is
less than `ahead_s`, by which netem's delay is shorter than the link's: what took longer is told.

Scenario time begins when a line {"report": "start", "zero_s": …} on its standard input says so; until then links are as
at the beginning, and lose nothing. Frames pass as they are, with what the kernel knows about their checksums
(PACKET_VNET_HDR).
"""

import json
import math
import os
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from testbed.lab.links.departures import Leaving
from testbed.lab.links.frames import IP_AT, is_ip
from testbed.lab.links.managed_way import way_of
from testbed.lab.plan import GateConfig

# The air's (testbed.lab.network.nodes).
BRIDGE = "bridge"
# linux/if_packet.h, linux/virtio_net.h, asm-generic/socket.h; Python's socket module does not name them.
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
SO_TIMESTAMPNS, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_TXTIME = 35, 32, 33, 61
ETH_P_ALL = 3
LARGEST_FRAME = 65600
STAMP = struct.Struct("qq")
BUFFER_BYTES = 1 << 28
# fq holds a packet until its time, however far away that is and however many wait for theirs.
HORIZON_S, PACKETS = 7200, 1_000_000
# What left so much too late is worth a word, and so much later than that another one.
LATE_S = 0.0001
# Scenario time before its zero is known.
LONG_BEFORE_S = -3600.0


def lay_ways(ports: dict[str, str]) -> None:
    """Puts this program between the air's bridge and each of the link's ports; others in the air stay at the bridge.

    What the bridge sends towards a port comes out of `held-WAY`; what is sent to `gate-WAY` leaves at its time, then by
    the port. What comes in by the port goes to the bridge as it is.
    """
    interfaces, disciplines = [], []
    for way, port in ports.items():
        for name, peer in ((f"gate-{way}", f"gated-{way}"), (f"bridged-{way}", f"held-{way}")):
            interfaces.append(f"link add {name} up type veth peer name {peer}")
            interfaces.append(f"link set {peer} up")
        interfaces += [f"link set {port} nomaster", f"link set bridged-{way} master {BRIDGE}"]
        disciplines += [
            f"qdisc add dev gate-{way} root fq limit {PACKETS} flow_limit {PACKETS} quantum {LARGEST_FRAME}"
            f" initial_quantum {LARGEST_FRAME} horizon {HORIZON_S}s",
            *(f"qdisc add dev {name} ingress" for name in (f"gated-{way}", port)),
            f"filter add dev gated-{way} ingress matchall action mirred egress redirect dev {port}",
            f"filter add dev {port} ingress matchall action mirred egress redirect dev held-{way}",
        ]
    for tool, lines in (("ip", interfaces), ("tc", disciplines)):
        subprocess.run([tool, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def entrance(way: str) -> socket.socket:
    """What frames are sent through, each with its time."""
    sock = raw(f"gate-{way}", 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("iI", time.CLOCK_MONOTONIC, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)
    return sock


def raw(name: str, protocol: int) -> socket.socket:
    """Frames of an interface as they are."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setblocking(False)
    sock.bind((name, protocol))
    return sock


def exit_of(way: str) -> socket.socket:
    """What the bridge sends towards a port, with the kernel's time of arrival."""
    sock = raw(f"held-{way}", 0)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    sock.bind((f"held-{way}", ETH_P_ALL))
    return sock


class GatedAir:
    """Both directions of a link."""

    def __init__(self, config: GateConfig) -> None:
        # The kernel hands a frame over as soon as it is there, whoever else is at work.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        ports = config["ports"]
        lay_ways(ports)
        self._in = {way: entrance(way) for way in ports}
        self._out = {way: exit_of(way) for way in ports}
        self._ways = {way: way_of(order) for way, order in config["ways"].items()}
        self._ahead_s = {way: order["ahead_s"] for way, order in config["ways"].items()}
        self._zero_s = time.monotonic() - LONG_BEFORE_S
        # The latest that anything left so far in scenario time, of which the lab has been told; None before that.
        self._late_s: float | None = None

    def run(self) -> None:
        """Until standard input ends."""
        ways = {sock.fileno(): way for way, sock in self._out.items()}
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        while True:
            wakes_s = min(way.wakes_s for way in self._ways.values()) + self._zero_s
            limit_s = max(0.0, wakes_s - time.monotonic()) if wakes_s < math.inf else None
            readable, _, _ = select.select([0, *ways], [], [], limit_s)
            now_s = time.monotonic() - self._zero_s
            for descriptor in readable:
                if descriptor in ways:
                    self._pass_on(ways[descriptor])
                elif not self._read_report():
                    return
            for way, queue in self._ways.items():
                if queue.wakes_s <= now_s:
                    self._send_all(way, queue.wake(now_s))

    def _pass_on(self, way: str) -> None:
        """Sends on what has come in, each frame at its time."""
        source = self._out[way]
        # Between the clock of the stamps and the one of the departures.
        apart_ns = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        while True:
            try:
                frame, told, _, _ = source.recvmsg(LARGEST_FRAME, 64)
            except BlockingIOError:
                return
            seconds, nanoseconds = STAMP.unpack(told[0][2])
            arrival_s = (seconds * 1_000_000_000 + nanoseconds - apart_ns) / 1e9 - self._zero_s
            arriving = self._ways[way].arrive(arrival_s, frame, len(frame) - IP_AT, is_ip=is_ip(frame))
            self._send_all(way, arriving)

    def _send_all(self, way: str, leaving: Leaving) -> None:
        for frame, leaves_s in leaving:
            self._send(self._in[way], frame, leaves_s + self._ahead_s[way] + self._zero_s)

    def _send(self, target: socket.socket, frame: bytes, at_s: float) -> None:
        self._tell_late(time.monotonic() - at_s)
        target.sendmsg([frame], [(socket.SOL_SOCKET, SO_TXTIME, struct.pack("Q", int(at_s * 1e9)))])

    def _tell_late(self, late_s: float) -> None:
        """How much later something leaves than it should: a line where it is worth one."""
        if self._late_s is not None and late_s > self._late_s + LATE_S:
            self._late_s = late_s
            sys.stdout.write(json.dumps({"late_s": round(late_s, 6)}) + "\n")
            sys.stdout.flush()

    def _read_report(self) -> bool:
        data = os.read(0, 65536)
        for line in data.splitlines():
            report = json.loads(line)
            if report["report"] == "start":
                self._zero_s, self._late_s = report["zero_s"], 0.0
        return bool(data)


if __name__ == "__main__":
    GatedAir(json.loads(Path(sys.argv[1]).read_text())).run()
