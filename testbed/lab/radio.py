"""The radios of the mobile node: their carrier, and the address that comes with a link."""

from mininet.net import Mininet

from testbed.lab.network import Network
from testbed.lab.nodes import bare, configure_access, index_of, inside


class Radios:
    """Switches carriers and configures addresses in the mobile node, all through netlink."""

    def __init__(self, net: Mininet, network: Network) -> None:
        self._net = net
        self._network = network

    def set_carrier(self, name: str, *, up: bool) -> None:
        """Raises or drops the carrier: the air's port goes up or down, and the node's kernel tells its programs."""
        link = self._network.access_link(name)
        with inside(self._net[link.air]) as netlink:
            port = index_of(netlink, link.node_port.name)
            netlink.link("set", index=port, state="up" if up else "down")

    def add_address(self, name: str) -> str:
        """Gives the mobile node its address on this link; returns the address."""
        link = self._network.access_link(name)
        with inside(self._net[link.node.node]) as netlink:
            configure_access(netlink, self._network.access(link))
        return bare(link.node.address)
