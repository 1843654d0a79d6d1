"""IPv6 on the mobile node's access links: the kernel's own detection of duplicates, and its own SLAAC."""

import socket
from collections.abc import Iterator

from pyroute2.netlink import rtnl
from pyroute2.netlink.rtnl.marshal import MarshalRtnl

from agents.io.kernel import IFA_F_NODAD, RTPROT_RA
from testbed.lab.network.addresses import link_local
from testbed.lab.network.nodes import write_sysctl
from testbed.lab.plan import DuplicateDetection
from testbed.lab.spaces import NodeSpace, entered, index_of, inside

LARGEST_NEWS = 65536
# include/uapi/linux/if_link.h
IN6_ADDR_GEN_MODE_EUI64, IN6_ADDR_GEN_MODE_NONE = 0, 1
DETECTION: dict[DuplicateDetection, dict[str, int]] = {
    "on": {"accept_dad": 1, "optimistic_dad": 0, "use_optimistic": 0},
    "off": {"accept_dad": 0, "optimistic_dad": 0, "use_optimistic": 0},
    "optimistic": {"accept_dad": 1, "optimistic_dad": 1, "use_optimistic": 1},
}


def wake(
    node: NodeSpace, interface: str, dad: DuplicateDetection, *, solicits: bool, is_given_identifier: bool
) -> None:
    """Begins with IPv6 on an interface, from nothing: the kernel makes a link-local address and asks for routers.

    `is_given_identifier`: the network names the interface identifier, so that the link-local address needs no
    detection (3GPP TS 23.060, 9.2.1.1).
    """
    settings = {
        **DETECTION[dad],
        # RFC 6275 11.5.3: a mobile node should not wait before it looks for duplicates.
        "router_solicitation_delay": 0,
        "accept_ra": int(solicits),
        "addr_gen_mode": IN6_ADDR_GEN_MODE_NONE if is_given_identifier else IN6_ADDR_GEN_MODE_EUI64,
    }
    for name, value in settings.items():
        write_sysctl(node, f"net/ipv6/conf/{interface}/{name}", value)
    for value in (1, 0):
        write_sysctl(node, f"net/ipv6/conf/{interface}/disable_ipv6", value)
    if is_given_identifier:
        with inside(node) as netlink:
            index = index_of(netlink, interface)
            (link,) = netlink.get_links(index)
            address = link_local(link.get_attr("IFLA_ADDRESS"))
            netlink.addr("add", index=index, address=f"{address}/64", IFA_FLAGS=IFA_F_NODAD)


class RouterDiscovery:
    """Tells which routers have advertised themselves on an interface: the kernel makes default routes of them.

    Those stand in the main table, for any address; so they are of no use where there are several links.
    """

    def __init__(self, node: NodeSpace, interface: str) -> None:
        with inside(node) as netlink:
            self._index = index_of(netlink, interface)
        with entered(node):
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, rtnl.RTMGRP_IPV6_ROUTE))
        self._marshal = MarshalRtnl()

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._socket.fileno()

    def routers(self) -> Iterator[str]:
        """Addresses of routers since the last call."""
        for message in self._marshal.parse(self._socket.recv(LARGEST_NEWS)):
            is_default = message["event"] == "RTM_NEWROUTE" and message["dst_len"] == 0
            if is_default and message["proto"] == RTPROT_RA and message.get_attr("RTA_OIF") == self._index:
                yield str(message.get_attr("RTA_GATEWAY"))

    def close(self) -> None:
        """Ends it."""
        self._socket.close()
