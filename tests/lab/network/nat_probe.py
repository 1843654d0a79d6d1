"""What a kind of NAT does, seen from both sides: `python -m tests.lab.network.nat_probe KIND…` prints it as JSON.

Run in namespaces of its own, as root in them: it makes a network of three, and asks as RFC 5780 4 does.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from typing import NamedTuple

from testbed.lab.network import Interface
from testbed.scenario.experiment.translators import Translator
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.plan.nat_rules import rules
from testbed.scenario.reading.document import load
from testbed.scenario.reading.places import NAT

INNER, OUTSIDE, OTHERS = "10.1.0.2", "10.9.0.1", ("10.9.0.2", "10.9.0.3")
SPACES = ("inner", "router", "others")
WAIT_S = 0.2
CLONE_NEWNET = 0x40000000
REMOTES = ((OTHERS[0], 5000), (OTHERS[0], 5001), (OTHERS[1], 5000))
LETTERS = {"endpoint-independent": "", "address-dependent": "address", "address-and-port-dependent": "port"}


class Heard(NamedTuple):
    """A datagram that came."""

    said: bytes
    source: tuple[str, int]


def build() -> None:
    """Three namespaces in a row."""
    ip = [
        *(f"netns add {one}" for one in SPACES),
        "link add name va netns inner type veth peer name wa netns router",
        "link add name vb netns others type veth peer name wb netns router",
        f"-n inner address add {INNER}/24 dev va",
        "-n router address add 10.1.0.1/24 dev wa",
        f"-n router address add {OUTSIDE}/24 dev wb",
        *(f"-n others address add {one}/24 dev vb" for one in OTHERS),
        *(f"-n {space} link set {one} up" for space, one in (
            ("inner", "va"), ("router", "wa"), ("router", "wb"), ("others", "vb"))),
        "-n inner route add default via 10.1.0.1",
        f"-n others route add 10.1.0.0/24 via {OUTSIDE}",
    ]  # fmt: skip
    for line in ip:
        subprocess.run(["ip", *line.split()], check=True)
    subprocess.run(["ip", "netns", "exec", "router", "sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)


def socket_in(space: str, address: tuple[str, int]) -> socket.socket:
    """A UDP socket of a namespace."""
    with open(f"/run/netns/{space}", "rb") as there:  # noqa: PTH123 - a file of the kernel's
        if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {space}")
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(address)
    made.settimeout(WAIT_S)
    return made


def heard(by: socket.socket) -> Heard | None:
    """What comes next, if anything does."""
    try:
        return Heard(*by.recvfrom(100))
    except TimeoutError:
        return None


def seen(kind: Nat, first_port: int) -> dict[str, object]:
    """How it maps and filters; sockets are of their own for each question."""
    others = {remote: socket_in("others", remote) for remote in REMOTES}
    inner = socket_in("inner", (INNER, first_port))
    given: dict[tuple[str, int], tuple[str, int]] = {}
    for remote in (*REMOTES, *REMOTES):
        inner.sendto(b"out", remote)
        came = heard(others[remote])
        if came is None or given.setdefault(remote, came.source) != came.source:
            return {"wrong": f"{remote}: {came} after {given}"}
    asker = socket_in("inner", (INNER, first_port + 1))
    asker.sendto(b"out", REMOTES[0])
    came = heard(others[REMOTES[0]])
    if came is None:
        return {"wrong": "nothing leaves"}
    let_in = {}
    for remote, other in others.items():
        other.sendto(b"in", came.source)
        let_in[remote] = heard(asker) == Heard(b"in", remote)
    others[REMOTES[1]].sendto(b"straight", (INNER, first_port))
    straight = heard(inner)
    first, same_host, other_host = (given[remote] for remote in REMOTES)
    answer = None
    if let_in[REMOTES[2]]:
        asker.sendto(b"answer", REMOTES[2])
        answer = heard(others[REMOTES[2]])
    for one in (*others.values(), inner, asker):
        one.close()
    return {
        "mapping": "port" if first != same_host else "address" if first != other_host else "",
        "filtering": "" if let_in[REMOTES[2]] else "address" if let_in[REMOTES[1]] else "port",
        "answers": let_in[REMOTES[0]],
        "hosts": sorted({host for host, _ in given.values()}),
        "ports": sorted(port for _, port in given.values()),
        "is_kept": first[1] == first_port,
        "gets_in_by_inner_address": straight is not None,
        "comes_back_by_the_same_port": answer is None or answer.source == came.source,
    }


def main() -> None:
    """Each kind in turn."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    build()
    found = {}
    for number, word in enumerate(sys.argv[1:]):
        kind = load(NAT.find(word), Nat)
        one = Translator(kind, Interface("router", "wa", "10.1.0.1/24"), Interface("router", "wb", f"{OUTSIDE}/24"))
        nft = ["ip", "netns", "exec", "router", "nft"]
        subprocess.run([*nft, "flush", "ruleset"], check=True)
        subprocess.run([*nft, "-f", "-"], input=rules(one, "nat0"), text=True, check=True)
        found[word] = seen(kind, 30000 + 10 * number)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
