"""Access links' routers under fast handovers, and what a mobile node knows of them."""

import ipaddress
from typing import Any

from testbed.lab.network import AccessLink, Interface, Network
from testbed.lab.network.addresses import bare, link_local
from testbed.scenario.experiment.access_routers import ways
from testbed.scenario.experiment.experiment import Experiment

# The security associations of mobile node and access routers, by link, and of all access routers (RFC 5568 10).
OF_LINK = {"spi": 512, "key": "101112131415161718191a1b1c1d1e1f"}
OF_ROUTERS = {"spi": 768, "key": "202122232425262728292a2b2c2d2e2f"}
# What a scheme's row may say of how much a router holds back, in bytes.
BUFFER = "buffer_bytes"


def fast_routers(experiment: Experiment) -> dict[str, Any]:
    """What the mobile node knows of its links' routers."""
    network = experiment.network
    return {
        "routers": {
            link.name: {"address": bare(link.router.address), "link_layer": hardware(network, link.node), **OF_LINK}
            for link in ways(experiment.scenario, network)
        }
    }


def fast_router(experiment: Experiment, link: AccessLink) -> dict[str, Any]:
    """What a link's router is told of itself, of the others, and of its mobile node."""
    network = experiment.network
    return {
        **about_router(network, link),
        "link_local": link_local(network.mac(link.router)),
        "neighbours": [
            {**about_router(network, one), **OF_ROUTERS}
            for one in ways(experiment.scenario, network)
            if one.router.node != link.router.node
        ],
        "nodes": {bare(link.node.address): OF_LINK},
        **{name: one for name, one in (experiment.row.below or {}).items() if name == BUFFER},
    }


def about_router(network: Network, link: AccessLink) -> dict[str, Any]:
    """What routers know of each other."""
    prefix = str(ipaddress.ip_interface(link.router.address).network)
    return {"address": bare(link.router.address), "prefix": prefix, "link_layer": hardware(network, link.router)}


def hardware(network: Network, interface: Interface) -> str:
    """An interface's Ethernet address, in hexadecimal digits."""
    return network.mac(interface).replace(":", "")
