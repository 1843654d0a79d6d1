"""Who has which address, port and account: what both our own agents and programs of others are configured with."""

from typing import Any

from agents.turn import TURN_PORT
from testbed.lab.network import Interface, Network
from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.anchoring import free_home_address
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.correspondent import NOBODY
from testbed.scenario.kinds.topology import HOME, MOBILE

SIP_PORT = 5060
# Beside the B2BUA, in the same node: the paper keeps the two apart (section 4.4).
REGISTRAR_PORT = 5070
# What the MN and its home network have in common (RFC 3261 22). A secret of a network that nobody else is on.
REALM = "home.example"
PEER_REALM = "cn.example"
PASSWORD = "mobile-secret"  # noqa: S105
# Its own realm: credentials for it have no business in calls.
REGISTRAR_REALM = "registrar.home.example"


def peer_account(experiment: Experiment) -> dict[str, Any]:
    """The MN's account with a CN that it calls itself: "the sender must be authenticated" (paper 4.3)."""
    if experiment.row.is_bridged:
        return {}
    return {"account": {"user": MOBILE, "password": PASSWORD, "realm": PEER_REALM}}


def home(experiment: Experiment) -> dict[str, Any] | None:
    """Where the MN's calls go by way of its home network, and how it proves who it is."""
    if not experiment.row.is_bridged and experiment.proxy == NOBODY:
        return None
    address = main_address(experiment.network, HOME)
    return {"address": address, "port": SIP_PORT, "user": MOBILE, "password": PASSWORD, "realm": REALM}


def turn_server(experiment: Experiment) -> dict[str, Any]:
    """Which server the MN's media go by way of, and how it proves who it is; nothing where there is none."""
    if not experiment.row.is_by_turn:
        return {}
    where = {"address": main_address(experiment.network, HOME), "port": TURN_PORT}
    return {"turn": {**where, "user": MOBILE, "password": PASSWORD, "realm": REALM}}


def main_address(network: Network, node: str) -> str:
    """The first address of a node."""
    return bare(addressed(network, node).address)


def addressed(network: Network, node: str) -> Interface:
    """The first interface of a node that has an address."""
    return next(end for end in network.interfaces(node) if end.address)


def home_address(network: Network) -> str:
    """The address that the mobile node keeps wherever it is; raises ValueError where the home network has none left."""
    address = free_home_address(network)
    if address is None:
        raise ValueError(f"no address left in the network of {HOME}")
    return address
