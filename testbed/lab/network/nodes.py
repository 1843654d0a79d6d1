"""The Mininet nodes of our networks; what they configure, they configure through netlink (pyroute2)."""

import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mininet.link import Link
from mininet.node import Node
from pyroute2 import IPRoute, NetlinkError

from testbed.lab.network.addresses import Access, bare, is_ip6
from testbed.lab.network.reverse_path import filter_sources
from testbed.lab.spaces import SEGMENTS_AT_ONCE, Space, cable_index, entered, index_of, inside


def configure_access(netlink: IPRoute, access: Access, *, address_flags: int = 0) -> None:
    """Gives an interface its address, and a way out for it; `address_flags` are the kernel's IFA_F_…"""
    index = index_of(netlink, access.interface)
    netlink.link("set", index=index, state="up")
    netlink.addr("replace", index=index, address=access.address, IFA_FLAGS=address_flags)
    configure_way_out(netlink, access)


def configure_way_out(netlink: IPRoute, access: Access) -> None:
    """Gives an address a routing table of its own, and the rule that leads to it.

    Rules by source address: a packet leaves by the interface whose address it carries, so that both links can be
    used at once.
    """
    index = index_of(netlink, access.interface)
    family = socket.AF_INET6 if is_ip6(access.address) else socket.AF_INET
    rule = {"family": family, "src": bare(access.address), "table": access.table, "priority": access.table}
    with contextlib.suppress(NetlinkError):  # there is none yet
        netlink.rule("del", **rule)
    netlink.rule("add", **rule)
    if access.gateway_mac is not None:
        netlink.neigh("replace", ifindex=index, dst=access.gateway, lladdr=access.gateway_mac, state="permanent")
    # Last, because programs take the default route for the sign that the link can be used.
    netlink.route("replace", family=family, dst="default", gateway=access.gateway, oif=index, table=access.table)


def set_default_route(netlink: IPRoute, access: Access, metric: int, *, is_there: bool) -> None:
    """Adds the route over an access link for whoever chooses no address, or takes it away."""
    family = socket.AF_INET6 if is_ip6(access.address) else socket.AF_INET
    route = {"family": family, "dst": "default", "gateway": access.gateway, "priority": metric,
             "oif": index_of(netlink, access.interface)}  # fmt: skip
    with contextlib.suppress(NetlinkError):  # there was none, or its interface is down
        netlink.route("del", **route)
    if is_there:
        netlink.route("add", **route, prefsrc=bare(access.address))


def drop_addresses(netlink: IPRoute, interface: str) -> None:
    """Takes all of an interface's addresses away, and with them the routes from them."""
    netlink.flush_addr(index=index_of(netlink, interface))


class Cable(Link):  # type: ignore[misc]  # Mininet has no types
    """An Ethernet cable (veth) whose ends have different numbers in the kernel, also in different namespaces.

    Where both have the same one, the kernel puts off telling of the carrier until a second after it last did so for any
    interface (net/core/link_watch.c, linkwatch_urgent_event), and for so long a bridge forwards nothing to the port.
    """

    @classmethod
    def makeIntfPair(  # noqa: N802 - Mininet's name
        cls, name1: str, name2: str, address1: str, address2: str, node1: Node, node2: Node, **_: bool
    ) -> None:
        """Makes both ends, each in its node; raises RuntimeError with what `ip` says."""
        one, other = (
            f"name {name} index {cable_index(address)} address {address} gso_max_segs {SEGMENTS_AT_ONCE}"
            for name, address in ((name1, address1), (name2, address2))
        )
        said = node1.cmd(f"ip link add {one} type veth peer {other} netns {node2.pid}")
        if said:
            raise RuntimeError(f"ip link add {name1}: {said}")


