"""Whoever takes part in a scheme on the routers of the access links, and what all of them know of each other."""

from typing import Any

from agents.mip6.proxy_options import AccessTechnology
from agents.roles.mn.schemes import SchemeRow
from testbed.lab.network import AccessLink, Network
from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.access_routers import way_to_core, ways
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.agent_names import kept_by
from testbed.scenario.kinds.topology import HOME, MOBILE
from testbed.scenario.plan.accounts import REALM, home_address, main_address

IDENTIFIER = f"{MOBILE}@{REALM}"
FIRST_SPI = 512
PROTOCOL = "Proxy Mobile IPv6"


def gateway_links(experiment: Experiment) -> tuple[AccessLink, ...]:
    """The links whose routers are gateways."""
    return ways(experiment.scenario, experiment.network) if is_proxied(experiment.row) else ()


def is_proxied(row: SchemeRow) -> bool:
    """Whether the network keeps the address."""
    return row.is_anchored and kept_by(row) == PROTOCOL


def gateway_address(network: Network, link: AccessLink) -> str:
    """Where the rest of the network finds the router of a link (RFC 5213 6.9.1.5: on its egress interface)."""
    way = way_to_core(network, link)
    if way is None:
        raise ValueError(f"{link.router.node} has no other interface")
    return bare(way.address)


def key_of(number: int) -> dict[str, Any]:
    """The association of a gateway with the anchor, each its own: 128 bits, as RFC 4285 5.1 has it."""
    return {"spi": FIRST_SPI + number, "key": f"{number + 1:02x}" * 16}


def gateway(experiment: Experiment, link: AccessLink) -> dict[str, Any]:
    """The configuration of the one on the router of a link."""
    network = experiment.network
    return {
        **(experiment.row.below or {}),
        "address": gateway_address(network, link),
        "anchor": main_address(network, HOME),
        "home_address": home_address(network),
        "identifier": IDENTIFIER,
        "station": network.mac(link.node),
        # A link on which nobody is asked for addresses is a point-to-point radio.
        "technology": int(AccessTechnology.IEEE_802_11 if link.arp else AccessTechnology.UTRAN),
        **key_of(network.access_links.index(link)),
    }


def known_of_gateways(experiment: Experiment) -> dict[str, Any]:
    """What who takes the node's packets knows of gateways, beside the rest."""
    links, network = gateway_links(experiment), experiment.network
    if not links:
        return {}
    addresses = {link: gateway_address(network, link) for link in links}
    home = {"identifier": IDENTIFIER, "gateways": [*addresses.values()]}
    return {
        "gateways": {one: key_of(network.access_links.index(link)) for link, one in addresses.items()},
        "homes": {home_address(network): home},
    }


def stations(experiment: Experiment) -> dict[str, Any]:
    """The mobile node's link-layer addresses, by link, where its system has to say them."""
    return {"stations": {link.name: experiment.network.mac(link.node) for link in gateway_links(experiment)}}
