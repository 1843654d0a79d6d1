"""Mobility anchor points (RFC 5380): where one is, what it is told, and what the mobile node knows of it."""

from ipaddress import IPv6Address, ip_interface
from typing import Any

from agents.roles.mobility.ip6.hierarchical_binding import IDENTIFIER_BITS, regional_address
from testbed.lab.network import AccessLink, Interface
from testbed.lab.network.addresses import bare, link_local
from testbed.scenario.experiment.access_routers import advertised, ways
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.experiment.ways_home import anchor_interface, way_home
from testbed.scenario.kinds.agent_names import has_advertisers, has_anchor_point, kept_by

# The security association of mobile node and anchor point: 128 bits, as RFC 4285 5.1 has it.
OF_POINT = {"spi": 1024, "key": "303132333435363738393a3b3c3d3e3f"}

# RFC 5380 5: on the node's own link the distance is 1. There is one, for as long as what is made of a router's prefix
# is valid (RFC 4861 6.2.1).
FIRST_BEHIND, PREFERENCE, VALID_S = 2, 15, 2_592_000


def point_of(experiment: Experiment) -> Interface:
    """The interface whose address the anchor point has, and on whose subnet regional addresses are."""
    found = anchor_interface(experiment.scenario, experiment.network)
    if found is None:
        raise ValueError("there is no router where the links' ways meet")
    return found


def interface_identifier(experiment: Experiment) -> str:
    """The mobile node's, in hexadecimal digits: that of its first link (RFC 4291, appendix A)."""
    link, _ = ways(experiment.scenario, experiment.network)
    own = int(IPv6Address(link_local(experiment.network.mac(link.node))))
    return f"{own & (1 << IDENTIFIER_BITS) - 1:016x}"


def regional_care_of(experiment: Experiment) -> str:
    """The mobile node's address on the anchor point's subnet."""
    return regional_address(bare(point_of(experiment).address), interface_identifier(experiment))


def anchor_point(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the anchor point."""
    point = point_of(experiment)
    links = ways(experiment.scenario, experiment.network)
    return {
        "seed": experiment.seed,
        "protocol": kept_by(experiment.row),
        "address": bare(point.address),
        "interface": point.name,
        "homes": {regional_care_of(experiment): OF_POINT},
        "domain": [str(ip_interface(link.router.address).network) for link in links],
    }


def known_of_point(experiment: Experiment) -> dict[str, Any]:
    """What the mobile node knows of it; not where it is, if the first link's router says that. Nothing without one."""
    if not has_anchor_point(experiment.row):
        return {}
    is_told = experiment.scenario.first_link not in advertised(experiment.scenario)
    about = {**OF_POINT, **({"address": bare(point_of(experiment).address)} if is_told else {})}
    return {"anchor_point": about, "interface_identifier": interface_identifier(experiment)}


def advertising(experiment: Experiment) -> list[AccessLink]:
    """The links whose routers say where it is."""
    wanted = advertised(experiment.scenario) if has_advertisers(experiment.row) else []
    return [experiment.network.access_link(link) for link in wanted]


def point_advertiser(experiment: Experiment, link: AccessLink) -> dict[str, Any]:
    """The configuration of a link's router that says where it is (RFC 5380 7: that is told by hand)."""
    network, point = experiment.network, point_of(experiment)
    nodes = [end.node for end in way_home(network, link)]
    return {
        "seed": experiment.seed,
        "protocol": kept_by(experiment.row),
        "interface": link.router.name,
        "link_local": link_local(network.mac(link.router)),
        "anchor_point": {
            "address": bare(point.address),
            "distance": FIRST_BEHIND + nodes.index(point.node),
            "preference": PREFERENCE,
            "valid_s": VALID_S,
        },
    }


def role_of_point(experiment: Experiment) -> dict[str, Any]:
    """Its part in the run, for whoever measures: where packets of each link come to it; nothing where there is none."""
    if not has_anchor_point(experiment.row):
        return {}
    network, node = experiment.network, point_of(experiment).node
    entered = {
        link.name: next(end for end in way_home(network, link) if end.node == node)
        for link in ways(experiment.scenario, network)
    }
    interfaces = {link: {"interface": end.name, "address": bare(end.address)} for link, end in entered.items()}
    return {"anchor_point": {"interfaces": interfaces, "regional_address": regional_care_of(experiment)}}
