"""A router's buffer for who is about to come (RFC 5568 3.1, 5.4), by the kernel's queues alone; as `tc` has them.

What one router sends to one address in a tunnel is a class of its own of the interface towards the node, and the queue
in it is plugged (sch_plug) until it is let go; all other packets pass by. What has been held leaves as 5.4 wants it:
five packets at once, and the others as quickly as they came.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute, NetlinkError
from pyroute2.netlink.rtnl import TC_H_ROOT

if TYPE_CHECKING:
    from agents.roles.kernel_orders import HoldBack, LetGo

# Handles of the interface's queue, of the class in it, and of the plugged queue in that.
ROOT, CLASS, HELD = 0x10000, 0x10001, 0x20000
IPV6 = 0x86DD
# Where an IPv6 header has its next header, its source and its destination; and what stands there of a tunnel.
NEXT_HEADER, SOURCE, DESTINATION = 6, 8, 24
IP6_IN_IP6 = 41
# Of the class before anything is let go: no limit. Then: so many packets at once, of at most so many bytes.
UNLIMITED_BIT_S = 1_000_000_000
AT_ONCE, LARGEST_BYTES = 5, 1600
SLOWEST_BIT_S = 8_000


class HeldTraffic:
    """This namespace's, one buffer for each interface. Raises NetlinkError for what the kernel refuses."""

    def __init__(self) -> None:
        self._netlink = IPRoute()
        self._since_s: dict[str, float] = {}

    def hold_back(self, order: HoldBack) -> None:
        """From now on; what was held before is dropped."""
        index = self._index(order.interface)
        self._drop(index)
        self._netlink.tc("add", "htb", index, ROOT, default=0)
        self._netlink.tc("add-class", "htb", index, CLASS, parent=ROOT, rate=UNLIMITED_BIT_S // 8, burst=LARGEST_BYTES)
        self._netlink.tc("add", "plug", index, HELD, parent=CLASS, limit=order.most_bytes)
        self._netlink.tc(
            "add-filter", "u32", index, parent=ROOT, prio=1, protocol=IPV6, target=CLASS,
            keys=[f"{IP6_IN_IP6:#04x}/0xff+{NEXT_HEADER}", *words(order.source, SOURCE),
                  *words(order.destination, DESTINATION)],
        )  # fmt: skip
        self._since_s[order.interface] = time.monotonic()

    def let_go(self, order: LetGo) -> dict[str, Any]:
        """What had been held, and what there had been no room for."""
        index = self._index(order.interface)
        held = self._held(index)
        facts = {"packets": held["qlen"], "bytes": held["backlog"], "overflowed": held["drops"]}
        if not order.delivers:
            self._drop(index)
            return facts
        took_s = max(time.monotonic() - self._since_s.get(order.interface, 0.0), 0.001)
        rate = max(int(held["backlog"] / took_s), SLOWEST_BIT_S // 8)
        # A packet leaves unless there is a debt, so that what is there for four lets five go.
        burst = (AT_ONCE - 1) * (held["backlog"] // held["qlen"] if held["qlen"] else LARGEST_BYTES)
        self._netlink.tc("change-class", "htb", index, CLASS, parent=ROOT, rate=rate, burst=burst, cburst=burst)
        self._netlink.tc("change", "plug", index, HELD, parent=CLASS, action="TCQ_PLUG_RELEASE_INDEFINITE")
        return facts

    def _drop(self, index: int) -> None:
        with contextlib.suppress(NetlinkError):  # there is none
            self._netlink.tc("del", index=index, parent=TC_H_ROOT)

    def _held(self, index: int) -> dict[str, int]:
        for one in self._netlink.get_qdiscs(index):
            if one["handle"] == HELD and (stats := one.get_attr("TCA_STATS2")) is not None:
                queue = stats.get_attr("TCA_STATS_QUEUE")
                return {name: int(queue[name]) for name in ("qlen", "backlog", "drops")}
        return {"qlen": 0, "backlog": 0, "drops": 0}

    def _index(self, interface: str) -> int:
        return int(self._netlink.link_lookup(ifname=interface)[0])


def words(address: str, at: int) -> list[str]:
    """An address as a filter of kind u32 has it, which begins `at` bytes behind a packet's beginning."""
    octets = socket.inet_pton(socket.AF_INET6, address)
    return [f"0x{octets[place : place + 4].hex()}/0xffffffff+{at + place}" for place in range(0, len(octets), 4)]
