"""Which addresses a network has: those of its topology, the same put into IPv6, and those that are made by SLAAC."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface

from testbed.lab.network import AccessLink, Interface, Network, Node, Route, Wire
from testbed.lab.network.addresses import is_ip6, link_local
from testbed.scenario.experiment.casting import Cast
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import Tree

# RFC 3849: for documentation. The 32 bits that follow are those of an IPv4 network; so each one becomes a /64.
PREFIX = IPv6Network("2001:db8::/32")
SHIFT = 64
# RFC 4862 5.5.3 d: prefix and interface identifier make 128 bits together, and the latter has 64 (RFC 4291 2.5.1).
SUBNET_LENGTH = 64


def in_ip6(network: Network) -> Network:
    """The same network with an IPv6 address for each one of IPv4; those that are of IPv6 stay.

    10.1.0.2/24 becomes 2001:db8:a01::a01:2/64: its network, 10.1.0.0, stands in the prefix, all of it in the end.
    """
    ends = [end.address for wire in network.all_wires() for end in (wire.a, wire.b) if end.address]
    subnets = [IPv4Interface(one).network for one in ends if not is_ip6(one)]
    return Network(
        name=network.name,
        mobile=network.mobile,
        nodes=tuple(
            Node(one.name, tuple(route_in_ip6(route, subnets) for route in one.routes), one.forwards)
            for one in network.nodes
        ),
        access_links=tuple(
            replace(one, node=interface_in_ip6(one.node), router=interface_in_ip6(one.router))
            for one in network.access_links
        ),
        wires=tuple(Wire(interface_in_ip6(one.a), interface_in_ip6(one.b)) for one in network.wires),
    )


def interface_in_ip6(end: Interface) -> Interface:
    """An interface with an IPv6 address, if it has one at all."""
    if not end.address or is_ip6(end.address):
        return end
    own = IPv4Interface(end.address)
    return replace(end, address=f"{embedded(own.ip, own.network)}/{SUBNET_LENGTH}")


def route_in_ip6(route: Route, subnets: list[IPv4Network]) -> Route:
    """A route of IPv6, whose next hop is in one of the subnets."""
    if is_ip6(route.via):
        return route
    to = "default" if route.to == "default" else str(prefix_of(IPv4Network(route.to)))
    via = IPv4Address(route.via)
    return Route(to, embedded(via, next(subnet for subnet in subnets if via in subnet)))


def prefix_of(network: IPv4Network) -> IPv6Network:
    """What all addresses in an IPv4 network have in common in IPv6."""
    return IPv6Network(
        (int(PREFIX.network_address) | int(network.network_address) << SHIFT, PREFIX.prefixlen + network.prefixlen)
    )


def embedded(address: IPv4Address, subnet: IPv4Network) -> str:
    """An IPv4 address of a subnet in IPv6."""
    return str(IPv6Address(int(prefix_of(subnet).network_address) | int(address)))


def with_slaac(network: Network, names: set[str]) -> Network:
    """The network with the addresses that its mobile node makes for itself on the links of these names.

    From the router's prefix and its Ethernet address (RFC 4862 5.5.3, RFC 4291 appendix A), as Linux does by default.
    """

    def made(link: AccessLink) -> AccessLink:
        if link.name not in names:
            return link
        prefix = IPv6Interface(link.router.address).network
        identifier = int(IPv6Address(link_local(network.mac(link.node)))) & (1 << SHIFT) - 1
        address = IPv6Address(int(prefix.network_address) | identifier)
        return replace(link, node=replace(link.node, address=f"{address}/{prefix.prefixlen}"))

    return replace(network, access_links=tuple(made(link) for link in network.access_links))


def addressed(scenario: Scenario, network: Network) -> Network:
    """The network with the addresses that the scenario gives it."""
    if scenario.ip == 4:
        return network
    return with_slaac(in_ip6(network), {link for link, way in scenario.address.items() if way == "slaac"})


def check_addresses(tree: Tree, scenario: Scenario, network: Network, cast: Cast, *, has_dad: bool) -> None:
    """The ways to addresses are those of the scenario's version of IP, and all that take part speak it."""
    errors = [*ways_wrong(tree, scenario, network), *versions_wrong(tree, scenario, network, cast)]
    if scenario.ip == 4 and has_dad:
        errors.append(tree.error(("dad",), "dad: is for IPv6; write ip: 6, or leave this out"))
    if errors:
        raise BadScenarioError(errors)


def ways_wrong(tree: Tree, scenario: Scenario, network: Network) -> Iterator[ScenarioError]:
    """Ways to an address that there are not."""
    wrong, other = ("slaac", 6) if scenario.ip == 4 else ("dhcp", 4)
    for name, way in scenario.address.items():
        router = network.access_link(name).router.address
        what = None
        if way == wrong:
            what = f"{way} is for IPv{other}; write ip: {other}, or another way to an address"
        elif way == "slaac" and is_ip6(router) and ip_interface(router).network.prefixlen != SUBNET_LENGTH:
            what = f"slaac takes a prefix of /{SUBNET_LENGTH}, and the router has {router}; write static"
        if what is not None:
            yield tree.error(("address", name), f"address.{name}: {what}")


def versions_wrong(tree: Tree, scenario: Scenario, network: Network, cast: Cast) -> Iterator[ScenarioError]:
    """Who does not speak the scenario's version of IP."""
    addressed = (end for wire in network.all_wires() for end in (wire.a, wire.b))
    strange = next((end for end in addressed if is_ip6(end.address)), None)
    if scenario.ip == 4 and strange is not None:
        what = f"topology: '{strange.name}' has the IPv6 address {strange.address}; write ip: 6"
        yield tree.error(("topology",), what)
    for field, choice in cast.without_ip6() if scenario.ip == 6 else ():
        yield tree.error((field,), f"{field}: {choice} is set up for IPv4 alone; write ip: 4, or choose another")
