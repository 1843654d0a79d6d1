"""What a scheme needs that keeps the mobile node's address below its phone."""

import ipaddress
from collections.abc import Iterator

from agents.roles.mn.schemes import SCHEMES
from agents.roles.mn.triggers import TRIGGERS
from testbed.lab.network import AccessLink, Network
from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.access_routers import routers_wrong
from testbed.scenario.experiment.around import singles
from testbed.scenario.experiment.ways_home import anchor_point_wrong
from testbed.scenario.kinds.agent_names import comes_home, has_anchor_point, has_routers
from testbed.scenario.kinds.chosen_scheme import ChosenScheme
from testbed.scenario.kinds.scenario import Scenario, SchemeSetting
from testbed.scenario.kinds.topology import HOME
from testbed.scenario.reading.errors import BadScenarioError, ScenarioError
from testbed.scenario.reading.tree import Tree


def check_anchored(
    tree: Tree, scenario: Scenario, network: Network, chosen: ChosenScheme, setting: SchemeSetting
) -> None:
    """For a scheme with a home agent; raises BadScenarioError."""
    if not chosen.row.is_anchored:
        return
    errors = [*network_wrong(tree, scenario, network, chosen), *triggers_wrong(tree, scenario, chosen, setting)]
    if errors:
        raise BadScenarioError(errors)


def network_wrong(tree: Tree, scenario: Scenario, network: Network, chosen: ChosenScheme) -> Iterator[ScenarioError]:
    """Its version of IP, room for another address in the home network, and routers that can take part."""
    own = chosen.row.ip
    if own is not None and scenario.ip != own:
        what = f"ip: {chosen.name} keeps an address of IPv{own}; write ip: {own}, or choose another scheme"
        yield tree.error(("ip",), what)
        return
    if free_home_address(network) is None:
        what = f"topology: the network of '{HOME}' has no address left for the mobile node, which {chosen.name} needs"
        yield tree.error(("topology",), f"{what}; give it a wider one, such as a /24")
    at_home = link_at_home(network)
    if has_routers(chosen.row) and (wrong := routers_wrong(scenario, network)):
        what = f"topology: {wrong}; {chosen.name} needs a router for each link, with an interface to the other nodes"
        yield tree.error(("topology",), f"{what}; topologies/multihomed.py shows how it should be")
    elif at_home is not None and not comes_home(chosen.row):
        able = ", ".join(name for name, row in SCHEMES.items() if comes_home(row))
        what = f"topology: link {at_home.name} is the network of '{HOME}', and {chosen.name} can't come home"
        yield tree.error(("topology",), f"{what}; choose {able}, or another topology")
    if has_anchor_point(chosen.row) and (wrong := anchor_point_wrong(scenario, network)):
        what = f"topology: {wrong}; {chosen.name} needs a router between those of the links and '{HOME}'"
        yield tree.error(("topology",), f"{what}; topologies/multihomed.py shows how it should be")


def link_at_home(network: Network) -> AccessLink | None:
    """The access link that is the home network; None where the mobile node is never at home."""
    kept = free_home_address(network)
    return next(
        (
            link
            for link in network.access_links
            if kept is not None and ipaddress.ip_address(kept) in ipaddress.ip_interface(link.router.address).network
        ),
        None,
    )


def triggers_wrong(
    tree: Tree, scenario: Scenario, chosen: ChosenScheme, setting: SchemeSetting
) -> Iterator[ScenarioError]:
    """What is below a phone hears links, and not the call."""
    named = next((name for name, one in scenario.schemes.items() if one == setting), None)
    place = ("schemes",) if named is None else ("schemes", named, "trigger")
    for where, one in singles(place, setting.trigger):
        row = TRIGGERS.get(one.on)
        if row is not None and row.loaded().watches:
            what = f"{one.on}: {chosen.name} is done below the call, and can't hear it"
            hears = ", ".join(name for name, each in TRIGGERS.items() if not each.loaded().watches)
            yield tree.error(where, f"{what}; choose one that hears links: {hears}")


def free_home_address(network: Network) -> str | None:
    """The last address of the home network that nobody has; None where all are taken.

    Of a network of IPv6 it is one of the 256 around the home agent's own: the last of all are anycast (RFC 2526).
    """
    at_home = next(end for end in network.interfaces(HOME) if end.address)
    own = ipaddress.ip_interface(at_home.address)
    home = own.network if own.version == 4 else ipaddress.ip_network((int(own.ip) & ~0xFF, 120))
    taken = {bare(end.address) for wire in network.all_wires() for end in (wire.a, wire.b) if end.address}
    free = (str(home.broadcast_address - back) for back in range(1, home.num_addresses - 1))
    return next((address for address in free if address not in taken), None)
