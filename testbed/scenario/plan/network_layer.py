"""The agents of schemes below the phone: who moves the mobile node's address, and who takes its packets at home."""

from collections.abc import Callable
from typing import Any

from agents.roles.mn.schemes import SchemeRow
from agents.roles.mn.schemes.scheme_rows import LOST
from agents.roles.mobility.protocol_rows import PROTOCOLS
from testbed.lab.network import AccessLink, Interface
from testbed.lab.network.addresses import bare
from testbed.scenario.experiment.anchoring import link_at_home
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.agent_names import has_routers, kept_by
from testbed.scenario.kinds.topology import CORRESPONDENT, HOME, MOBILE
from testbed.scenario.plan.access_gateways import gateway, known_of_gateways, stations
from testbed.scenario.plan.accounts import REALM, addressed, home_address, main_address
from testbed.scenario.plan.anchor_points import known_of_point
from testbed.scenario.plan.between_links import between_links
from testbed.scenario.plan.fast_routers import fast_router, fast_routers
from testbed.scenario.plan.foreign_agents import foreign_agent, no_foreign_agents

# The phone's one link: it is always there.
AT_HOME = "home"
# The security association of mobile node and home agent: a key of 128 bits, as RFC 5944 5.1 and RFC 4285 5.1 have it.
ASSOCIATION = {"spi": 256, "key": "000102030405060708090a0b0c0d0e0f"}
# Two pairs of keys, each private and public: those of RFC 7748 6.1, which everybody knows.
ALICE = (
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
)
BOB = (
    "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
)
SECRETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Mobile IPv4": (ASSOCIATION, ASSOCIATION),
    "Mobile IPv4 with foreign agents": (ASSOCIATION, ASSOCIATION),
    "Mobile IPv6": (ASSOCIATION, ASSOCIATION),
    "Fast Mobile IPv6": (ASSOCIATION, ASSOCIATION),
    "Hierarchical Mobile IPv6": (ASSOCIATION, ASSOCIATION),
    "MOBIKE": ({}, {}),  # the daemons' own affair
    "Proxy Mobile IPv6": ({}, {}),
    "WireGuard": ({"private_key": ALICE[0], "peer": BOB[1]}, {"private_key": BOB[0], "peer": ALICE[1]}),
}
"""What the mobile node and its home know of each other, by protocol."""

ROUTERS: dict[str, Callable[[Experiment, AccessLink], dict[str, Any]]] = {
    "Mobile IPv4 with foreign agents": foreign_agent,
    "Fast Mobile IPv6": fast_router,
    "Proxy Mobile IPv6": gateway,
}
"""What the router of an access link is told, by the protocol that it takes part in."""

KNOWN: dict[str, Callable[[Experiment], dict[str, Any]]] = {
    "Mobile IPv4 with foreign agents": no_foreign_agents,
    "Fast Mobile IPv6": fast_routers,
    "Proxy Mobile IPv6": stations,
}
"""What the mobile node knows of those routers, or is to tell them."""


def hidden_tunnels(scheme: SchemeRow) -> tuple[Interface, ...]:
    """Interfaces of the mobile node that have to be there before whoever uses them, so that they are captured."""
    row = PROTOCOLS[kept_by(scheme)] if scheme.is_anchored else None
    return (Interface(MOBILE, row.interface),) if row is not None and row.hides else ()


def phone_at_home(experiment: Experiment) -> dict[str, Any]:
    """What the phone is told of links: it has one, its home, and nothing that it could trigger."""
    interface = PROTOCOLS[kept_by(experiment.row)].interface.format(link=experiment.scenario.first_link)
    return {
        "links": {AT_HOME: {"interface": interface, "address": home_address(experiment.network)}},
        "first_link": AT_HOME,
        "second_link": AT_HOME,
        "trigger": dict(LOST),
        "networks": {},
    }


def mobility(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the system below the phone."""
    return {
        "seed": experiment.seed,
        **between_links(experiment),
        "home_address": home_address(experiment.network),
        "home_agent": main_address(experiment.network, HOME),
        "identifier": f"{MOBILE}@{REALM}",
        **SECRETS[kept_by(experiment.row)][0],
        **({"correspondents": [main_address(experiment.network, CORRESPONDENT)]} if experiment.row.optimises else {}),
        **known_of_routers(experiment),
        **known_of_point(experiment),
        **at_home(experiment),
        **(experiment.row.below or {}),
    }


def at_home(experiment: Experiment) -> dict[str, Any]:
    """Which link is the home network, and its router; nothing where none is."""
    link = link_at_home(experiment.network)
    return {} if link is None else {"at_home": {"link": link.name, "router": bare(link.router.address)}}


def known_of_routers(experiment: Experiment) -> dict[str, Any]:
    """What the mobile node knows of its access links' routers, or what it is to tell them; nothing where they rest."""
    return KNOWN[kept_by(experiment.row)](experiment) if has_routers(experiment.row) else {}


def access_router(experiment: Experiment, link: AccessLink) -> dict[str, Any]:
    """The configuration of an access link's router."""
    about = {"seed": experiment.seed, "protocol": kept_by(experiment.row), "interface": link.router.name}
    return {**about, **ROUTERS[kept_by(experiment.row)](experiment, link)}


def binding_cache(experiment: Experiment) -> dict[str, Any]:
    """The configuration of what is below the correspondent's phone."""
    return {"seed": experiment.seed, "address": main_address(experiment.network, CORRESPONDENT)}


def home_agent(experiment: Experiment) -> dict[str, Any]:
    """The configuration of who takes the mobile node's packets at home."""
    return {
        "seed": experiment.seed,
        "protocol": kept_by(experiment.row),
        "address": main_address(experiment.network, HOME),
        "interface": addressed(experiment.network, HOME).name,
        "homes": {home_address(experiment.network): SECRETS[kept_by(experiment.row)][1]},
        **known_of_gateways(experiment),
        **({"is_home": True} if link_at_home(experiment.network) is not None else {}),
    }
