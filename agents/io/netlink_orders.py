"""Carries out what a role wants of the kernel: tunnels, routes, copies; by netlink, through pyroute2.

Everything is an order of the kernel's own tools, and named like them: `ip link`, `ip route`, `ip rule`, `tc`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute, NetlinkError, WireGuard

from agents.io.held_traffic import HeldTraffic
from agents.io.neighbours import announce
from agents.io.node_routes import NodeRoutes, family_of, is_ip6
from agents.io.route_optimisation import RouteOptimisation
from agents.roles.kernel_orders import (
    BeAtHome,
    CopyOnto,
    Deliver,
    Detour,
    DropTunnel,
    GiveBack,
    Greet,
    HoldBack,
    Intercept,
    LeaveHome,
    LetGo,
    LetInRouted,
    LetInUpdates,
    NoLongerServe,
    OnlyFrom,
    OwnAddress,
    ReachRouter,
    RouteDirectly,
    RouteLike,
    RouteTo,
    SendBy,
    SendByRouter,
    SendLike,
    ServeNode,
    SetLogical,
    SetTunnel,
    SetWireguard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.roles.kernel_orders import KernelOrder

# A routing table, and the priority of the rule that leads to it, for the node's own address; after those of its links.
OWN_TABLE = 200
# The same for an address of its own that is not for programs.
CARE_OF_TABLE = 202
# In it, and in the main one for who chooses no address: what counts while nothing else is said, and what is said.
USUAL, CHOSEN = 1000, 10
# Of a tunnel: before every other rule but that of the local table.
FIRST_RULE = 10
MAIN_TABLE = 254
# Of the rule for a tunnel's own packets: before those for the addresses of the node's links.
TUNNEL_RULE = 20
# A routing table, and its rule's priority, for an address of a link that has been left: likewise.
DETOUR_TABLE, DETOUR_RULE = 201, 21
# After so long without a packet WireGuard sends an empty one (wg(8): "a sensible interval").
KEEP_ALIVE_S = 25
IP_IN_IP, IP6_IN_IP6 = 4, 41
# include/uapi/linux/ip6_tunnel.h: without RFC 2473's option, which would be 8 bytes in every packet.
IP6_TNL_F_IGN_ENCAP_LIMIT = 1
HOP_LIMIT = 64
# include/uapi/linux/if_addr.h: nobody else has it; and it is a home address, else type 2 routing headers are dropped.
IFA_F_NODAD, IFA_F_HOMEADDRESS = 0x02, 0x10
# include/uapi/linux/neighbour.h: it is answered for in somebody else's name.
NTF_PROXY = 0x08
# include/uapi/linux/rtnetlink.h: RT_SCOPE_LINK, and RTNH_F_ONLINK for a next hop that no route of ours leads to.
LINK_SCOPE, ON_LINK = 253, 4
# include/uapi/linux/if_link.h: no link-local address, which a tunnel needs for nothing.
IN6_ADDR_GEN_MODE_NONE = 1
# include/uapi/linux/pkt_sched.h: TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), and the filter that stands for everything.
EGRESS = 0xFFFFFFF3
ETH_P_ALL = 0x0003


class OrderedKernel:
    """This namespace's. Raises NetlinkError for what it refuses, with the errno that says why."""

    def __init__(self) -> None:
        self._netlink = IPRoute()
        # Of its own addresses those that are not for programs.
        self._not_for_programs: set[str] = set()
        self._does: dict[type, Callable[[Any], dict[str, Any] | None]] = {
            SetTunnel: self._tunnel,
            DropTunnel: self._no_tunnel,
            OwnAddress: self._own_address,
            SendBy: self._send_by,
            Intercept: self._intercept,
            Deliver: self._deliver,
            OnlyFrom: self._only_from,
            CopyOnto: self._copies,
            SetWireguard: self._wireguard,
            Greet: self._greet,
            RouteLike: self._route_like,
            SetLogical: self._logical,
            SendLike: self._send_like,
            RouteTo: self._route_to,
            Detour: self._detour,
        }
        optimisation, nodes = RouteOptimisation(), NodeRoutes(self._netlink)
        self._does |= {
            ServeNode: nodes.serve,
            NoLongerServe: nodes.no_longer_serve,
            ReachRouter: self._reach_router,
            SendByRouter: self._send_by_router,
            BeAtHome: self._be_at_home,
            LeaveHome: lambda order: write_sysctl(f"net/ipv4/conf/{order.interface}/arp_ignore", 1),
            GiveBack: self._give_back,
            LetInUpdates: optimisation.let_in_updates,
            LetInRouted: optimisation.let_in_routed,
            RouteDirectly: optimisation.route_directly,
        }
        held = HeldTraffic()
        self._does |= {HoldBack: held.hold_back, LetGo: held.let_go}

    def carry_out(self, order: KernelOrder) -> dict[str, Any] | None:
        """Does it; returns what the kernel has to say of it, if anything."""
        return self._does[type(order)](order)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _index(self, interface: str) -> int:
        found = self._netlink.link_lookup(ifname=interface)
        if not found:
            raise NetlinkError(errno.ENODEV, f"no interface {interface}")
        return int(found[0])

    def _tunnel(self, order: SetTunnel) -> None:
        if is_ip6(order.local):
            ends = {"ip6tnl_local": order.local, "ip6tnl_remote": order.remote, "ip6tnl_proto": IP6_IN_IP6}
            how = {"ip6tnl_flags": IP6_TNL_F_IGN_ENCAP_LIMIT, "ip6tnl_ttl": HOP_LIMIT}
            self._netlink.link("add", ifname=order.name, kind="ip6tnl", **ends, **how)
            for name, value in (("accept_ra", 0), ("addr_gen_mode", IN6_ADDR_GEN_MODE_NONE)):
                write_sysctl(f"net/ipv6/conf/{order.name}/{name}", value)
        else:
            ends = {"ipip_local": order.local, "ipip_remote": order.remote, "ipip_proto": IP_IN_IP}
            self._netlink.link("add", ifname=order.name, kind="ipip", **ends)
            write_sysctl(f"net/ipv4/conf/{order.name}/rp_filter", 0)
        self._netlink.link("set", index=self._index(order.name), state="up")

    def _no_tunnel(self, order: DropTunnel) -> None:
        for family in (socket.AF_INET, socket.AF_INET6):
            for priority in (FIRST_RULE, FIRST_RULE + 1):
                with contextlib.suppress(NetlinkError):  # it has none of `OnlyFrom`
                    self._netlink.rule("del", family=family, priority=priority, iifname=order.name)
        self._netlink.link("del", index=self._index(order.name))

    def _own_address(self, order: OwnAddress) -> None:
        index = self._index(order.interface)
        family, length = family_of(order.address)
        flags = {"IFA_FLAGS": IFA_F_NODAD | IFA_F_HOMEADDRESS} if family == socket.AF_INET6 else {}
        self._netlink.addr("replace", index=index, address=order.address, prefixlen=length, **flags)
        (self._not_for_programs.discard if order.for_programs else self._not_for_programs.add)(order.address)
        table = self._table_for(order.address)
        rule = {"family": family, "src": order.address, "src_len": length, "table": table, "priority": table}
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.rule("del", **rule)
        self._netlink.rule("add", **rule)
        way = {"family": family, "dst": "default", "oif": index}
        self._netlink.route("replace", **way, table=table, priority=USUAL)
        if order.for_programs:
            self._netlink.route("replace", **way, prefsrc=order.address, priority=USUAL)

    def _table_for(self, address: str) -> int:
        """Where the routes of what is sent from an address of its own stand."""
        return CARE_OF_TABLE if address in self._not_for_programs else OWN_TABLE

    def _send_by(self, order: SendBy) -> None:
        family, _ = family_of(order.address)
        way = {"family": family, "dst": "default", "oif": self._index(order.interface), "priority": CHOSEN}
        self._netlink.route("replace", **way, table=self._table_for(order.address))
        if order.address not in self._not_for_programs:
            self._netlink.route("replace", **way, prefsrc=order.address)

    def _intercept(self, order: Intercept) -> None:
        family, _ = family_of(order.address)
        if family == socket.AF_INET6:
            write_sysctl("net/ipv6/conf/all/forwarding", 1)
            write_sysctl(f"net/ipv6/conf/{order.interface}/proxy_ndp", 1)
        else:
            write_sysctl("net/ipv4/ip_forward", 1)
        version = 6 if family == socket.AF_INET6 else 4
        write_sysctl(f"net/ipv{version}/neigh/{order.interface}/proxy_delay", 0)  # else up to 0.8 s: arp(7)
        index = self._index(order.interface)
        self._netlink.neigh("replace", family=family, ifindex=index, dst=order.address, flags=NTF_PROXY)
        announce(order.address, order.interface)

    def _deliver(self, order: Deliver) -> None:
        family, length = family_of(order.address)
        if not order.interfaces:
            with contextlib.suppress(NetlinkError):  # it went with its tunnel
                self._netlink.route("del", family=family, dst=f"{order.address}/{length}")
            return
        first, *others = order.interfaces
        self._copies(CopyOnto(first, tuple(others)))
        self._netlink.route("replace", family=family, dst=f"{order.address}/{length}", oif=self._index(first))

    def _only_from(self, order: OnlyFrom) -> None:
        family, length = family_of(order.address)
        rule = {"family": family, "iifname": order.interface}
        allowed = {"src": order.address, "src_len": length, "table": MAIN_TABLE}
        self._netlink.rule("add", priority=FIRST_RULE, **rule, **allowed)
        self._netlink.rule("add", priority=FIRST_RULE + 1, **rule, action="FR_ACT_BLACKHOLE")

    def _copies(self, order: CopyOnto) -> None:
        index = self._index(order.interface)
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.tc("del", "clsact", index)
        if order.onto:
            self._netlink.tc("add", "clsact", index)
            self._netlink.tc(
                "add-filter", "matchall", index, parent=EGRESS, protocol=ETH_P_ALL, prio=1,
                action=list(self._mirrors(order.onto)),
            )  # fmt: skip

    def _wireguard(self, order: SetWireguard) -> None:
        if not self._netlink.link_lookup(ifname=order.name):
            self._netlink.link("add", ifname=order.name, kind="wireguard")
        peer: dict[str, object] = {"public_key": b64encode(order.peer), "allowed_ips": ["0.0.0.0/0"]}
        if order.endpoint is not None:
            peer |= {"endpoint_addr": order.endpoint.ip, "endpoint_port": order.endpoint.port}
        with WireGuard() as wireguard:
            wireguard.set(order.name, private_key=b64encode(order.private_key), listen_port=order.port, peer=peer)
        write_sysctl(f"net/ipv4/conf/{order.name}/rp_filter", 0)
        self._netlink.link("set", index=self._index(order.name), state="up")

    def _greet(self, order: Greet) -> None:
        """An interval that begins to count is greeted at once: drivers/net/wireguard/netlink.c, set_peer."""
        peer = {"public_key": b64encode(order.peer), "update_only": True}
        with WireGuard() as wireguard:
            for seconds in (0, KEEP_ALIVE_S):
                wireguard.set(order.name, peer={**peer, "persistent_keepalive": seconds})

    def _logical(self, order: SetLogical) -> None:
        self._netlink.link("add", ifname=order.name, kind="dummy")
        self._netlink.link("set", index=self._index(order.name), state="up")

    def _send_like(self, order: SendLike) -> None:
        """The default route of that address's table is the one of ours, and of who chooses no address."""
        family, _ = family_of(order.address)
        routes = self._netlink.get_routes(family=family, table=self._table_of(order.like))
        found = next((one for one in routes if one["dst_len"] == 0), None)
        if found is None:  # its link has gone meanwhile
            return
        way = {"family": family, "dst": "default", "priority": CHOSEN, "oif": found.get_attr("RTA_OIF")}
        way["gateway"] = found.get_attr("RTA_GATEWAY")
        if order.mtu is not None:
            way["metrics"] = {"mtu": order.mtu}
        self._netlink.route("replace", **way, table=OWN_TABLE)
        self._netlink.route("replace", **way, prefsrc=order.address)

    def _reach_router(self, order: ReachRouter) -> None:
        """It answers for addresses of that interface alone (ip-sysctl: arp_ignore), and asks nobody for the router."""
        index = self._index(order.interface)
        write_sysctl(f"net/ipv4/conf/{order.interface}/arp_ignore", 1)
        link_layer = ":".join(f"{octet:02x}" for octet in order.link_layer)
        self._netlink.neigh("replace", ifindex=index, dst=order.router, lladdr=link_layer, state="permanent")
        self._netlink.route("replace", dst=f"{order.router}/32", oif=index, table=OWN_TABLE, scope=LINK_SCOPE)

    def _send_by_router(self, order: SendByRouter) -> None:
        self._by_router(order, metrics={"mtu": order.mtu})

    def _by_router(self, order: SendByRouter | BeAtHome, **how: object) -> None:
        way = {"dst": "default", "gateway": order.router, "oif": self._index(order.interface), "priority": CHOSEN}
        way |= {"flags": ON_LINK, **how}
        self._netlink.route("replace", **way, table=OWN_TABLE)
        self._netlink.route("replace", **way, prefsrc=order.address)

    def _be_at_home(self, order: BeAtHome) -> None:
        """Its router is asked in the name of the address of this interface: nobody expects the other one here yet."""
        write_sysctl(f"net/ipv4/conf/{order.interface}/arp_announce", 2)
        write_sysctl(f"net/ipv4/conf/{order.interface}/arp_ignore", 0)
        announce(order.address, order.interface)
        self._by_router(order)

    def _give_back(self, order: GiveBack) -> None:
        index = self._index(order.interface)
        with contextlib.suppress(NetlinkError):  # it was never taken
            self._netlink.neigh("del", family=socket.AF_INET, ifindex=index, dst=order.address, flags=NTF_PROXY)
        announce(order.address, order.interface, order.link_layer)

    def _table_of(self, address: str) -> int:
        """That which the rule for packets from an address leads to."""
        rules = self._netlink.get_rules(family=family_of(address)[0])
        return int(next(one.get_attr("FRA_TABLE") for one in rules if one.get_attr("FRA_SRC") == address))

    def _route_like(self, order: RouteLike) -> None:
        table = self._table_of(order.address)
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.rule("del", family=socket.AF_INET, priority=TUNNEL_RULE)
        self._netlink.rule(
            "add", family=socket.AF_INET, priority=TUNNEL_RULE, table=table, dst=order.remote.ip, dst_len=32,
            ip_proto=socket.IPPROTO_UDP, dport_range=f"{order.remote.port}:{order.remote.port}",
        )  # fmt: skip

    def _route_to(self, order: RouteTo) -> None:
        """A route of the main table, which whoever listens for changes of routes hears of."""
        found = self._netlink.get_default_routes(family=socket.AF_INET, table=self._table_of(order.address))
        gateway, index = (found[0].get_attr(name) for name in ("RTA_GATEWAY", "RTA_OIF"))
        self._netlink.route("replace", dst=f"{order.remote}/32", gateway=gateway, oif=index, prefsrc=order.address)

    def _detour(self, order: Detour) -> None:
        """The rule stays: without the interface there is nothing in its table, and the next rule counts."""
        index = self._index(order.interface)
        family, length = family_of(order.address)
        self._netlink.addr("add", index=index, address=order.address, prefixlen=length, IFA_FLAGS=IFA_F_NODAD)
        self._netlink.route("replace", family=family, dst="default", oif=index, table=DETOUR_TABLE)
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.rule("del", family=family, priority=DETOUR_RULE)
        self._netlink.rule(
            "add", family=family, priority=DETOUR_RULE, table=DETOUR_TABLE, src=order.address, src_len=length
        )

    def _mirrors(self, onto: Iterable[str]) -> Iterable[dict[str, object]]:
        for interface in onto:
            yield {
                "kind": "mirred", "direction": "egress", "action": "mirror", "ifindex": self._index(interface),
            }  # fmt: skip


def write_sysctl(name: str, value: int) -> None:
    """Sets a parameter of this namespace's kernel; its parts are separated by slashes."""
    Path("/proc/sys", name).write_text(str(value))
