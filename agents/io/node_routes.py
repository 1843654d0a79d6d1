"""Nodes of other networks on a router's link: their packets come and go by tunnels, past the router's own routes."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from pyroute2 import NetlinkError

if TYPE_CHECKING:
    from pyroute2 import IPRoute

    from agents.roles.kernel_orders import NoLongerServe, ServeNode

# The first table of a way out by a tunnel, and the priorities of rules: before those against strange sources.
TUNNEL_TABLE, MAIN_TABLE = 201, 254
TO_NODE, NOTHING_ELSE, FROM_NODE = 30, 31, 32


class NodeRoutes:
    """This namespace's. Raises NetlinkError for what the kernel refuses."""

    def __init__(self, netlink: IPRoute) -> None:
        self._netlink = netlink
        # Each tunnel's table, and who is served by it.
        self._tables: dict[str, int] = {}
        self._served: dict[str, set[str]] = {}

    def serve(self, order: ServeNode) -> None:
        """Its link-layer address is known: nobody on the link need be asked for it."""
        air, tunnel = self._index(order.interface), self._index(order.tunnel)
        family, bits = family_of(order.address)
        table = self._tables.get(order.tunnel) or min({*range(TUNNEL_TABLE, MAIN_TABLE)} - {*self._tables.values()})
        self._tables[order.tunnel] = table
        link_layer = ":".join(f"{octet:02x}" for octet in order.link_layer)
        self._netlink.neigh(
            "replace", family=family, ifindex=air, dst=order.address, lladdr=link_layer, state="permanent"
        )
        self._netlink.route("replace", family=family, dst=f"{order.address}/{bits}", oif=air)
        self._netlink.route("replace", family=family, dst="default", oif=tunnel, table=table)
        self._remove_rules(order, table)
        self._served.setdefault(order.tunnel, set()).add(order.address)
        self._netlink.rule("add", **self._nothing_else(order))
        for rule in self._rules(order, table):
            self._netlink.rule("add", **rule)

    def no_longer_serve(self, order: NoLongerServe) -> None:
        """What comes for it, or from it, is anybody's again."""
        family, bits = family_of(order.address)
        others = self._served.get(order.tunnel, set()) - {order.address}
        self._remove_rules(order, self._tables.get(order.tunnel, TUNNEL_TABLE))
        self._served[order.tunnel] = others
        if others:
            self._netlink.rule("add", **self._nothing_else(order))
        else:
            self._tables.pop(order.tunnel, None)
        with contextlib.suppress(NetlinkError):  # they went with the interface
            self._netlink.route("del", family=family, dst=f"{order.address}/{bits}")
            self._netlink.neigh("del", family=family, ifindex=self._index(order.interface), dst=order.address)

    def _remove_rules(self, order: ServeNode | NoLongerServe, table: int) -> None:
        for rule in (self._nothing_else(order), *self._rules(order, table)):
            with contextlib.suppress(NetlinkError):  # there is none
                self._netlink.rule("del", **rule)

    @staticmethod
    def _nothing_else(order: ServeNode | NoLongerServe) -> dict[str, object]:
        family, _ = family_of(order.address)
        return {
            "family": family, "priority": NOTHING_ELSE, "iifname": order.tunnel, "action": "FR_ACT_BLACKHOLE",
        }  # fmt: skip

    @staticmethod
    def _rules(order: ServeNode | NoLongerServe, table: int) -> tuple[dict[str, object], ...]:
        family, bits = family_of(order.address)
        to = {"dst": order.address, "dst_len": bits, "table": MAIN_TABLE}
        by = {"src": order.address, "src_len": bits, "table": table}
        return (
            {"family": family, "priority": TO_NODE, "iifname": order.tunnel, **to},
            {"family": family, "priority": FROM_NODE, "iifname": order.interface, **by},
        )

    def _index(self, interface: str) -> int:
        return int(self._netlink.link_lookup(ifname=interface)[0])


def is_ip6(address: str) -> bool:
    """Whether an address is one of IPv6."""
    return ":" in address


def family_of(address: str) -> tuple[int, int]:
    """An address's family, and its length in bits."""
    return (socket.AF_INET6, 128) if is_ip6(address) else (socket.AF_INET, 32)
