"""Access links' routers as foreign agents of Mobile IPv4, which tell the mobile node of themselves."""

import ipaddress
from typing import Any

from testbed.lab.network import AccessLink
from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.access_routers import way_to_core
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.plan.access_gateways import gateway_address


def foreign_agent(experiment: Experiment, link: AccessLink) -> dict[str, Any]:
    """What a link's router is told of itself: its care-of address is the one by which it is reached from elsewhere."""
    way = way_to_core(experiment.network, link)
    if way is None:
        raise ValueError(f"{link.router.node} has no other interface")
    return {
        "address": bare(link.router.address),
        "prefix_length": ipaddress.ip_interface(link.router.address).network.prefixlen,
        "care_of": gateway_address(experiment.network, link),
        "core_interface": way.name,
    }


def no_foreign_agents(experiment: Experiment) -> dict[str, Any]:
    """What the mobile node is told of them beforehand: nothing, it hears of them on the links."""
    del experiment
    return {}
