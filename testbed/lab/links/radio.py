"""The radios of the mobile node: their carrier, and how a link comes to its address."""

import selectors
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pyroute2 import IPRoute

from agents.io.kernel import IFA_F_OPTIMISTIC, is_accepted
from testbed.lab.journal import Journal
from testbed.lab.links.dhcp import DhcpClient
from testbed.lab.network import AccessLink, Network
from testbed.lab.network.addresses import Access, bare
from testbed.lab.network.ip6 import RouterDiscovery, wake
from testbed.lab.network.nodes import (
    configure_access,
    configure_way_out,
    drop_addresses,
    set_default_route,
)
from testbed.lab.network.wireless import LAST_PHASE, Supplicant
from testbed.lab.plan import ConnectionManager, Radio
from testbed.lab.spaces import Spaces, index_of, inside

# Between default routes of links: as systems do it, a smaller metric is preferred.
METRIC = 100

Listener = DhcpClient | RouterDiscovery | Supplicant


class Radios:
    """Switches carriers and configures addresses in the mobile node.

    What gives addresses is heard through the selector, whose data are functions to call. As the plan's `connections`
    say, it also does what the system of a phone or a laptop does for programs that know nothing of links.
    """

    def __init__(
        self,
        net: Spaces,
        network: Network,
        plans: dict[str, Radio],
        connections: ConnectionManager,
        journal: Journal,
        selector: selectors.BaseSelector,
        logs: Path,
    ) -> None:
        self._net = net
        self._network = network
        self._plans = plans
        self._connections = connections
        self._journal = journal
        self._selector = selector
        self._logs = logs
        self._associating: dict[str, Listener] = {}
        self._addressing: dict[str, Listener] = {}

    def set_carrier(self, name: str, *, up: bool) -> None:
        """Raises or drops the carrier: the air's port goes up or down, and the node's kernel tells its programs."""
        link = self._network.access_link(name)
        with inside(self._net[link.air]) as netlink:
            port = index_of(netlink, link.node_port.name)
            netlink.link("set", index=port, state="up" if up else "down")
            if up:
                # To be asked has the kernel look at the carrier at once (net/core/rtnetlink.c, rtnl_getlink): by itself
                # it does so once a second, and until then the port passes nothing on.
                netlink.link("get", index=port)

    def lose(self, name: str) -> None:
        """What the node's system does when a link has lost its carrier."""
        link = self._network.access_link(name)
        if self._connections["default_routes"]:
            with inside(self._net[link.node.node]) as netlink:
                set_default_route(netlink, self._network.access(link), self._metric(name), is_there=False)
                if self._connections["drops_addresses"]:
                    drop_addresses(netlink, link.node.name)

    def regain(self, name: str) -> None:
        """What the node's system does when a link has its carrier again."""
        if self._connections["drops_addresses"]:
            self._attached(self._network.access_link(name))
        elif self._connections["default_routes"]:
            link = self._network.access_link(name)
            with inside(self._net[link.node.node]) as netlink:
                self._set_default_route(netlink, self._network.access(link))

    def attach(self, name: str) -> None:
        """Gets the link onto its network, and has it come to its address."""
        link, settings = self._network.access_link(name), self._plans[name]["supplicant"]
        if settings is None:
            self.set_carrier(name, up=True)
            self._attached(link)
        else:
            self._associate(link, settings)

    def has_address(self, name: str) -> bool:
        """Whether the mobile node may use its address on this link."""
        link = self._network.access_link(name)
        with inside(self._net[link.node.node]) as netlink:
            there = netlink.get_addr(index=index_of(netlink, link.node.name), address=bare(link.node.address))
            return any(is_accepted(one) for one in there)

    def close(self) -> None:
        """Ends all that was started here."""
        for listener in (*self._associating.values(), *self._addressing.values()):
            self._end(listener)

    def _associate(self, link: AccessLink, settings: str) -> None:
        """The kernel's own 802.11: it is attached when wpa_supplicant says so, and again each time that it does."""
        log = self._logs / f"wpa_supplicant-{link.name}.log"
        supplicant = Supplicant(self._net[link.node.node], link.node.name, settings, log)

        def heard() -> None:
            for time_ns, phase in supplicant.phases():
                self._journal.add("lab", "attach_phase", time_ns=time_ns, link=link.name, phase=phase)
                if phase == LAST_PHASE:
                    self._attached(link)

        self._listen(self._associating, link, supplicant, heard)

    def _attached(self, link: AccessLink) -> None:
        self._journal.add("lab", "attached", link=link.name)
        {"static": self._configure, "dhcp": self._ask, "slaac": self._solicit}[self._plans[link.name]["address"]](link)

    def _configure(self, link: AccessLink) -> None:
        """Static: the address that the topology says."""
        flags = 0
        if self._network.is_ip6:
            self._wake(link, solicits=False)
            flags = IFA_F_OPTIMISTIC if self._plans[link.name]["dad"] == "optimistic" else 0
        with inside(self._net[link.node.node]) as netlink:
            configure_access(netlink, self._network.access(link), address_flags=flags)
            self._set_default_route(netlink, self._network.access(link))

    def _ask(self, link: AccessLink) -> None:
        """DHCP: what the client is given is configured as any address is."""
        client = DhcpClient(self._net[link.node.node], link.node.name, self._logs / f"dhcp-{link.name}.log")

        def heard() -> None:
            for lease in client.leases():
                self._journal.add("lab", "lease", link=link.name, address=bare(lease.address), router=lease.router)
                access = replace(self._network.access(link), address=lease.address, gateway=lease.router)
                with inside(self._net[link.node.node]) as netlink:
                    configure_access(netlink, access)
                    self._set_default_route(netlink, access)

        self._listen(self._addressing, link, client, heard)

    def _solicit(self, link: AccessLink) -> None:
        """SLAAC: the kernel makes the address; of the router that it hears, a way out for this address is made."""
        node = self._net[link.node.node]
        discovery = RouterDiscovery(node, link.node.name)

        def heard() -> None:
            for router in discovery.routers():
                self._journal.add("lab", "router", link=link.name, router=router)
                access = replace(self._network.access(link), gateway=router)
                with inside(node) as netlink:
                    configure_way_out(netlink, access)
                    self._set_default_route(netlink, access)

        self._listen(self._addressing, link, discovery, heard)
        self._wake(link, solicits=True)

    def _set_default_route(self, netlink: IPRoute, access: Access) -> None:
        if self._connections["default_routes"]:
            name = next(one.name for one in self._network.access_links if one.node.name == access.interface)
            set_default_route(netlink, access, self._metric(name), is_there=True)

    def _metric(self, name: str) -> int:
        """The first of the preferred links has the smallest."""
        return METRIC * (1 + self._connections["prefers"].index(name))

    def _wake(self, link: AccessLink, *, solicits: bool) -> None:
        node, dad = self._net[link.node.node], self._plans[link.name]["dad"]
        wake(node, link.node.name, dad, solicits=solicits, is_given_identifier=not link.arp)

    def _listen(
        self, listeners: dict[str, Listener], link: AccessLink, listener: Listener, heard: Callable[[], None]
    ) -> None:
        """Instead of the one before."""
        if link.name in listeners:
            self._end(listeners[link.name])
        listeners[link.name] = listener
        self._selector.register(listener, selectors.EVENT_READ, heard)

    def _end(self, listener: Listener) -> None:
        self._selector.unregister(listener)
        listener.close()
