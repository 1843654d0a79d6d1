"""Nodes that are far from the rest of the network: what is said of the delay on the one wire that each of them has."""

from collections.abc import Iterator
from dataclasses import replace

from testbed.lab.network import FarWire, Network, Wire
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.reading.document import hint
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.tree import Tree

FIELD = "delay"


def with_far(scenario: Scenario, network: Network) -> Network:
    """The network with the wires of those nodes as they are to be laid."""
    return replace(network, far=tuple(scenario.delay))


def check_far(tree: Tree, scenario: Scenario, network: Network) -> None:
    """Each of them has one wire, and no two the same; raises BadScenarioError."""
    errors = [
        tree.error((FIELD, node), f"{FIELD}.{node}: {what}") for node, what in far_wrong(network, [*scenario.delay])
    ]
    if errors:
        raise BadScenarioError(errors)


def far_wrong(network: Network, nodes: list[str]) -> Iterator[tuple[str, str]]:
    """What keeps a node from being far."""
    possible = nodes_with_one_wire(network)
    known, on_air = {node.name for node in network.nodes}, nodes_on_air(network)
    taken: dict[Wire, str] = {}
    for node in nodes:
        if node not in known:
            yield node, f"the topology has no node of that name{hint(node, [*possible])}"
        elif node in on_air:
            yield node, f"is at an end of an access link, whose profile has its delay; {choose(possible)}"
        elif node not in possible:
            count = sum(node in {one.a.node, one.b.node} for one in network.wires)
            yield node, f"has {count} wires, and it is not said which; {choose(possible)}"
        elif (bridge := FarWire(node, possible[node]).bridge) in known:
            yield node, f"its wire's bridge would be called '{bridge}', as a node is; call that node something else"
        elif (other := taken.setdefault(possible[node], node)) != node:
            yield node, f"has the same wire as {other}; say it of one of them"


def choose(possible: dict[str, Wire]) -> str:
    """What can be done instead."""
    return f"possible are: {', '.join(possible)}" if possible else "no node of this topology can be far"


def nodes_with_one_wire(network: Network) -> dict[str, Wire]:
    """The nodes that are on no access link and on one wire, with that."""
    on_air, found = nodes_on_air(network), {}
    for node in network.nodes:
        mine = [one for one in network.wires if node.name in {one.a.node, one.b.node}]
        if len(mine) == 1 and node.name not in on_air:
            found[node.name] = mine[0]
    return found


def nodes_on_air(network: Network) -> set[str]:
    """Those at the ends of access links."""
    return {end.node for link in network.access_links for end in (link.node, link.router)}
