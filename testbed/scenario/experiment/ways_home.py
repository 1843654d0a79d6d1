"""Where the ways from the access links' routers home meet, for schemes in which a router there takes part."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface, ip_network

from testbed.lab.network import AccessLink, Interface, Network, Node
from testbed.lab.network.addresses import bare, is_ip6
from testbed.scenario.experiment.access_routers import ways
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.topology import AGENTS, HOME

SUBNET_LENGTH = 64


def anchor_interface(scenario: Scenario, network: Network) -> Interface | None:
    """The interface by which that router is reached from the first link's; None where there is none."""
    first, second = (way_home(network, link) for link in ways(scenario, network))
    on_both = {end.node for end in second}
    forwards = {node.name for node in network.nodes if node.forwards} - {HOME, *AGENTS}
    return next((end for end in first if end.node in on_both & forwards), None)


def way_home(network: Network, link: AccessLink) -> list[Interface]:
    """The interfaces at which a packet for the home agent comes in, from a link's router on."""
    home = next(end for end in network.interfaces(HOME) if end.address)
    return [*way_to(network, link.router.node, bare(home.address))]


def anchor_point_wrong(scenario: Scenario, network: Network) -> str:
    """What keeps a network from having one; nothing where nothing does."""
    found = anchor_interface(scenario, network)
    if found is None:
        return f"the ways from links {scenario.first_link} and {scenario.second_link} to '{HOME}' meet in no router"
    prefix = ip_interface(found.address).network.prefixlen
    if is_ip6(found.address) and prefix != SUBNET_LENGTH:
        return f"'{found.name}' has {found.address}, and addresses are made in a /{SUBNET_LENGTH} (RFC 4291 2.5.1)"
    if not any(end.node == found.node for end in way_to(network, HOME, bare(found.address))):
        return f"no routes lead from '{HOME}' to {bare(found.address)} of '{found.node}'"
    return ""


def way_to(network: Network, node: str, address: str) -> Iterator[Interface]:
    """The interfaces at which a packet to this address comes in, from this node on, as far as routes lead it."""
    nodes = {one.name: one for one in network.nodes}
    owners = {bare(end.address): end for one in network.nodes for end in network.interfaces(one.name) if end.address}
    for _ in nodes:
        entered = owners.get(next_hop(network, nodes[node], address) or "")
        if entered is None or entered.node == node:
            return
        yield entered
        node = entered.node


def next_hop(network: Network, node: Node, address: str) -> str | None:
    """Where a node sends what is for an address: the address itself on its own subnets; None without a route."""
    wanted = ip_address(address)
    if any(end.address and wanted in ip_interface(end.address).network for end in network.interfaces(node.name)):
        return address
    found = [(-1 if one.to == "default" else ip_network(one.to).prefixlen, one) for one in node.routes
             if one.to == "default" or wanted in ip_network(one.to)]  # fmt: skip
    return max(found, key=lambda one: one[0])[1].via if found else None
