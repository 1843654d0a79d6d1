"""The routers of the access links, for schemes in which these take part: one for each link."""

from testbed.lab.network import AccessLink, Interface, Network
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.kinds.topology import AGENTS, HOME

ENDS = (*AGENTS, HOME)


def ways(scenario: Scenario, network: Network) -> tuple[AccessLink, AccessLink]:
    """The two links that the call is on."""
    return network.access_link(scenario.first_link), network.access_link(scenario.second_link)


def advertised(scenario: Scenario) -> list[str]:
    """Those of the two whose routers advertise themselves: addresses are made of that."""
    return [link for link in (scenario.first_link, scenario.second_link) if scenario.address.get(link) == "slaac"]


def ways_to_core(network: Network, link: AccessLink) -> list[Interface]:
    """The interfaces by which the router of a link is reached from elsewhere."""
    air = {one.router for one in network.access_links}
    return [end for end in network.interfaces(link.router.node) if end.address and end not in air]


def way_to_core(network: Network, link: AccessLink) -> Interface | None:
    """The first of them; None where it has no other interface than the link's."""
    return next(iter(ways_to_core(network, link)), None)


def routers_wrong(scenario: Scenario, network: Network) -> str:
    """What keeps the routers of a network from taking part; nothing where nothing does."""
    links = ways(scenario, network)
    routers = [link.router.node for link in links]
    forwards = {node.name for node in network.nodes if node.forwards}
    if len({*routers}) < len(routers):
        return f"links {links[0].name} and {links[1].name} end at the same node, '{routers[0]}'"
    for link in links:
        if link.router.node in ENDS or link.router.node not in forwards:
            return f"link {link.name} ends at '{link.router.node}', which is no router"
        if way_to_core(network, link) is None:
            return f"'{link.router.node}', at the end of link {link.name}, has no interface to the rest of the network"
    return ""
