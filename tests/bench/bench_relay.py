"""How many packets a second one core relays: the B2BUA's relay and, where it is installed, rtpengine, in one run.

Needs root: two namespaces of its own, joined by a veth. The generator has one core, the relay the other. A call is two
streams of 50 packets of 172 bytes a second. Loss is what left the generator and did not come back to its interface.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pyroute2 import IPRoute, NetNS, netns

from tests.bench.ng import NgClient

OWN, GENERATOR = "192.0.2.1", "192.0.2.2"
PACKET = bytes([0x80, 0]) + bytes(10) + bytes(160)
PACKETS_PER_S = 50
SECONDS = 6
CALLS = (100, 200, 400, 600, 800, 1000, 1200, 1400)
CLEAN = 0.0005
"""Share of packets lost up to which a load counts as carried."""


class Outcome(NamedTuple):
    """What became of one load; packets a second, shares of 1."""

    offered: float
    loss: float
    cpu: float


@contextlib.contextmanager
def two_namespaces() -> Iterator[tuple[str, str]]:
    """A namespace for the relay and one for the generator, gone afterwards."""
    names = (f"bench-relay-{os.getpid()}", f"bench-load-{os.getpid()}")
    try:
        for name in names:
            netns.create(name)
        with IPRoute() as host:
            host.link(
                "add",
                ifname="br-relay",
                kind="veth",
                net_ns_fd=names[0],
                peer={"ifname": "br-load", "net_ns_fd": names[1]},
            )
        for name, interface, address in ((names[0], "br-relay", OWN), (names[1], "br-load", GENERATOR)):
            with NetNS(name) as space:
                for link in ("lo", interface):
                    space.link("set", index=space.link_lookup(ifname=link)[0], state="up")
                index = space.link_lookup(ifname=interface)[0]
                space.addr("add", index=index, address=address, prefixlen=24)
        yield names
    finally:
        for name in names:
            with contextlib.suppress(OSError):
                netns.remove(name)


def received_packets() -> int:
    """Packets that came to the generator's interface."""
    line = next(line for line in Path("/proc/self/net/dev").read_text().splitlines() if "br-load" in line)
    return int(line.split(":")[1].split()[1])


def cpu_s(pid: int) -> float:
    """Processor time that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def load(streams: list[tuple[int, int]], pid: int) -> Outcome:
    """Sends on each stream, from a port of ours to one of the relay's, and counts what comes back."""
    sockets = []
    for source, target in streams:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # nobody reads: what comes is counted at the interface
        one.bind((GENERATOR, source))
        one.connect((OWN, target))
        sockets.append(one)
    sends = [one.send for one in sockets]
    before, cpu, began = received_packets(), cpu_s(pid), time.monotonic()
    sent = 0
    rounds = SECONDS * PACKETS_PER_S
    for number in range(rounds):
        packet = PACKET[:2] + number.to_bytes(2, "big") + PACKET[4:]
        due = began + number / PACKETS_PER_S
        # Spread over the interval, as the packets of many callers are.
        for part in range(10):
            wait = due + part / PACKETS_PER_S / 10 - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for send in sends[part::10]:
                send(packet)
                sent += 1
    took = time.monotonic() - began
    used = cpu_s(pid) - cpu
    time.sleep(0.5)
    came = received_packets() - before
    for one in sockets:
        one.close()
    return Outcome(sent / took, max(0.0, 1 - came / sent), used / took)


def own_relay(space: str, calls: int) -> tuple[subprocess.Popen[bytes], list[tuple[int, int]]]:
    """The B2BUA's relay."""
    argv = ["ip", "netns", "exec", space, "taskset", "-c", "1", sys.executable, "-m", "tests.bench.relay_role"]
    process = subprocess.Popen([*argv, OWN, GENERATOR, str(calls)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout is None or process.stdout.readline() != b"READY\n":
        raise RuntimeError("the relay did not start")
    return process, [(30000 + n, 10000 + n) for n in range(2 * calls)]


def rtpengine(space: str, calls: int) -> tuple[subprocess.Popen[bytes], list[tuple[int, int]]]:
    """Debian's rtpengine, in user space, with one thread."""
    argv = [
        "ip",
        "netns",
        "exec",
        space,
        "taskset",
        "-c",
        "1",
        "rtpengine",
        "--foreground",
        "--table=-1",
        "--num-threads=1",
    ]
    options = [f"--interface={OWN}", f"--listen-ng={OWN}:2223", "--port-min=10000", "--port-max=29999", "--log-level=3"]
    process = subprocess.Popen([*argv, *options, "--log-stderr"], stderr=subprocess.DEVNULL)
    streams = []
    with NgClient((OWN, 2223)) as client:
        for call in range(calls):
            mn, peer = 30000 + 2 * call, 30001 + 2 * call
            port_for_peer = client.offer(f"call{call}", GENERATOR, mn)
            port_for_mn = client.answer(f"call{call}", GENERATOR, peer)
            streams += [(mn, port_for_mn), (peer, port_for_peer)]
    return process, streams


def main() -> None:
    """Raises the load until packets are lost, for each relay; prints both, and their ratio."""
    if os.geteuid() != 0:
        sys.exit("the relay's benchmark makes network namespaces: run it as root")
    best = {}
    with two_namespaces() as (relay_space, load_space):
        netns.setns(load_space)
        os.sched_setaffinity(0, {0})
        for name, start in (("B2BUA", own_relay), ("rtpengine", rtpengine)):
            if name == "rtpengine" and shutil.which("rtpengine") is None:
                print("rtpengine is not here: apt-get install --no-install-recommends rtpengine-daemon")
                continue
            for calls in CALLS:
                process, streams = start(relay_space, calls)
                try:
                    outcome = load(streams, process.pid)
                finally:
                    process.kill()
                    process.wait()
                print(
                    f"{name}: {2 * calls} streams, {outcome.offered:.0f} packets/s: {outcome.loss:.2%} lost,"
                    f" {outcome.cpu:.0%} of a core",
                    flush=True,
                )
                if outcome.loss > CLEAN:
                    break
                best[name] = outcome.offered
    for name, offered in best.items():
        print(f"{name}: {offered:.0f} packets/s without loss")
    if len(best) == 2:
        print(f"B2BUA / rtpengine: {best['B2BUA'] / best['rtpengine']:.2f}")


if __name__ == "__main__":
    main()
