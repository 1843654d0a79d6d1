"""Carries out what a role wants of the kernel: tunnels, routes, copies; by netlink, through pyroute2.

Everything is an order of the kernel's own tools, and named like them: `ip link`, `ip route`, `ip rule`, `tc`.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyroute2 import IPRoute, NetlinkError, WireGuard

from agents.roles.kernel_orders import (
    CopyOnto,
    Deliver,
    DropTunnel,
    Greet,
    Intercept,
    OnlyFrom,
    OwnAddress,
    RouteLike,
    SendBy,
    SetTunnel,
    SetWireguard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from agents.roles.kernel_orders import KernelOrder

# A routing table, and the priority of the rule that leads to it, for the node's own address; after those of its links.
OWN_TABLE = 200
# In it, and in the main one for who chooses no address: what counts while nothing else is said, and what is said.
USUAL, CHOSEN = 1000, 10
# Of a tunnel: before every other rule but that of the local table.
FIRST_RULE = 10
MAIN_TABLE = 254
# Of the rule for a tunnel's own packets: before those for the addresses of the node's links.
TUNNEL_RULE = 20
# After so long without a packet WireGuard sends an empty one (wg(8): "a sensible interval").
KEEP_ALIVE_S = 25
IP_IN_IP = 4
BROADCAST = b"\xff" * 6
ETHERTYPE_ARP = 0x0806
ARP_REPLY = 2
# include/uapi/linux/pkt_sched.h: TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), and the filter that stands for everything.
EGRESS = 0xFFFFFFF3
ETH_P_ALL = 0x0003


class OrderedKernel:
    """This namespace's. Raises NetlinkError for what it refuses, with the errno that says why."""

    def __init__(self) -> None:
        self._netlink = IPRoute()
        self._does: dict[type, Callable[[Any], None]] = {
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
        }

    def carry_out(self, order: KernelOrder) -> None:
        """Does it."""
        self._does[type(order)](order)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _index(self, interface: str) -> int:
        found = self._netlink.link_lookup(ifname=interface)
        if not found:
            raise NetlinkError(errno.ENODEV, f"no interface {interface}")
        return int(found[0])

    def _tunnel(self, order: SetTunnel) -> None:
        ends = {"ipip_local": order.local, "ipip_remote": order.remote, "ipip_proto": IP_IN_IP}
        self._netlink.link("add", ifname=order.name, kind="ipip", **ends)
        write_sysctl(f"net/ipv4/conf/{order.name}/rp_filter", 0)
        self._netlink.link("set", index=self._index(order.name), state="up")

    def _no_tunnel(self, order: DropTunnel) -> None:
        for priority in (FIRST_RULE, FIRST_RULE + 1):
            with contextlib.suppress(NetlinkError):  # it has none of `OnlyFrom`
                self._netlink.rule("del", family=socket.AF_INET, priority=priority, iifname=order.name)
        self._netlink.link("del", index=self._index(order.name))

    def _own_address(self, order: OwnAddress) -> None:
        index = self._index(order.interface)
        self._netlink.addr("replace", index=index, address=order.address, prefixlen=32)
        rule = {
            "family": socket.AF_INET,
            "src": order.address,
            "src_len": 32,
            "table": OWN_TABLE,
            "priority": OWN_TABLE,
        }
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.rule("del", **rule)
        self._netlink.rule("add", **rule)
        way = {"family": socket.AF_INET, "dst": "default", "oif": index}
        self._netlink.route("replace", **way, table=OWN_TABLE, priority=USUAL)
        self._netlink.route("replace", **way, prefsrc=order.address, priority=USUAL)

    def _send_by(self, order: SendBy) -> None:
        way = {"family": socket.AF_INET, "dst": "default", "oif": self._index(order.interface), "priority": CHOSEN}
        self._netlink.route("replace", **way, table=OWN_TABLE)
        self._netlink.route("replace", **way, prefsrc=order.address)

    def _intercept(self, order: Intercept) -> None:
        write_sysctl("net/ipv4/ip_forward", 1)
        write_sysctl(f"net/ipv4/neigh/{order.interface}/proxy_delay", 0)  # else up to 0.8 s: arp(7)
        index = self._index(order.interface)
        self._netlink.neigh("replace", family=socket.AF_INET, ifindex=index, dst=order.address, flags=0x08)  # NTF_PROXY
        announce(order.address, order.interface)

    def _deliver(self, order: Deliver) -> None:
        if not order.interfaces:
            with contextlib.suppress(NetlinkError):  # it went with its tunnel
                self._netlink.route("del", family=socket.AF_INET, dst=f"{order.address}/32")
            return
        first, *others = order.interfaces
        self._copies(CopyOnto(first, tuple(others)))
        self._netlink.route("replace", family=socket.AF_INET, dst=f"{order.address}/32", oif=self._index(first))

    def _only_from(self, order: OnlyFrom) -> None:
        rule = {"family": socket.AF_INET, "iifname": order.interface}
        allowed = {"src": order.address, "src_len": 32, "table": MAIN_TABLE}
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

    def _route_like(self, order: RouteLike) -> None:
        """By the table that the rule for packets from that address leads to."""
        rules = self._netlink.get_rules(family=socket.AF_INET)
        table = next(one.get_attr("FRA_TABLE") for one in rules if one.get_attr("FRA_SRC") == order.address)
        with contextlib.suppress(NetlinkError):  # there is none yet
            self._netlink.rule("del", family=socket.AF_INET, priority=TUNNEL_RULE)
        self._netlink.rule(
            "add", family=socket.AF_INET, priority=TUNNEL_RULE, table=table, dst=order.remote.ip, dst_len=32,
            ip_proto=socket.IPPROTO_UDP, dport_range=f"{order.remote.port}:{order.remote.port}",
        )  # fmt: skip

    def _mirrors(self, onto: Iterable[str]) -> Iterable[dict[str, object]]:
        for interface in onto:
            yield {
                "kind": "mirred", "direction": "egress", "action": "mirror", "ifindex": self._index(interface),
            }  # fmt: skip


def announce(address: str, interface: str) -> None:
    """A gratuitous ARP reply: from now on packets for `address` go to this interface (RFC 5944 4.6)."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, ETHERTYPE_ARP))
        own = sock.getsockname()[4]
        ip = socket.inet_aton(address)
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, ARP_REPLY) + own + ip + own + ip
        sock.send(BROADCAST + own + struct.pack("!H", ETHERTYPE_ARP) + arp)


def write_sysctl(name: str, value: int) -> None:
    """Sets a parameter of this namespace's kernel; its parts are separated by slashes."""
    Path("/proc/sys", name).write_text(str(value))
