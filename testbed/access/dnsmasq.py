"""dnsmasq 2.90 of Debian 12 in an access router: DHCP (RFC 2131), or router advertisements (RFC 4861)."""

from ipaddress import ip_interface

from testbed.access.configured import server
from testbed.lab.network import AccessLink
from testbed.lab.network.addresses import bare
from testbed.lab.plan import Foreign

DHCP_SERVER_PORT = 67
# No DNS. As root, because a namespace of its own is all that it needs.
COMMON = ("port=0", "bind-interfaces", "user=root", "group=root", "log-dhcp", "leasefile-ro")


def program(link: AccessLink, mac: str) -> Foreign:
    """How it is started for an access link, whose mobile node has the Ethernet address `mac`.

    By DHCP it gives that node the address of the topology; by router advertisements the link's prefix.
    """
    router = ip_interface(link.router.address)
    if router.version == 4:
        gives = [
            f"dhcp-range={router.network.network_address},static,{router.network.netmask},1h",
            f"dhcp-host={mac},{bare(link.node.address)}",
            "dhcp-authoritative",
        ]
    else:
        gives = ["enable-ra", f"dhcp-range={router.network.network_address},ra-only,{router.network.prefixlen}"]
    lines = [*COMMON, f"interface={link.router.name}", *gives]
    return server(
        f"dnsmasq-{link.name}",
        link.router.node,
        "dnsmasq-base",
        ["dnsmasq", "--keep-in-foreground", "--log-facility=-", "--pid-file=", "--conf-file=dnsmasq.conf"],
        {"dnsmasq.conf": "".join(f"{line}\n" for line in lines)},
        udp=[DHCP_SERVER_PORT] if router.version == 4 else [],
    )