class MininetNode(Node):  # type: ignore[misc]  # Mininet has no types
    """A node of ours as one of Mininet's."""

    @property
    def namespace(self) -> str:
        """A path by which processes of this user can enter its network namespace."""
        return f"/proc/{self.pid}/ns/net"

    def interfaces(self) -> list[str]:
        """The names of its interfaces, in the order of its cables."""
        return list(self.intfNames())

    def config(self, **params: Any) -> dict[str, Any]:  # noqa: ANN401
        """Called by Mininet once its interfaces are there."""
        self.configure(self, params)
        return {}

    @staticmethod
    def configure(node: Space, params: Mapping[str, Any]) -> None:
        """Configures a node of this kind, Mininet's or ours, through netlink."""
        raise NotImplementedError


class Station(MininetNode):
    """A host or router: interfaces up, addresses, routes, and rules by source address when there are several."""

    @staticmethod
    def configure(node: Space, params: Mapping[str, Any]) -> None:
        """Applies addresses {interface: CIDR}, neighbours [(interface, ip, mac)], routes, forwarding, accesses.

        `ip6` says whether there is IPv6; the interfaces in `asleep` have none before their link is attached. `tunnels`
        are made, and no more: keys and addresses are given to them by whoever runs in the node.
        """
        set_kernel(node, params)
        with inside(node) as link:
            link.link("set", index=index_of(link, "lo"), state="up")
            for interface in node.interfaces():
                link.link("set", index=index_of(link, interface), state="up")
            for interface, address in params.get("addresses", {}).items():
                link.addr("add", index=index_of(link, interface), address=address)
            for interface, ip, mac in params.get("neighbours", ()):
                link.neigh("add", ifindex=index_of(link, interface), dst=ip, lladdr=mac, state="permanent")
            for route in params.get("routes", ()):
                family = socket.AF_INET6 if is_ip6(route.via) else socket.AF_INET
                link.route("add", family=family, dst=route.to, gateway=route.via)
            if params.get("forwards"):
                routes = [(route.to, route.via) for route in params.get("routes", ())]
                filter_sources(link, params.get("addresses", {}), routes)
            for access in params.get("accesses", ()):
                configure_access(link, access)
            for tunnel in params.get("tunnels", ()):
                link.link("add", ifname=tunnel, kind="wireguard")


class Air(MininetNode):
    """The air of an access link: a bridge between its two ports, in a namespace of its own."""

    @staticmethod
    def configure(node: Space, params: Mapping[str, Any]) -> None:
        """Joins `ports` (interface names) by a bridge that forwards at once and says nothing itself."""
        write_sysctl(node, "net/ipv6/conf/all/disable_ipv6", 1)
        with inside(node) as link:
            link.link("add", ifname="bridge", kind="bridge", br_forward_delay=0, br_mcast_snooping=0)
            bridge = index_of(link, "bridge")
            for port in params.get("ports", ()):
                link.link("set", index=index_of(link, port), master=bridge, state="up")
            link.link("set", index=bridge, state="up")


def set_kernel(node: Space, params: Mapping[str, Any]) -> None:
    """Whether there is IPv6, and whether packets are passed on: then none in another network's name."""
    if params.get("ip6"):
        # Nobody else has the addresses of routers and servers, and they are used at once.
        for scope in ("all", "default", *node.interfaces()):
            write_sysctl(node, f"net/ipv6/conf/{scope}/accept_dad", 0)
        for interface in params.get("asleep", ()):
            write_sysctl(node, f"net/ipv6/conf/{interface}/disable_ipv6", 1)
    else:
        write_sysctl(node, "net/ipv6/conf/all/disable_ipv6", 1)
    if params.get("forwards"):
        write_sysctl(node, "net/ipv4/ip_forward", 1)
        write_sysctl(node, "net/ipv6/conf/all/forwarding", int(params.get("ip6", False)))
        # RFC 3704 2.2, strict: a packet comes from where its source is; for IPv6 see `filter_sources`.
        # "all" counts for each interface, those to come too: the kernel takes the higher value of the two.
        write_sysctl(node, "net/ipv4/conf/all/rp_filter", 1)


def write_sysctl(node: Space, name: str, value: int) -> None:
    """Sets a kernel parameter in the node's namespace; its parts are separated by slashes."""
    with entered(node):
        Path("/proc/sys", name).write_text(str(value))
