"""The agents of schemes below the phone: who moves the mobile node's address, and the home agent that follows it."""

from typing import Any

from agents.roles.mn.schemes.scheme_rows import LOST
from testbed.scenario.experiment.experiment import Experiment
from testbed.scenario.kinds.topology import CORRESPONDENT, HOME, MOBILE
from testbed.scenario.plan.accounts import REALM, addressed, home_address, main_address
from testbed.scenario.plan.between_links import between_links

# The phone's one link: it is always there.
AT_HOME = "home"
# The security association of mobile node and home agent: a key of 128 bits, as RFC 5944 5.1 and RFC 4285 5.1 have it.
SPI, KEY = 256, "000102030405060708090a0b0c0d0e0f"


def phone_at_home(experiment: Experiment) -> dict[str, Any]:
    """What the phone is told of links: it has one, its home, and nothing that it could trigger."""
    interface = f"mip-{experiment.scenario.first_link}"
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
        "spi": SPI,
        "key": KEY,
        **({"correspondents": [main_address(experiment.network, CORRESPONDENT)]} if experiment.row.optimises else {}),
        **(experiment.row.below or {}),
    }


def binding_cache(experiment: Experiment) -> dict[str, Any]:
    """The configuration of what is below the correspondent's phone."""
    return {"seed": experiment.seed, "address": main_address(experiment.network, CORRESPONDENT)}


def home_agent(experiment: Experiment) -> dict[str, Any]:
    """The configuration of the home agent."""
    return {
        "seed": experiment.seed,
        "address": main_address(experiment.network, HOME),
        "interface": addressed(experiment.network, HOME).name,
        "homes": {home_address(experiment.network): {"spi": SPI, "key": KEY}},
        **(experiment.row.below or {}),
    }
