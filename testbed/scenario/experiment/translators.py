"""Access routers that translate addresses: of which kind each is, and where it stands between inside and outside."""

from collections.abc import Iterator
from dataclasses import dataclass

from testbed.lab.network import Interface, Network
from testbed.scenario.experiment.access_routers import ENDS, ways_to_core
from testbed.scenario.kinds.nat import Nat
from testbed.scenario.kinds.scenario import Scenario
from testbed.scenario.reading.document import validated
from testbed.scenario.reading.errors import BadScenarioError
from testbed.scenario.reading.places import NAT
from testbed.scenario.reading.tree import Tree, named_in, read_tree

FIELD = "nat"


@dataclass(frozen=True)
class Translator:
    """A router at the end of a link, that has an address `outside` for those of the link's subnet."""

    kind: Nat
    inside: Interface
    outside: Interface


def load_translators(tree: Tree, scenario: Scenario, network: Network) -> dict[str, Translator]:
    """Those of the scenario, by link; raises BadScenarioError."""
    errors = [tree.error((FIELD, link), f"{FIELD}.{link}: {what}") for link, what in nat_wrong(scenario, network)]
    if errors:
        raise BadScenarioError(errors)
    found = {}
    for link, word in scenario.nat.items():
        with named_in(tree, FIELD, link):
            kind = validated(read_tree(NAT.find(word, near=tree.path)), Nat)
        inside = network.access_link(link).router
        (outside,) = ways_to_core(network, network.access_link(link))
        found[link] = Translator(kind, inside, outside)
    return found


def nat_wrong(scenario: Scenario, network: Network) -> Iterator[tuple[str, str]]:
    """Links whose router cannot translate."""
    routers = {node.name for node in network.nodes if node.forwards} - {*ENDS}
    for name in scenario.nat:
        link = network.access_link(name)
        out = ways_to_core(network, link)
        if scenario.ip != 4:
            yield name, "addresses of IPv4 alone are translated; write ip: 4, or leave it out"
        elif link.router.node not in routers:
            yield name, f"ends at '{link.router.node}', which is no router; a router of its own could translate"
        elif len(out) != 1:
            what = "no interface with an address" if not out else f"{len(out)} interfaces"
            yield name, f"its router '{link.router.node}' has {what} to the rest of the network, and needs one"
