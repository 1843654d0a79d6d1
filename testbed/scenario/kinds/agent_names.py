"""What agents are called that are neither end of the call, and which of them a run has."""

from agents.roles.mn.schemes import SchemeRow
from testbed.scenario.kinds.scenario import OWN_REGISTRARS
from testbed.scenario.kinds.topology import AGENTS

B2BUA, REGISTRAR, HOME_AGENT, MOBILITY = "b2bua", "registrar", "home-agent", "mobility"
BINDING_CACHE = "binding-cache"


def agents_of(row: SchemeRow, registrar: str) -> list[str]:
    """All that can die: both ends, and what a scheme and a registrar of ours need beside them."""
    found = list(AGENTS)
    if row.is_bridged:
        found.append(B2BUA)
    if registrar in OWN_REGISTRARS:
        found.append(REGISTRAR)
    if row.is_anchored:
        found += [HOME_AGENT, MOBILITY]
    if row.optimises:
        found.append(BINDING_CACHE)
    return found
