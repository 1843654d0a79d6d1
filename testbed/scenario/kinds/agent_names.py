"""What agents are called that are neither end of the call, and which of them a run has."""

from collections.abc import Iterable

from agents.roles.mn.schemes import SchemeRow
from agents.roles.mobility.protocol_rows import PROTOCOLS
from testbed.scenario.kinds.scenario import OWN_REGISTRARS
from testbed.scenario.kinds.topology import AGENTS

B2BUA, REGISTRAR, HOME_AGENT, MOBILITY = "b2bua", "registrar", "home-agent", "mobility"
BINDING_CACHE, ACCESS_GATEWAY = "binding-cache", "access-gateway"


def gateway_of(link: str) -> str:
    """The agent on the router of an access link."""
    return f"{ACCESS_GATEWAY}-{link}"


def kept_by(scheme: SchemeRow) -> str:
    """The protocol that keeps the address, by its name in the register of those."""
    return str((scheme.below or {})["protocol"])


def agents_of(row: SchemeRow, registrar: str, links: Iterable[str]) -> list[str]:
    """All that can die: both ends, and what a scheme and a registrar of ours need beside them.

    `links` are the two that the call is on.
    """
    found = list(AGENTS)
    if row.is_bridged:
        found.append(B2BUA)
    if registrar in OWN_REGISTRARS:
        found.append(REGISTRAR)
    if row.is_anchored:
        found += [HOME_AGENT, MOBILITY]
        found += [gateway_of(link) for link in links if PROTOCOLS[kept_by(row)].gateway]
    if row.optimises:
        found.append(BINDING_CACHE)
    return found
