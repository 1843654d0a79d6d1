"""The radios of the mobile node: their carrier, and how a link comes to its address."""

import selectors
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mininet.net import Mininet

from agents.io.kernel import IFA_F_OPTIMISTIC, is_accepted
from testbed.lab.dhcp import DhcpClient
from testbed.lab.ip6 import RouterDiscovery, wake
from testbed.lab.journal import Journal
from testbed.lab.network import AccessLink, Network
from testbed.lab.nodes import bare, configure_access, configure_way_out, index_of, inside
from testbed.lab.plan import Radio


class Radios:
    """Switches carriers and configures addresses in the mobile node.

    What gives addresses is heard through the selector, whose data are functions to call.
    """

    def __init__(
        self,
        net: Mininet,
        network: Network,
        plans: dict[str, Radio],
        journal: Journal,
        selector: selectors.BaseSelector,
        logs: Path,
    ) -> None:
        self._net = net
        self._network = network
        self._plans = plans
        self._journal = journal
        self._selector = selector
        self._logs = logs
        self._listening: dict[str, DhcpClient | RouterDiscovery] = {}

    def set_carrier(self, name: str, *, up: bool) -> None:
        """Raises or drops the carrier: the air's port goes up or down, and the node's kernel tells its programs."""
        link = self._network.access_link(name)
        with inside(self._net[link.air]) as netlink:
            port = index_of(netlink, link.node_port.name)
            netlink.link("set", index=port, state="up" if up else "down")

    def attach(self, name: str) -> None:
        """Raises the carrier and has the link come to its address."""
        link = self._network.access_link(name)
        self.detach(name)
        self.set_carrier(name, up=True)
        {"static": self._configure, "dhcp": self._ask, "slaac": self._solicit}[self._plans[name]["address"]](link)

    def detach(self, name: str) -> None:
        """Ends what looks after the link's address."""
        listening = self._listening.pop(name, None)
        if listening is not None:
            self._selector.unregister(listening)
            listening.close()

    def has_address(self, name: str) -> bool:
        """Whether the mobile node may use its address on this link."""
        link = self._network.access_link(name)
        with inside(self._net[link.node.node]) as netlink:
            there = netlink.get_addr(index=index_of(netlink, link.node.name), address=bare(link.node.address))
            return any(is_accepted(one) for one in there)

    def close(self) -> None:
        """Ends all that was started here."""
        for name in list(self._listening):
            self.detach(name)

    def _configure(self, link: AccessLink) -> None:
        """Static: the address that the topology says."""
        flags = 0
        if self._network.is_ip6:
            self._wake(link, solicits=False)
            flags = IFA_F_OPTIMISTIC if self._plans[link.name]["dad"] == "optimistic" else 0
        with inside(self._net[link.node.node]) as netlink:
            configure_access(netlink, self._network.access(link), address_flags=flags)

    def _ask(self, link: AccessLink) -> None:
        """DHCP: what the client is given is configured as any address is."""
        client = DhcpClient(self._net[link.node.node], link.node.name, self._logs / f"dhcp-{link.name}.log")

        def heard() -> None:
            for lease in client.leases():
                self._journal.add("lab", "lease", link=link.name, address=bare(lease.address), router=lease.router)
                access = replace(self._network.access(link), address=lease.address, gateway=lease.router)
                with inside(self._net[link.node.node]) as netlink:
                    configure_access(netlink, access)

        self._listen(link, client, heard)

    def _solicit(self, link: AccessLink) -> None:
        """SLAAC: the kernel makes the address; of the router that it hears, a way out for this address is made."""
        node = self._net[link.node.node]
        discovery = RouterDiscovery(node, link.node.name)

        def heard() -> None:
            for router in discovery.routers():
                self._journal.add("lab", "router", link=link.name, router=router)
                with inside(node) as netlink:
                    configure_way_out(netlink, replace(self._network.access(link), gateway=router))

        self._listen(link, discovery, heard)
        self._wake(link, solicits=True)

    def _wake(self, link: AccessLink, *, solicits: bool) -> None:
        node, dad = self._net[link.node.node], self._plans[link.name]["dad"]
        wake(node, link.node.name, dad, solicits=solicits, is_given_identifier=not link.arp)

    def _listen(self, link: AccessLink, to: DhcpClient | RouterDiscovery, heard: Callable[[], None]) -> None:
        self._listening[link.name] = to
        self._selector.register(to, selectors.EVENT_READ, heard)
