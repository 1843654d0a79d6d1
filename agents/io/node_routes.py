"""A node of another network on a router's link: its packets come and go by a tunnel, past the router's own routes."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from pyroute2 import NetlinkError

if TYPE_CHECKING:
    from pyroute2 import IPRoute

    from agents.roles.kernel_orders import NoLongerServe, ServeNode

# The table of the way out by the tunnel, and the priorities of rules: before those against strange sources.
TUNNEL_TABLE, MAIN_TABLE = 201, 254
TO_NODE, NOTHING_ELSE, FROM_NODE = 30, 31, 32
HOST_BITS = 128


class NodeRoutes:
    """This namespace's, for one node at a time. Raises NetlinkError for what the kernel refuses."""

    def __init__(self, netlink: IPRoute) -> None:
        self._netlink = netlink

    def serve(self, order: ServeNode) -> None:
        """Its link-layer address is known: nobody on the link need be asked for it."""
        air, tunnel = self._index(order.interface), self._index(order.tunnel)
        link_layer = ":".join(f"{octet:02x}" for octet in order.link_layer)
        self._netlink.neigh(
            "replace", family=socket.AF_INET6, ifindex=air, dst=order.address, lladdr=link_layer, state="permanent"
        )
        self._netlink.route("replace", family=socket.AF_INET6, dst=f"{order.address}/{HOST_BITS}", oif=air)
        self._netlink.route("replace", family=socket.AF_INET6, dst="default", oif=tunnel, table=TUNNEL_TABLE)
        self._rules("del", order)
        self._rules("add", order)

    def no_longer_serve(self, order: NoLongerServe) -> None:
        """What comes for it, or from it, is anybody's again."""
        self._rules("del", order)
        with contextlib.suppress(NetlinkError):  # they went with the interface
            self._netlink.route("del", family=socket.AF_INET6, dst=f"{order.address}/{HOST_BITS}")
            self._netlink.neigh("del", family=socket.AF_INET6, ifindex=self._index(order.interface), dst=order.address)

    def _rules(self, do: str, order: ServeNode | NoLongerServe) -> None:
        bits = {"family": socket.AF_INET6}
        to = {"dst": order.address, "dst_len": HOST_BITS, "table": MAIN_TABLE}
        by = {"src": order.address, "src_len": HOST_BITS, "table": TUNNEL_TABLE}
        for rule in (
            {"priority": TO_NODE, "iifname": order.tunnel, **to},
            {"priority": NOTHING_ELSE, "iifname": order.tunnel, "action": "FR_ACT_BLACKHOLE"},
            {"priority": FROM_NODE, "iifname": order.interface, **by},
        ):
            with contextlib.nullcontext() if do == "add" else contextlib.suppress(NetlinkError):  # there may be none
                self._netlink.rule(do, **bits, **rule)

    def _index(self, interface: str) -> int:
        return int(self._netlink.link_lookup(ifname=interface)[0])
