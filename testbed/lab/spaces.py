"""A network's nodes as network namespaces of this process, wired through netlink: no process for any of them.

They live as long as this process does, or whoever has been started in one of them. Mininet's own network has a shell
for each node and a program for each cable, and takes ten times as long.
"""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from typing import Any, Protocol

from mininet.topo import Topo
from pyroute2 import IPRoute, netns

CLONE_NEWNET = 0x40000000
# Of a cable's end: this and its Ethernet address's last byte. The loopback interface is 1.
FIRST_INDEX = 100
# The kernel would send several segments of TCP as one packet, which no link between nodes carries.
SEGMENTS_AT_ONCE = 1
HERE = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


class Space(Protocol):
    """A node that has a network namespace: ours, or Mininet's."""

    name: str

    @property
    def namespace(self) -> str:
        """A path by which processes of this user can enter it."""

    def interfaces(self) -> list[str]:
        """The names of its interfaces, in the order of its cables."""


class NodeSpace:
    """A network namespace of its own, made for a node."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._interfaces: list[str] = []
        home = os.open(HERE, os.O_RDONLY)
        try:
            if _libc.unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"no network namespace for {name}")
            self._namespace = os.open(HERE, os.O_RDONLY)
        finally:
            _libc.setns(home, CLONE_NEWNET)
            os.close(home)

    @property
    def namespace(self) -> str:
        """A path by which processes of this user can enter it."""
        return f"/proc/{os.getpid()}/fd/{self._namespace}"

    @property
    def descriptor(self) -> int:
        """The namespace, open in this process."""
        return self._namespace

    def interfaces(self) -> list[str]:
        """The names of its interfaces, in the order of its cables."""
        return self._interfaces

    def popen(self, argv: list[str], **options: Any) -> Any:  # noqa: ANN401 - a Popen, of text or bytes
        """Starts a program in this namespace; `options` are those of Popen."""
        with entered(self):
            return subprocess.Popen(argv, **options)


class Spaces(dict[str, NodeSpace]):
    """The nodes of a network that stands, by their names."""

    def __init__(self, topo: Topo) -> None:
        """Makes and wires them, then has each configured as its class in `topo` says."""
        super().__init__({name: NodeSpace(name) for name in topo.nodes()})
        for one, other, info in topo.links(withInfo=True, sort=True):
            if info["node1"] != one:
                one, other = other, one  # noqa: PLW2901 - Mininet sorts the two by name
            self._wire(self[one], self[other], info)
        for name, node in self.items():
            info = topo.nodeInfo(name)
            info["cls"].configure(node, info)

    def _wire(self, one: NodeSpace, other: NodeSpace, info: dict[str, Any]) -> None:
        """A cable whose ends have different numbers in the kernel: see `nodes.Cable`."""
        ends = [
            {
                "ifname": info[f"intfName{end}"],
                "index": cable_index(info[f"addr{end}"]),
                "address": info[f"addr{end}"],
                "gso_max_segs": SEGMENTS_AT_ONCE,
            }
            for end in (1, 2)
        ]
        with inside(one) as netlink:
            netlink.link("add", kind="veth", **ends[0], peer={**ends[1], "net_ns_fd": other.descriptor})
        one.interfaces().append(info["intfName1"])
        other.interfaces().append(info["intfName2"])


def cable_index(address: str) -> int:
    """The kernel's number of a cable's end, by its Ethernet address."""
    return FIRST_INDEX + int(address[-2:], 16)


@contextlib.contextmanager
def inside(node: Space) -> Iterator[IPRoute]:
    """Netlink in the node's network namespace."""
    with entered(node):
        link = IPRoute()
    try:
        yield link
    finally:
        link.close()


@contextlib.contextmanager
def entered(node: Space) -> Iterator[None]:
    """What is opened or started meanwhile belongs to the node's network namespace."""
    netns.pushns(node.namespace)
    try:
        yield
    finally:
        netns.popns()


def index_of(link: IPRoute, interface: str) -> int:
    """The kernel's number of an interface; raises KeyError where there is none of that name."""
    found = link.link_lookup(ifname=interface)
    if not found:
        raise KeyError(interface)
    return int(found[0])
