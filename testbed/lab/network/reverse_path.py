"""Nobody sends in another network's name over IPv6 either: a packet comes from where its source is (RFC 3704 2.2).

For IPv4 the kernel looks that up itself (rp_filter). For IPv6 these are rules, which need no module of the kernel's:
packets from a network go on by the routes if they come over the interface that it is behind, else nowhere.
"""

import ipaddress
import socket
from collections.abc import Iterable, Mapping

from pyroute2 import IPRoute

from testbed.lab.network.addresses import is_ip6

# Before the rule that every system has for its table "main", 32766; that for the node's own addresses is before all.
FIRST_RULE, MAIN_RULE = 100, 32766
EVERYWHERE = ipaddress.IPv6Network("::/0")


def filter_sources(netlink: IPRoute, addresses: Mapping[str, str], routes: Iterable[tuple[str, str]]) -> None:
    """Has a router drop what comes over another interface than packets to its source would leave by.

    `addresses` are its interfaces' own, with prefix lengths; `routes` each a destination and a next hop. What it sends
    itself is left alone. Nothing is done where it has no IPv6.
    """
    behind = networks_behind(addresses, routes)
    if not behind:
        return
    on = {"family": socket.AF_INET6, "action": "FR_ACT_GOTO", "goto": MAIN_RULE}
    off = {"family": socket.AF_INET6, "action": "FR_ACT_BLACKHOLE"}
    netlink.rule("add", priority=FIRST_RULE, iifname="lo", **on)
    priority = FIRST_RULE + 1
    for network in sorted({network for network, _ in behind} | {EVERYWHERE}, key=lambda one: -one.prefixlen):
        source = {"src": str(network.network_address), "src_len": network.prefixlen}
        for interface in sorted(interface for known, interface in behind if known == network):
            netlink.rule("add", priority=priority, iifname=interface, **source, **on)
        netlink.rule("add", priority=priority + 1, **source, **off)
        priority += 2


def networks_behind(
    addresses: Mapping[str, str], routes: Iterable[tuple[str, str]]
) -> set[tuple[ipaddress.IPv6Network, str]]:
    """The networks that packets are sent to over each interface: its own, and those of the routes."""
    own = {
        interface: ipaddress.IPv6Interface(address).network
        for interface, address in addresses.items()
        if is_ip6(address)
    }
    behind = {(network, interface) for interface, network in own.items()}
    for to, via in routes:
        if is_ip6(via):
            network = EVERYWHERE if to == "default" else ipaddress.IPv6Network(to)
            gateway = ipaddress.IPv6Address(via)
            behind |= {(network, interface) for interface, known in own.items() if gateway in known}
    return behind
