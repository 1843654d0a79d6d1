"""Routers that translate addresses: the kernel's own connection tracking, told by nftables what to remember."""

import subprocess

from testbed.lab.network.nodes import write_sysctl
from testbed.lab.network.packet_rules import refused_rules
from testbed.lab.plan import NatOrder
from testbed.lab.spaces import Spaces

# Where a kernel has them as modules, a namespace has the settings once the first is there.
MODULES = ("nf_conntrack", "nft_chain_nat", "nft_ct", "nft_nat", "nf_conntrack_sip", "nf_nat_sip")
TIMEOUTS = ("nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream")


class NatError(Exception):
    """The kernel does not translate as it is told."""


def translate(net: Spaces, order: NatOrder) -> None:
    """Makes a router translate; raises NatError with what the kernel, or `nft`, says."""
    node = net[order["node"]]
    subprocess.run(["modprobe", "-a", *MODULES], check=False, capture_output=True)
    if said := refused_rules(node, order["rules"]):
        raise NatError(f"{order['node']}: nft refused to translate: {said}")
    try:
        for name in TIMEOUTS:
            write_sysctl(node, f"net/netfilter/{name}", order["timeout_s"])
    except OSError as error:
        raise NatError(f"{order['node']}: the kernel keeps no mapping for {order['timeout_s']} s: {error}") from None
